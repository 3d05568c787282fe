"""Apply the rules: measure every row, day and series, and relate what was measured to its limit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.vintages import of_series
from gridahead.quality.curves import Curve, Curves
from gridahead.quality.limit_ratios import Floats, GroupRatios, LimitRatios
from gridahead.quality.limits import limit_of
from gridahead.quality.measures.base import MEASURES
from gridahead.quality.measures.served import LONGEST_HOURS, outside_hours
from gridahead.quality.row_rules import in_the_future, starts_off_the_grid, value_physical
from gridahead.quality.rules import MEASURED_RULES, WHOLE_SERIES_RULES
from gridahead.quality.whole_series.fault import CHECKS
from gridahead.settings.model import Settings
from gridahead.settings.quality_rules import Grain, Rule


def row_ratios(
    rows: pd.DataFrame, curves: Curves, served: pd.DataFrame | None, settings: Settings, now: pd.Timestamp
) -> LimitRatios:
    """What the rules on single values measure.

    Args:
        rows: observations; their index is 0, 1, 2, …
        curves: of those rows.
        settings: where zones have their local time.
        now: when the rows are looked at.
        served: the outer quantiles that were served, or None.
    """
    ratios = LimitRatios("row", rows[["zone", "quantity", "valid_time", "value"]], served=served)
    value_physical(ratios.column("value_physical"), rows, curves)
    starts_off_the_grid(ratios.column("off_the_grid"), rows, settings)
    in_the_future(ratios.column("in_the_future"), rows, now)
    for curve in curves.values():
        has_row = curve.row >= 0
        for rule, measured, limit in measurements(curve, "row"):
            ratios.column(rule.name).put(curve.row[has_row], measured[has_row], limit[has_row])
        band = None if served is None or served.empty else of_series(served, curve.series)
        if band is not None and not band.empty:
            limits = np.full(int(has_row.sum()), LONGEST_HOURS)
            hours = outside_hours(curve, band)[has_row]
            ratios.column("outside_served_band").put(curve.row[has_row], hours, limits)
    return ratios


def day_ratios(curves: Curves, touched: npt.NDArray[np.bool_]) -> GroupRatios:
    """What the rules on whole days measure, for the days with at least one touched row."""
    parts: list[pd.DataFrame] = []
    measures: list[tuple[Rule, npt.NDArray[np.int64], Floats, Floats]] = []
    rows: dict[int, npt.NDArray[np.int64]] = {}
    total = 0
    for curve in curves.values():
        there = curve.row >= 0
        days = np.unique(curve.clock.day[there][touched[curve.row[there]]])
        if not len(days):
            continue
        at = total + np.arange(len(days))
        parts.append(_days_of(curve, days))
        measures += [(rule, at, measured[days], limit[days]) for rule, measured, limit in measurements(curve, "day")]
        begins = np.searchsorted(curve.clock.day, days, side="left")
        ends = np.searchsorted(curve.clock.day, days, side="right")
        for line, first, last in zip(at.tolist(), begins, ends, strict=True):
            places = curve.row[first:last]
            rows[line] = places[places >= 0]
        total += len(days)
    columns = ["zone", "quantity", "delivery_day"]
    lines = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    ratios = LimitRatios("day", lines)
    for rule, at, measured, limit in measures:
        ratios.column(rule.name).put(at, measured, limit)
    return GroupRatios(ratios, rows)


def whole_series_ratios(curves: Curves, new: npt.NDArray[np.bool_]) -> GroupRatios:
    """What the rules on whole series find in those that have new rows in it: a line a fault."""
    lines: list[tuple[str, str, str]] = []
    rows_of_line: dict[int, npt.NDArray[np.int64]] = {}
    figures: list[tuple[Rule, float, float]] = []
    for curve in curves.values():
        if not new[curve.row[curve.row >= 0]].any():
            continue
        for rule in WHOLE_SERIES_RULES:
            for fault in CHECKS[rule.name](curve):
                rows = curve.row[fault.where]
                if new[rows[rows >= 0]].any():
                    rows_of_line[len(lines)] = rows[rows >= 0]
                    lines.append((curve.series.zone, curve.series.quantity, fault.note))
                    figures.append((rule, fault.measured, fault.limit))
    ratios = LimitRatios("series", pd.DataFrame(lines, columns=["zone", "quantity", "note"]))
    for line, (rule, measured, limit) in enumerate(figures):
        ratios.column(rule.name).put(np.array([line]), np.array([measured]), np.array([limit]))
    return GroupRatios(ratios, rows_of_line)


def measurements(curve: Curve, grain: Grain) -> Iterator[tuple[Rule, Floats, Floats]]:
    """Every rule of a grain on a curve: what was measured, and the limit in the same unit."""
    for rule in MEASURED_RULES:
        if rule.grain == grain:
            for measured, limit in variants_of(rule, curve):
                yield rule, measured, limit


def variants_of(rule: Rule, curve: Curve) -> Iterator[tuple[Floats, Floats]]:
    """What each variant of a rule measured on a curve, and its limit in the same unit."""
    for variant, figures in MEASURES[rule.name](curve).items():
        scale = np.broadcast_to(figures.scale, figures.measured.shape)
        yield figures.measured, limit_of(rule, variant, curve.learnt) * scale


def _days_of(curve: Curve, days: npt.NDArray[np.int64]) -> pd.DataFrame:
    calendar = curve.clock.days[days]
    return pd.DataFrame(
        {"zone": curve.series.zone, "quantity": curve.series.quantity, "delivery_day": calendar, "mtu": str(curve.mtu)}
    )
