"""What the benchmark `eia930` reads: the data set, which authorities are scored, and settings as a user writes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
from common import TRIALS, Bench
from datasets import dataset

from gridahead.core.grid import ZONES, Series
from gridahead.settings.file import load_settings
from gridahead.settings.training import TrainingSettings
from gridahead.workspace import Workspace

FIRST, LAST = dt.date(2019, 7, 1), dt.date(2020, 6, 29)
BREAK = dt.date(2020, 3, 1)
BROKEN = frozenset({"AEC", "CHPD", "PSEI", "FPC", "TEPC", "SPA", "NSB", "WALC", "PJM"})
"""Known for a published forecast that is biased, of no use or, of PJM, an hour off."""
WHOLE = 0.95
"""Of the hours that are OKAY must have a forecast."""
QUICK_EPOCHS, QUICK_DAYS, QUICK_AUTHORITIES = 2, 28, 3
FILE = "eia930/eia930_demand_2015_2020.parquet"
FOLDER = TRIALS / "eia930"
LEARNT_FROM = dt.date(2017, 6, 15)
"""Two years with the context of their first day: what a shared network can learn of thirty authorities in ten minutes
of one core. Of the first year of the collection some forecasts are a fifth off that are sane since."""
EPOCHS = 4
"""Of thirty times as many days as one series has: half as many steps as one takes, of four times as many windows."""
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


@dataclass(frozen=True)
class Authority:
    """One that is scored."""

    name: str

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
    """The data set, without what is in no catalogue of zones."""
    rows = pd.read_parquet(file)
    return rows[rows["ba"].isin(list(ZONES))]


def rows_of(bench: Bench) -> pd.DataFrame:
    """The rows of all authorities."""
    return demand(dataset(bench, FILE))


def sane(rows: pd.DataFrame) -> list[str]:
    """The authorities that reach into the test year, with a forecast that is sound in the years learnt.

    Args:
        rows: of the data set.
    """
    learnt = rows[rows["time"] < pd.Timestamp(FIRST, tz="UTC")]
    chosen = []
    for name, of_one in learnt.groupby("ba", sort=True):
        if name in BROKEN or rows.loc[rows["ba"] == name, "time"].max().date() < LAST:
            continue
        okay = of_one[of_one["category"] == "OKAY"].set_index("time")
        actual, told = okay["demand_mw"], okay["day_ahead_forecast_mw"]
        naive = [of_one.set_index("time")["demand_mw"].shift(days, freq="D").reindex(okay.index) for days in (2, 7)]
        errors = pd.DataFrame({"told": actual - told, **{str(n): actual - one for n, one in enumerate(naive)}}).abs()
        if told.notna().mean() > WHOLE and errors.dropna().mean().idxmin() == "told":
            chosen.append(str(name))
    return chosen


def folder(bench: Bench) -> Path:
    """Of the lake, the models and the settings."""
    return FOLDER.with_name("eia930_quick") if bench.quick else FOLDER


def last_day(bench: Bench) -> dt.date:
    """The last that is forecast."""
    return FIRST + dt.timedelta(days=QUICK_DAYS) if bench.quick else LAST


def written(bench: Bench, zones: Sequence[str], here: Path, since: dt.date) -> Workspace:
    """The file and the settings of some zones, in a folder.

    Args:
        bench: what the run was asked for.
        zones: which are taken in and forecast.
        here: the folder.
        since: from when on there are rows.
    """
    here.mkdir(parents=True, exist_ok=True)
    rows = rows_of(bench)
    wanted = rows["ba"].isin(zones) & (rows["time"] >= pd.Timestamp(since, tz="UTC"))
    rows[wanted].drop(columns=["category"]).to_parquet(here / "demand.parquet", index=False)
    names, epochs = ", ".join(f'"{name}"' for name in zones), QUICK_EPOCHS if bench.quick else EPOCHS
    text = SETTINGS.format(zones=names, first=FIRST, epochs=epochs)
    (here / "settings.toml").write_text(text, encoding="utf-8")
    return Workspace(load_settings(here / "settings.toml"))


def opened(bench: Bench) -> Workspace:
    """The workspace of those settings."""
    return Workspace(load_settings(folder(bench) / "settings.toml"))


def alone(bench: Bench) -> Workspace:
    """The same with the training that a network of one series has, on the anchor that most of the shared one have."""
    workspace = opened(bench)
    settings = workspace.settings
    usual = TrainingSettings()
    training = {name: getattr(usual, name) for name in ("epochs", "batch_size", "learning_rate")}
    if bench.quick:
        training["epochs"] = QUICK_EPOCHS
    gru = settings.models["gru"].model_copy(update={"anchor": "official_corrected"})
    changed = {
        "training": settings.training.model_copy(update=training),
        "models": {**settings.models, "gru": gru},
    }
    return Workspace(settings.model_copy(update=changed))


def measured(bench: Bench, authority: Authority) -> pd.Series:
    """The outturn of an authority where the data set calls it OKAY, by the start of its hour [MW]."""
    rows = rows_of(bench)
    okay = rows[(rows["ba"] == authority.name) & (rows["category"] == "OKAY")]
    times = pd.DatetimeIndex(okay["time"]) - pd.Timedelta(hours=1)
    return pd.Series(okay["demand_mw"].to_numpy(float), times).dropna()
