"""What the quality page shows: plain data, counted by the use case, drawn by the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

CellState = Literal["none", "whole", "gap", "hole", "flag", "out"]
"""How a cell of a strip is drawn, from nothing expected to quarantined."""

HOLE_SHARE = 0.5
"""With less than half of its values, a day or week is a hole rather than a gap."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One day or week of one series, counted in market time units."""

    label: str
    expected: int
    present: int
    """Those with an accepted value."""
    flagged: int
    quarantined: int
    """Rows that the gate keeps out."""

    @property
    def state(self) -> CellState:
        """The worst state of any value in it."""
        if self.quarantined:
            return "out"
        if self.flagged:
            return "flag"
        if self.expected == 0:
            return "none"
        if self.present >= self.expected:
            return "whole"
        return "gap" if self.present > HOLE_SHARE * self.expected else "hole"

    @property
    def words(self) -> str:
        """What a reader sees who points at it."""
        parts = [f"{self.label}: {self.present:,} of {self.expected:,} values"]
        parts += [f"{self.flagged:,} flagged"] if self.flagged else []
        parts += [f"{self.quarantined:,} quarantined"] if self.quarantined else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class SeriesQuality:
    """One series as the page shows it."""

    series: str
    title: str
    end: pd.Timestamp
    """End of the newest market time unit with an accepted value, in local time."""
    days: tuple[Cell, ...]
    weeks: tuple[Cell, ...]

    @staticmethod
    def completeness(cells: tuple[Cell, ...]) -> float:
        """Share of the expected values that are there [1]; NaN where none is expected."""
        expected = sum(cell.expected for cell in cells)
        there = sum(min(cell.present, cell.expected) for cell in cells)
        return there / expected if expected else float("nan")

    @property
    def badness(self) -> tuple[float, float, float, str]:
        """What sorts the worst first: most kept out lately, most missing, most flagged; of equals by name."""
        lately = [sum(cells) for cells in zip(*((cell.quarantined, cell.flagged) for cell in self.days), strict=True)]
        complete = self.completeness(self.days)
        return -lately[0], complete if complete == complete else 0.0, -lately[1], self.series

    @property
    def flagged(self) -> int:
        """Rows flagged in the weeks shown."""
        return sum(cell.flagged for cell in self.weeks)

    @property
    def quarantined(self) -> int:
        """Rows kept out in the weeks shown."""
        return sum(cell.quarantined for cell in self.weeks)


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One finding in words: a stretch of a series, what is wrong with it, and what became of it."""

    id: str
    title: str
    start: pd.Timestamp
    """Local time."""
    end: pd.Timestamp
    """Local time."""
    rows: int
    severity: str
    state: str
    rules: tuple[str, ...]
    reason: str
    found_at: pd.Timestamp


@dataclass(frozen=True, slots=True)
class QualityView:
    """Everything that the page of data quality shows."""

    created_at: pd.Timestamp
    inspected_at: pd.Timestamp | None
    """When the gate looked last; None if never."""
    days: tuple[pd.Timestamp, ...]
    """The first instants of the cells by day, naive local time."""
    weeks: tuple[pd.Timestamp, ...]
    """Those of the cells by week: Mondays."""
    series: tuple[SeriesQuality, ...]
    """The worst first."""
    open_cases: tuple[CaseLine, ...]
    """The newest of them."""
    open_count: int
    open_rows: int
    """How many there are in all, and how many values they have."""
    findings: tuple[CaseLine, ...]
    """The newest of all severities, ruled on or not."""
    inspection_page: str
    """Where the expectations and results of the newest inspection are, relative to the page."""
    stale_after_hours: float
    """The age of a newest value that is a concern [h]."""
    attribution: str = ""
    """Whom the licences of the data ask to name."""
