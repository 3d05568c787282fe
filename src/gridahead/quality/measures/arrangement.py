"""Days that would fit better if they were read otherwise: moved by an hour, backwards, with another sign or unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gridahead.quality.curves import Curve
from gridahead.quality.measures.base import LASTING, Floats, Measurement, measures, only_variant
from gridahead.quality.measures.fit import counterpart_scale, gain, own, past
from gridahead.quality.robust import sustained

FACTORS = (1000.0, 100.0, 10.0, 4.0, 2.0)
"""Between W, kW, MW and GW; a slipped decimal point; energy of a quarter or half hour read as power."""


@measures("shifted_hour")
def shifted_hour(curve: Curve) -> Mapping[str, Measurement]:
    """How much better the day fits an hour earlier or later."""
    hour = curve.per_hour
    earlier, later = np.full_like(curve.value, np.nan), np.full_like(curve.value, np.nan)
    earlier[:-hour], later[hour:] = curve.value[hour:], curve.value[:-hour]
    return _better(curve, [curve.clock.matrix(earlier), curve.clock.matrix(later)], level=False)


@measures("day_reversed")
def day_reversed(curve: Curve) -> Mapping[str, Measurement]:
    """How much better the day fits backwards."""
    return _better(curve, [curve.days[:, ::-1]], level=False)


@measures("halves_exchanged")
def halves_exchanged(curve: Curve) -> Mapping[str, Measurement]:
    """How much better the day fits with morning and afternoon exchanged."""
    return _better(curve, [np.roll(curve.days, curve.clock.slots // 2, axis=1)], level=False)


@measures("sign_flipped")
def sign_flipped(curve: Curve) -> Mapping[str, Measurement]:
    """How much better the day fits with the other sign."""
    return _better(curve, [-curve.days], level=True)


@measures("scaled")
def scaled(curve: Curve) -> Mapping[str, Measurement]:
    """How much better the day fits in another unit."""
    others = [curve.days / factor for factor in (*FACTORS, *(1 / factor for factor in FACTORS))]
    return _better(curve, others, level=True)


def _better(curve: Curve, alternatives: Sequence[Floats], *, level: bool) -> Mapping[str, Measurement]:
    """The best gain of the alternatives: by the days around and by earlier days, each also with the counterpart."""
    against = counterpart_scale(curve)
    more = [gain(curve.days, alternative, against, level=level) for alternative in alternatives] if against else []
    variants = _best("counterpart", more) if against else {}
    for name, scale in (("", own(curve)), ("past", past(curve))):
        gains = [gain(curve.days, alternative, scale, level=level) for alternative in alternatives]
        variants |= _best(name, gains)
        if against:
            variants |= _best(f"{name}+counterpart", [mine + its for mine, its in zip(gains, more, strict=True)])
    return variants


def _best(name: str, gains: Sequence[Floats]) -> dict[str, Measurement]:
    """The best alternative of each day, and of three days in a row, which errors in one direction seldom last."""
    return {
        name: only_variant(np.fmax.reduce(gains))[""],
        name + LASTING: only_variant(np.fmax.reduce([sustained(gain) for gain in gains]))[""],
    }
