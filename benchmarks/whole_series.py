"""Are series found that are hours off, hold a week twice or have another unit throughout, and sound ones left alone?

The ten series of `whole_files`, two years each, judged by the looks at whole series alone: as they are, with all of it
an hour late and early, with only the summer so, with a week in the place of another, with one year and with all years
in another unit. `beside` is with the sound official forecast, where there is one; `alone` is without. A fault is found
if the rule names the series and no other. n is the number of faulty series; of `sound` that of series by years.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from common import Bench, Row, measure, say
from quality_sets import RealSet, settings_for
from whole_files import draw_shares, ten

from gridahead.quality.curves import curves_of
from gridahead.quality.rules import WHOLE_SERIES_RULES
from gridahead.quality.whole_series.fault import CHECKS

RULES = ("hours_off", "weeks_repeated", "unit_of_years", "unit_of_counterpart")
WEEKS_APART = 30
REFERENCE = "_official"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to be faulty."""

    name: str
    rules: Sequence[str]
    make: Callable[[pd.Series, str, int], pd.Series]
    """From a column, its local time and its market time units in an hour."""
    alone: bool
    """Whether it can be told with nothing beside."""


def late(hours: int, *, summer: bool) -> Callable[[pd.Series, str, int], pd.Series]:
    """Values so many hours late, all of them or those of summer time."""

    def made(column: pd.Series, timezone: str, per_hour: int) -> pd.Series:
        local = pd.DatetimeIndex(column.index).tz_convert(timezone)
        wrong = np.array([bool(time.dst()) or not summer for time in local.to_pydatetime()])
        return column.where(~wrong, column.shift(hours * per_hour))

    return made


def week_twice(column: pd.Series, timezone: str, per_hour: int) -> pd.Series:
    """The 10th week once more, 30 weeks later."""
    length = 7 * 24 * per_hour
    first, again = 10 * length, (10 + WEEKS_APART) * length
    faulty = column.copy()
    faulty.iloc[again : again + length] = column.iloc[first : first + length].to_numpy()
    return faulty


def times(factor: float, *, all_years: bool) -> Callable[[pd.Series, str, int], pd.Series]:
    """Values in another unit, in the last year or in all."""

    def made(column: pd.Series, timezone: str, per_hour: int) -> pd.Series:
        year = pd.DatetimeIndex(column.index).tz_convert(timezone).year
        return column.where(~((year == year.max()) | all_years), factor * column)

    return made


UNITS = ("unit_of_years", "unit_of_counterpart")
FAULTS = (
    Fault("an hour late", RULES[:1], late(1, summer=False), alone=False),
    Fault("an hour early", RULES[:1], late(-1, summer=False), alone=False),
    Fault("summer an hour late", RULES[:1], late(1, summer=True), alone=True),
    Fault("summer an hour early", RULES[:1], late(-1, summer=True), alone=True),
    Fault("a week twice", RULES[1:2], week_twice, alone=True),
    Fault("one year times 1000", UNITS, times(1000, all_years=False), alone=True),
    Fault("one year times 4", UNITS, times(4, all_years=False), alone=True),
    Fault("one year a quarter", UNITS, times(0.25, all_years=False), alone=True),
    Fault("all years times 1000", UNITS, times(1000, all_years=True), alone=False),
    Fault("all years times 4", UNITS, times(4, all_years=True), alone=False),
)


def run(bench: Bench) -> list[Row]:
    """How often a sound series is blamed, and how many of the faulty ones are found."""
    files = ten(bench)[: 3 if bench.quick else None]
    rows = bench.resumed("sound", lambda: sound(files))
    for fault in FAULTS:
        rows += bench.resumed(fault.name, partial(judged, files, fault))
        say(f"{fault.name}: judged")
    return rows


def sound(files: Sequence[RealSet]) -> list[Row]:
    """The share of series that no rule names."""
    rules = [told(data, data.wide) for data in files]
    series = sum(data.wide.shape[1] for data in files)
    return [
        Row("sound", rule, "left_alone", 1 - sum(one[1] == rule for found in rules for one in found) / series, n=series)
        for rule in RULES
    ]


def judged(files: Sequence[RealSet], fault: Fault) -> list[Row]:
    """The share that is found beside the official forecast, and alone."""
    rows = []
    for beside in (True, False) if fault.alone else (True,):
        found = [hit for data in files for hit in _hits(data, fault, beside)]
        if found:
            way = f"{fault.name}, {'beside' if beside else 'alone'}"
            rows.append(Row(way, fault.rules[0], "found", float(np.mean(found)), n=len(found)))
    return rows


def _hits(data: RealSet, fault: Fault, beside: bool) -> Iterator[bool]:
    target = data.targets[0]
    columns = [target, target + REFERENCE] if beside else [target]
    clocks_change = pd.Timestamp("2020-07-01", tz=data.timezone).dst()
    if not set(columns) <= set(data.wide) or ("summer" in fault.name and not clocks_change):
        return
    wide = data.wide[columns].asfreq(pd.tseries.frequencies.to_offset(data.mtu.delta))
    wide = wide.assign(**{target: fault.make(wide[target], data.timezone, data.mtu.per_hour)})
    found = [one for one in told(data, wide) if one[1] in RULES]
    yield len(found) == 1 and found[0][0] == target and found[0][1] in fault.rules


def told(data: RealSet, wide: pd.DataFrame) -> list[tuple[str, str]]:
    """Quantity and rule of all that is found."""
    curves = curves_of(data.observations(wide), settings_for(data, [data.zone]), {})
    checks = [(rule.name, CHECKS[rule.name]) for rule in WHOLE_SERIES_RULES if rule.name in RULES]
    return [
        (curve.series.quantity, name)
        for curve in curves.values()
        for name, check in checks
        for fault in check(curve)
        if fault.measured > fault.limit
    ]


def draw(rows: Sequence[Row], path: Path) -> None:
    """The share that is found, by fault."""
    found = [row for row in rows if row.metric == "found"]
    draw_shares(found, path, "series found with a fault that runs through them")


if __name__ == "__main__":
    measure(run, draw)
