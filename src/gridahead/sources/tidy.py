"""Rows in order of time, and equal rows as one: what changes nothing of the content of a file."""

from __future__ import annotations

import pandas as pd

from gridahead.settings.file_source import FileSource
from gridahead.sources.clock import is_repeated
from gridahead.sources.daytimes import part_of_day
from gridahead.sources.labels import Labels
from gridahead.sources.shapes import where_key
from gridahead.sources.typed import as_texts

FEW = 0.5
"""A column that identifies series has the same values again and again: at most so many different ones a row."""


def tidy(labels: Labels, values: pd.DataFrame, cells: pd.DataFrame, settings: FileSource) -> Labels:
    """The labels of the rows that count, oldest first.

    A row without a value and without a time, or at a second pass that its day does not have, is none. A row that equals
    another one in its time and every cell is that one, except in an hour that is there twice, where two equal rows are
    two hours.
    """
    real = labels.stamps.notna()
    if labels.second is not None:
        real &= ~labels.second.fillna(False).astype(bool) | _is_repeated(labels, settings.timezone)
    labels = labels.of(labels.stamps.index[real | values.notna().any(axis=1)])
    if settings.row_order == "falling":
        labels = labels.of(labels.stamps.index[::-1])
    elif settings.row_order == "any" or settings.day_month_exchanged:
        labels = labels.of(labels.stamps.sort_values(kind="stable").index)
    again = twice(labels, settings.timezone)
    repeated_rows = (
        cells.loc[labels.stamps.index[again]].apply(as_texts).assign(**{"time of the row": labels.stamps[again]})
    )
    return labels.of(labels.stamps.index.difference(repeated_rows.index[repeated_rows.duplicated()], sort=False))


def twice(labels: Labels, timezone: str) -> pd.Series:
    """Which rows have the time of another one, but for the hour that local clocks repeat."""
    return labels.stamps.duplicated(keep=False) & ~_is_repeated(labels, timezone)


def _is_repeated(labels: Labels, timezone: str) -> pd.Series:
    """Rows of naive local times that are there twice because clocks go back."""
    return pd.Series(False, labels.stamps.index) if labels.in_utc else is_repeated(labels.stamps, timezone)


def twice_advice(cells: pd.DataFrame, labels: Labels, settings: FileSource) -> str:
    """What to set where a time is there several times: which column distinguishes its rows."""
    stamps = labels.stamps
    other_columns = {
        name: as_texts(cells.loc[stamps.index, name]).str.strip() for name in _other_columns(cells, settings)
    }
    midnights = bool((stamps.dropna() == stamps.dropna().dt.normalize()).all()) and settings.time_columns is None
    for name, texts in other_columns.items():
        if pd.DataFrame({"time": stamps, "other": texts}).duplicated().any():
            continue
        if midnights and (part := part_of_day(texts)) is not None:
            keys = part.keys({"date": settings.time_column or ""}, name, settings)
            return f"Set {keys} in the settings, in place of `time_column`."
        if texts.nunique() <= FEW * len(texts):
            return _choice(name, texts)
    for name, texts in other_columns.items():
        if 1 < texts.nunique() <= FEW * len(texts):
            return f"If the rows are of several series, choose one. {_choice(name, texts)}"
    return "Where rows of the same time differ, remove one of them from the file."


def _choice(name: str, texts: pd.Series) -> str:
    values = ", ".join(list(dict.fromkeys(texts))[:5])
    return f"Column {name!r} has {values}: set {where_key(name, texts.iloc[0])} in the settings for that one."


def _other_columns(cells: pd.DataFrame, settings: FileSource) -> list[str]:
    used = {settings.time_column, settings.value_column, settings.official_column, settings.issue_column}
    used |= {*settings.where, *(covariate.column for covariate in settings.covariates)}
    return [name for name in cells.columns if name not in used]
