"""Columns of tables with types, Excel and Parquet: the types of their cells, and a cell as text."""

from __future__ import annotations

import datetime as dt
import decimal
import math

import numpy as np
import pandas as pd


def typed(column: pd.Series) -> pd.Series:
    """The same cells as times if all are times, as numbers if all are numbers, else as they are."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype("object")
    if column.dtype != object:
        return column
    present = column[column.notna()]
    if len(present) and all(_is_naive_time(cell) for cell in present):
        return pd.to_datetime(column, errors="coerce").dt.as_unit("us")
    if len(present) and all(is_number(cell) for cell in present):
        return pd.Series([float(cell) if pd.notna(cell) else np.nan for cell in column], column.index, name=column.name)
    return column


def _is_naive_time(cell: object) -> bool:
    return isinstance(cell, dt.date) and not (isinstance(cell, dt.datetime) and cell.tzinfo is not None)


def is_number(cell: object) -> bool:
    """Whether a cell is a number by its type."""
    return isinstance(cell, (int, float, np.number, decimal.Decimal)) and not isinstance(cell, (bool, np.bool_))


def as_texts(column: pd.Series) -> pd.Series:
    """Every cell as a person would write it, "" where there is none."""
    if isinstance(column.dtype, pd.StringDtype):
        return column.fillna("").astype("str")
    return pd.Series([_as_text(cell) for cell in column], column.index, dtype="str", name=column.name)


def _as_text(cell: object) -> str:
    if cell is None or cell is pd.NaT or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, (dt.datetime, pd.Timestamp)):
        return cell.isoformat(sep=" ")
    if is_number(cell) and math.isfinite(float(cell)) and float(cell) == int(cell):  # type: ignore[arg-type, call-overload]
        return str(int(cell))  # type: ignore[call-overload]
    return str(cell)
