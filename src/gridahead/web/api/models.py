"""What answers say, declared: the description of the API is made of this, and every answer is checked against it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""ISO 8601 with an offset."""


class Said(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Problem(Said):
    """Why a request is refused, and the way out (RFC 9457)."""

    type: str
    """Where the kind of problem is explained; programs tell kinds apart by it."""
    title: str
    """The same whatever the occasion."""
    status: int
    """The HTTP status."""
    detail: str
    """What is wrong, this time."""
    hint: str
    """The way out."""
    instance: str | None = None
    """The path that was asked for."""


class IssueSaid(Said):
    """A published forecast, without its values."""

    forecast_id: str
    """Names it; `issue=` takes it, and `gridahead reproduce`."""
    delivery_day: dt.date
    """Local to the zone."""
    lead_days: int
    """So many days before its delivery day it was due: 1 of a day-ahead forecast."""
    issue_time: Instant
    """As of when it is: nothing that became known later is in it."""
    made_at: Instant | None
    published_at: Instant | None
    gate_closure: Instant | None
    late_minutes: float | None
    """By how much it missed its deadline; null if it did not."""
    model: str
    model_version: str
    rung: str
    """full: the model that serves, with all its inputs; else which step of the fallback ladder."""
    missing: str
    """What was missing; empty if nothing."""


class SeriesSaid(Said):
    """A series that is forecast."""

    series: str
    """ZONE/QUANTITY"""
    zone: str
    quantity: str
    title: str
    timezone: str
    """Local time of the zone, by which delivery days are counted."""
    unit: str
    """In which people are shown it."""
    deadline: str
    """When the forecast of a delivery day is due."""
    latest: IssueSaid | None
    """The newest forecast; null if none was ever published."""
    address: str
    """Of what there is of it."""


class SeriesList(Said):
    """The series that are forecast."""

    series: list[SeriesSaid]


class IssuesSaid(Said):
    """Published forecasts of a series, the newest first."""

    series: str
    issues: list[IssueSaid]


class ForecastSaid(IssueSaid):
    """A forecast by columns: the nth value of each belongs to the nth market time unit."""

    series: str
    timezone: str
    """In which times are written."""
    unit: str
    """Of all values."""
    mtu: str
    """Length of a market time unit, ISO 8601."""
    attribution: str
    """Whom the licences of the data ask to name."""
    adapted: bool
    """Whether the values are those that were published; false: as the model answered them."""
    start: list[Instant]
    end: list[Instant]
    quantiles: dict[str, list[float]]
    """By level: the outturn is expected to be at or below a value of 0.1 in a tenth of all units."""
    official: list[float | None]
    """The official forecast as it was known at the issue time; null where there is none."""


class PathsSaid(IssueSaid):
    """A hundred courses of the whole day, equally likely; in every unit they have the quantiles of the forecast."""

    series: str
    timezone: str
    """In which times are written."""
    unit: str
    """Of all values."""
    attribution: str
    """Whom the licences of the data ask to name."""
    start: list[Instant]
    paths: list[list[float]]
    """A list a path: the nth value belongs to the unit that begins at the nth start."""
    follows: list[dt.date]
    """The day of each path whose errors give it its order: paths of several series that follow the same day belong
    together."""


class KnownSaid(Said):
    """Values by columns, as they were known at an instant."""

    series: str
    kind: Literal["outturn", "official"]
    timezone: str
    unit: str
    as_of: Instant | None
    """As known then; null for now."""
    start: list[Instant]
    """Of market time units that have a value."""
    value: list[float]
    available_at: list[Instant]
    """From when the value could be known."""


class FigureSaid(Said):
    """One figure of a delivery day."""

    name: Literal["peak", "lowest", "mean", "energy"]
    unit: str
    ours: float
    ours_at: Instant | None
    """Start of the unit of a peak or lowest value."""
    low: float | None
    """P10 at that unit."""
    high: float | None
    """P90 at that unit."""
    official: float | None
    official_at: Instant | None
    difference: float | None
    """Ours less official."""
    quantiles: dict[str, float] | None
    """What the whole day may come to, by level, from the paths of the forecast; null where it has none."""
    hours: dict[str, float] | None
    """Of a peak: the share of paths that have theirs in the unit that begins then; null of others."""


class FiguresSaid(IssueSaid):
    """What a delivery day comes to. The peak is that of the medians, which is lower than the median of the peak."""

    series: str
    timezone: str
    figures: list[FigureSaid]


class CauseSaid(Said):
    """What has moved a forecast."""

    name: str
    """An input, such as DE/load_official, or what else it was, such as time has passed."""
    effect: float
    """By how much the mean of the common hours moved by it."""


class ChangeSaid(Said):
    """How the hours that a forecast has in common with the one before have moved."""

    since: Instant
    """Issue time of the forecast before."""
    start: Instant
    end: Instant
    unit: str
    before: float
    """Mean of the medians over the common hours, as it was forecast before."""
    now: float
    causes: list[CauseSaid]
    """The largest first; they sum to the difference."""


class ExplanationSaid(IssueSaid):
    """What has changed since the forecast before, and why, as it was computed when the forecast was made."""

    series: str
    adapted: float | None
    """By how much the mean of the day was moved as the newest days asked for; null where nothing was."""
    since_yesterday: ChangeSaid | None
    """null where there was no forecast before, or nothing was computed."""


class SkillSaid(Said):
    """By how much a forecast erred less than a reference on the same units."""

    reference: str
    mae: float
    skill: float | None
    """1 - MAE / MAE of the reference."""
    interval: tuple[float, float] | None
    """95 % interval of it, whole days drawn again; null of a single day."""
    n: int


class DaySaid(Said):
    """How good a delivery day was."""

    day: dt.date
    mae: float | None
    official_mae: float | None
    coverage: float | None
    """Share of outturns within the 80 % band."""


class AdaptationSaid(Said):
    """What was published beside what the models had answered before it was adapted to the newest days."""

    coverage: float | None
    """Share of outturns within the 80 % band."""
    coverage_before: float | None
    crps: float
    crps_before: float


class ScoresSaid(Said):
    """How good what was published in time has been, against the outturn and the official forecast."""

    series: str
    unit: str
    start: Instant | None
    end: Instant | None
    n: int
    """Units that have a forecast and an outturn; 0 where there are none yet."""
    enough: bool
    """Whether there is a week or more of it: less is no evidence of anything."""
    mae: float | None
    coverage: float | None
    """Share of outturns within the 80 % band."""
    coverage_interval: tuple[float, float] | None
    """95 % interval of it, whole days drawn again; null of a single day."""
    adaptation: AdaptationSaid | None
    """What adapting forecasts to the newest days has brought; null where nothing was adapted."""
    against: list[SkillSaid]
    daily: list[DaySaid]


class VersionSaid(Said):
    """A version of a model."""

    version: str
    model: str
    roles: list[str]
    """champion serves, challenger forecasts along, previous was champion before."""
    made_at: Instant
    learnt_until: dt.date
    """The last delivery day that its weights have learnt."""


class EvidenceSaid(Said):
    """A figure of a version on the evidence that decides."""

    version: str
    metric: str
    value: float | None
    low: float | None
    """95 % interval."""
    high: float | None
    n: int | None


class DecisionSaid(Said):
    """Who made which version champion or challenger, when and why."""

    decided_at: Instant
    role: str
    how: str
    from_version: str
    to_version: str
    reason: str
    decided_by: str


class ModelsSaid(Said):
    """The models of a series."""

    series: str
    versions: list[VersionSaid]
    """The newest first."""
    scores: list[EvidenceSaid]
    decisions: list[DecisionSaid]
    """The newest first."""


class CaseSaid(Said):
    """What the quality gate has flagged or withheld: a stretch of a series without a gap."""

    id: str
    series: str
    severity: Literal["flag", "quarantine"]
    state: Literal["open", "released", "rejected"]
    start: Instant
    end: Instant
    rows: int
    rules: dict[str, int]
    """How many rows failed each rule."""
    reasons: list[str]
    """In words, in the order of the rules."""
    found_at: Instant
    """When the gate first gave a verdict on it."""
    why: str | None
    """Who ruled on it, and why; null while it is open."""


class CasesSaid(Said):
    """Cases, the newest first."""

    cases: list[CaseSaid]


class RulingAsked(Said):
    """What a person rules."""

    ruling: Literal["release", "reject"]
    """release: models may read the values; reject: they never do."""
    reason: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]
    """Why; it is kept with the ruling."""
