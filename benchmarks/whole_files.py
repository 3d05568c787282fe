"""Does the gate see that all dates of a file have day and month exchanged, and does it leave sound files alone?

Ten series, each with two years of its own, sound and with every date of a day of 12 or less in the place of the one
with day and month exchanged, in four ways: all columns of the file in both years; one year of them; the series alone
beside a sound official forecast or sound other columns; the series with nothing beside. A file is found if the rule
`dates_exchanged` names the series, and that once; `named` is the share of its exchanged days that are withheld,
`undone` whether the days come back once they are exchanged again. n is the number of series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import Bench, Row, measure, say
from datasets import dataset
from pictures import picture, title
from quality_sets import RealSet, real_sets, settings_for

from gridahead.core.tables import LIMITS, OBSERVATIONS, Limits, Observations
from gridahead.core.time import Mtu
from gridahead.quality.gate import inspect
from gridahead.quality.report import QualityReport

RULE = "dates_exchanged"
AMBIGUOUS = 12
EIA = "eia930/eia930_demand_2015_2020.parquet"
NYISO = "nyiso/nyiso_load_actual_2012_2018.parquet"
UTILITIES = {"ISNE": ("America/New_York", 2017), "SOCO": ("America/Chicago", 2018), "MISO": ("Etc/GMT+5", 2017)}
WAYS = ("whole file", "one year", "one column", "nothing beside")


def run(bench: Bench) -> list[Row]:
    """How many of the ten are found in each way, and how often a sound file is blamed."""
    files = ten(bench)
    rows: list[Row] = []
    for way in ("sound", *WAYS):
        rows += bench.resumed(way, partial(judged, files, way))
        say(f"{way}: {len(files)} files judged")
    return rows


def ten(bench: Bench) -> list[RealSet]:
    """Two years each of ten series, with what stands beside them."""
    german, belgian, utility = real_sets(bench)
    files = [
        _years(german, "load", ("load", "load_official"), 2021),
        _years(german, "residual_load", ("residual_load", "residual_load_official"), 2022),
        _years(german, "wind_solar", ("wind_solar", "wind_solar_official"), 2023),
        _years(german, "solar", ("solar", "wind_onshore"), 2023),
        _years(belgian, "solar", ("solar", "solar_official"), 2022),
        _years(utility, "load", ("load", "temperature"), 2008),
        _years(_new_york(bench), "load", ("load",), 2015),
    ]
    table = pd.read_parquet(dataset(bench, EIA))
    return files + [
        _years(_authority(table, code), "load", ("load", "load_official"), UTILITIES[code][1]) for code in UTILITIES
    ]


def _years(data: RealSet, target: str, columns: Sequence[str], first: int) -> RealSet:
    local = pd.DatetimeIndex(data.wide.index).tz_convert(data.timezone)
    wide = data.wide.loc[
        (local.year == first) | (local.year == first + 1), [one for one in columns if one in data.wide]
    ]
    name = f"{data.zone} {target} {first}"
    return RealSet(name, data.zone, data.timezone, data.mtu, wide, (target,), data.tuned, data.tested)


def _new_york(bench: Bench) -> RealSet:
    table = pd.read_parquet(dataset(bench, NYISO)).set_index("time")
    wide = table[["N.Y.C."]].astype(float).set_axis(["load"], axis=1)
    return RealSet("nyiso", "NYC", "America/New_York", Mtu.PT60M, wide, ("load",), ("", "", ""), ("", "", ""))


def _authority(table: pd.DataFrame, code: str) -> RealSet:
    of_it = table[table["ba"] == code].set_index("time").sort_index()
    wide = of_it[["demand_mw", "day_ahead_forecast_mw"]].astype(float).set_axis(["load", "load_official"], axis=1)
    wide.index = pd.DatetimeIndex(wide.index) - pd.Timedelta(hours=1)  # hour-ending stamps
    return RealSet("eia930", code, UTILITIES[code][0], Mtu.PT60M, wide, ("load",), ("", "", ""), ("", "", ""))


def judged(files: Sequence[RealSet], way: str) -> list[Row]:
    """The figures of one way to be faulty, or of none."""
    found, named, undone = [], [], []
    for data in files:
        target = data.targets[0]
        wide, wrong = faulty(data, way)
        series = f"{data.zone}/{target}"
        report = inspect_alone(data, wide)
        told = report.findings[report.findings["rule"] == RULE]
        if way == "sound":
            found.append(len(told) == 0)
            continue
        found.append((told["series"] == series).sum() == 1)
        verdicts = report.verdicts[(report.verdicts["rule"] == RULE) & (report.verdicts["quantity"] == target)]
        named.append(float(wrong.isin(pd.DatetimeIndex(verdicts["valid_time"])).mean()))
        back, there = exchanged(wide[target], data.timezone, years_of(data, way)), wide[target].notna().sum()
        undone.append(int((back == data.wide[target]).sum()) == there)
    if way == "sound":
        return [Row(way, RULE, "left_alone", float(np.mean(found)), n=len(found))]
    figures: dict[str, Sequence[float]] = {"found": found, "named": named, "undone": undone}
    return [Row(way, RULE, metric, float(np.mean(values)), n=len(values)) for metric, values in figures.items()]


def faulty(data: RealSet, way: str) -> tuple[pd.DataFrame, pd.Series]:
    """The columns as a faulty file has them, and the instants of the target that are in another's place."""
    target = data.targets[0]
    columns = data.wide[[target]] if way == "nothing beside" else data.wide
    if way == "sound":
        return columns, pd.Series(dtype="datetime64[us, UTC]")
    wrong = [target] if way in ("one column", "nothing beside") else list(columns)
    years = years_of(data, way)
    wide = columns.assign(**{str(name): exchanged(columns[name], data.timezone, years) for name in wrong})
    local = pd.DatetimeIndex(wide.index).tz_convert(data.timezone)
    other = (local.day <= AMBIGUOUS) & (local.day != local.month) & local.year.isin(years)
    return wide, pd.Series(wide.index[other & wide[target].notna()])


def years_of(data: RealSet, way: str) -> list[int]:
    """The years that are exchanged."""
    years = sorted(set(pd.DatetimeIndex(data.wide.index).tz_convert(data.timezone).year))
    return years[-1:] if way == "one year" else years


def exchanged(column: pd.Series, timezone: str, years: Sequence[int]) -> pd.Series:
    """A column with day and month exchanged where both can be a month, on its own times; twice is as before."""
    wall = pd.DatetimeIndex(column.index).tz_convert(timezone).tz_localize(None)
    wrong = (wall.day <= AMBIGUOUS) & wall.year.isin(years)
    parts: Mapping[str, Any] = {
        "year": wall.year,
        "month": np.where(wrong, wall.day, wall.month),
        "day": np.where(wrong, wall.month, wall.day),
        "hour": wall.hour,
        "minute": wall.minute,
    }
    stamps = pd.DatetimeIndex(pd.to_datetime(pd.DataFrame(parts)))
    # Days of a clock change that an ambiguous date lands on, as in America, lose the hour that is not there.
    moved = stamps.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT").tz_convert("UTC")
    times = np.where(wrong, moved.as_unit("us").asi8, pd.DatetimeIndex(column.index).as_unit("us").asi8)
    there = ~np.asarray(wrong & moved.isna())
    placed = pd.Series(column.to_numpy()[there], index=pd.to_datetime(times[there], unit="us", utc=True))
    return placed[~placed.index.duplicated()].sort_index().reindex(column.index)


def inspect_alone(data: RealSet, wide: pd.DataFrame) -> QualityReport:
    """What the gate says of a file that is taken in at once, with nothing known before."""
    rows = data.observations(wide)
    return inspect(
        rows,
        Observations(OBSERVATIONS.empty()),
        settings_for(data, [data.zone]),
        decided_at=pd.Timestamp(rows["valid_time"].max()),
        limits=Limits(LIMITS.empty()),
    )


def draw(rows: Sequence[Row], path: Path) -> None:
    """The share that is found, by way."""
    shown = [row for row in rows if row.metric in ("found", "left_alone")]
    draw_shares(shown, path, "files found with exchanged dates, sound files left alone")


def draw_shares(rows: Sequence[Row], path: Path, heading: str) -> None:
    """A bar from 0 to 1 for every task."""
    with picture(path, 1) as axes:
        (chart,) = axes
        chart.barh([row.task for row in rows], [row.value for row in rows])
        chart.set_xlim(0, 1)
        title(chart, heading)


if __name__ == "__main__":
    measure(run, draw)
