"""A series as the rules see it: its newest vintage on a regular clock, and what the days around let expect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.grid import OFFICIAL_SUFFIX, SUN_DRIVEN, Series, quantity_of
from gridahead.core.time import Mtu
from gridahead.core.vintages import micros
from gridahead.quality.clocks import Clock, Ints, clock_of
from gridahead.quality.expected import Expected, expect
from gridahead.quality.trusted_values import trusted
from gridahead.settings.model import Settings

Floats = npt.NDArray[np.float64]


@dataclass(eq=False)
class Curve:
    """One series in one market time unit."""

    series: Series
    mtu: Mtu
    clock: Clock
    value: Floats
    """(T,) newest vintage [unit of the series]; NaN where there is none."""
    row: Ints
    """(T,) place of that vintage in the frame that the curve is made of; -1 where there is none."""
    learnt: Mapping[str, float] = field(default_factory=dict)
    """Limits that the accepted history has taught, by name."""
    unit: str = "MW"
    others: Mapping[Series, Curve] = field(default_factory=dict, repr=False)
    """The curves of the same zone: of each series that of the same market time unit, if there is one."""
    timezone: str = "UTC"
    """Local time of the zone."""

    @cached_property
    def days(self) -> Floats:
        """(D, K) values by day and slot of the day."""
        return self.clock.matrix(self.value)

    @cached_property
    def times(self) -> Ints:
        """(T,) instants, microseconds since 1970 UTC."""
        return self.clock.start + self.clock.step * np.arange(len(self.clock), dtype=np.int64)

    @cached_property
    def day_times(self) -> Ints:
        """(D,) midnights of the days, microseconds since 1970, for counting weeks."""
        return self.clock.days.as_unit("us").asi8

    @cached_property
    def expected(self) -> Expected:
        """What neighbouring days let expect."""
        return expect(self.days)

    @cached_property
    def highest(self) -> float:
        """The size of the series: what its accepted history reached, else the largest of these values but a few."""
        known = self.learnt.get("highest", np.nan)
        return known if np.isfinite(known) else reached(self.value)

    @property
    def per_hour(self) -> int:
        """Market time units in an hour."""
        return self.mtu.per_hour

    def aligned(self, other: Curve) -> Floats:
        """(T,) the values of another curve at the instants of this one: its longer units repeated, shorter averaged."""
        parts = max(self.clock.step // other.clock.step, 1)
        out = np.full((parts, len(self.clock)), np.nan)
        for part in range(parts):
            at = (self.times + part * other.clock.step - other.clock.start) // other.clock.step
            inside = (at >= 0) & (at < len(other.value))
            out[part, inside] = other.value[at[inside]]
        return np.asarray(out.mean(axis=0))

    @cached_property
    def trusted_counterpart(self) -> Floats | None:
        """(D, K) the official forecast of a measured series, and the outturn of an official forecast.

        Without what is wrong with it by itself: nothing is to be blamed for that but the other.
        """
        counterpart = self.counterpart
        if counterpart is None:
            return None
        days = self.clock.matrix(self.aligned(counterpart))
        return trusted(days, self.days, counterpart.highest, quantity_of(counterpart.series.quantity).low)

    @property
    def counterpart(self) -> Curve | None:
        """The official forecast of a measured series, and the outturn of an official forecast, as it is."""
        name = self.series.quantity
        other = name.removesuffix(OFFICIAL_SUFFIX) if is_official(self.series) else name + OFFICIAL_SUFFIX
        return self.others.get(Series(self.series.zone, other))


Curves = Mapping[tuple[Series, Mtu], Curve]


def is_official(series: Series) -> bool:
    """Whether it is an official forecast."""
    return series.quantity.endswith(OFFICIAL_SUFFIX)


def is_sun_driven(series: Series) -> bool:
    """Whether its days follow the sun and not the wall clock."""
    return series.quantity.removesuffix(OFFICIAL_SUFFIX) in SUN_DRIVEN


def reached(values: Floats) -> float:
    """The size of a series [its unit]: the largest absolute value but one in two hundred, and a little more."""
    known = np.abs(values[~np.isnan(values)])
    return float(1.05 * np.quantile(known, 0.995)) if len(known) else float("nan")


def curves_of(rows: pd.DataFrame, settings: Settings, learnt: Mapping[Series, Mapping[str, float]]) -> Curves:
    """Every series of the rows as a curve; an older vintage gives way to the newest one of its valid time.

    Args:
        rows: observations with sound values, on the grid of their market time unit; the index is their place.
        settings: where zones have their local time.
        learnt: limits by series, from its accepted history.
    """
    curves: dict[tuple[Series, Mtu], Curve] = {}
    of_zones: dict[tuple[str, Mtu], dict[Series, Curve]] = {}
    at = micros(rows["valid_time"])
    order = np.lexsort((micros(rows["available_at"]), at))
    ordered = rows[["zone", "quantity", "mtu", "unit", "value"]].assign(at=at).iloc[order]
    for (zone, quantity, unit), part in ordered.groupby(["zone", "quantity", "mtu"], sort=True):
        series, mtu = Series(str(zone), str(quantity)), Mtu(str(unit))
        times = part["at"].to_numpy()
        timezone = settings.zone(series.zone).timezone
        clock = clock_of(int(times[0]), int(times[-1]), timezone, mtu, standard=is_sun_driven(series))
        value, row = np.full(len(clock), np.nan), np.full(len(clock), -1, dtype=np.int64)
        place = (times - clock.start) // clock.step
        value[place], row[place] = part["value"].to_numpy(), part.index.to_numpy()
        of_zone = of_zones.setdefault((series.zone, mtu), {})
        limits, last_unit = learnt.get(series, {}), str(part["unit"].iloc[-1])
        curve = Curve(series, mtu, clock, value, row, limits, last_unit, of_zone, timezone)
        of_zone[series] = curves[series, mtu] = curve
    by_zone: dict[str, list[Curve]] = defaultdict(list)
    for curve in curves.values():
        by_zone[curve.series.zone].append(curve)
    for (zone_code, _), of_zone in of_zones.items():
        for curve in by_zone[zone_code]:
            of_zone.setdefault(curve.series, curve)
    return curves
