"""Steps between neighbouring units that the series never takes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gridahead.core.grid import OFFICIAL_SUFFIX
from gridahead.quality.curves import Curve
from gridahead.quality.expected import Expected, expect
from gridahead.quality.measures.base import SHEER, Floats, Measurement, by_both, measures
from gridahead.quality.measures.bounds import GENERATION
from gridahead.quality.measures.fit import remembered
from gridahead.quality.robust import AROUND, mean_of_day, median, moved
from gridahead.settings.quality_rules import RULE_BY_NAME

WIDTHS = (1, 2, 3, 4)
"""Units that stand out together: up to an hour of quarter hours, a few hours of a meter that was read wrongly. The rule
looks as many values ahead."""


@measures("spike")
def spike(curve: Curve) -> Mapping[str, Measurement]:
    """How far some units stand out from those before and after [its unit].

    Beyond the usual course of the day; and as a person sees it, by the largest steps that days around have at all, but
    for wind and solar power, whose lone peaks are weather.
    """
    step, (usual, broad) = _step(curve), _usual_step(curve)
    variants: dict[str, Measurement] = {}
    for width in WIDTHS:
        of_width = by_both(_out(step, width), usual, broad)
        variants |= {f"{name}.{width}" if width > 1 else name: figures for name, figures in of_width.items()}
    if curve.series.quantity.removesuffix(OFFICIAL_SUFFIX) in GENERATION:
        return variants
    return variants | {SHEER: Measurement(*_sheer(curve))}


@measures("ramp")
def ramp(curve: Curve) -> Mapping[str, Measurement]:
    """Change from the unit before, beyond the usual course of the day [unit of the series]."""
    step = _step(curve)
    alone = np.nan_to_num(_out(step, 1))
    # The way back from a spike is no second fault.
    back = np.r_[False, alone[:-1] > 0.5 * np.abs(step[1:])]
    return by_both(np.where(back, 0.0, np.abs(step)), *_usual_step(curve))


def _out(step: Floats, width: int) -> Floats:
    """The smaller of the two steps (T,) up to so many units and down again, or down and up, on each of the units."""
    after = -np.r_[step[width:], np.full(width, np.nan)]
    out = np.where(step * after > 0, np.fmin(np.abs(step), np.abs(after)), 0.0)
    out[np.isnan(step) | np.isnan(after)] = np.nan
    return np.asarray(np.fmax.reduce([np.r_[np.full(late, np.nan), out[: len(out) - late]] for late in range(width)]))


def _sheer(curve: Curve) -> tuple[Floats, Floats]:
    """How far a unit stands out as it is (T,), and what makes the least limit the largest step of the days around."""
    step = np.diff(curve.value, prepend=np.nan)
    largest = np.fmax.reduce(np.abs(curve.clock.matrix(step)), axis=1)
    return _out(step, 1), curve.clock.line(median(np.stack([moved(largest, by) for by in AROUND]))) / RULE_BY_NAME[
        "spike"
    ].floor


@remembered
def _steps(curve: Curve) -> Expected:
    """The steps to each unit from the one before, against the same steps of the days around."""
    return expect(curve.clock.matrix(np.diff(curve.value, prepend=np.nan)))


def _step(curve: Curve) -> Floats:
    return curve.clock.line(_steps(curve).rest)


def _usual_step(curve: Curve) -> tuple[Floats, Floats]:
    """What is usual at this hour, and on this day."""
    usual = _steps(curve).usual
    return curve.clock.line(usual), curve.clock.line(mean_of_day(usual))
