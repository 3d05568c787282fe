"""Agreement of a day with the days around, with its counterpart, and with itself a week ago."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gridahead.core.grid import quantity_of
from gridahead.quality.curves import Curve, is_official
from gridahead.quality.measures.base import SIZE, Floats, Measurement, measures, only_variant
from gridahead.quality.measures.fit import ENOUGH, counterpart_scale
from gridahead.quality.robust import AROUND, mean_of_day, median, moved, usual

LITTLE = 0.01
"""Of the highest output: a day that was to have less has no proportion to speak of."""


@measures("day_misfit")
def day_misfit(curve: Curve) -> Mapping[str, Measurement]:
    """Mean deviation of a day from what the days around let expect [unit of the series]."""
    away = mean_of_day(np.abs(curve.expected.rest), ENOUGH)
    return only_variant(away, _usual_of_days(away))


@measures("official_misfit")
def official_misfit(curve: Curve) -> Mapping[str, Measurement]:
    """Mean deviation of a day from its counterpart [unit of the series]."""
    scale = counterpart_scale(curve)
    if scale is None:
        return {}
    away = mean_of_day(np.abs(curve.days - scale.expected), ENOUGH)
    return only_variant(away, _usual_of_days(away))


@measures("rough_day")
def rough_day(curve: Curve) -> Mapping[str, Measurement]:
    """How restless a day is: its mean change from unit to unit beyond the usual course, on that of the days around."""
    rest = curve.clock.line(curve.expected.rest)
    bend = curve.clock.matrix(np.diff(rest, n=2, prepend=[np.nan, np.nan]))
    typical = usual(bend)
    with np.errstate(divide="ignore", invalid="ignore"):
        times = np.where(typical > 0, np.abs(bend) / typical, np.nan)
    # Bounded, so that one spike is no restless day.
    return only_variant(mean_of_day(np.minimum(times, 8.0), ENOUGH))


@measures("level_shift")
def level_shift(curve: Curve) -> Mapping[str, Measurement]:
    """Change of the level from one week to the next [unit of the series], also beyond that of the counterpart."""
    variants = {SIZE: _change(mean_of_day(curve.days, ENOUGH))}
    other = curve.trusted_counterpart
    if other is not None:
        variants[f"{SIZE}+counterpart"] = _change(mean_of_day(curve.days - other, ENOUGH))
    return variants


def _change(level: Floats) -> Measurement:
    before = median(np.stack([moved(level, by) for by in range(-7, 0)]))
    after = median(np.stack([moved(level, by) for by in range(7)]))
    change = np.abs(after - before)
    peak = change >= np.fmax.reduce([moved(change, by) for by in range(-3, 4)])
    return Measurement(np.where(peak, change, np.nan), np.asarray(1.0))


@measures("out_of_proportion")
def out_of_proportion(curve: Curve) -> Mapping[str, Measurement]:
    """By how many doublings the mean of a day differs from that of the days around, and of its counterpart."""
    if quantity_of(curve.series.quantity).low != 0.0:
        return {}
    mean, least = mean_of_day(curve.days, ENOUGH), LITTLE * curve.highest
    variants = {"": _doublings(mean, _usual_of_days(mean), least)}
    if curve.trusted_counterpart is not None:
        variants["counterpart"] = _doublings(mean, mean_of_day(curve.trusted_counterpart, ENOUGH), least)
    return variants


def _doublings(mean: Floats, other: Floats, least: float) -> Measurement:
    ratio = np.maximum(mean, 1e-3 * least) / np.maximum(other, least)
    return Measurement(np.abs(np.log2(ratio)), np.asarray(1.0))


@measures("forecast_is_outturn")
def forecast_is_outturn(curve: Curve) -> Mapping[str, Measurement]:
    """How many times closer to the outturn a day's official forecast is than usual."""
    return _too_good(curve) if is_official(curve.series) else {}


@measures("outturn_is_forecast")
def outturn_is_forecast(curve: Curve) -> Mapping[str, Measurement]:
    """How many times closer to the official forecast a day's outturn is than usual."""
    return {} if is_official(curve.series) else _too_good(curve)


def _too_good(curve: Curve) -> Mapping[str, Measurement]:
    counterpart = curve.trusted_counterpart
    if counterpart is None:
        return {}
    away = mean_of_day(np.abs(curve.days - counterpart), ENOUGH)
    typical = median(np.stack([moved(away, by) for by in AROUND]))
    size = mean_of_day(np.abs(counterpart), ENOUGH)
    with np.errstate(divide="ignore", invalid="ignore"):
        # A dark polar day has no forecast to be right about.
        times = np.where(size > 0.01 * curve.highest, typical / np.maximum(away, 1e-6 * typical), np.nan)
    return only_variant(times)


def _usual_of_days(daily: Floats) -> Floats:
    """The usual size of a daily figure: its median over the days around."""
    return median(np.stack([moved(daily, by) for by in AROUND]))
