"""An explanation in words and figures: sentences, a table of shares, everything for machines, and the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gridahead.core.grid import Series
from gridahead.core.units import Power, Unit, per, power
from gridahead.explain.baseline import USUAL_WEEKS
from gridahead.explain.news import ADAPTED, TIME, Change
from gridahead.features.calendar import CALENDAR
from gridahead.reports.explain_picture import change_picture, explain_picture

if TYPE_CHECKING:  # it imports torch, and what tells of it does without
    from gridahead.explain.explanation import Explanation

DAY, WEEK = 24, 168
BANDS = (
    (-DAY, 0, "last 24 h"),
    (-2 * DAY, -DAY, "day before"),
    (-WEEK, -2 * DAY, "rest of the week"),
    (-10_000, -WEEK, "older than a week"),
    (0, 10_000, "ahead"),
)
"""Hours from the issue time, and what people call them."""
MOST_SHARES = 5
"""In a sentence."""
SMALLEST_SHARE = 0.05
"""Of the whole difference, or of the largest part of a change: what is smaller is left out of a sentence."""


def share_rows(explanation: Explanation) -> list[dict[str, object]]:
    """The mean share of the delivery day by input and how long ago it was [MW], the largest first.

    With what the newest days have moved, they add up to the published forecast less that of usual inputs.
    """
    delivery = explanation.windows.delivery[0]
    totals: dict[tuple[str, str], float] = {}
    for group, share in zip(explanation.attribution.groups, explanation.attribution.shares, strict=True):
        when = _band(group.hour)
        totals[group.name, when] = totals.get((group.name, when), 0.0) + float(share[delivery].mean())
    totals[ADAPTED, "the day"] = float(explanation.adapted[delivery].mean())
    ordered = sorted(totals.items(), key=lambda item: -abs(item[1]))
    return [{"input": name, "when": when, "share_mw": value} for (name, when), value in ordered if value]


def explanation_sentences(explanation: Explanation) -> list[str]:
    """The forecast beside the usual one, what moved it, what is missing, and what has changed."""
    delivery, spec, unit = explanation.windows.delivery[0], explanation.windows.spec, explanation.unit
    issued = explanation.issue_time.tz_convert(spec.zone.timezone)
    difference = float((explanation.attribution.difference + explanation.adapted)[delivery].mean())
    sentences = [
        f"{spec.series}, {explanation.day:%a %-d %b %Y}: "
        f"{power(float(explanation.published[delivery].mean()), unit)} on average, issued {issued:%-d %b %H:%M} by "
        f"{explanation.registered}. That is {power(abs(difference), unit)} {'above' if difference >= 0 else 'below'} "
        f"what the model says of the usual inputs of a {explanation.day:%A}, the mean of the last {USUAL_WEEKS}."
    ]
    shares = [(_share_name(row, spec.series), float(str(row["share_mw"]))) for row in share_rows(explanation)]
    largest = [(name, value) for name, value in shares if abs(value) >= SMALLEST_SHARE * abs(difference)][:MOST_SHARES]
    if largest:
        parts = (f"{name} {power(value, unit, sign=True)}" for name, value in largest)
        sentences.append(f"What moved it: {', '.join(parts)}.")
    sentences += [f"Missing: {gap}." for gap in explanation.degradations]
    return sentences + (change_sentences(explanation.change, unit) if explanation.change else [])


def change_sentences(change: Change, unit: Unit = "MW") -> list[str]:
    """What has changed since the earlier forecast, and why."""
    times, difference = change.local_times, float((change.now - change.then).mean())
    end = times[-1] + change.spec.mtu.delta
    since = change.since.tz_convert(change.spec.zone.timezone)
    first = (
        f"Since the forecast of {since:%-d %b %H:%M}, that of {times[0]:%a %-d %b %H:%M} to {end:%H:%M} is "
        f"{power(abs(difference), unit)} {'higher' if difference >= 0 else 'lower'} on average."
    )
    means = {name: float(part.mean()) for name, part in change.parts.items()}
    largest = max((abs(value) for value in means.values()), default=0.0)
    causes = [
        f"{_cause(change, name, unit)} {power(value, unit, sign=True)}"
        for name, value in sorted(means.items(), key=lambda item: -abs(item[1]))
        if abs(value) >= SMALLEST_SHARE * largest > 0
    ]
    return [first, f"Why: {', '.join(causes)}."] if causes else [first]


def explanation_json(explanation: Explanation, picture: Path, change_picture: Path | None) -> dict[str, Any]:
    """The explanation as plain values, for JSON."""
    attribution = explanation.attribution
    return {
        "series": str(explanation.windows.spec.series),
        "version": explanation.registered.version,
        "model": explanation.registered.model.name,
        "issue_time": explanation.issue_time.isoformat(),
        "valid_time": [time.isoformat() for time in explanation.valid_times],
        "forecast_mw": explanation.forecast.tolist(),
        "published_mw": [None if np.isnan(value) else value for value in explanation.published.tolist()],
        "adapted_mw": [None if np.isnan(value) else value for value in explanation.adapted.tolist()],
        "difference_mw": attribution.difference.tolist(),
        "left_mw": attribution.left.tolist(),
        "shares": [
            {"input": group.name, "hour": group.hour, "share_mw": share.tolist()}
            for group, share in zip(attribution.groups, attribution.shares, strict=True)
            if share.any()
        ],
        "degradations": list(explanation.degradations),
        "change": _change_json(explanation.change) if explanation.change else None,
        "words": explanation_sentences(explanation),
        "picture": str(picture),
        "change_picture": str(change_picture) if change_picture else None,
    }


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "since": change.since.isoformat(),
        "valid_time": [time.tz_convert("UTC").isoformat() for time in change.local_times],
        "then_mw": change.then.tolist(),
        "now_mw": change.now.tolist(),
        "parts_mw": {name: part.tolist() for name, part in change.parts.items()},
        "surprise_mw": None if np.isnan(change.surprise) else change.surprise,
    }


def draw_explanation(explanation: Explanation) -> bytes:
    """The shares as a picture, PNG."""
    spec, attribution, unit = explanation.windows.spec, explanation.attribution, explanation.unit
    maps = {
        str(series): (
            [group.hour for group in attribution.groups if group.name == str(series)],
            per(attribution.shares[[group.name == str(series) for group in attribution.groups]], unit),
        )
        for series in spec.inputs
    }
    return explain_picture(
        maps,
        _per({**attribution.by_input(), ADAPTED: explanation.adapted}, unit),
        per(attribution.difference + explanation.adapted, unit),
        explanation.windows.delivery[0],
        explanation.valid_times.tz_convert(spec.zone.timezone),
        explanation_sentences(explanation)[0],
        unit,
    )


def draw_change(change: Change, unit: Unit) -> bytes:
    """The parts of a change as a picture, PNG."""
    parts = _per(change.parts, unit)
    return change_picture(parts, change.local_times, change_sentences(change, unit)[0], unit)


def _band(hour: int | None) -> str:
    if hour is None:
        return "the day"
    return next(name for low, high, name in BANDS if low <= hour < high)


def _share_name(row: Mapping[str, object], series: Series) -> str:
    if row["input"] in (CALENDAR, ADAPTED):
        return str(row["input"])
    name = "official forecast" if row["input"] == str(series.official) else row["input"]
    return f"{name}, {row['when']}"


def _cause(change: Change, name: str, unit: Unit) -> str:
    """A cause, as a sentence has it."""
    series = change.spec.series
    if name == str(series):
        side = "above" if change.surprise >= 0 else "below"
        outturn = f" (it came in {power(abs(change.surprise), unit)} {side} the forecast)"
        return f"new values of {name}{'' if np.isnan(change.surprise) else outturn}"
    if name == str(series.official):
        return "new official forecast"
    return name if name in (TIME, ADAPTED) else f"news of {name}"


def _per(parts: Mapping[str, Power], unit: Unit) -> dict[str, Power]:
    return {name: per(part, unit) for name, part in parts.items()}
