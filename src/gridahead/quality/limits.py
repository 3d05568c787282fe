"""Limits that are learnt from the accepted history of a series, and how they are kept."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gridahead.core.grid import Series, quantity_of
from gridahead.core.tables import LIMITS, Limits, Observations
from gridahead.core.time import now
from gridahead.core.vintages import MICROSECONDS_A_DAY
from gridahead.quality.curves import Curve, Curves, curves_of, reached
from gridahead.quality.measures.base import LASTING, MEASURES, SHEER, SIZE
from gridahead.quality.rules import MEASURED_RULES
from gridahead.quality.tails import LONE, RARE, RETURN_YEARS, return_level, weekly_maxima
from gridahead.settings.model import Settings
from gridahead.settings.quality_rules import Rule

LearntLimits = Mapping[Series, Mapping[str, float]]

BULK = (0.01, 0.99)
"""The bulk of a history: up to 1 % of wrong values do not move it, however large they are."""
MARGINS = ((365, 1.0), (28, 10.0))
"""Ranges of the bulk that a value may lie beyond it, once a history spans so many days. Measured on SMARD 2020-2025
from any month on: never above 0.5 with a year of history, but solar power in February goes 1.3 ranges beyond a history
that began in December. A false quarantine costs a model its peaks, so both margins are wide."""

RECENT_DAYS = 400
"""Plant grows: how high a series reaches is read from its last summer and winter."""

SUSTAINED = 0.6
"""What holds for three days in a row needs less to be believed than what holds for one: errors cancel."""


def learn(history: Observations, settings: Settings, learned_at: pd.Timestamp | None = None) -> Limits:
    """Learn limits from an accepted history, as rows of the table of limits.

    Args:
        history: accepted rows of any number of series.
        settings: where zones have their local time.
        learned_at: the instant written on the rows; now if None.
    """
    if history.empty:
        return Limits(LIMITS.empty())
    sound = history[np.isfinite(history["value"])].reset_index(drop=True)
    learnt = learnt_limits(curves_of(sound, settings, {}))
    span = sound.groupby(["zone", "quantity"])["valid_time"].agg(["min", "max"])
    stamp = now() if learned_at is None else learned_at
    rows = [
        (series.zone, series.quantity, name, value, stamp, *span.loc[(series.zone, series.quantity)])
        for series, values in learnt.items()
        for name, value in values.items()
    ]
    if not rows:  # a history of a few days teaches nothing
        return Limits(LIMITS.empty())
    return Limits(LIMITS.check(pd.DataFrame(rows, columns=LIMITS.names)))


def newest_limits(limits: pd.DataFrame) -> LearntLimits:
    """The newest limits by series and name."""
    newest = limits.sort_values("learned_at").drop_duplicates(["zone", "quantity", "name"], keep="last")
    by_series: dict[Series, dict[str, float]] = {}
    for zone, quantity, name, value in newest[["zone", "quantity", "name", "value"]].itertuples(index=False):
        by_series.setdefault(Series(zone, quantity), {})[name] = value
    return by_series


def learnt_limits(curves: Curves) -> dict[Series, dict[str, float]]:
    """Limits learnt from the values of each curve; of two of a series, the one in the newer market time unit counts."""
    learnt: dict[Series, dict[str, float]] = {}
    newest_last = sorted(curves.items(), key=lambda item: item[1].times[-1])
    for (series, _), curve in newest_last:
        sizes = _sizes(curve)
        # A new unit of a few days has not taught sizes yet: those of the older one hold.
        learnt.setdefault(series, {}).update(sizes)
        curve.learnt = {**learnt[series]}
    for (series, _), curve in newest_last:
        for rule in MEASURED_RULES:
            learnt[series].update(_limits(rule, curve))
    return learnt


def limit_of(rule: Rule, variant: str, learnt: Mapping[str, float]) -> float:
    """The limit of a rule's statistic; NaN where a learnt one is missing."""
    if not rule.learnt:
        return rule.floor
    learnt_limit = learnt.get(_name(rule, variant), np.nan)
    if SIZE in variant:  # has the unit of the series, and no floor that would fit all of them
        return learnt_limit
    floor = rule.floor * (SUSTAINED if variant.endswith(LASTING) else 1.0)
    return max(floor, learnt_limit) if np.isfinite(learnt_limit) else float("nan")


def _limits(rule: Rule, curve: Curve) -> dict[str, float]:
    """The learnt limits of one rule, by name."""
    if not rule.learnt:
        return {}
    times = curve.times if rule.grain == "row" else curve.day_times
    limits = {}
    variants = MEASURES[rule.name](curve)
    years = RETURN_YEARS * len(variants)  # they share the alarms of the rule
    for variant, measurement in variants.items():
        bounded = rule.additive or variant == SHEER
        lone = LONE if rule.grain == "row" else RARE
        level = return_level(weekly_maxima(measurement.statistic, times), additive=bounded, years=years, lone=lone)
        if np.isfinite(level):
            limits[_name(rule, variant)] = level
    return limits


def _name(rule: Rule, variant: str) -> str:
    return f"{rule.name}.{variant}" if variant else rule.name


def _sizes(curve: Curve) -> dict[str, float]:
    """The bulk of the values, how far outside it a value may lie, and how high they reach."""
    quantity = quantity_of(curve.series.quantity)
    values = curve.value[~np.isnan(curve.value)]
    if quantity.low is not None:
        values = values[values >= quantity.low]
    if quantity.high is not None:
        values = values[values <= quantity.high]
    days = np.isfinite(curve.value).sum() * curve.clock.step / MICROSECONDS_A_DAY
    ranges = next((ranges for least, ranges in MARGINS if days >= least - 1), None)
    if not len(values) or ranges is None:
        return {}
    low, high = (float(np.quantile(values, level)) for level in BULK)
    sizes = {"bulk_low": low, "bulk_high": high, "bulk_margin": ranges * (high - low)}
    # The size of plant is known once a summer and a winter were seen.
    lately = curve.value[-RECENT_DAYS * 24 * curve.per_hour :]
    return {**sizes, "highest": reached(lately)} if ranges == MARGINS[0][1] else sizes
