"""One network for thirty authorities of the United States: is it ahead of their own forecasts, and of boosting?

The day-ahead demand of the balancing authorities whose own forecast is sane and who have the test year, July 2019 to
June 2020, learnt from all days since July 2015 before it. March to June 2020 is a break of which nothing was known. A
user's way: one source of many zones, one pattern of series, one shared network, `ingest` with the gate, `train`, and a
back-test of the champion of each authority over the year, fitted once; the deadline is 10:00 local on the day before.
`served` is that champion: the shared network, the same tuned to the authority, or an aggregate of the better of them
with a ridge regression and the corrected official forecast; the rows `serves` count them. LightGBM and ridge are fitted
to every fifth authority alone, by name, on the same windows, and adapted likewise.

The bars: below the official forecast on at least 90 % of the authorities and below LightGBM on 70 %; over the corrected
official forecast at most 0.93 in the median; nowhere above 1.02 of the better official; CRPS below LightGBM's; training
at most ten minutes, all forecasts of a day at most 30 s. Scored are hours that the data set calls OKAY. n counts hours,
days for ratios.

Authorities were chosen before any result: all of the data set with the test year, but for those whose published
forecast is broken (AEC, CHPD, PSEI, FPC, TEPC, SPA, NSB, WALC), stands an hour off (PJM), or in the years learnt lacks
more than one hour in twenty or is worse than the same hour of two days or of a week before. An authority that is done
is kept, and a second call goes on with the next.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from bands import BELOW_MEDIAN, COVERAGE, held_rows
from common import TRIALS, Bench, Row, measure, say
from datasets import dataset
from one_year_scores import (
    MAE_RATIO,
    OFFICIALS,
    SERVED,
    daily_crps,
    figure_rows,
    mae_ratio,
    ratio,
    served_tables,
)
from pictures import intervals, picture

from gridahead.backtest.plan import Plan
from gridahead.backtest.results import kept_forecasts
from gridahead.backtest.run import backtests
from gridahead.core.grid import ZONES, Series
from gridahead.core.runs import CHAMPION, OFFICIAL, OFFICIAL_CORRECTED
from gridahead.models.tabular import TABULAR
from gridahead.operate.ingest import ingest
from gridahead.operate.train import train_all
from gridahead.settings.file import load_settings
from gridahead.workspace import Workspace

FIRST, LAST = dt.date(2019, 7, 1), dt.date(2020, 6, 29)
BREAK = dt.date(2020, 3, 1)
BROKEN = frozenset({"AEC", "CHPD", "PSEI", "FPC", "TEPC", "SPA", "NSB", "WALC", "PJM"})
WHOLE = 0.95
"""Of the hours that are OKAY must have a forecast."""
EVERY = 5
"""So many authorities apart, by name, LightGBM and ridge are fitted as well: for each they cost what all else does."""
FOLDER = TRIALS / "eia930"
NAME = "all"
TO_CORRECTED, TO_OFFICIAL, TO_LIGHTGBM = (f"mae_ratio_to_{name}" for name in ("corrected", "official", "lightgbm"))
CRPS_TO_LIGHTGBM = "crps_ratio_to_lightgbm"
QUICK_EPOCHS, QUICK_DAYS, QUICK_AUTHORITIES = 2, 28, 3
FILE = "eia930/eia930_demand_2015_2020.parquet"
SETTINGS = """\
data_folder = "data"
[[sources]]
kind = "file"
path = "demand.parquet"
zones = [{zones}]
zone_column = "ba"
quantity = "load"
value_column = "demand_mw"
official_column = "day_ahead_forecast_mw"
official_available = "D-1T1000[local]"
time_column = "time"
timezone = "UTC"
stamp = "ending"
[[series]]
series = "*/load"
deadline = "D-1T1000[local]"
models = []
[[shared]]
name = "shared"
model = "gru"
fine_tune = true
series = ["*/load"]
[training]
holdout_start = {first}
epochs = {epochs}
batch_size = 128
learning_rate = 0.006
"""
EPOCHS = 6
"""Of thirty times as many days as one series has: as many steps as four of its trainings."""


@dataclass(frozen=True)
class Authority:
    """One of them."""

    name: str
    has_regressions: bool
    """Whether LightGBM and ridge are fitted to it."""

    @property
    def series(self) -> Series:
        """Its demand."""
        return Series(self.name, "load")

    @property
    def timezone(self) -> str:
        """Of its delivery days."""
        return ZONES[self.name].timezone


@cache
def demand(file: Path) -> pd.DataFrame:
    """The data set."""
    return pd.read_parquet(file)


def sane(rows: pd.DataFrame) -> list[str]:
    """The authorities that reach into the test year, with a forecast that is sound in the years learnt.

    Args:
        rows: of the data set.
    """
    learnt = rows[rows["time"] < pd.Timestamp(FIRST, tz="UTC")]
    chosen = []
    for name, of_one in learnt.groupby("ba", sort=True):
        if name in BROKEN or name not in ZONES or rows.loc[rows["ba"] == name, "time"].max().date() < LAST:
            continue
        okay = of_one[of_one["category"] == "OKAY"].set_index("time")
        actual, told = okay["demand_mw"], okay["day_ahead_forecast_mw"]
        naive = [of_one.set_index("time")["demand_mw"].shift(days, freq="D").reindex(okay.index) for days in (2, 7)]
        errors = pd.DataFrame({"told": actual - told, **{str(n): actual - one for n, one in enumerate(naive)}}).abs()
        if told.notna().mean() > WHOLE and errors.dropna().mean().idxmin() == "told":
            chosen.append(str(name))
    return chosen


def run(bench: Bench) -> list[Row]:
    """All authorities, and what they say together; quick: three of them, two epochs, four weeks."""
    rows = demand(dataset(bench, FILE))
    names = sane(rows)[: QUICK_AUTHORITIES if bench.quick else None]
    say(f"{len(names)} authorities: {', '.join(names)}")
    authorities = [Authority(name, number % EVERY == 0) for number, name in enumerate(names)]
    begun = bench.resumed("training", lambda: _trained(authorities, bench))
    each = bench.each(authorities, _of_authority)
    return [*begun, *each, *together([*begun, *each])]


def _folder(bench: Bench) -> Path:
    return FOLDER.with_name("eia930_quick") if bench.quick else FOLDER


def _workspace(names: Sequence[str], bench: Bench) -> Workspace:
    folder = _folder(bench)
    folder.mkdir(parents=True, exist_ok=True)
    rows = demand(dataset(bench, FILE))
    rows[rows["ba"].isin(names)].drop(columns=["category"]).to_parquet(folder / "demand.parquet", index=False)
    zones = ", ".join(f'"{name}"' for name in names)
    text = SETTINGS.format(zones=zones, first=FIRST, epochs=QUICK_EPOCHS if bench.quick else EPOCHS)
    (folder / "settings.toml").write_text(text, encoding="utf-8")
    return Workspace(load_settings(folder / "settings.toml"))


def _trained(authorities: Sequence[Authority], bench: Bench) -> list[Row]:
    """Ingest, gate, train: how long each took, and who serves."""
    workspace, count = _workspace([one.name for one in authorities], bench), len(authorities)
    clock = time.perf_counter()
    ingested = ingest(workspace)
    rows = [Row("training", "gridahead", "ingest_seconds", time.perf_counter() - clock, n=count)]
    say(f"ingest took {rows[0].value:.0f} s; {len(ingested.failed)} payloads could not be read")
    clock = time.perf_counter()
    candidates = train_all(workspace, [one.series for one in authorities])
    rows.append(Row("training", "gridahead", "training_seconds", time.perf_counter() - clock, n=count))
    say(f"training took {rows[1].value:.0f} s")
    champions = [one.model for one in candidates if one.champion]
    return [*rows, *(Row("training", name, "serves", champions.count(name)) for name in sorted(set(champions)))]


def _of_authority(authority: Authority, bench: Bench) -> list[Row]:
    """The figures of one authority over the year."""
    workspace = Workspace(load_settings(_folder(bench) / "settings.toml"))
    last = FIRST + dt.timedelta(days=QUICK_DAYS) if bench.quick else LAST
    models = (CHAMPION, *(TABULAR if authority.has_regressions else ()), OFFICIAL, OFFICIAL_CORRECTED, "naive")
    clock = time.perf_counter()
    backtests(workspace, [authority.series], Plan(NAME, FIRST, last, models), lambda _step: None)
    seconds = time.perf_counter() - clock
    forecasts, _ = kept_forecasts(workspace, f"backtest/{NAME}", authority.series)
    champion = workspace.registry.champion(authority.series).model.name
    rows = demand(dataset(bench, FILE))
    okay = rows[(rows["ba"] == authority.name) & (rows["category"] == "OKAY")]
    measured = pd.Series(okay["demand_mw"].to_numpy(float), pd.DatetimeIndex(okay["time"]) - pd.Timedelta(hours=1))
    tables = served_tables(forecasts, champion, measured.dropna())
    rows_of_it = scored(authority, tables, int(measured.notna().sum()))
    return [*rows_of_it, Row(authority.name, "gridahead", "backtest_seconds", seconds)]


def scored(authority: Authority, tables: dict[str, pd.DataFrame], measured: int) -> list[Row]:
    """The figures of every model, the ratios of the served one, and those of the months after the break.

    Args:
        authority: whose.
        tables: by model, quantiles and `outturn` a valid time.
        measured: hours with an outturn.
    """
    name, timezone = authority.name, authority.timezone
    against: dict[str, tuple[str, ...]] = {TO_OFFICIAL: (OFFICIAL,), TO_CORRECTED: (OFFICIAL_CORRECTED,)}
    against |= {MAE_RATIO: OFFICIALS, **({TO_LIGHTGBM: ("lightgbm",)} if "lightgbm" in tables else {})}
    after = {model: table[table["valid_time"] >= pd.Timestamp(BREAK, tz=timezone)] for model, table in tables.items()}
    rows = figure_rows(name, tables, measured, timezone)
    rows += [mae_ratio(name, tables, metric, others, timezone) for metric, others in against.items()]
    if "lightgbm" in tables:
        ours, theirs = (daily_crps(tables[model], timezone) for model in (SERVED, "lightgbm"))
        rows.append(ratio(name, SERVED, CRPS_TO_LIGHTGBM, ours, theirs))
    if all(len(table) for table in after.values()):
        rows.append(mae_ratio(name, after, f"{TO_CORRECTED} after the break", [OFFICIAL_CORRECTED], timezone))
    return rows


def together(rows: Sequence[Row]) -> list[Row]:
    """Medians of ratios between the smallest and the largest, and the shares of authorities in which we lead."""
    found = []
    for metric in (
        TO_OFFICIAL,
        TO_CORRECTED,
        MAE_RATIO,
        TO_LIGHTGBM,
        CRPS_TO_LIGHTGBM,
        f"{TO_CORRECTED} after the break",
        COVERAGE,
        BELOW_MEDIAN,
    ):
        values = [row.value for row in rows if (row.model, row.metric) == (SERVED, metric)]
        if not values:
            continue
        found.append(Row("all", SERVED, metric, float(np.median(values)), min(values), max(values), len(values)))
        if "ratio" in metric:
            share = float(np.mean(np.array(values) < 1))
            found.append(Row("all", SERVED, f"share_below_1_{metric}", share, n=len(values)))
    return [*found, *held_rows(rows, SERVED)]


def draw(rows: Sequence[Row], path: Path) -> None:
    """The ratios of every authority with their intervals, beside the bars."""
    served = {(row.task, row.metric): row for row in rows if row.model == SERVED and row.task != "all"}
    names = [task for task, metric in served if metric == TO_CORRECTED]
    sample = [task for task, metric in served if metric == TO_LIGHTGBM]
    panels = (
        (TO_CORRECTED, (0.93, 1.0), "MAE over that of the corrected\nofficial forecast"),
        (MAE_RATIO, (1.0, 1.02), "MAE over that of the better\nofficial forecast"),
        (TO_LIGHTGBM, (1.0,), "MAE over that of LightGBM"),
        (COVERAGE, (0.78, 0.82), "Share of outturns inside\nthe 80 % band"),
    )
    with picture(path, len(panels), width=4.2, height=7.0) as all_axes:
        for axes, (metric, limits, words) in zip(all_axes, panels, strict=True):
            shown = sample if metric == TO_LIGHTGBM else names
            intervals(axes, [served[name, metric] for name in shown], limits, words)


if __name__ == "__main__":
    measure(run, draw)
