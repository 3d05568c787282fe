"""The series of a page as data for its script: what the charts draw, what the pickers pick, what a download holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from gridahead.core.units import MEGAWATTS, decimals
from gridahead.reading.card import Card, Shown
from gridahead.reading.figures import Figure
from gridahead.reports.packed import packed
from gridahead.reports.trust import Day

MANY = 12
"""Of more series, the page is an overview: what one of them looked like two weeks ago is asked of the server."""
SHOWN_OF_MANY = 2
"""Days of each of many series: a hundred of them stay within 1.5 MB."""
DIGITS = 5
"""Significant digits of the largest value, as in the CSV: differences of a hundredth of a percent are seen."""


def page_data(cards: Sequence[Card]) -> str:
    """The data of a page as JSON that can stand in an element of it."""
    shown = SHOWN_OF_MANY if len(cards) > MANY else None
    series = [_series(card, card.shown[:shown]) for card in cards]
    sizes = dict(MEGAWATTS) if any(one["unit"] in MEGAWATTS for one in series) else {}
    data = {"series": series, "sizes": sizes}
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    # Inside of a script element only these could end it, or begin a comment.
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _series(card: Card, shown: Sequence[Shown]) -> dict[str, Any]:
    newest = Day.of(card) if card.shown else None
    return {
        "id": str(card.series),
        "title": card.title,
        "timezone": card.timezone,
        "unit": newest.scale.unit if newest else card.unit,
        "levels": [float(level) for level in card.shown[0].wide.columns] if card.shown else [],
        "days": [_day(card, one) for one in shown],
        "normal": _normal(card) if len(card.normal) and card.shown else None,
    }


def _day(card: Card, shown: Shown) -> dict[str, Any]:
    day = Day.of(card, shown)
    times = shown.time_range.times(shown.mtu)
    places = _places(shown)
    wide = shown.wide.reindex(times)
    median = wide[0.5].to_numpy(float) if 0.5 in wide else np.zeros(len(times))
    columns = [wide[level].to_numpy(float) for level in wide.columns]
    beside = [None, *columns[:-1]]
    return {
        "day": str(shown.day),
        "start": _seconds(shown.time_range.start),
        "step": int(shown.mtu.delta.total_seconds()),
        "n": len(times),
        "issued": _seconds(day.issue_time),
        "by": day.made_by,
        "inputs": ", ".join(filter(None, (day.ahead, day.inputs, day.late and f"out {day.late}"))),
        "forecast_id": str(day.manifest.get("forecast_id", "")),
        "levels": [float(level) for level in wide.columns],
        "places": places,
        "quantiles": "".join(packed(own, places, other) for own, other in zip(columns, beside, strict=True)),
        **{
            name: packed(values.reindex(times).to_numpy(float), places, median)
            for name, values in (("official", shown.official), ("outturn", shown.outturn), ("before", shown.before))
            if len(values)
        },
        "figures": [_figure(figure, places) for figure in shown.figures],
    }


def _normal(card: Card) -> dict[str, str]:
    """What is usual on the newest day, beside its median."""
    newest = card.shown[0]
    times, places = newest.time_range.times(newest.mtu), _places(newest)
    usual = card.normal.set_index("valid_time").reindex(times)
    median = newest.wide[0.5].reindex(times).to_numpy(float)
    return {name: packed(usual[name].to_numpy(float), places, median) for name in ("low", "high")}


def _figure(figure: Figure, places: int) -> list[Any]:
    values = (figure.middle, *(figure.interval or (None, None)), figure.official)
    own, low, high, official = (None if value is None else round(float(value), places) for value in values)
    at, official_at = (None if at is None else _seconds(at) for at in (figure.likeliest, figure.official_at))
    return [figure.name, own, at, low, high, official, official_at]


def _places(shown: Shown) -> int:
    return decimals(float(np.nanmax(np.abs(shown.wide.to_numpy(float)))), DIGITS)


def _seconds(at: pd.Timestamp) -> int:
    return int(at.timestamp())
