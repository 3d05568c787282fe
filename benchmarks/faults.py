"""Faults as they happen to energy data, each at three sizes: how large they are, and which rules may mean them.

Sizes are lengths of time, counts or magnitudes, in the order of `SIZES`; what a size means, the function of the fault
says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import fault_kinds as kinds
import pandas as pd
from fault_kinds import EVERY, GENERATION, LOAD, POWER, RESIDUAL, SOLAR, SUMMED, TEMPERATURE, WIND, Apply

SIZES = ("small", "medium", "large")


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault."""

    name: str
    sizes: tuple[float, float, float]
    apply: Apply
    rules: frozenset[str]
    targets: frozenset[str]
    """Quantities that it makes sense for."""
    other: Mapping[str, str] = field(default_factory=dict)
    """By target, the column that is mistaken for it; where a data set has none, the fault cannot happen."""
    in_rows: Callable[[pd.DataFrame, pd.Series], pd.DataFrame] | None = None
    """What happens to the touched rows beside their value."""


_MISFIT = frozenset({"day_misfit", "official_misfit", "day_out_of_place"})
_LEVEL = _MISFIT | {
    "value_physical",
    "value_near_history",
    "above_capacity",
    "scaled",
    "out_of_proportion",
    "level_shift",
    "ramp",
    "spike",
}
_SHAPE = _MISFIT | {"shifted_hour", "day_reversed", "halves_exchanged", "sun_at_night", "false_zero"}
_ORDER = _MISFIT | {"day_and_month_swapped", "days_exchanged"}
_STUCK = frozenset({"flat", "still_day"})

SWAPPED = {"load": "residual_load", "residual_load": "load", "solar": "wind_onshore", "temperature": "load"}
REFERENCE = {name: f"{name}_official" for name in ("load", "wind_solar", "solar")}
PART = {"load": "residual_load", "residual_load": "load", "load_official": "residual_load_official"}
OUTTURN = {"load_official": "load"}

CATALOGUE = (
    Fault("times 1000 or 1/1000", (6, 48, 336), kinds.times(1000), _LEVEL, EVERY),
    Fault("times 4 or 1/4", (6, 48, 336), kinds.times(4), _LEVEL, LOAD | SUMMED | SOLAR),
    Fault("times 2 or 1/2", (24, 72, 336), kinds.times(2), _LEVEL, LOAD | SUMMED),
    Fault("decimal slip", (1, 2, 4), kinds.decimal_slip, _LEVEL, EVERY - RESIDUAL),
    Fault("spike", (0.2, 0.5, 1.0), kinds.spike, _LEVEL, EVERY),
    Fault("negative", (1, 3, 12), kinds.negative, frozenset({"value_physical"}), LOAD | GENERATION),
    Fault("sign flipped", (1, 2, 7), kinds.sign_flip, _LEVEL | {"sign_flipped"}, RESIDUAL | TEMPERATURE),
    Fault("false zeros", (1, 3, 12), kinds.zeros, frozenset({"false_zero", "ramp", "spike"}) | _STUCK, EVERY),
    Fault("flat line", (4, 8, 24), kinds.flat, _STUCK, POWER),
    Fault("standing days", (1, 3, 14), kinds.standing_days, _STUCK, EVERY),
    Fault("clipped", (1, 2, 7), kinds.clipped, _STUCK | _MISFIT, POWER),
    Fault("line over a gap", (4, 8, 24), kinds.interpolated, frozenset({"interpolated"}), POWER),
    Fault("gap", (1, 4, 24), kinds.gap, frozenset({"delivery_day_complete"}), EVERY),
    Fault("sun at night", (0.02, 0.05, 0.2), kinds.lit_night, frozenset({"sun_at_night"}), SOLAR),
    Fault("above capacity", (1.2, 1.6, 2.5), kinds.above_capacity, frozenset({"above_capacity"}), GENERATION),
    Fault("step for three hours", (0.15, 0.4, 0.8), kinds.step, _LEVEL, EVERY),
    Fault("level shift", (0.1, 0.3, 0.6), kinds.level_shift, _LEVEL, LOAD),
    Fault("level shift of generation", (0.25, 0.75, 1.5), kinds.level_shift, _LEVEL, SUMMED),
    Fault("an hour early or late", (1, 3, 14), kinds.shifted, _SHAPE, LOAD | SOLAR | SUMMED),
    Fault("clock change overlooked", (1, 7, 28), kinds.clock_change, _SHAPE, frozenset({"load"}) | SOLAR),
    Fault("day and month swapped", (3, 6, 12), kinds.day_month, _ORDER | {"dates_exchanged"}, POWER | TEMPERATURE),
    Fault("days repeated", (1, 2, 5), kinds.repeated, frozenset({"repeated_day"}), POWER),
    Fault("weeks repeated", (7, 14, 21), kinds.repeated, frozenset({"repeated_day"}), POWER),
    Fault("days in descending order", (3, 7, 14), kinds.reversed_days, _ORDER, LOAD | RESIDUAL | SUMMED),
    Fault("hours in descending order", (1, 2, 7), kinds.backwards, _SHAPE, LOAD | RESIDUAL | SUMMED),
    Fault("AM and PM exchanged", (1, 2, 7), kinds.halves, _SHAPE, LOAD | SUMMED | SOLAR),
    Fault("neighbouring days exchanged", (1, 2, 4), kinds.exchanged, _ORDER, LOAD | SUMMED),
    Fault(
        "forecast is the outturn",
        (1, 3, 14),
        kinds.other_column,
        frozenset({"forecast_is_outturn"}),
        frozenset(OUTTURN),
        OUTTURN,
    ),
    Fault(
        "outturn is the forecast",
        (1, 3, 14),
        kinds.other_column,
        frozenset({"outturn_is_forecast"}),
        frozenset(REFERENCE),
        REFERENCE,
    ),
    Fault("sum is wrong", (0.005, 0.02, 0.1), kinds.wrong_sum, frozenset({"sum"}), frozenset(PART), PART),
    Fault("another column", (1, 2, 7), kinds.other_column, _LEVEL | _SHAPE | _ORDER, frozenset(SWAPPED), SWAPPED),
    Fault("another zone", (1, 3, 14), kinds.foreign, _LEVEL | _SHAPE, LOAD | SUMMED | SOLAR),
    Fault("noise", (0.05, 0.15, 0.3), kinds.noise, frozenset({"rough_day", "ramp", "spike"}) | _MISFIT, POWER - WIND),
    Fault("another unit", (1, 6, 24), kinds.marked, frozenset({"unit_of_quantity"}), EVERY, in_rows=kinds.gigawatts),
    Fault("doubled rows", (1, 6, 24), kinds.marked, frozenset({"key_unique"}), EVERY, in_rows=kinds.doubled),
    Fault(
        "five minutes late", (1, 6, 24), kinds.marked, frozenset({"off_the_grid"}), EVERY, in_rows=kinds.off_the_grid
    ),
    Fault("series ended", (2, 4, 10), kinds.ended, frozenset({"stale"}), EVERY),
)
"""Left out, since nobody could tell them: an hour's shift or exchanged days of wind alone, a level shift or a factor of
2 or 4 of wind or solar power with no forecast beside it, and of a temperature in whole degrees: repeated days, straight
lines, noise and shifts by an hour.
"""
