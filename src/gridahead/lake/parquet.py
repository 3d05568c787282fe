"""Parquet files of a table: how they are written, and how files of older declarations are read.

A column that a file lacks is filled with its default, or with nothing where that is allowed; a narrower type is
widened; a column that the table does not know is left out. Anything else is an error that names the file.
"""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from gridahead.core.errors import ContractError, LakeError
from gridahead.core.tables import Table
from gridahead.lake.folder import Folder

SUFFIX = ".parquet"
GROUP_ROWS = 100_000
"""Rows of a group, which a read takes or skips as a whole: three vintages of a year of quarter hours are one."""
Zones = tuple[str, str]
"""The first and the last zone of the rows of a file, in the order of their codes."""
ZSTD_LEVEL = 3
"""Higher ones took three times as long to save 4 %."""


def to_bytes(rows: pa.Table, table: Table) -> bytes:
    """The rows as a Parquet file; the same rows give the same bytes."""
    buffer = io.BytesIO()
    pq.write_table(
        rows.cast(table.arrow_schema()),
        buffer,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        row_group_size=GROUP_ROWS,
        use_dictionary=[column.name for column in table.columns if column.kind == "text" and column.encoding is None],  # type: ignore[arg-type]
        column_encoding={column.name: column.encoding for column in table.columns if column.encoding is not None},
    )
    return buffer.getvalue()


def read_file(
    folder: Folder, name: str, table: Table, condition: ds.Expression | None, columns: list[str]
) -> tuple[pa.Table, Zones | None]:
    """The rows of a file that meet the condition, and which zones it has.

    Raises:
        FileNotFoundError: the file is gone.
        LakeError: it cannot be read.
        ContractError: it is not what the table declares, nor what it ever declared.
    """
    try:
        # The files of an object store are small, and every request costs more than the bytes that it could save.
        source = folder.file(name) if folder.local else pa.BufferReader(folder.read(name))
        fragment = ds.ParquetFileFormat().make_fragment(source, folder.filesystem if folder.local else None)  # type: ignore[arg-type]
        declared = table.arrow_schema()
        if _current(fragment.physical_schema, declared):
            return fragment.to_table(schema=declared, filter=condition, columns=columns), _zones(fragment)
        rows = conform(fragment.to_table(), table, str(folder / name))
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise LakeError(
            f"cannot read {folder / name}: {str(error).splitlines()[0]}. `gridahead lake verify` says what to do"
        ) from error
    return (rows if condition is None else rows.filter(condition)).select(columns), _zones(fragment)


def _zones(fragment: ds.Fragment) -> Zones | None:
    """The first and the last zone of a file by its footer; None where that does not say."""
    assert isinstance(fragment, ds.ParquetFileFragment)
    spans = [span for group in fragment.row_groups if (span := (group.statistics or {}).get("zone")) is not None]
    if not spans or len(spans) < len(fragment.row_groups):
        return None
    return min(str(span["min"]) for span in spans), max(str(span["max"]) for span in spans)


def _current(written: pa.Schema, declared: pa.Schema) -> bool:
    return bool(written.names == declared.names and written.types == declared.types)


def conform(rows: pa.Table, table: Table, file: str) -> pa.Table:
    """Rows of an older declaration as those of today.

    Raises:
        ContractError: a column is missing or of a type that does not fit.
    """
    findings, columns = [], []
    for column, field in zip(table.columns, table.arrow_schema(), strict=True):
        if column.name in rows.column_names:
            try:
                columns.append(_widened(rows.column(column.name), field.type))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, TypeError) as error:
                findings.append(f"column {column.name}: {error}")
        elif column.default is not None or column.nullable:
            nothing_or_default = pa.scalar(column.default, type=field.type, from_pandas=True)
            columns.append(pa.repeat(nothing_or_default, len(rows)))
        else:
            findings.append(f"no column {column.name}, and the table declares no default for it")
    if findings:
        way_out = "read it with the version of gridahead that wrote it, or declare a default or a wider type"
        raise ContractError(table.name, [f"{file}: {finding}" for finding in findings] + [way_out])
    return pa.table(columns, schema=table.arrow_schema())


def _widened(column: pa.ChunkedArray[Any], wanted: pa.DataType) -> pa.ChunkedArray[Any]:
    """The same values in a wider type of the same nature; a text is never read as a number, nor a number as a time."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not any(alike(kind) and alike(wanted) for alike in (_is_text, _is_number, _is_instant)):
        raise TypeError(f"is {column.type}, not {wanted}")
    return column.cast(wanted)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_instant(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) and kind.tz is not None)
