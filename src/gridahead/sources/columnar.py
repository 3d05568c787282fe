"""Parquet files as tables, with their index as columns."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gridahead.core.time import zone_info
from gridahead.sources.findings import Findings
from gridahead.sources.packed import refuse_large
from gridahead.sources.text import Layout
from gridahead.sources.typed import typed

FIRST_ROW = 2
"""Row of the first line of data in a spreadsheet, under the header: so are rows of Parquet counted as well."""
_CELL_BYTES = 8
"""Bytes that a cell takes at least once it is read; a column of one value takes none in the file."""


def is_parquet(content: bytes, name: str) -> bool:
    """Whether the content, or at least its name, is that of a Parquet file."""
    return content.startswith(b"PAR1") or name.lower().endswith((".parquet", ".pq"))


def read_columns(content: bytes, layout: Layout, findings: Findings) -> pd.DataFrame:
    """The columns and the index of a Parquet file; an index without a name is the column `index`.

    Raises:
        SourceError: the file is damaged or too large, or has no rows.
    """
    if not content:
        raise findings.refuse("the file is empty", "Fetch it again.")
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        about = file.metadata
        groups = (about.row_group(number).total_byte_size for number in range(about.num_row_groups))
        size = max(sum(groups), about.num_rows * about.num_columns * _CELL_BYTES)
        refuse_large(size, findings, layout.max_bytes)
        frame = _with_known_zones(file.read()).to_pandas()
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise findings.refuse(f"the Parquet file is cut or damaged ({error})", "Fetch it again.") from error
    if frame.empty:
        raise findings.refuse("the file has no rows", "Fetch it again.")
    named = [name for name in frame.index.names if name is not None and name not in frame.columns]
    if named:
        frame = frame.reset_index(named)
    elif not isinstance(frame.index, pd.RangeIndex) and "index" not in frame.columns and frame.index.nlevels == 1:
        frame = frame.rename_axis("index").reset_index()
    frame.columns = pd.Index([str(name) for name in frame.columns])
    frame = frame.loc[:, ~frame.columns.duplicated()]
    frame = frame.set_axis(range(FIRST_ROW, FIRST_ROW + len(frame)))
    return pd.DataFrame({name: typed(frame[name]) for name in frame.columns})


def _with_known_zones(table: Any) -> Any:
    """The table with UTC in place of unknown time zones: its instants are in UTC in either case."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz is not None and not _is_known(field.type.tz):
            in_utc = table.column(place).cast(pa.timestamp(field.type.unit, "UTC"))
            table = table.set_column(place, field.name, in_utc)
    return table


def _is_known(timezone: str) -> bool:
    if timezone[:1] in "+-":
        return True
    try:
        zone_info(timezone)
    except ValueError:
        return False
    return True
