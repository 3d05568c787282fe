"""What forecast errors cost, in EUR: imbalance, and the reserve that is held against them.

A simple account, meant to compare two forecasts of the same hours. Whoever supplies a load buys the forecast on the day
ahead; what is missing is bought, what is left over is sold as imbalance, both at a worse price. Prices here are these
disadvantages, EUR/MWh beyond the day-ahead price, so that a perfect forecast costs nothing. Reserve is held from the
median up and down to the quantiles that cover what it should.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from gridahead.core.time import Mtu

Side = Literal["consumer", "producer"]
"""Who pays: the supplier of a load is short where the outturn is higher, the seller of wind power where it is lower."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What a MWh in the wrong place costs, flat or by unit, (T,)."""

    short: npt.ArrayLike
    """Disadvantage of a missing MWh: imbalance price minus day-ahead price [EUR/MWh]."""
    long: npt.ArrayLike
    """Disadvantage of a MWh too many: day-ahead price minus imbalance price [EUR/MWh]."""
    reserve: npt.ArrayLike = 0.0
    """Of one MW held for one hour, in either direction [EUR/MW/h]."""


@dataclass(frozen=True, slots=True)
class Value:
    """What a forecast cost over some period."""

    imbalance_eur: float
    reserve_eur: float
    reserve_mw: float
    """Held on average, up and down together [MW]."""
    uncovered: float
    """Share of units in which the reserve would not have sufficed [1]."""
    hours: float
    """How long the period was [h]."""

    @property
    def total_eur(self) -> float:
        """Cost of imbalance and reserve together [EUR]."""
        return self.imbalance_eur + self.reserve_eur


def imbalance_cost(
    forecast: npt.ArrayLike, outturn: npt.ArrayLike, prices: Prices, mtu: Mtu, side: Side = "consumer"
) -> float:
    """What was missing at the price of a missing MWh, plus what was left over at its price [EUR].

    Args:
        forecast: (T,) what was bought or sold on the day ahead [MW].
        outturn: (T,) what was needed or produced [MW]; a unit without one does not count.
        prices: the disadvantages.
        mtu: length of a unit.
        side: who pays.

    Source: Pinson, Chevallier and Kariniotakis, Trading wind generation from short-term probabilistic forecasts of wind
        power, IEEE Transactions on Power Systems 22 (2007), equations 3 to 5.
    """
    missing = _missing(forecast, outturn, side)
    cost = np.maximum(missing, 0) * np.asarray(prices.short) + np.maximum(-missing, 0) * np.asarray(prices.long)
    return float(np.nansum(cost)) / mtu.per_hour


def value(
    quantiles: npt.ArrayLike,
    levels: npt.ArrayLike,
    outturn: npt.ArrayLike,
    prices: Prices,
    mtu: Mtu,
    *,
    side: Side = "consumer",
    cover: float = 0.9,
) -> Value:
    """What a forecast cost whose median was traded, with reserve held for the share `cover` of cases.

    Args:
        quantiles: (T, Q) along rising levels [MW]; a point forecast comes with the quantiles of its past errors.
        levels: (Q,), 0.5 and both (1 ± cover) / 2 among them.
        outturn: (T,) [MW]; a unit without one does not count.
        prices: the disadvantages.
        mtu: length of a unit.
        side: who pays.
        cover: how often the reserve should suffice.

    Raises:
        ValueError: a level is missing.
    """
    answer, truth = np.asarray(quantiles, dtype=float), np.asarray(outturn, dtype=float)
    low, middle, high = (_at(answer, levels, level) for level in ((1 - cover) / 2, 0.5, (1 + cover) / 2))
    complete = ~np.isnan(truth + low + middle + high)
    reserve = np.where(complete, high - low, 0.0)
    outside = (truth < low) | (truth > high)
    return Value(
        imbalance_eur=imbalance_cost(np.where(complete, middle, np.nan), truth, prices, mtu, side),
        reserve_eur=float(np.sum(reserve * np.asarray(prices.reserve))) / mtu.per_hour,
        reserve_mw=float(reserve[complete].mean()) if complete.any() else float("nan"),
        uncovered=float(outside[complete].mean()) if complete.any() else float("nan"),
        hours=float(complete.sum()) / mtu.per_hour,
    )


def _missing(forecast: npt.ArrayLike, outturn: npt.ArrayLike, side: Side) -> npt.NDArray[np.float64]:
    """By how much the owner is short (T,) [MW]; negative where it is long."""
    planned, truth = np.asarray(forecast, dtype=float), np.asarray(outturn, dtype=float)
    if planned.shape != truth.shape:
        raise ValueError(f"shapes differ: {planned.shape} and {truth.shape}")
    missing: npt.NDArray[np.float64] = truth - planned if side == "consumer" else planned - truth
    return missing


def _at(quantiles: npt.NDArray[np.float64], levels: npt.ArrayLike, level: float) -> npt.NDArray[np.float64]:
    available = np.asarray(levels, dtype=float)
    places = np.flatnonzero(np.isclose(available, level))
    if not len(places):
        raise ValueError(f"no quantile of level {level:g} among {available.tolist()}; choose another share to cover")
    return quantiles[:, places[0]]
