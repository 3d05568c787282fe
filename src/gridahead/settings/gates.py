"""What the quality gate tolerates, and what a challenger has to show."""

from __future__ import annotations

import pydantic
from pydantic import Field

from gridahead.settings.quality_rules import RuleName, Severity
from gridahead.settings.section import Section


class QualitySettings(Section):
    """What the quality gate tolerates, and what follows from each rule."""

    max_quarantined_share: float = Field(0.02, ge=0, le=1)
    """More than this share of a series in quarantine is an error."""
    stale_after_hours: float = Field(48.0, gt=0)
    """A series whose newest value is older than this is stale, for the gate, for `gridahead status` and on the pages:
    sources publish within hours, and two days without a value are an outage."""
    late_after_hours: float = Field(6.0, gt=0)
    """A forecast whose newest actual value is older than this at its issue time is degraded: such values come about an
    hour late, and six hours late the forecast begins to suffer."""
    severity: dict[RuleName, Severity] = Field({})
    """By rule, for all quantities; the rules have defaults."""
    quantities: dict[str, dict[RuleName, Severity]] = Field({})
    """By quantity and rule; this counts before `severity`."""


class PromotionSettings(Section):
    """What a challenger has to show before it serves in place of the champion."""

    margin: float = Field(0.01, ge=0, lt=1)
    """Share of the champion's mean loss that it saves at least."""
    alpha_ever: float = Field(0.0125, gt=0, lt=0.5)
    """How often luck alone may look like an improvement, ever, however often a trial is held. Half of what is meant:
    where good and bad spells outlast a week, as they do, equals are promoted about twice as often."""
    alpha: float = Field(0.025, gt=0, lt=0.5)
    """How often luck alone may look like a fault, one-sided; twice as often like an improvement in megawatts."""
    min_days: int = Field(28, ge=14)
    """Fewer days than this decide nothing."""
    coverage_band: tuple[float, float] = (0.75, 0.85)
    """Where the coverage of its 80 % interval belongs; outside by more than luck explains, it does not serve. The page,
    which has no test for luck, warns twice as far from 80 %."""
    tolerance: float = Field(0.1, ge=0)
    """Share by which it may be worse than the official or the naive forecast in a season or on holidays, if luck can
    explain it; worse by more than luck explains is never tolerated."""
    min_season_days: int = Field(20, ge=5)
    """Days of a season that say something about it."""
    min_holidays: int = Field(8, ge=5)
    """Holidays that say something about holidays."""
    refresh_days: int = Field(28, ge=14)
    """The newest days on which a champion that was merely trained again must not have gone wrong."""
    refresh_ratio: float = Field(1.05, ge=1)
    """Its loss there is at most so many times the champion's: 28 days cannot tell less."""

    @pydantic.field_validator("coverage_band")
    @classmethod
    def _around_eighty(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 < value[0] < 0.8 < value[1] < 1:
            raise ValueError("coverage_band must hold 0.8, such as [0.75, 0.85]")
        return value

    @property
    def coverage_alarm(self) -> tuple[float, float]:
        """Twice as far from 80 % as `coverage_band`: outside it a band is wrong, not just unlucky, without any test."""
        low, high = (round(2 * bound - 0.8, 9) for bound in self.coverage_band)
        return low, high


class LadderSettings(Section):
    """How old what a forecast is made from may be, before the next rung of the ladder is tried."""

    model_days: float = Field(7.0, gt=0)
    """Age of the newest outturn beyond which no model is asked [days]: its context is then half empty, and the official
    forecast without its error errs less."""
    weather_days: float = Field(3.0, gt=0)
    """Age beyond which a weather forecast that is read ahead counts as missing [days]: what was said three days earlier
    is of another weather."""
    official_days: float = Field(8.0, gt=0)
    """The same of an official forecast: some are published once a week."""
