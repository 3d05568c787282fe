"""Evidence: one frame a grain, one column a rule, all series together; Great Expectations judges it.

A column holds how far a row or day is on its way to the limit: 1.0 is exactly at it, NaN means nothing to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.config import Settings
from gridahead.grid import MEASURED, QUANTITIES, REFERENCE_SUFFIX, quantity_of
from gridahead.quality.curves import Curve, Curves
from gridahead.quality.limits import limit_of
from gridahead.quality.measures.bounds import GENERATION
from gridahead.quality.measures.served import LONGEST_HOURS, outside_hours
from gridahead.quality.rules import MEASURED_RULES, THROUGHOUT_RULES, Grain, Rule
from gridahead.timeline import Mtu
from gridahead.vintages import of_series

Floats = npt.NDArray[np.float64]

_HOUR, _MINUTE = pd.Timedelta(hours=1), pd.Timedelta(minutes=1)

OWN_USE = 0.01
"""Of the highest output: what wind and solar plant may draw from the grid when it does not generate."""


@dataclass(slots=True)
class Column:
    """The evidence of one rule, and the figures behind it."""

    evidence: Floats
    measured: Floats
    limit: Floats

    @classmethod
    def blank(cls, length: int) -> Column:
        """Nothing to say."""
        return cls(*(np.full(length, np.nan) for _ in range(3)))

    def put(self, at: npt.NDArray[np.int64], measured: Floats, limit: Floats) -> None:
        """Write figures at some places; where a rule has several variants, the strongest evidence stays."""
        with np.errstate(divide="ignore", invalid="ignore"):
            evidence = np.where(limit > 0, measured / limit, np.nan)
        stronger = ~(self.evidence[at] >= evidence) & ~np.isnan(evidence)
        place = at[stronger]
        self.evidence[place], self.measured[place] = evidence[stronger], measured[stronger]
        self.limit[place] = limit[stronger]


@dataclass(slots=True)
class Evidence:
    """A frame with one line a row or day, and the columns of the rules on it."""

    grain: Grain
    lines: pd.DataFrame
    """zone, quantity, and valid_time or delivery_day."""
    columns: dict[str, Column] = field(default_factory=dict)
    served: pd.DataFrame | None = None
    """The outer quantiles that were served, for reasons that name their forecast."""

    def column(self, rule: str) -> Column:
        """The column of a rule, made when it is first asked for."""
        return self.columns.setdefault(rule, Column.blank(len(self.lines)))

    def frame(self, judged: npt.NDArray[np.bool_]) -> pd.DataFrame:
        """The judged lines with the evidence of every rule that has anything to say."""
        said = {name: one.evidence for name, one in self.columns.items() if not np.isnan(one.evidence[judged]).all()}
        return self.lines.assign(**said)[judged]


def row_evidence(
    rows: pd.DataFrame, curves: Curves, served: pd.DataFrame | None, settings: Settings, now: pd.Timestamp
) -> Evidence:
    """What the rules on single values measure.

    Args:
        rows: observations; their index is 0, 1, 2, …
        curves: laid from those rows.
        settings: where zones have their local time.
        now: when the rows are looked at.
        served: the outer quantiles that were served, or None.
    """
    evidence = Evidence("row", rows[["zone", "quantity", "valid_time", "value"]], served=served)
    _physical(evidence, rows, curves)
    _off_the_grid(evidence, rows, settings)
    _in_the_future(evidence, rows, now)
    for curve in curves.values():
        there = curve.row >= 0
        for rule, measured, limit in measurements(curve, "row"):
            evidence.column(rule.name).put(curve.row[there], measured[there], limit[there])
        of_it = None if served is None or served.empty else of_series(served, curve.series)
        if of_it is not None and not of_it.empty:
            limits = np.full(int(there.sum()), LONGEST_HOURS)
            hours = outside_hours(curve, of_it)[there]
            evidence.column("outside_served_band").put(curve.row[there], hours, limits)
    return evidence


@dataclass(slots=True)
class HeldEvidence:
    """Evidence on days or on stretches of a series, and the rows that each of them holds."""

    evidence: Evidence
    rows: dict[int, npt.NDArray[np.int64]]
    """By line: places of the newest vintages in it."""


def throughout_evidence(curves: Curves, new: npt.NDArray[np.bool_]) -> HeldEvidence:
    """What runs through whole series that have new rows in it: a line a fault."""
    lines: list[tuple[str, str, str]] = []
    held: dict[int, npt.NDArray[np.int64]] = {}
    figures: list[tuple[Rule, float, float]] = []
    for curve in curves.values():
        if not new[curve.row[curve.row >= 0]].any():
            continue
        for rule in THROUGHOUT_RULES:
            for found in rule.look(curve) if rule.look is not None else ():
                rows = curve.row[found.where]
                if new[rows[rows >= 0]].any():
                    held[len(lines)] = rows[rows >= 0]
                    lines.append((curve.series.zone, curve.series.quantity, found.note))
                    figures.append((rule, found.measured, found.limit))
    evidence = Evidence("series", pd.DataFrame(lines, columns=["zone", "quantity", "note"]))
    for line, (rule, measured, limit) in enumerate(figures):
        evidence.column(rule.name).put(np.array([line]), np.array([measured]), np.array([limit]))
    return HeldEvidence(evidence, held)


def day_evidence(curves: Curves, touched: npt.NDArray[np.bool_]) -> HeldEvidence:
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
            held = curve.row[first:last]
            rows[line] = held[held >= 0]
        total += len(days)
    columns = ["zone", "quantity", "delivery_day"]
    lines = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    evidence = Evidence("day", lines)
    for rule, at, measured, limit in measures:
        evidence.column(rule.name).put(at, measured, limit)
    return HeldEvidence(evidence, rows)


def measurements(curve: Curve, grain: Grain) -> Iterator[tuple[Rule, Floats, Floats]]:
    """Every rule of a grain on a curve: what was measured, and the limit in the same unit."""
    for rule in MEASURED_RULES:
        if rule.grain == grain:
            for measured, limit in figures(rule, curve):
                yield rule, measured, limit


def figures(rule: Rule, curve: Curve) -> Iterator[tuple[Floats, Floats]]:
    """What each variant of a rule measured on a curve, and its limit in the same unit."""
    for variant, found in rule.measure(curve).items() if rule.measure is not None else ():
        yield found.measured, limit_of(rule, variant, curve.taught) * np.broadcast_to(found.scale, found.measured.shape)


def _days_of(curve: Curve, days: npt.NDArray[np.int64]) -> pd.DataFrame:
    calendar = curve.clock.days[days]
    return pd.DataFrame(
        {"zone": curve.series.zone, "quantity": curve.series.quantity, "delivery_day": calendar, "mtu": str(curve.mtu)}
    )


def _physical(evidence: Evidence, rows: pd.DataFrame, curves: Curves) -> None:
    """Values outside what is possible. The least excess is too much, so its size is added to the limit of 1."""
    highest = {series: curve.highest for (series, _), curve in curves.items()}
    column = evidence.column("value_physical")
    codes, names = pd.factorize(rows["zone"].astype("str") + "/" + rows["quantity"].astype("str"))
    for code, name in enumerate(names):
        at = np.flatnonzero(codes == code)
        quantity = quantity_of(str(name).partition("/")[2])
        value = rows["value"].to_numpy()[at]
        low = -np.inf if quantity.low is None else quantity.low
        if quantity.code.removesuffix(REFERENCE_SUFFIX) in GENERATION:
            known = [size for series, size in highest.items() if str(series) == name and np.isfinite(size)]
            low -= OWN_USE * max(known, default=0.0)
        high = np.inf if quantity.high is None else quantity.high
        if quantity.code not in QUANTITIES:
            continue
        beyond = np.maximum(low - value, value - high)
        column.evidence[at] = np.where(beyond > 0, 1.0 + beyond, 0.5)
        column.evidence[at[np.isnan(value)]] = np.nan
        column.measured[at], column.limit[at] = value, np.where(value < low, low, high)


def _off_the_grid(evidence: Evidence, rows: pd.DataFrame, settings: Settings) -> None:
    """Minutes since the market time unit began that a value says it starts."""
    off = off_the_grid(rows, settings)
    evidence.column("off_the_grid").put(np.arange(len(rows)), off, np.full(len(rows), 1e-9))


def _in_the_future(evidence: Evidence, rows: pd.DataFrame, now: pd.Timestamp) -> None:
    """Hours by which measured values begin after the present; forecasts and plans are there before their time."""
    ahead = rows["quantity"].str.endswith(REFERENCE_SUFFIX) | (
        ~rows["quantity"].isin(MEASURED) & (rows["available_at"] <= rows["valid_time"])
    )
    hours: Floats = np.asarray((rows["valid_time"] - now) / _HOUR, dtype=np.float64)
    late = np.flatnonzero(~ahead.to_numpy(dtype=bool) & (hours > 0))
    evidence.column("in_the_future").put(late, hours[late], np.full(len(late), 1e-9))


def off_the_grid(rows: pd.DataFrame, settings: Settings) -> Floats:
    """Minutes (n,) by which each row misses the quarter, half or whole hour that its market time unit starts at.

    Units are counted from local midnight or, where a source is declared so, from midnight in UTC: where local time is
    half an hour or 45 minutes off, an hour may begin at either.
    """
    off = np.full(len(rows), np.nan)
    lengths = rows["mtu"].map({str(mtu): mtu.delta / _MINUTE for mtu in Mtu}).to_numpy(dtype=float)
    zones, times = rows["zone"].to_numpy(), pd.DatetimeIndex(rows["valid_time"])
    for zone in pd.unique(zones):
        at = np.flatnonzero(zones == zone)
        local = times[at].tz_convert(settings.zone(str(zone)).timezone).tz_localize(None)
        off[at] = np.fmin(*(_minutes(clock) % lengths[at] for clock in (times[at], local)))
    return off


def _minutes(times: pd.DatetimeIndex) -> Floats:
    """Minutes since midnight."""
    return np.asarray(times.hour * 60 + times.minute + times.second / 60, dtype=float)


def said(column: Column, place: int) -> Mapping[str, str]:
    """The figures of one line, for its reason."""
    return {"measured": number(column.measured[place]), "limit": number(column.limit[place])}


def number(value: float) -> str:
    """A figure as people read it."""
    if not np.isfinite(value):
        return "unknown"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) >= 0.01 or value == 0 else f"{value:.2g}"
