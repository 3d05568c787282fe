"""How far every row, day or series is on its way to the limit of each rule: what Great Expectations checks.

One frame a grain, all series together, with one column a rule: what was measured over its limit. 1.0 is exactly at the
limit; NaN where the rule does not apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.settings.quality_rules import Grain

Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class RuleRatios:
    """What one rule measured on each line, the limit there, and the ratio of both."""

    ratios: Floats
    measured: Floats
    limit: Floats

    @classmethod
    def blank(cls, length: int) -> RuleRatios:
        """A column without any figure."""
        return cls(*(np.full(length, np.nan) for _ in range(3)))

    def put(self, at: npt.NDArray[np.int64], measured: Floats, limit: Floats) -> None:
        """Write figures at some places; where a rule has several variants, the largest ratio stays."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = np.where(limit > 0, measured / limit, np.nan)
        larger = ~(self.ratios[at] >= ratios) & ~np.isnan(ratios)
        place = at[larger]
        self.ratios[place], self.measured[place] = ratios[larger], measured[larger]
        self.limit[place] = limit[larger]


@dataclass(slots=True)
class LimitRatios:
    """The lines of one grain (rows, days, or faults of series), with a column for each rule that applies to them."""

    grain: Grain
    lines: pd.DataFrame
    """zone, quantity, and valid_time, delivery_day or note."""
    columns: dict[str, RuleRatios] = field(default_factory=dict)
    served: pd.DataFrame | None = None
    """The outer quantiles that were served, for reasons that name their forecast."""

    def column(self, rule: str) -> RuleRatios:
        """The column of a rule, made when it is first asked for."""
        return self.columns.setdefault(rule, RuleRatios.blank(len(self.lines)))

    def frame(self, checked: npt.NDArray[np.bool_]) -> pd.DataFrame:
        """The checked lines with the ratios of every rule that applies to any of them."""
        ratios = {
            name: column.ratios for name, column in self.columns.items() if not np.isnan(column.ratios[checked]).all()
        }
        return self.lines.assign(**ratios)[checked]


@dataclass(slots=True)
class GroupRatios:
    """Ratios of days, or of faults that run through a series, and the rows that each of them holds."""

    ratios: LimitRatios
    rows: dict[int, npt.NDArray[np.int64]]
    """By line: places of the newest vintages in it."""


def figures_in_words(column: RuleRatios, place: int) -> Mapping[str, str]:
    """The figures of one line, for its reason."""
    return {"measured": number(column.measured[place]), "limit": number(column.limit[place])}


def number(value: float) -> str:
    """A figure as text, with as many digits as matter."""
    if not np.isfinite(value):
        return "unknown"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) >= 0.01 or value == 0 else f"{value:.2g}"
