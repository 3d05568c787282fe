"""Values that cannot be, or that nothing in the series' own history comes near."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gridahead.core.grid import OFFICIAL_SUFFIX
from gridahead.quality.curves import Curve, is_sun_driven
from gridahead.quality.measures.base import Measurement, measures, only_variant
from gridahead.quality.robust import AROUND, median, moved

GENERATION = ("wind_solar", "wind", "wind_onshore", "wind_offshore", "solar")
GROWTH = 1.4
"""Times the highest accepted output that new plant may reach before anyone has accepted it: a year's growth at once."""
RECENT_DAYS = 28
DARK = 0.003
"""Of the highest output: what is never exceeded around this time of the day is night."""
GLIMMER = 0.0125
"""Of the highest output: what is clearly no night, however the last bit of dawn is measured."""


@measures("above_capacity")
def above_capacity(curve: Curve) -> Mapping[str, Measurement]:
    """Output [MW], on the highest that was accepted so far: learnt, or seen in the four weeks before."""
    if curve.series.quantity.removesuffix(OFFICIAL_SUFFIX) not in GENERATION or "highest" not in curve.learnt:
        return {}
    # The third highest unit of a day: two wrong ones do not make a plant.
    daily = np.sort(np.nan_to_num(curve.days), axis=1)[:, -3]
    lately = np.stack([moved(daily, -by) for by in range(1, RECENT_DAYS + 1)])
    highest = np.fmax(median(np.sort(lately, axis=0)[-5:]), curve.highest)
    return only_variant(curve.value, curve.clock.line(GROWTH * highest))


@measures("sun_at_night")
def sun_at_night(curve: Curve) -> Mapping[str, Measurement]:
    """Output [MW] at times of the day that are dark on the days around."""
    if not is_sun_driven(curve.series):
        return {}
    near = np.stack([moved(curve.days, by) for by in AROUND if abs(by) <= 10])
    known = (~np.isnan(near)).sum(axis=0)
    brightest = np.sort(np.where(np.isnan(near), -np.inf, near), axis=0)[-2]
    night = (known >= 4) & (brightest <= DARK * curve.highest)
    return only_variant(
        np.where(curve.clock.line(night.astype(float)) > 0, curve.value, np.nan), GLIMMER * curve.highest
    )


@measures("value_near_history")
def near_history(curve: Curve) -> Mapping[str, Measurement]:
    """How far a value lies outside the bulk of the history [unit of the series], in margins."""
    learnt = curve.learnt
    if not {"bulk_low", "bulk_high", "bulk_margin"} <= set(learnt) or learnt["bulk_margin"] <= 0:
        return {}
    beyond = np.maximum(learnt["bulk_low"] - curve.value, curve.value - learnt["bulk_high"])
    return only_variant(np.maximum(beyond, 0.0), learnt["bulk_margin"])
