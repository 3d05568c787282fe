"""The waiting room: batches that have not been through the quality gate yet, each with the rows that it brings.

The rows are written here before they are appended, and deleted after their verdicts. So whoever dies in between leaves
rows that wait, never rows that nobody has looked at; and whoever looks next has them all and ends what was begun,
however many writers and compactions have been at work meanwhile. Nobody ever has to delete anything by hand.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gridahead.core.errors import LakeError
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.lake.folder import Folder
from gridahead.lake.parquet import SUFFIX, to_bytes
from gridahead.lake.store import content_name


@dataclass(frozen=True, eq=False)
class Waiting:
    """A batch that waits: its rows are not known to be in the lake yet."""

    name: str
    """Of its file: batch and content, so that two writers of one batch keep files of their own."""
    rows: Observations
    """What it brings, whether it is in the lake already or not."""

    @property
    def batch(self) -> str:
        """The identity of the batch."""
        return _batch(self.name)


class WaitingRoom:
    """One small file for every batch that waits."""

    def __init__(self, place: str | Path | Folder) -> None:
        self.folder = Folder.at(place)

    def enter(self, batch: str, rows: Observations) -> str:
        """Leave here the rows that are about to be appended, in a file of that name; nothing where there are none.

        Raises:
            ContractError: the rows are not what the table declares; nothing waits that could not be appended.
            LakeError: the lake cannot be written.
        """
        if rows.empty:
            return ""
        table = pa.Table.from_pandas(OBSERVATIONS.check(rows), schema=OBSERVATIONS.arrow_schema(), preserve_index=False)
        content = to_bytes(table, OBSERVATIONS)
        name = f"{batch}.{content_name(content)}"
        self.folder.write(name, content)
        return name

    def leave(self, waiting: Waiting) -> None:
        """The gate has judged the batch."""
        self.folder.delete(waiting.name)

    def all(self, but: Collection[str] = ()) -> list[Waiting]:
        """All batches that have not been through the quality gate.

        Args:
            but: names of files that are left out.

        Raises:
            LakeError: a file cannot be read.
        """
        return self.read(name for name in self.folder.names(SUFFIX) if name not in but)

    def read(self, names: Iterable[str]) -> list[Waiting]:
        """The batches in these files, but for those that have been judged in this moment.

        Raises:
            LakeError: a file cannot be read.
        """
        waiting = []
        for name in names:
            try:
                content = self.folder.read(name)
            except FileNotFoundError:
                continue
            waiting.append(Waiting(name, self._rows(name, content)))
        return waiting

    def groups(self, rows: int, beside: int) -> list[list[str]]:
        """Names of the files of batches that can be judged apart: those of one zone are together.

        Args:
            rows: that a group has, about; one zone may have more.
            beside: rows that are read beside the new ones of each series, and count as well.

        Raises:
            LakeError: a file cannot be read.
        """
        sets: list[tuple[set[str], list[str], int]] = []
        for one in self.folder.names(SUFFIX):
            zones, names, count = self._zones_of(one, beside)
            for other in [each for each in sets if each[0] & zones]:
                sets.remove(other)
                zones, names, count = zones | other[0], [*other[1], *names], count + other[2]
            sets.append((zones, names, count))
        groups: list[list[str]] = []
        room = 0
        for _, names, count in sets:
            if groups and count <= room:
                groups[-1] += names
                room -= count
            else:
                groups.append(names)
                room = rows - count
        return groups

    def _zones_of(self, name: str, beside: int) -> tuple[set[str], list[str], int]:
        """The zones of a batch, its name, and its rows with those beside; nothing of one judged in this moment."""
        try:
            content = self.folder.read(name)
        except FileNotFoundError:
            return set(), [], 0
        table = self._table(name, content, ["zone", "quantity"])
        series = table.group_by(["zone", "quantity"]).aggregate([])
        return {str(zone) for zone in series["zone"].to_pylist()}, [name], len(table) + beside * len(series)

    def batches(self) -> set[str]:
        """The identities of the batches that have not been through the quality gate."""
        return {_batch(name) for name in self.folder.names(SUFFIX)}

    def _rows(self, name: str, content: bytes) -> Observations:
        return Observations(OBSERVATIONS.check(self._table(name, content).to_pandas()))

    def _table(self, name: str, content: bytes, columns: list[str] | None = None) -> pa.Table:
        try:
            return pq.read_table(io.BytesIO(content), columns=columns)
        except (pa.ArrowInvalid, OSError) as error:
            raise LakeError(
                f"cannot read {self.folder / name}: {str(error).splitlines()[0]}. Move it out of the lake, run "
                "`gridahead lake amend`, which takes what it held from the kept payloads, and `gridahead validate`"
            ) from error


def _batch(name: str) -> str:
    return name.partition(".")[0]
