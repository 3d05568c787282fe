"""What the report is made of: plain data, gathered by the pipeline, judged and drawn by the report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from gridahead.reading.card import Card
from gridahead.settings.gates import PromotionSettings, QualitySettings


@dataclass(frozen=True, slots=True)
class QualityLine:
    """How complete the observations of one series are."""

    start: pd.Timestamp
    """First valid time in the lake."""
    end: pd.Timestamp
    """End of the newest market time unit in the lake."""
    expected: int
    """Market time units between the two."""
    present: int
    """Those with an accepted value."""
    quarantined: int
    """Rows that the quality gate holds back."""

    @property
    def missing(self) -> int:
        """Market time units without an accepted value."""
        return self.expected - self.present

    @property
    def completeness(self) -> float:
        """Share of the market time units with an accepted value [1]."""
        return self.present / self.expected if self.expected else float("nan")


@dataclass(frozen=True, slots=True)
class Absent:
    """A delivery day of which no forecast is out although its deadline has passed."""

    day: dt.date
    deadline: pd.Timestamp
    gate_closure: pd.Timestamp


@dataclass(frozen=True, slots=True)
class SeriesView:
    """One series as the report shows it: what is computed of it, and what only the page says beside that."""

    card: Card
    quality: QualityLine | None = None
    absent: tuple[Absent, ...] = ()
    """The delivery days that should be published by now and are not."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Pages and files about it by what they are called, relative to the page: `Model card`, `Quarantine cases`."""
    stale_after_hours: float = QualitySettings().stale_after_hours
    """The age of a newest observation at the issue time that is a concern [h]."""
    coverage_alarm: tuple[float, float] = PromotionSettings().coverage_alarm
    """A share of outturns in the 80 % band outside these is a concern [1]."""


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything that the page of forecasts shows."""

    title: str
    created_at: pd.Timestamp
    attribution: str
    """Who the data is from, in the words their licence asks for."""
    series: tuple[SeriesView, ...]
    score_table: pd.DataFrame
    """As `scoring.evaluate.table` gives it; may be empty."""
    quality_page: str | None = None
    """Where the quality of the data is shown in full, relative to the page."""
    inspection_page: str | None = None
    """Where the rules of the quality gate and their results are, relative to the page."""
