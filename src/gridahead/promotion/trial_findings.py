"""What a trial finds, a class for each kind of finding: figures alone, of which `reports.promotion` makes sentences."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from gridahead.core.runs import Reference
from gridahead.core.time import Deadline
from gridahead.core.units import Unit
from gridahead.registry.versions import Version

TrialOutcome = Literal["promote", "keep", "too_short"]
"""The challenger is promoted, the champion kept, or the period too short to tell."""


@dataclass(frozen=True, slots=True)
class TooFewDays:
    """Both models have fewer days than a trial takes."""

    days: int
    needed: int


@dataclass(frozen=True, slots=True)
class NoCommonDay:
    """There is no day that both versions have forecast without having learnt it."""

    champion: Version
    challenger: Version
    holdout_start: dt.date | None
    """Days from it on decide nothing."""


@dataclass(frozen=True, slots=True)
class Luck:
    """How surely a difference is more than luck, in relative differences and in megawatts."""

    e_value: float
    e_needed: float
    candidates: int
    """How many the challenger was the best of."""
    p_megawatts: float
    """One-sided; NaN without a variance."""
    p_limit: float

    @property
    def excluded(self) -> bool:
        """Whether the difference is more than luck explains."""
        # Without a variance there is no p: every day is better by as much.
        return self.e_value >= self.e_needed and not self.p_megawatts >= self.p_limit


@dataclass(frozen=True, slots=True)
class Improvement:
    """How much smaller the challenger's loss is than the champion's, and what follows from that alone."""

    outcome: TrialOutcome
    share: float
    """1 − mean loss of the challenger / mean loss of the champion [1]."""
    low: float
    """Of the 95 % interval [1]."""
    high: float
    days: int
    margin: float
    """What is asked for [1]."""
    luck: Luck
    days_to_see: tuple[tuple[float, float], ...]
    """After how many days a true improvement [1] would show, if days go on to scatter as they did."""


@dataclass(frozen=True, slots=True)
class RefreshRatio:
    """The loss of a champion trained again, as a multiple of that of the champion over the newest days."""

    ratio: float
    limit: float
    days: int

    @property
    def allowed(self) -> bool:
        """Whether it is at most the limit."""
        return self.ratio <= self.limit


@dataclass(frozen=True, slots=True)
class ShortProcedure:
    """The days on which two procedures can be compared are of fewer months than such a test takes, or have gaps."""

    days: int
    first: dt.date | None
    """None without a day."""
    last: dt.date | None
    months_needed: int


@dataclass(frozen=True, slots=True)
class ProcedureRatio:
    """The loss with training again, as a multiple of that without."""

    ratio: float
    low: float
    """Of the 95 % interval."""
    high: float
    days: int
    limit: float
    """What the multiple may be at most."""
    shown: bool
    """Whether it is surely not more."""
    p: float
    """One-sided; NaN without a variance."""
    alpha: float


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The challenger's 80 % interval covers about as much as it should."""

    coverage: float


@dataclass(frozen=True, slots=True)
class Uncalibrated:
    """The challenger's 80 % interval covers less or more than it may, by more than luck explains."""

    coverage: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class UnknownCalibration:
    """Too few days have an 80 % interval."""

    days: int


@dataclass(frozen=True, slots=True)
class WorseThanReference:
    """The challenger loses against a reference on all days, in a season or on holidays."""

    reference: Reference
    part: str
    """`all`, a season, or `holidays`."""
    excess: float
    """By how much its loss is larger [1]."""
    days: int
    beyond_luck: bool
    """More than luck explains; else it is more than is tolerated."""


@dataclass(frozen=True, slots=True)
class NotWorseThanReference:
    """The challenger is not worse than a reference on any part of the days."""

    reference: Reference
    parts: tuple[str, ...]
    worst_part: str
    worst_ratio: float
    """Of its loss to that of the reference there."""


@dataclass(frozen=True, slots=True)
class NotCompared:
    """There are too few days of a reference."""

    reference: Reference


TrialFinding = (
    TooFewDays
    | NoCommonDay
    | Improvement
    | RefreshRatio
    | ShortProcedure
    | ProcedureRatio
    | Calibrated
    | Uncalibrated
    | UnknownCalibration
    | WorseThanReference
    | NotWorseThanReference
    | NotCompared
)


@dataclass(frozen=True, slots=True)
class TrialPeriod:
    """What a version was tried against, and over which days."""

    champion: Version
    days: int
    first: dt.date | None
    """None without a day."""
    last: dt.date | None
    refresh: bool
    """Whether the version is the champion trained again, by a procedure that has passed its test."""
    named_on: str | None
    """The day from which it is the challenger; None if it was never named."""
    best_of: str | None
    """Of how many candidates."""


@dataclass(frozen=True, slots=True)
class UntestedProcedure:
    """A version is the champion trained again, and that procedure has not passed its test."""

    version: Version


@dataclass(frozen=True, slots=True)
class FirstChampion:
    """A version serves because nothing served before that could be asked."""

    candidates: int
    before: Version | None
    """The champion that cannot be asked any more; None if there was none."""
    deadline: Deadline | None = None
    """At which that was not trained to be asked; None if its weights are lost."""
    both_new: bool = False
    """Whether neither has learnt a day of the series, which was too new, and this one knows more of its days."""


@dataclass(frozen=True, slots=True)
class Outdone:
    """Another version of the same training was better on the validation days, or is an aggregate and nearly as good."""

    best: Version
    loss_mw: float
    """Pinball loss of the version that was outdone."""
    best_loss_mw: float
    unit: Unit
    """In which people read the losses."""


OutcomeFinding = TrialFinding | TrialPeriod | UntestedProcedure | FirstChampion | Outdone
"""All that decides what becomes of a version."""
