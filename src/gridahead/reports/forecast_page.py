"""The page an analyst reads at eight in the morning: what is forecast, how sure, by what, and whether to trust it.

Plain data in, one self-contained HTML page out: no scripts, nothing loaded from anywhere, same data, same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
import pandas as pd
from markupsafe import Markup

from gridahead.core.runs import FULL
from gridahead.core.time import lasting
from gridahead.core.units import Unit, per
from gridahead.evaluation.catalogue import POWERS, shown_in
from gridahead.reports import charts, wording
from gridahead.reports.drawing import Size
from gridahead.reports.palette import DARK, LIGHT
from gridahead.reports.trust import Day, absences, by_quantile, concerns, forecast_sentence, rung_words, track_record
from gridahead.reports.views import QualityLine, ReportView, SeriesView

__all__ = ["QualityLine", "ReportView", "SeriesView", "render_report"]

FAN = (Size(1000, 340), Size(440, 300))
HISTORY = (Size(620, 250), Size(440, 250))
LEAD = (Size(360, 250), Size(440, 250))
"""Every chart for wide and for narrow screens, in CSS pixels."""

HISTORY_SPAN = pd.Timedelta(days=14)
"""Two weeks show every weekday twice; more would blur the hours."""

ENOUGH_OF_A_LEAD = 0.2
"""Lead times with fewer scores than this share of the most are not drawn."""

SHOWN = shown_in("page")
"""Columns of the score table, beside `n`."""


def render_report(view: ReportView) -> str:
    """The page: a sentence and a card a series, score table, data quality, provenance."""
    cards = [_card(series, view.created_at) for series in view.series]
    zones = {series.timezone for series in view.series}
    clock = zones.pop() if len(zones) == 1 else "UTC"
    template = templates().get_template("report.html.j2")
    return template.render(
        title=view.title,
        attribution=view.attribution,
        created=f"{wording.moment(view.created_at.tz_convert(clock))} ({clock})",
        days=list(dict.fromkeys(card["day"].name for card in cards if card["day"])),
        cards=cards,
        headings=_headings(view),
        scores=_score_rows(view),
        quality_page=view.quality_page,
        light=LIGHT,
        dark=DARK,
    )


def templates() -> jinja2.Environment:
    """Where the pages are, and how values are written in them."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": wording.number,
        "completeness": wording.floored_percent,
        "date": wording.day,
        "moment": wording.moment,
        "age": lasting,
        "words": wording.words,
        # A colon or a leading slash would make another address of what is a file beside the page.
        "relative": lambda path: quote(str(path).lstrip("/")),
    }
    return environment


def _card(view: SeriesView, created_at: pd.Timestamp) -> dict[str, Any]:
    """Everything the template needs to show one series."""
    if view.forecast.empty:
        told = absences(view, created_at) or ["No forecast was issued."]
        return {"view": view, "day": None, "concerns": told, "created_at": created_at}
    day = Day.of(view)
    return {
        "view": view,
        "created_at": created_at,
        "day": day,
        "sentence": forecast_sentence(day, view.drifted),
        "record": track_record(view, day),
        "concerns": concerns(view, day, created_at),
        "absences": absences(view, created_at),
        "inputs": rung_words(day.rung, day.missing) if day.rung != FULL else "complete",
        "peak": day.extreme(highest=True),
        # Solar is nothing every night: its lowest says nothing.
        "lowest": day.extreme(highest=False) if day.wide[0.5].min() != 0 else None,
        "mean": day.scale.text(day.wide[0.5].mean()),
        "official_mean": day.scale.text(day.official.mean()) if len(day.official) else None,
        "bands": [wording.number(100 * (high - low)) for low, high in charts.intervals(day.wide)],
        "fan": _both(lambda size: charts.fan_chart(day, size), FAN),
        "history": _history(view, day),
        "lead": _lead(view, day),
        "values": _value_rows(day),
    }


def _both(draw: Callable[[Size], str], sizes: tuple[Size, Size]) -> dict[str, Markup]:
    """The drawing for a wide and for a narrow screen. It is our own SVG: every text in it has been escaped."""
    return {"wide": Markup(draw(sizes[0])), "narrow": Markup(draw(sizes[1]))}  # noqa: S704


def _history(view: SeriesView, day: Day) -> dict[str, Markup] | None:
    """The last weeks of what was forecast and came, if there are any."""
    wide = by_quantile(view.history)
    wide = wide[(wide.index >= day.time_range.start - HISTORY_SPAN) & (wide.index < day.time_range.start)]
    if wide.empty:
        return None
    truth = view.outturn.dropna(subset="value").set_index("valid_time")["value"]
    return _both(lambda size: charts.history_chart(wide, truth, day, size), HISTORY)


def _lead(view: SeriesView, day: Day) -> dict[str, Markup] | None:
    """The error by lead time of our model and its references, if they were scored."""
    rows = view.scores[(view.scores["metric"] == "mae") & view.scores["lead"].notna()]
    if day.model not in set(rows["model"]):
        return None
    # The last hours of a lead axis occur on the 25-hour day only; a mean of one is no mean.
    rows = rows[rows["n"] >= ENOUGH_OF_A_LEAD * rows["n"].max()]
    errors = rows.astype({"lead": "int64"}).pivot_table(index="lead", columns="model", values="value")
    return _both(lambda size: charts.lead_chart(errors, day, size), LEAD)


def _value_rows(day: Day) -> list[tuple[str, list[str]]]:
    """The day as numbers: local time; 10 %, median, 90 %, official, outturn."""
    columns = [day.wide.get(level, pd.Series(dtype=float)) for level in (0.1, 0.5, 0.9)] + [day.official, day.outturn]
    return [
        (
            wording.unit_of_time(time.tz_convert(day.timezone), day.mtu.delta),
            [day.scale.number(values.get(time, float("nan"))) for values in columns],
        )
        for time in day.wide.index
    ]


def _units(view: ReportView) -> dict[str, Unit]:
    """In which unit the scores of each series are shown."""
    units = {series.series: series.unit or "MW" for series in view.series}
    return {str(name): units.get(str(name), "MW") for name in view.score_table["series"].unique()}


def _headings(view: ReportView) -> dict[str, str]:
    """Of the columns that there are."""
    units = set(_units(view).values())
    of_all = f", {units.pop()}" if len(units) == 1 else ""
    texts = {"n": "n"} | {name: figure.heading or figure.title for name, figure in SHOWN.items()}
    shown = {name: text for name, text in texts.items() if name in view.score_table.columns}
    return {name: f"{text}{of_all if name in POWERS else ''}" for name, text in shown.items()}


def _score_rows(view: ReportView) -> list[dict[str, object]]:
    """A row a run, series and model: names, and cells with their text and whether they are the best of the series."""
    table = view.score_table
    shown = [name for name in ("n", *SHOWN) if name in table.columns]
    titles = {series.series: series.title for series in view.series}
    served = {(series.series, model) for series in view.series for model in series.forecast["model"].unique()}
    best = {name: _is_best(table, name) for name in shown}
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


def _is_best(table: pd.DataFrame, name: str) -> list[bool]:
    """Which rows are the best of their series in this column; nobody is, alone or where best has no meaning."""
    distance = SHOWN[name].distance(table[name]) if name in SHOWN else None
    if distance is None:
        return [False] * len(table)
    by_series = distance.groupby([table["run"], table["series"]])
    return list((distance == by_series.transform("min")) & (by_series.transform("count") > 1))


def _cell(name: str, value: float, unit: Unit) -> str:
    if name in SHOWN and SHOWN[name].percent:
        return wording.percent(value, SHOWN[name].digits)
    return wording.figure(per(value, unit)) if name in POWERS else wording.number(value)
