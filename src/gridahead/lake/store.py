"""An append-only Parquet table: one immutable, content-named file a batch.

A row's identity is the table's key. The same rows written twice give the same file name, and a row that stands in two
files is read once, so a writer may die and start again at any point.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from gridahead.tables import Table
from gridahead.timeline import Window
from gridahead.whole_files import whole_files, write_whole


class Store:
    """One table of the lake in one folder."""

    def __init__(self, folder: Path, table: Table) -> None:
        self.folder = folder
        self.table = table

    @property
    def recent(self) -> Path:
        """Where batches lie, one file each."""
        return self.folder / "recent"

    def append(self, rows: pd.DataFrame) -> Path | None:
        """Write the rows as one batch; None if there are none.

        Raises:
            ContractError: the rows are not what the table declares.
            LakeError: the lake cannot be written; nothing has changed.
        """
        if rows.empty:
            return None
        ordered = self.table.check(rows).sort_values(list(self.table.key), ignore_index=True)
        buffer = io.BytesIO()
        arrow = pa.Table.from_pandas(ordered, schema=self.table.arrow_schema(), preserve_index=False)
        pq.write_table(arrow, buffer, compression="zstd", row_group_size=100_000)
        content = buffer.getvalue()
        path = self.recent / f"{hashlib.sha256(content).hexdigest()[:24]}.parquet"
        if not path.exists():
            write_whole(path, content)
        return path

    def read(
        self, where: Mapping[str, str | Sequence[str]] | None = None, window: Window | None = None
    ) -> pd.DataFrame:
        """All rows whose columns have the given values and whose valid time lies in the window, each once, by key."""
        files = whole_files(self.recent, "*.parquet")
        if not files:
            return self.table.empty()
        condition = _condition(where or {}, window)
        dataset = ds.dataset(files, schema=self.table.arrow_schema(), format="parquet")
        frame: pd.DataFrame = dataset.to_table(filter=condition).to_pandas()
        key = list(self.table.key)
        return frame.drop_duplicates(key).sort_values(key, ignore_index=True)


def _condition(where: Mapping[str, str | Sequence[str]], window: Window | None) -> ds.Expression | None:
    parts = [
        ds.field(name).isin([values] if isinstance(values, str) else list(values)) for name, values in where.items()
    ]
    if window is not None:
        parts += [ds.field("valid_time") >= window.start, ds.field("valid_time") < window.end]
    condition = None
    for part in parts:
        condition = part if condition is None else condition & part
    return condition
