"""The waiting room: batches that have not been through the quality gate yet, each with the rows that it brings.

The rows are written here before they are appended, and deleted after their verdicts. So whoever dies in between leaves
rows that wait, never rows that nobody has looked at; and whoever looks next has them all and ends what was begun,
however many writers and compactions have been at work meanwhile. Nobody ever has to delete anything by hand.
"""

from __future__ import annotations

import io
from collections.abc import Collection
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
        waiting = []
        for name in self.folder.names(SUFFIX):
            if name in but:
                continue
            try:
                content = self.folder.read(name)
            except FileNotFoundError:  # judged in this moment
                continue
            waiting.append(Waiting(name, self._rows(name, content)))
        return waiting

    def batches(self) -> set[str]:
        """The identities of the batches that have not been through the quality gate."""
        return {_batch(name) for name in self.folder.names(SUFFIX)}

    def _rows(self, name: str, content: bytes) -> Observations:
        try:
            return Observations(OBSERVATIONS.check(pq.read_table(io.BytesIO(content)).to_pandas()))
        except (pa.ArrowInvalid, OSError) as error:
            raise LakeError(
                f"cannot read {self.folder / name}: {str(error).splitlines()[0]}. Move it out of the lake, run "
                "`gridahead lake amend`, which takes what it held from the kept payloads, and `gridahead validate`"
            ) from error


def _batch(name: str) -> str:
    return name.partition(".")[0]
