"""What a metric is calculated from: the forecasts of one model and their outturn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.time import Mtu
from gridahead.evaluation import metrics

Floats = npt.NDArray[np.float64]
POINT, LOWER, UPPER = 0.5, 0.1, 0.9
"""The quantile that is the point forecast, and those that bound the 80 % interval."""
Basis = Literal["units", "quantiles", "days", "revised"]
"""Which sample a metric looks at: all units; those of which every quantile was forecast; whole days, a row each; units
that were forecast before, once for every two issues in a row."""


@dataclass(frozen=True, eq=False)
class Sample:
    """T units or D whole days of one model."""

    point: Floats
    """(T,), or (D, U) padded with NaN: the median [MW]."""
    outturn: Floats
    """Of the same shape [MW]."""
    valid_time: pd.Series
    """(T,) of the units, or (D,) one of each day."""
    quantity: str
    mtu: Mtu
    levels: tuple[float, ...] = ()
    """(Q,), rising; none where quantiles do not count."""
    quantiles: Floats = field(default_factory=lambda: np.empty((0, 0)))
    """(T, Q) [MW]"""
    scale: float = float("nan")
    """What last week's same hour was wrong by before the first issue time [MW]."""
    energy_score: Floats = field(default_factory=lambda: np.empty(0))
    """(D,) of the paths of whole days, NaN where there are none [MW]; none of units."""
    variogram_score: Floats = field(default_factory=lambda: np.empty(0))
    """(D,) [MW]"""
    before: Floats = field(default_factory=lambda: np.empty((0, 0)))
    """(T, Q) what the issue before said of the same units [MW]; of samples of revised units alone."""
    lead_hours: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """(T,) whole hours from issue to valid time; none of days."""

    def __len__(self) -> int:
        """The number of market time units or days."""
        return len(self.point)

    def at(self, level: float, *, before: bool = False) -> Floats:
        """The quantile of one of the levels, (T,) [MW]; of the issue before where that is asked."""
        return (self.before if before else self.quantiles)[:, self.levels.index(level)]

    def of_lead(self, hours: int) -> Sample:
        """The units whose lead time is so many whole hours."""
        chosen = self.lead_hours == hours
        return replace(
            self,
            point=self.point[chosen],
            outturn=self.outturn[chosen],
            valid_time=self.valid_time[chosen],
            quantiles=self.quantiles[chosen],
            lead_hours=self.lead_hours[chosen],
        )

    @cached_property
    def below(self) -> Floats:
        """The share of outturns below each quantile, (Q,) [1]."""
        return metrics.reliability(self.quantiles, self.levels, self.outturn)


def samples_of(rows: pd.DataFrame, quantity: str, mtu: Mtu, scale: float = float("nan")) -> dict[Basis, Sample]:
    """The samples of units among some rows; a model without spread has none with quantiles.

    Args:
        rows: `issue_time`, `valid_time`, quantile levels as columns and `outturn` [MW], as `common_rows` gives them.
        quantity: of the series.
        mtu: of the forecasts.
        scale: of the MASE [MW].
    """
    levels = levels_of(rows)
    samples: dict[Basis, Sample] = {"units": _sample(rows, [], quantity, mtu, scale=scale)}
    # A day that fell back to a bare median tells nothing about spread: it counts for the point metrics alone.
    spread = rows.dropna(subset=levels)
    if len(levels) > 1 and len(spread):
        samples["quantiles"] = _sample(spread, levels, quantity, mtu, scale=scale)
    return samples


def _sample(rows: pd.DataFrame, levels: list[float], quantity: str, mtu: Mtu, **further: Any) -> Sample:
    """The sample of units with these levels, and whatever else it has."""
    return Sample(
        point=rows[POINT].to_numpy(),
        outturn=rows["outturn"].to_numpy(),
        valid_time=rows["valid_time"],
        quantity=quantity,
        mtu=mtu,
        levels=tuple(levels),
        quantiles=rows[levels].to_numpy(),
        lead_hours=(rows["valid_time"] - rows["issue_time"]).to_numpy() // np.timedelta64(1, "h"),
        **further,
    )


def revised(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of units that were forecast before, and beside each what the issue before it had said of the same unit.

    Args:
        rows: as for `samples_of`, of several issues of the same units; those without all quantiles do not count.
    """
    ordered = rows.dropna(subset=levels_of(rows)).sort_values(["valid_time", "issue_time"], kind="stable")
    later = np.flatnonzero(ordered["valid_time"].duplicated())
    return ordered.iloc[later], ordered.iloc[later - 1]


def revised_sample(now: pd.DataFrame, before: pd.DataFrame, quantity: str, mtu: Mtu) -> Sample:
    """The sample of revised units.

    Args:
        now: as `revised` gives them.
        before: the same.
        quantity: of the series.
        mtu: of the forecasts.
    """
    levels = levels_of(now)
    return _sample(now, levels, quantity, mtu, before=before[levels].to_numpy())


def levels_of(rows: pd.DataFrame) -> list[float]:
    """The quantile levels that these rows have as columns, rising."""
    return [float(name) for name in rows.columns if name not in ("issue_time", "valid_time", "outturn")]
