"""Tables that are long or wide, brought to one row a time: rows are chosen, never changed."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gridahead.core.errors import nearest, some_of
from gridahead.sources.findings import Findings
from gridahead.sources.typed import as_texts, typed

NAMED = 8
"""Values of a column that a message names; enough to see what kind of values they are."""

SECOND_PASS = re.compile(r"\d\s*[BbXx*](?::\d\d)?$")
"""A column of the second pass of an hour that is there twice: 3B, H02b, 2*."""


def chosen(cells: pd.DataFrame, where: Mapping[str, str], findings: Findings) -> pd.DataFrame:
    """The rows of a long table that have the values which the settings ask for.

    Raises:
        SourceError: there are none.
    """
    for column, value in where.items():
        texts = as_texts(cells[column]).str.strip()
        rows = cells[texts == value.strip()]
        if rows.empty:
            raise findings.refuse(f"no row has {value!r} in column {column!r}", _other_values(texts, column, value))
        cells = rows
    return cells


def _other_values(texts: pd.Series, column: str, value: str) -> str:
    values = list(texts.value_counts().index)
    first = nearest(value, values, likeness=0.6) or values[0]
    return f"It has {some_of(values, NAMED)}: set {where_key(column, first)} in the settings."


def where_key(column: str, value: str) -> str:
    """The setting that chooses the rows with a value, as it is written."""
    name = column if re.fullmatch(r"[A-Za-z0-9_-]+", column) else json.dumps(column, ensure_ascii=False)
    return f"where = {{{name} = {json.dumps(value, ensure_ascii=False)}}}"


def of_id(cells: pd.DataFrame, id_column: str, value_column: str, name: str, findings: Findings) -> pd.DataFrame:
    """The rows of a long table that are of one quantity, with its values in a column of its name.

    Raises:
        SourceError: there are none.
    """
    ids = as_texts(cells[id_column]).str.strip()
    rows = cells[ids == name.strip()]
    if rows.empty:
        values = list(ids.value_counts().index)
        near = nearest(name, values, likeness=0.4)
        hint = "" if near is None else f"; did you mean {near!r}?"
        remedy = f"Column {id_column!r} has: {', '.join(values[:NAMED])}."
        raise findings.refuse(f"no row has {name!r} in column {id_column!r}{hint}", remedy)
    return rows.drop(columns=[name], errors="ignore").rename(columns={value_column: name})


def day_headers(headers: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """The columns of a day, with patterns such as H* replaced by what they mean, in the order of the file."""
    expanded = []
    for name in patterns:
        if name in headers or "*" not in name:
            expanded.append(name)
        else:
            expanded += [header for header in headers if fnmatch.fnmatchcase(header, name)]
    return list(dict.fromkeys(expanded))


def by_unit(cells: pd.DataFrame, date_column: str, columns: Sequence[str], value: str) -> pd.DataFrame:
    """A row a day as a row a unit: date, place of the unit in the day from 1, whether of a second pass, and its value.

    The index says row and column, as messages name a cell.
    """
    second = [bool(SECOND_PASS.search(name)) for name in columns]
    places = [1 + place - sum(second[: place + 1]) for place in range(len(columns))]
    days, units = len(cells), len(columns)
    long = pd.DataFrame(
        {
            date_column: cells[date_column].repeat(units).array,
            PLACE: np.tile(places, days),
            SECOND: np.tile(second, days),
            value: cells[list(columns)].to_numpy().ravel(),
        },
        index=[f"{row}, column {name!r}" for row in cells.index for name in columns],
    )
    return long.assign(**{value: typed(long[value])})


PLACE, SECOND = "place in the day", "second pass"
"""Columns of a table with a row a unit that was one with a row a day."""
