"""SQL views of the lake for DuckDB: the newest vintage of everything, and what was known at an instant."""

from __future__ import annotations

from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from gridahead.lake.parquet import SUFFIX

if TYPE_CHECKING:
    from gridahead.core.tables import Kind
    from gridahead.lake.folder import Folder
    from gridahead.lake.lake import Lake
    from gridahead.lake.store import Store

_SQL: dict[Kind, str] = {"text": "VARCHAR", "instant": "TIMESTAMPTZ", "float64": "DOUBLE", "int64": "BIGINT"}


def views(lake: Lake) -> str:
    """The statements of `views.sql`, with the files of this lake filled in."""
    text = files("gridahead.lake").joinpath("views.sql").read_text(encoding="utf-8")
    named = {store.table.name: _source(store) for store in (lake.observations, lake.verdicts, lake.rulings)}
    return Template(text).substitute(named, waiting=f"{_quoted(lake.waiting.folder)}/*{SUFFIX}")


def _source(store: Store) -> str:
    """Something to select from: the files of the table; DuckDB refuses a pattern that fits none."""
    if store.folder.names(SUFFIX, below=True):
        return f"read_parquet('{_quoted(store.folder)}/**/*{SUFFIX}', union_by_name = true, hive_partitioning = false)"
    columns = ", ".join(f"NULL::{_SQL[column.kind]} AS {column.name}" for column in store.table.columns)
    return f"(SELECT {columns} WHERE false)"


def _quoted(folder: Folder) -> str:
    return str(folder).replace("'", "''")
