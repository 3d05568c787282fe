"""An append-only Parquet table in two levels: one immutable, content-named file a batch, and what was merged of them.

A row's identity is the table's key. The same rows written twice give the same file name, and a row that stands in two
files is read once, so a writer or a compaction may die and start again at any point.

    recent/4f0c….parquet                        one file a batch, all its series together
    series=DE.load/year=2024/91ab….parquet      merged by `compact`, one file a folder when nothing goes wrong

A compaction writes what it has merged before it deletes what it has read. A reader lists `recent` before the folders,
and again until nothing has changed in between: so it sees a batch whole or not at all, and every row at least once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from gridahead.core.errors import LakeError
from gridahead.core.fingerprint import digest
from gridahead.core.tables import Table
from gridahead.core.time import TimeRange
from gridahead.lake.folder import Folder
from gridahead.lake.parquet import SUFFIX, Zones, read_file, to_bytes
from gridahead.lake.partitions import RECENT, Where, level_filters, prefixes, texts, touches
from gridahead.lake.rows import newest_vintages, once, repeated_keys

ATTEMPTS = 50
"""How often a reader looks again because a compaction has replaced a file under it. Twice in a row is rare."""
REMEMBERED = 10_000
"""Files of which it is remembered, from when they were read, which zones they have: a batch of some of many series is
opened once by whoever asks for one series after the other."""
READERS = 8
"""Files that are read at the same time: it hides the latency of an object store."""
Result = TypeVar("Result")
OnProgress = Callable[[str], None]
"""Called with the step that long work has come to, as a person reads it."""


class Store:
    """One table of the lake in one folder."""

    def __init__(self, folder: str | Path | Folder, table: Table) -> None:
        self.folder = Folder.at(folder)
        self.table = table
        self._zones: dict[str, Zones | None] = {}

    @property
    def recent(self) -> Folder:
        """Where batches lie, one file each, until they are merged."""
        return self.folder / RECENT

    def append(self, rows: pd.DataFrame) -> str | None:
        """Write the rows as one batch; the name of its file, None if there are no rows.

        Raises:
            ContractError: the rows are not what the table declares.
            LakeError: the lake cannot be written; nothing has changed.
        """
        if rows.empty:
            return None
        ordered = self.table.check(rows).sort_values(list(self.table.key), ignore_index=True)
        return self.write(RECENT, pa.Table.from_pandas(ordered, schema=self.table.arrow_schema(), preserve_index=False))

    def write(self, folder: str, rows: pa.Table) -> str:
        """Write rows that are in order as one file named by its content; its name within the folder."""
        content = to_bytes(rows, self.table)
        name = content_name(content)
        if not (self.folder / folder).exists(name):
            (self.folder / folder).write(name, content)
        return name

    def read(
        self,
        where: Where | None = None,
        time_range: TimeRange | None = None,
        *,
        as_of: pd.Timestamp | None = None,
        columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """All rows whose columns have the given values and whose valid time lies in the window, each once, by key.

        Args:
            where: One value or several, by column.
            time_range: Of valid times.
            as_of: Only what was available at the instant, and of that the newest vintage.
            columns: Only these, besides what is needed to tell rows apart.

        Raises:
            LakeError: a file cannot be read.
            ContractError: a file is not what the table declares, nor what it ever declared.
        """
        chosen = self.table.names if columns is None else list(columns)
        clocks = {"availability", "value", "mtu"} & set(self.table.names)  # by which a vintage is withdrawn
        needed = chosen if as_of is None else [*chosen, *clocks]
        condition = _condition(where or {}, time_range, as_of)
        rows = self.try_again(lambda: self._rows(self._holding(where, time_range), condition, needed))
        if as_of is not None:
            rows = newest_vintages(rows, self.table.key)
        return self.table.frame(rows.select(chosen))

    def _rows(self, names: Sequence[str], condition: ds.Expression | None, chosen: Sequence[str]) -> pa.Table:
        needed = [name for name in self.table.names if name in chosen or name in self.table.key]
        rows = self.rows_of(names, condition, needed)
        if needed != self.table.names and repeated_keys(rows, self.table.key):
            rows = self.rows_of(names, condition)  # which of them counts, the other columns say
        return once(rows, self.table.key)

    def rows_of(
        self, names: Sequence[str], condition: ds.Expression | None = None, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """The rows of files, unsorted and with repeated keys, one file after the other."""
        needed = self.table.names if columns is None else list(columns)
        nothing = self.table.arrow_schema().empty_table().select(needed)

        def rows_of_file(name: str) -> pa.Table:
            rows, self._zones[name] = read_file(self.folder, name, self.table, condition, needed)
            return rows.cast(nothing.schema)

        if len(names) < 2:
            return pa.concat_tables([nothing, *map(rows_of_file, names)])
        with ThreadPoolExecutor(READERS) as pool:
            return pa.concat_tables([nothing, *pool.map(rows_of_file, names)])

    def present(self, folder: str, names: Sequence[str]) -> dict[str, pa.Table]:
        """The rows of each file of a folder, without files that a compaction has replaced meanwhile."""
        tables = {}
        for name in names:
            try:
                tables[name] = self.rows_of([f"{folder}/{name}"])
            except FileNotFoundError:
                continue
        return tables

    def _holding(self, where: Where | None, time_range: TimeRange | None) -> list[str]:
        """The files that such a read touches, without those known to have none of the zones: files never change."""
        names = self.files(where, time_range)
        if len(self._zones) > REMEMBERED:
            self._zones.clear()
        if where is None or "zone" not in where:
            return names
        wanted = sorted(texts(where["zone"]))

        def holds(name: str) -> bool:
            if (zones := self._zones.get(name)) is None:
                return True
            place = bisect_left(wanted, zones[0])
            return place < len(wanted) and wanted[place] <= zones[1]

        return [name for name in names if holds(name)]

    def files(self, where: Where | None = None, time_range: TimeRange | None = None) -> list[str]:
        """The files that such a read touches, as they stood at one moment."""
        previous: list[str] | None = None
        for _ in range(ATTEMPTS):
            listed = self._listed(where or {}, time_range)
            if listed == previous:
                return listed
            previous = listed
        raise LakeError(f"{self.folder} changes faster than it can be listed: are many compactions under way? Wait")

    def _listed(self, where: Where, time_range: TimeRange | None) -> list[str]:
        # In this order: what leaves `recent` in between is in the folders already.
        listed = [f"{RECENT}/{name}" for name in self.recent.names(SUFFIX)]
        levels = level_filters(self.table, where, time_range)
        for prefix in prefixes(levels):
            names = (self.folder / prefix).names(SUFFIX, below=True)
            paths = [f"{prefix}/{name}".lstrip("/") for name in names]
            listed += [path for path in paths if touches(levels, path)]
        return listed

    def try_again(self, look: Callable[[], Result]) -> Result:
        """What `look` finds; it looks again if a file that it had listed is gone."""
        for _ in range(ATTEMPTS):
            try:
                return look()
            except FileNotFoundError:
                continue
        raise LakeError(f"files of {self.folder} vanish faster than they can be read: are many compactions under way?")


def content_name(content: bytes) -> str:
    """The name of a file of that content."""
    return digest(content) + SUFFIX


def _condition(where: Where, time_range: TimeRange | None, as_of: pd.Timestamp | None) -> ds.Expression | None:
    parts = [ds.field(name).isin(pa.array(texts(values), pa.string())) for name, values in where.items()]
    if time_range is not None:
        parts += [ds.field("valid_time") >= time_range.start, ds.field("valid_time") < time_range.end]
    if as_of is not None:
        parts.append(ds.field("available_at") <= as_of)
    condition = None
    for part in parts:
        condition = part if condition is None else condition & part
    return condition
