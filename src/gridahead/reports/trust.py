"""One forecast in words: its peak, how it did lately, and what speaks against trusting it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from gridahead.core.runs import FULL, OFFICIAL, OFFICIAL_CORRECTED, RUNG_WORDS
from gridahead.core.time import Mtu, TimeRange, delivery_range, lasting
from gridahead.core.units import Unit
from gridahead.core.vintages import newest_forecasts
from gridahead.reports.views import SeriesView
from gridahead.reports.wording import THIN, Scale, day, moment, percent, unit_of_time, words

TO_BEAT = {
    OFFICIAL: "official forecast",
    OFFICIAL_CORRECTED: "official forecast without its recent mean error",
}
"""What a forecast has to beat, and what it is called."""
COVERAGE_COUNT = 7 * 24
"""Fewer outturns than a week of hours are no evidence of a band."""


@dataclass(frozen=True, slots=True)
class Day:
    """The newest delivery day of a forecast, with everything about it that is drawn or written."""

    title: str
    time_range: TimeRange
    timezone: str
    wide: pd.DataFrame
    """Quantile levels as columns, valid times as rows [MW]."""
    official: pd.Series
    """By valid time [MW]."""
    outturn: pd.Series
    """By valid time [MW]."""
    mtu: Mtu
    scale: Scale
    unit: Unit | None
    """As wanted; None for what fits."""
    issue_time: pd.Timestamp
    model: str
    version: str
    rung: str
    missing: str
    """In words; empty if nothing was."""
    data_hash: str
    late: str
    """By how much it was out too late, in words; empty if it was not."""

    @classmethod
    def of(cls, view: SeriesView) -> Day:
        """The local day of the last forecast unit; the earlier days of a longer forecast are no news any more."""
        rows = view.forecast[view.forecast["issue_time"] == view.forecast["issue_time"].max()]
        first = rows.iloc[0]
        last = rows["valid_time"].max().tz_convert(view.timezone)
        time_range = delivery_range(last.date(), view.timezone)
        wide = by_quantile(rows)
        wide = wide[(wide.index >= time_range.start) & (wide.index < time_range.end)]
        return cls(
            title=view.title,
            time_range=time_range,
            timezone=view.timezone,
            wide=wide,
            official=by_time(view.official, time_range),
            outturn=by_time(view.outturn, time_range),
            mtu=Mtu(first["mtu"]),
            scale=Scale.of(float(np.abs(wide.to_numpy(float)).max()), view.unit),
            unit=view.unit,
            issue_time=first["issue_time"].tz_convert(view.timezone),
            model=str(first["model"]),
            version=_version(str(first["model_version"])),
            rung=str(first["rung"]),
            missing=str(first["missing"]),
            data_hash=str(first["data_hash"]),
            late=late_words(view.manifest),
        )

    @property
    def name(self) -> str:
        """The date, such as Wed 31 Dec 2025."""
        return day(self.time_range.start.tz_convert(self.timezone))

    @property
    def hours(self) -> int:
        """Hours of the delivery day: 23, 24 or 25."""
        return int((self.time_range.end - self.time_range.start) / pd.Timedelta(hours=1))

    def extreme(self, *, highest: bool) -> tuple[str, str, str]:
        """Value, time and 80 % interval (may be empty) of the highest or the lowest median."""
        median = self.wide[0.5].to_numpy(float)
        at = int(median.argmax() if highest else median.argmin())
        when = unit_of_time(pd.DatetimeIndex(self.wide.index)[at].tz_convert(self.timezone), self.mtu.delta)
        interval = ""
        if {0.1, 0.9} <= set(self.wide.columns):
            low, high = (self.scale.number(self.wide[level].to_numpy(float)[at]) for level in (0.1, 0.9))
            interval = f"80{THIN}% between {low} and {high}"
        return self.scale.text(median[at]), when, interval


def late_words(manifest: Mapping[str, object]) -> str:
    """By how much a forecast missed its deadline, in words; empty if it did not."""
    late = manifest.get("late")
    if not isinstance(late, int | float):
        return ""
    words = f"{lasting(pd.Timedelta(minutes=late))} after its deadline"
    closed = pd.Timestamp(str(manifest["published_at"])) > pd.Timestamp(str(manifest["gate_closure"]))
    return f"{words}, when the gate had closed" if closed else words


def correction_words(manifest: Mapping[str, object]) -> str:
    """Who has corrected a forecast by hand, how and why; empty if nobody has."""
    correction = manifest.get("correction")
    return f"{correction['by']}, {correction['change']}: {correction['reason']}" if isinstance(correction, dict) else ""


def rung_words(rung: str, missing: str) -> str:
    """Which step of the ladder a forecast comes from, and what was missing, in words."""
    return ": ".join(filter(None, (RUNG_WORDS[rung], words(missing))))


CHANGED = {
    "official": "the official forecast errs more than it did",
    "band": "the published band does not hold what it did",
}
"""What a reader must know of a finding, by its kind."""


def forecast_sentence(forecast: Day, drifted: Mapping[str, str] = MappingProxyType({})) -> str:
    """The forecast of a day in one sentence, with what has changed of it and of what it leans on."""
    peak, when, interval = forecast.extreme(highest=True)
    inputs = "inputs complete" if forecast.rung == FULL else rung_words(forecast.rung, forecast.missing)
    late = f", out {forecast.late}" if forecast.late else ""
    changed = late + "".join(f", {CHANGED[kind]}" for kind in drifted)
    return (
        f"peak {peak} at {when}{f' ({interval})' if interval else ''}, issued "
        f"{moment(forecast.issue_time)} by {forecast.model}\N{NO-BREAK SPACE}{forecast.version}, {inputs}{changed}"
    )


def track_record(view: SeriesView, forecast: Day) -> str:
    """How the served model did on the days scored last, in one sentence; empty without scores."""
    own_scores = whole_scores(view.scores, forecast.model)
    if "mae" not in own_scores:
        return ""
    rows = view.scores[view.scores["model"] == forecast.model]
    first, last = rows["start"].min().tz_convert(view.timezone), rows["end"].max().tz_convert(view.timezone)
    error = Scale.of(own_scores["mae"], view.unit).text(own_scores["mae"])
    sentence = f"{day(first)} to {day(last - forecast.mtu.delta)}: average error {error}"
    compared = []
    for name, title in TO_BEAT.items():
        official = whole_scores(view.scores, name)
        if official.get("mae") and forecast.model != name:
            skill = 1 - own_scores["mae"] / official["mae"]
            compared.append(f"{percent(abs(skill))} {'less' if skill >= 0 else 'more'} than the {title}")
    sentence += "".join(f", {part}" for part in compared)
    if "coverage_80" in own_scores:
        sentence += f"; the 80{THIN}% band held {percent(own_scores['coverage_80'])} of the outturns"
    return sentence + "."


def concerns(view: SeriesView, forecast: Day, created_at: pd.Timestamp) -> list[str]:
    """The reasons against trusting this forecast, as sentences, worst first; empty when there are none."""
    sentences = absences(view, created_at)
    if forecast.time_range.end <= created_at:
        sentences.append(f"Its day has passed: there is no forecast after {forecast.name}.")
    if forecast.rung != FULL:
        sentences.append(f"It is {rung_words(forecast.rung, forecast.missing)}.")
    if correction := correction_words(view.manifest):
        sentences.append(f"{correction}.")
    if forecast.late:
        sentences.append(f"It was out {forecast.late}.")
    if suspects := view.manifest.get("suspect_inputs"):
        sentences.append(f"The gate doubts some of its newest inputs: {words(str(suspects))}.")
    if view.quality and (gap := forecast.issue_time - view.quality.end) > pd.Timedelta(hours=view.stale_after_hours):
        sentences.append(f"The newest observation was {lasting(gap)} old at the issue time.")
    sentences += [f"{CHANGED[kind].capitalize()}. {figures}." for kind, figures in view.drifted.items()]
    return sentences + _concerns_of_scores(view, forecast)


def absences(view: SeriesView, created_at: pd.Timestamp) -> list[str]:
    """The forecasts that should be out and are not, as sentences."""
    sentences = []
    for slot in view.absent:
        due, closure = (moment(at.tz_convert(view.timezone)) for at in (slot.deadline, slot.gate_closure))
        closes = f"the gate closes {closure}" if slot.gate_closure > created_at else f"the gate closed {closure}"
        sentences.append(f"There is no forecast of {day(pd.Timestamp(slot.day))}: it was due {due}, {closes}.")
    return sentences


def _concerns_of_scores(view: SeriesView, forecast: Day) -> list[str]:
    sentences = []
    own_scores = whole_scores(view.scores, forecast.model)
    coverage, (low, high) = own_scores.get("coverage_80"), view.coverage_alarm
    if coverage is not None and own_scores["n"] >= COVERAGE_COUNT and not low <= coverage <= high:
        fault = "too narrow" if coverage < low else "too wide"
        sentences.append(f"Its 80{THIN}% band has been {fault}: it held {percent(coverage)} of the outturns.")
    for name, title in TO_BEAT.items():
        official = whole_scores(view.scores, name)
        if "mae" in own_scores and own_scores["mae"] > official.get("mae", float("inf")):
            scale = Scale.of(own_scores["mae"], view.unit)
            official_error, own_error = (scale.text(scores["mae"]) for scores in (official, own_scores))
            sentences.append(
                f"The {title} has been better: it erred by {official_error} on average, this one by {own_error}."
            )
    return sentences


def whole_scores(scores: pd.DataFrame, model: str) -> dict[str, float]:
    """The scores of a model over all lead times by metric, and their count as `n`; empty if there are none."""
    rows = scores[(scores["model"] == model) & scores["lead"].isna()]
    values = {str(metric): float(value) for metric, value in zip(rows["metric"], rows["value"], strict=True)}
    return {**values, "n": float(rows["n"].max())} if values else {}


def by_quantile(rows: pd.DataFrame) -> pd.DataFrame:
    """Quantile levels as columns, valid times as rows [MW]; of several issues or makings of a time, the newest."""
    return newest_forecasts(rows).pivot_table(
        index="valid_time", columns="quantile", values="value_mw", aggfunc="first"
    )


def by_time(rows: pd.DataFrame, time_range: TimeRange) -> pd.Series:
    """The values of a frame with `valid_time` and `value` inside a window, by time."""
    inside = rows[(rows["valid_time"] >= time_range.start) & (rows["valid_time"] < time_range.end)]
    return inside.dropna(subset="value").set_index("valid_time")["value"].sort_index()


def _version(name: str) -> str:
    """v3 for a number; a back-test names its settings instead."""
    return f"v{name}" if name.isdigit() else name
