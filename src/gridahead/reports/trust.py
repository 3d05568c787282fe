"""One forecast in words: its peak, how it did lately, and what speaks against trusting it.

What was published and came is the first evidence; the holdout, a back-test, speaks only until there is a week of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridahead.core.runs import (
    FULL,
    OF_MODELS,
    OFFICIAL,
    OFFICIAL_CORRECTED,
    REFERENCE_WORDS,
    RUNG_WORDS,
    TAUGHT_BY,
    maker,
)
from gridahead.core.time import Mtu, TimeRange, lasting
from gridahead.core.units import Unit
from gridahead.forecasting.sums import in_sums
from gridahead.reading.card import Card, Shown
from gridahead.reading.figures import Figure
from gridahead.reading.record import ENOUGH, Adaptation, Record, Skill
from gridahead.reports.drift import drift_words
from gridahead.reports.views import SeriesView
from gridahead.reports.wording import (
    THIN,
    Scale,
    ahead,
    day,
    moment,
    number,
    percent,
    taught_words,
    unit_of_time,
    words,
)

TO_BEAT: Mapping[str, str] = {
    OFFICIAL: "official forecast",
    OFFICIAL_CORRECTED: "official forecast without its recent mean error",
}
"""What a forecast has to beat, and what it is called."""
LEAST_SHOWN = 0.01
"""Of an aggregate; experts that count less are not named."""
COVERAGE_COUNT = 7 * 24
"""Fewer outturns than a week of hours are no evidence of a band."""


@dataclass(frozen=True, slots=True)
class Day:
    """A delivery day that was published, with the words and the scale in which it is shown."""

    title: str
    timezone: str
    shown: Shown
    scale: Scale
    unit: Unit | None
    """As wanted; None for what fits."""

    @classmethod
    def of(cls, card: Card, shown: Shown | None = None) -> Day:
        """A day of a card: the newest unless given."""
        shown = shown or card.shown[0]
        scale = Scale.of(float(np.nanmax(np.abs(shown.wide.to_numpy(float)))), card.unit)
        return cls(card.title, card.timezone, shown, scale, card.unit)

    @property
    def wide(self) -> pd.DataFrame:
        """Quantile levels as columns, valid times as rows [MW]."""
        return self.shown.wide

    @property
    def official(self) -> pd.Series:
        """By valid time [MW]."""
        return self.shown.official

    @property
    def outturn(self) -> pd.Series:
        """By valid time [MW]."""
        return self.shown.outturn

    @property
    def time_range(self) -> TimeRange:
        """The local day."""
        return self.shown.time_range

    @property
    def mtu(self) -> Mtu:
        """How long each of its units is."""
        return self.shown.mtu

    @property
    def manifest(self) -> Mapping[str, object]:
        """What was published with it."""
        return self.shown.issue.manifest

    @property
    def issue_time(self) -> pd.Timestamp:
        """When it was issued, in local time."""
        return self.shown.issue.at("issue_time").tz_convert(self.timezone)

    @property
    def model(self) -> str:
        """Which model it is by."""
        return str(self.manifest["model"])

    @property
    def made_by(self) -> str:
        """The model and its version, such as lstm v3."""
        return maker(self.model, str(self.manifest["model_version"])).replace(" v", "\N{NO-BREAK SPACE}v")

    @property
    def is_full(self) -> bool:
        """Whether it has been made as it should be."""
        return self.manifest["rung"] == FULL

    @property
    def inputs(self) -> str:
        """Which step of the ladder it comes from, in words."""
        missing = str(self.manifest["missing"])
        return "inputs complete" if self.is_full else rung_words(str(self.manifest["rung"]), missing)

    @property
    def experts(self) -> str:
        """What counts in it for how much, in words; empty where one model has made it."""
        return expert_words(self.manifest)

    @property
    def adapted(self) -> str:
        """By how much the newest days have moved its mean, in words; empty where they have not."""
        median = self.manifest.get("median")
        moved = median.get("adapted_mw") if isinstance(median, dict) else None
        if moved is None:
            return ""
        return f"{'+' if moved > 0 else ''}{self.scale.as_fine_as(abs(moved)).text(moved)}"

    @property
    def adds_up(self) -> str:
        """To what it was made to add up, and how far that moved its mean, in words; empty where it was not."""
        said = in_sums(self.manifest)
        if said is None or said.why:
            return ""
        moved = f"{'+' if said.moved_mw > 0 else ''}{self.scale.as_fine_as(abs(said.moved_mw)).text(said.moved_mw)}"
        return f"{sums_words(self.manifest)}: {moved} on average"

    @property
    def ahead(self) -> str:
        """How long before its delivery day it was due, in words; empty where it is the usual day."""
        days = self.shown.issue.lead_days
        return ahead(days) if days > 1 else ""

    @property
    def late(self) -> str:
        """By how much it was out too late, in words; empty if it was not."""
        return late_words(self.manifest)

    @property
    def name(self) -> str:
        """The date, such as Wed 31 Dec 2025."""
        return day(self.time_range.start.tz_convert(self.timezone))

    @property
    def hours(self) -> int:
        """Hours of the delivery day: 23, 24 or 25."""
        return int((self.time_range.end - self.time_range.start) / pd.Timedelta(hours=1))

    def unit_words(self, start: pd.Timestamp) -> str:
        """A market time unit in local time, such as 18:00–19:00."""
        return unit_of_time(start.tz_convert(self.timezone), self.mtu.delta)

    @property
    def has_paths(self) -> bool:
        """Whether its figures are those of courses of the whole day."""
        return any(figure.has_paths for figure in self.shown.figures)

    def figure(self, name: str) -> Figure | None:
        """A figure of the day by its name."""
        return next((figure for figure in self.shown.figures if figure.name == name), None)


def late_words(manifest: Mapping[str, object]) -> str:
    """By how much a forecast missed its deadline, in words; empty if it did not."""
    late = manifest.get("late")
    if not isinstance(late, int | float):
        return ""
    words = f"{lasting(pd.Timedelta(minutes=late))} after its deadline"
    closed = pd.Timestamp(str(manifest["published_at"])) > pd.Timestamp(str(manifest["gate_closure"]))
    return f"{words}, when the gate had closed" if closed else words


def expert_words(manifest: Mapping[str, object]) -> str:
    """The experts of an aggregate, those that count most first; empty where one model has made the forecast."""
    adapted = manifest.get("adapted")
    weights = adapted.get("weights") if isinstance(adapted, dict) else None
    if not isinstance(weights, dict):
        return ""
    largest = sorted(((share, name) for name, share in weights.items() if share >= LEAST_SHOWN), reverse=True)
    return ", ".join(f"{REFERENCE_WORDS.get(name, name)} {share:.0%}" for share, name in largest)


def correction_words(manifest: Mapping[str, object]) -> str:
    """Who has corrected a forecast by hand, how and why; empty if nobody has."""
    correction = manifest.get("correction")
    return f"{correction['by']}, {correction['change']}: {correction['reason']}" if isinstance(correction, dict) else ""


def sums_words(manifest: Mapping[str, object]) -> str:
    """Whether a forecast adds up with the others of its sum, in words; empty where it is in none."""
    said = in_sums(manifest)
    if said is None:
        return ""
    totals = " and ".join(said.totals)
    if said.why:
        return f"does not add up to {totals}: {said.why}"
    by = f"errors of {said.days} days" if said.days else "size, as errors of too few days are known"
    return f"made to add up to {totals}, by {by}"


def rung_words(rung: str, missing: str) -> str:
    """Which step of the ladder a forecast comes from, and what was missing, in words."""
    made = f"by {RUNG_WORDS[rung]}" if rung in OF_MODELS else RUNG_WORDS[rung]
    return ": ".join(filter(None, (made, words(missing))))


CHANGED = {
    "official": "the official forecast errs more than it did",
    "band": "the published band does not hold what it did",
}
"""What a reader must know of a finding, by its kind."""


def forecast_sentence(view: SeriesView) -> str:
    """The newest forecast in one sentence, with what has changed of it and of what it leans on, and how it has done."""
    newest = Day.of(view.card)
    parts = [
        _peak_words(newest),
        f"issued {moment(newest.issue_time)} by {newest.made_by}",
        newest.ahead,
        newest.inputs,
        f"out {newest.late}" if newest.late else "",
        *(CHANGED[kind] for kind in view.card.drifted),
        *_failings(view),
    ]
    return ", ".join(part for part in parts if part)


def _peak_words(forecast: Day) -> str:
    peak = forecast.figure("peak")
    if peak is None or peak.likeliest is None:
        return ""
    interval = ""
    if peak.interval is not None:
        low, high = map(forecast.scale.number, peak.interval)
        interval = f" (80{THIN}% between {low} and {high})"
    height, at = forecast.scale.text(peak.middle), forecast.unit_words(peak.likeliest)
    # With paths both are of the whole day, and neither need be those of one unit.
    return f"peak {height}{interval}, most likely at {at}" if peak.hours else f"peak {height} at {at}{interval}"


def _failings(view: SeriesView) -> Iterator[str]:
    """What the live record says against it, in few words."""
    record = view.card.record
    if record is None or not record.enough:
        return
    if fault := _fault_of_band(record.coverage, view):
        yield f"its band was {fault} lately"
    for skill in record.against:
        if skill.reference == OFFICIAL and skill.skill < 0:
            yield "the official forecast was better lately"


def live_words(record: Record | None, unit: Unit | None) -> list[tuple[str, str]]:
    """How what was published did on the last days that have an outturn: figures, and what they mean."""
    if record is None:
        return [("", "Nothing that was published has an outturn yet.")]
    if not record.enough:
        return [("", f"Too few days to say anything: {number(record.hours)} of {ENOUGH} hours have an outturn.")]
    held = f"of the outturns were in the 80{THIN}% band ({_interval(record.coverage_interval, record.n)})."
    error = Scale.of(record.mae, unit).text(record.mae)
    return [
        (percent(record.coverage), held),
        *(_skill_words(skill, error, unit) for skill in record.against),
        *([] if record.against else [(error, "is the mean error.")]),
        *([] if record.adaptation is None else [("", _adaptation_words(record.adaptation, unit))]),
    ]


def _adaptation_words(found: Adaptation, unit: Unit | None) -> str:
    now, before = (Scale.of(lost, unit).text(lost) for lost in (found.crps, found.crps_before))
    held = "" if np.isnan(found.coverage_before) else f", and {percent(found.coverage_before)} in the 80{THIN}% band"
    return f"Without adaptation to the newest days: CRPS {before} against {now}{held}."


def _skill_words(skill: Skill, error: str, unit: Unit | None) -> tuple[str, str]:
    theirs = Scale.of(skill.mae, unit).text(skill.mae)
    reference = TO_BEAT.get(skill.reference, words(skill.reference))
    return (
        f"{percent(abs(skill.skill))} {'less' if skill.skill >= 0 else 'more'} error",
        f"than the {reference}: {error} against {theirs} (skill, {_interval(skill.interval, skill.n)}).",
    )


def _interval(bounds: tuple[float, float], n: int) -> str:
    low, high = (percent(bound) for bound in bounds)
    return f"95{THIN}% interval {low} to {high}, n{THIN}={THIN}{number(n)}"


def holdout_words(card: Card) -> str:
    """How the served model did on the holdout, in one sentence; empty without scores."""
    forecast = Day.of(card)
    own_scores = whole_scores(card.holdout, forecast.model)
    if "mae" not in own_scores:
        return ""
    rows = card.holdout[card.holdout["model"] == forecast.model]
    first, last = rows["start"].min().tz_convert(card.timezone), rows["end"].max().tz_convert(card.timezone)
    error = Scale.of(own_scores["mae"], card.unit).text(own_scores["mae"])
    sentence = f"{day(first)} to {day(last - forecast.mtu.delta)}: average error {error}"
    for name, title in TO_BEAT.items():
        official = whole_scores(card.holdout, name)
        if official.get("mae") and forecast.model != name:
            skill = 1 - own_scores["mae"] / official["mae"]
            sentence += f", {percent(abs(skill))} {'less' if skill >= 0 else 'more'} than the {title}"
    if "coverage_80" in own_scores:
        sentence += f"; the 80{THIN}% band held {percent(own_scores['coverage_80'])} of the outturns"
    return f"{sentence}."


def concerns(view: SeriesView, created_at: pd.Timestamp) -> list[str]:
    """The reasons against trusting the newest forecast, as sentences, worst first; empty when there are none."""
    sentences, forecast = absences(view, created_at), Day.of(view.card)
    if forecast.time_range.end <= created_at:
        sentences.append(f"Its day has passed: there is no forecast after {forecast.name}.")
    if not forecast.is_full:
        sentences.append(f"It is {forecast.inputs}.")
    if others := forecast.manifest.get(TAUGHT_BY):
        sentences.append(f"It is {taught_words(int(str(others)))}.")
    if correction := correction_words(forecast.manifest):
        sentences.append(f"{correction}.")
    if forecast.late:
        sentences.append(f"It was out {forecast.late}.")
    if (said := in_sums(forecast.manifest)) is not None and said.why:
        sentences.append(f"It {sums_words(forecast.manifest)}.")
    if suspects := forecast.manifest.get("suspect_inputs"):
        sentences.append(f"The gate doubts some of its newest inputs: {words(str(suspects))}.")
    if view.quality and (gap := forecast.issue_time - view.quality.end) > pd.Timedelta(hours=view.stale_after_hours):
        sentences.append(f"The newest observation was {lasting(gap)} old at the issue time.")
    unit = view.card.unit or "MW"
    sentences += [
        f"{CHANGED[kind].capitalize()}. {drift_words(finding, unit)}." for kind, finding in view.card.drifted.items()
    ]
    record = view.card.record
    return sentences + list(_of_record(view, record) if record is not None and record.enough else _of_holdout(view))


def absences(view: SeriesView, created_at: pd.Timestamp) -> list[str]:
    """The forecasts that should be out and are not, as sentences."""
    sentences = []
    for slot in view.absent:
        due, closure = (moment(at.tz_convert(view.card.timezone)) for at in (slot.deadline, slot.gate_closure))
        closes = f"the gate closes {closure}" if slot.gate_closure > created_at else f"the gate closed {closure}"
        sentences.append(f"There is no forecast of {day(pd.Timestamp(slot.day))}: it was due {due}, {closes}.")
    return sentences


def _of_record(view: SeriesView, record: Record) -> Iterator[str]:
    """What the last live days say against it."""
    if fault := _fault_of_band(record.coverage, view):
        low, high = record.coverage_interval
        days = f"the last {len(record.daily)} live days"
        yield (
            f"Its 80{THIN}% band has been {fault}: it held {percent(record.coverage)} of the outturns of {days} "
            f"(95{THIN}% interval {percent(low)} to {percent(high)})."
        )
    for skill in record.against:
        if skill.skill < 0:
            yield _better(TO_BEAT.get(skill.reference, words(skill.reference)), skill.mae, record.mae, view, " lately")


def _of_holdout(view: SeriesView) -> Iterator[str]:
    """What the back-test says against it."""
    forecast, scores = Day.of(view.card), view.card.holdout
    own_scores = whole_scores(scores, forecast.model)
    coverage = own_scores.get("coverage_80")
    hours = own_scores.get("n", 0) / forecast.mtu.per_hour
    if coverage is not None and hours >= COVERAGE_COUNT and (fault := _fault_of_band(coverage, view)):
        yield f"Its 80{THIN}% band has been {fault}: it held {percent(coverage)} of the outturns of the holdout."
    for name, title in TO_BEAT.items():
        official = whole_scores(scores, name)
        if "mae" in own_scores and own_scores["mae"] > official.get("mae", float("inf")):
            yield _better(title, official["mae"], own_scores["mae"], view, " on the holdout")


def _fault_of_band(coverage: float, view: SeriesView) -> str:
    low, high = view.coverage_alarm
    return "too narrow" if coverage < low else "too wide" if coverage > high else ""


def _better(title: str, official: float, own: float, view: SeriesView, where: str) -> str:
    scale = Scale.of(own, view.card.unit)
    return (
        f"The {title} has been better{where}: it erred by {scale.text(official)} on average, this one by "
        f"{scale.text(own)}."
    )


def whole_scores(scores: pd.DataFrame, model: str) -> dict[str, float]:
    """The scores of a model over all lead times by metric, and their count as `n`; empty if there are none."""
    rows = scores[(scores["model"] == model) & scores["lead"].isna()]
    values = {str(metric): float(value) for metric, value in zip(rows["metric"], rows["value"], strict=True)}
    return {**values, "n": float(rows["n"].max())} if values else {}
