"""Tables for programs: Parquet, and Arrow as a stream, with what they are about in their schema."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

ABOUT = "gridahead"
"""The key in the schema under which JSON says what the table is about."""


def parquet_bytes(frame: pd.DataFrame, about: Mapping[str, object]) -> bytes:
    """A frame as Parquet."""
    buffer = io.BytesIO()
    pq.write_table(_table(frame, about), buffer, compression="zstd")
    return buffer.getvalue()


def arrow_bytes(frame: pd.DataFrame, about: Mapping[str, object]) -> bytes:
    """A frame as a stream of Arrow's IPC."""
    table, buffer = _table(frame, about), io.BytesIO()
    with pa.ipc.new_stream(buffer, table.schema) as stream:
        stream.write_table(table)
    return buffer.getvalue()


def _table(frame: pd.DataFrame, about: Mapping[str, object]) -> pa.Table:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    metadata = dict(table.schema.metadata or {})
    metadata[ABOUT.encode()] = json.dumps(about).encode()
    return table.replace_schema_metadata(metadata)
