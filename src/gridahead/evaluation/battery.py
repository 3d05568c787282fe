"""A battery dispatched on a forecast, as an example of use: what it earns, and what perfect foresight would have.

The price is a function of the residual load, steep at its ends as the merit order is. Because it is curved, the
expected price needs the whole distribution and not just the median: that is what the quantiles are for. A schedule that
is fixed the day before earns on average what it earns at the expected prices, however the hours go together: on which
paths it is planned makes little difference. What it may earn on a good and on a bad day is known from paths alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gridahead.core.errors import ModelError
from gridahead.core.time import Mtu
from gridahead.evaluation.metrics import level_weights

Floats = npt.NDArray[np.float64]
PriceCurve = Callable[[Floats], Floats]
"""Price [EUR/MWh] by residual load [MW]."""


@dataclass(frozen=True, slots=True)
class Battery:
    """A storage at the connection to the grid."""

    power_mw: float
    """Charged or discharged at most [MW]."""
    energy_mwh: float
    """Stored at most [MWh]."""
    efficiency: float = 0.85
    """Of a cycle, divided evenly between both ways [1]. Source: NREL, Annual Technology Baseline (2024), lithium."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """What the battery does in every unit, (T,)."""

    charge_mw: Floats
    discharge_mw: Floats
    stored_mwh: Floats
    """At the end of the unit."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a schedule earned at the prices that came, beside the best that was possible [EUR]."""

    earned: float
    possible: float
    range: tuple[float, float] | None = None
    """What the schedule was expected to earn at least and at most with a share of 80 %, by the paths; None without."""


def expected_price(quantiles: npt.ArrayLike, levels: npt.ArrayLike, curve: PriceCurve) -> Floats:
    """The mean price over the forecast distribution, (T,) [EUR/MWh].

    Args:
        quantiles: (T, Q) of the residual load [MW].
        levels: (Q,), rising; each stands for the levels nearest to it.
        curve: price by residual load.
    """
    prices: Floats = curve(np.asarray(quantiles, dtype=float)) @ level_weights(levels)
    return prices


def expected_on(paths: npt.ArrayLike, curve: PriceCurve) -> Floats:
    """The mean price over the paths of a forecast, (T,) [EUR/MWh].

    Args:
        paths: (S, T) of the residual load [MW].
        curve: price by residual load.
    """
    prices: Floats = curve(np.asarray(paths, dtype=float)).mean(axis=0)
    return prices


def dispatch(price: npt.ArrayLike, battery: Battery, mtu: Mtu) -> Schedule:
    """The schedule that earns most at these prices, empty at the beginning and at the end.

    A linear programme: maximise Σ h p_t (d_t − c_t), where the energy is
    s_t = s_{t−1} + h (√η c_t − d_t/√η), 0 ≤ s_t ≤ energy and c_t + d_t ≤ power. The last condition lets one unit be
    shared between charging and discharging, which happens at negative prices only.

    Args:
        price: (T,) [EUR/MWh].
        battery: what it can do.
        mtu: length of a unit.

    Raises:
        ModelError: the programme has no solution, as with a missing price.

    Source: Byrne et al., Energy management and optimization methods for grid energy storage systems, IEEE Access 6
        (2018); solved by HiGHS: Huangfu and Hall, Mathematical Programming Computation 10 (2018).
    """
    # Whoever prices a run without a battery does not wait for the solver to be loaded.
    from scipy.optimize import linprog
    from scipy.sparse import bmat, diags, identity

    prices = np.asarray(price, dtype=float)
    if prices.ndim != 1 or not len(prices) or not np.isfinite(prices).all():
        raise ModelError("battery", "every unit needs a price; forecast the whole day or leave it out")
    count, hours, way = len(prices), 1 / mtu.per_hour, np.sqrt(battery.efficiency)
    eye = identity(count)
    before: Any = diags([np.ones(count - 1)], [-1], shape=(count, count))
    change = eye - before  # s_t − s_{t−1}
    limits = np.column_stack([np.zeros(3 * count), np.repeat([battery.power_mw] * 2 + [battery.energy_mwh], count)])
    limits[-1] = 0.0  # empty at the end
    solution = linprog(  # type: ignore[call-overload]
        hours * np.concatenate([prices, -prices, np.zeros(count)]),
        A_ub=bmat([[eye, eye, 0 * eye]]),
        b_ub=np.full(count, battery.power_mw),
        A_eq=bmat([[-hours * way * eye, hours / way * eye, change]]),
        b_eq=np.zeros(count),
        bounds=limits,
        method="highs",
    )
    if not solution.success:
        raise ModelError("battery", f"the dispatch has no solution: {solution.message}")
    charge, discharge, stored = np.asarray(solution.x, dtype=float).reshape(3, count)
    return Schedule(charge, discharge, stored)


def earnings(schedule: Schedule, price: npt.ArrayLike, mtu: Mtu) -> float:
    """What a schedule earns at given prices [EUR]."""
    net = np.asarray(price, dtype=float) @ (schedule.discharge_mw - schedule.charge_mw)
    return float(net) / mtu.per_hour


def dispatched_on(
    quantiles: npt.ArrayLike,
    levels: npt.ArrayLike,
    outturn: npt.ArrayLike,
    curve: PriceCurve,
    battery: Battery,
    mtu: Mtu,
    paths: npt.ArrayLike | None = None,
) -> Outcome:
    """What a day dispatched on a forecast earns at the prices of the outturn, beside perfect foresight.

    Args:
        quantiles: (T, Q) of the residual load [MW].
        levels: (Q,)
        outturn: (T,) [MW]
        curve: price by residual load.
        battery: what it can do.
        mtu: length of a unit.
        paths: (S, T) of the forecast, on which it is planned where there are any [MW].
    """
    came = curve(np.asarray(outturn, dtype=float))
    price = expected_price(quantiles, levels, curve) if paths is None else expected_on(paths, curve)
    planned, best = dispatch(price, battery, mtu), dispatch(came, battery, mtu)
    range_of = None if paths is None else _range(planned, curve(np.asarray(paths, dtype=float)), mtu)
    return Outcome(earnings(planned, came, mtu), earnings(best, came, mtu), range_of)


def _range(schedule: Schedule, prices: Floats, mtu: Mtu) -> tuple[float, float]:
    """Between what a schedule earns on eight of ten paths of the price, (S, T) [EUR]."""
    low, high = np.quantile([earnings(schedule, price, mtu) for price in prices], [0.1, 0.9], method="hazen")
    return float(low), float(high)
