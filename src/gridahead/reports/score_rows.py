"""The table of scores on the page of forecasts: every model of a series beside the others, the best of them in bold."""

from __future__ import annotations

import pandas as pd

from gridahead.core.units import Unit, per
from gridahead.evaluation.catalogue import POWERS, shown_in
from gridahead.reading.record import ENOUGH
from gridahead.reports import wording
from gridahead.reports.views import ReportView

ERROR = "mape"
"""The one column of errors in percent: of each value where that means something, else of the whole (`wape`)."""
SHOWN = {name: figure for name, figure in shown_in("page").items() if name != "wape"}
"""Columns, beside `n`."""


def headings(view: ReportView) -> dict[str, str]:
    """Of the columns that there are."""
    units, table = set(_units(view).values()), _table(view)
    of_all = f", {units.pop()}" if len(units) == 1 else ""
    texts = {"n": "n"} | {name: figure.heading or figure.title for name, figure in SHOWN.items()}
    shown = {name: text for name, text in (texts | {ERROR: "Error"}).items() if name in table.columns}
    return {name: f"{text}{of_all if name in POWERS else ''}" for name, text in shown.items()}


def score_rows(view: ReportView) -> list[dict[str, object]]:
    """A row a run, series and model: names, and cells with their text and whether they are the best of the series."""
    table = _table(view)
    shown = [name for name in ("n", *SHOWN) if name in table.columns]
    titles = {str(series.card.series): series.card.title for series in view.series}
    cards = [series.card for series in view.series if series.card.shown]
    served = {(str(card.series), card.shown[0].issue.manifest["model"]) for card in cards}
    best = {name: _is_best(view, table, name) for name in shown}
    units = _units(view)
    several = len(set(units.values())) > 1
    return [
        {
            "series": titles.get(row["series"], row["series"]) + (f", {units[row['series']]}" if several else ""),
            "run": row["run"] if len(table["run"].unique()) > 1 else "",
            "model": row["model"],
            "served": (row["series"], row["model"]) in served,
            "cells": [(_cell(name, row[name], units[row["series"]]), best[name][at]) for name in shown],
        }
        for at, row in enumerate(table.to_dict("records"))
    ]


def _table(view: ReportView) -> pd.DataFrame:
    """The scores with one column of errors in percent."""
    table = view.score_table
    if not {ERROR, "wape"} <= set(table.columns):
        return table.rename(columns={"wape": ERROR})
    return table.assign(**{ERROR: table[ERROR].fillna(table["wape"])}).drop(columns="wape")


def _units(view: ReportView) -> dict[str, Unit]:
    """In which unit the scores of each series are shown."""
    units = {str(series.card.series): series.card.unit or "MW" for series in view.series}
    return {str(name): units.get(str(name), "MW") for name in view.score_table["series"].unique()}


def _is_best(view: ReportView, table: pd.DataFrame, name: str) -> list[bool]:
    """Which rows are the best of their series in this column.

    Nobody is who is alone, where best has no meaning, or on less than a week.
    """
    distance = SHOWN[name].distance(table[name]) if name in SHOWN else None
    if distance is None:
        return [False] * len(table)
    units = {str(one.card.series): one.card.shown[0].mtu.per_hour for one in view.series if one.card.shown}
    hours = table["n"] / table["series"].map(units).astype(float).fillna(1.0)
    by_series = distance.groupby([table["run"], table["series"]])
    best = (distance == by_series.transform("min")) & (by_series.transform("count") > 1)
    return list(best & (hours >= ENOUGH))


def _cell(name: str, value: float, unit: Unit) -> str:
    if name in SHOWN and SHOWN[name].percent:
        return wording.percent(value, SHOWN[name].digits)
    return wording.figure(per(value, unit)) if name in POWERS else wording.number(value)
