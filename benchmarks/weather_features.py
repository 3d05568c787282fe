"""What weather is worth, and what features that are made of it add: wind farms and a utility, with and without.

Every set is forecast a day ahead by its median, from windows as of the issue time, through the same features as in
operation. Which features are made of the weather is chosen on a period that comes before the holdout; what is learnt
for the holdout ends before it. One LightGBM and the mean of some LSTMs; the mean absolute error, n counts hours.

- GEFCom2012 wind: forecasts by the instant at which they were issued, every twelve hours. Issued at noon (UTC).
- GEFCom2014 wind: forecasts that were known at the midnight before the day.
- GEFCom2014 load: measured temperatures stand for a perfect forecast, so that what they are worth is an upper bound.

Source: Hong et al. (2014 and 2016), Global Energy Forecasting Competitions 2012 and 2014.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from common import Bench, Row, measure, say
from datasets import dataset
from pictures import colour, picture, title

from gridahead.core.grid import BiddingZone, Series
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Deadline, Mtu, days_between
from gridahead.features.scaling import Scaler
from gridahead.features.weather_kinds import WeatherFeatures
from gridahead.features.windows import Array, Windows, WindowSpec, build_windows
from gridahead.models.network.network import Network
from gridahead.models.tabular import features
from gridahead.settings.model import WeatherKind
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.batch import Batch
from gridahead.training.fit import network_config
from gridahead.training.loop import train_network
from gridahead.training.tabular import BOOSTING, MOST_TREES, PATIENCE

FARMS = (1, 4, 7)
"""Of either competition: enough to see whether a feature helps, at a third of the time."""
MEDIAN = (0.5,)
LSTM = ModelSettings(cell="lstm", hidden=32, decoder="recurrent", decoder_hidden=32, dropout=0.2)
SETTINGS = TrainingSettings(quantiles=MEDIAN, device="cpu", epochs=30, patience=6, batch_size=16)
STOPPING_DAYS = 60
"""The last days of what may be learnt stop the training; they are not learnt."""


@dataclass(frozen=True)
class Task:
    """A series with weather, and its periods."""

    name: str
    spec: WindowSpec
    """With all weather as covariates, and no features made of it."""
    kinds: tuple[tuple[WeatherKind, ...], ...]
    """What may be made of it."""
    rows: Callable[[Path], Observations]
    begin: dt.date
    choice: dt.date
    """First day of the period that chooses."""
    holdout: dt.date
    """First day of the holdout."""
    end: dt.date
    """First day after it."""


def spec_of(zone: BiddingZone, quantity: str, deadline: str, ahead: Sequence[str]) -> WindowSpec:
    """What is read of a series and its weather."""
    weather = tuple(Series(zone.code, name) for name in ahead)
    series = Series(zone.code, quantity)
    return WindowSpec(series, zone, Mtu.PT60M, Deadline.parse(deadline), 14, False, future_covariates=weather)


def rows_of(
    series: Series, valid: pd.DatetimeIndex, available: pd.DatetimeIndex, values: npt.NDArray[np.float64], unit: str
) -> pd.DataFrame:
    """Rows of a series where there is a value."""
    about = {"zone": series.zone, "quantity": series.quantity, "availability": "assumed", "unit": unit}
    frame = pd.DataFrame({"valid_time": valid, "available_at": available, "value": values}).dropna()
    return frame.assign(**about, mtu=str(Mtu.PT60M), source="benchmark", batch="0" * 16)


def checked(parts: Sequence[pd.DataFrame]) -> Observations:
    """Several series as observations."""
    return Observations(OBSERVATIONS.check(pd.concat(parts, ignore_index=True)))


def gefcom2012(farm: int) -> Task:
    """A farm of 2012: wind by issue time; all of 2009 and 2010, before weeks were withheld."""
    zone = BiddingZone(f"F{farm}", "UTC")
    spec = spec_of(zone, "wind", "D-1T1200[UTC]", ["wind_speed_10m"])

    def rows(folder: Path) -> Observations:
        power = pd.read_parquet(folder / "gefcom2012_windpower.parquet")
        issues = pd.read_parquet(folder / "gefcom2012_wind_nwp_issues.parquet").dropna()
        issues = issues[issues["farm"] == farm]
        stamps, issued = pd.DatetimeIndex(power.index, tz="UTC"), pd.DatetimeIndex(issues.index, tz="UTC")
        valid = issued + pd.to_timedelta(issues["hors"].to_numpy(), unit="h")
        hour = pd.Timedelta(hours=1)
        return checked(
            [
                rows_of(spec.series, stamps, stamps + hour, power[f"wp{farm}"].to_numpy(), "MW"),
                rows_of(spec.ahead[0], valid, issued, issues["ws"].to_numpy(), "m/s"),
            ]
        )

    days = [dt.date(*day) for day in ((2009, 7, 16), (2010, 7, 1), (2010, 10, 1), (2011, 1, 1))]
    return Task(f"gefcom2012 wind {farm}", spec, (("power_curve",), ("own_curve",)), rows, *days)


def gefcom2014_wind(farm: int) -> Task:
    """A farm of 2014."""
    zone = BiddingZone(f"Z{farm}", "UTC")
    spec = spec_of(zone, "wind", "D-1T1200[UTC]", ["wind_speed_100m", "wind_speed_10m"])

    def rows(folder: Path) -> Observations:
        table = pd.read_parquet(folder / "gefcom2014_wind.parquet")
        table = table[table["ZONEID"] == farm].sort_index()
        begin = pd.DatetimeIndex(table.index) - pd.Timedelta(hours=1)  # stamps end the hour
        known = begin.floor("D") - pd.Timedelta(days=1)
        speeds = (np.asarray(np.hypot(table[f"U{height}"], table[f"V{height}"]), float) for height in (100, 10))
        hours = pd.Timedelta(hours=2)
        return checked(
            [
                rows_of(spec.series, begin, begin + hours, table["TARGETVAR"].to_numpy(float), "MW"),
                *(
                    rows_of(series, begin, known, speed, "m/s")
                    for series, speed in zip(spec.ahead, speeds, strict=True)
                ),
            ]
        )

    days = [dt.date(*day) for day in ((2012, 1, 16), (2012, 11, 1), (2013, 4, 1), (2013, 12, 1))]
    return Task(f"gefcom2014 wind {farm}", spec, (("power_curve",), ("own_curve",)), rows, *days)


def gefcom2014_load() -> Task:
    """The utility of 2014, with the mean of its 25 stations."""
    zone = BiddingZone("UTILITY", "Etc/GMT+5", "US")
    spec = spec_of(zone, "load", "D-1T1000[Etc/GMT+5]", ["temperature"])

    def rows(folder: Path) -> Observations:
        table = pd.read_parquet(folder / "gefcom2014_load_L.parquet").loc["2006":]
        begin = pd.DatetimeIndex(table.index, tz="Etc/GMT+5").tz_convert("UTC") - pd.Timedelta(hours=1)
        celsius = (np.asarray(table.filter(regex=r"^w\d+$").mean(axis=1), dtype=float) - 32) / 1.8
        known = begin - pd.Timedelta(days=3)
        return checked(
            [
                rows_of(spec.series, begin, begin + pd.Timedelta(hours=2), table["LOAD"].to_numpy(), "MW"),
                rows_of(spec.ahead[0], begin, known, celsius, "degC"),
            ]
        )

    days = [dt.date(*day) for day in ((2007, 1, 1), (2010, 1, 1), (2011, 1, 1), (2012, 1, 1))]
    return Task("gefcom2014 load", spec, (("degrees",),), rows, *days)


def tasks(quick: bool) -> list[tuple[Task, str]]:
    """All tasks, with the folder of their data."""
    farms = FARMS[:1] if quick else FARMS
    wind = [(gefcom2012(farm), "gefcom2012_wind") for farm in farms]
    return [*wind, *((gefcom2014_wind(farm), "gefcom2014") for farm in farms), (gefcom2014_load(), "gefcom2014")]


def run(bench: Bench) -> list[Row]:
    """Two rows a set, model and variant: of the period that chooses, and of the holdout."""
    torch.set_num_threads(1)
    rows = []
    for task, folder in tasks(bench.quick):
        where = dataset(bench, folder)
        rows += bench.resumed(task.name, partial(of_task, task, where, bench))
    return rows


def variants(task: Task) -> dict[str, WindowSpec]:
    """What is read, by name: no weather, the weather as it is, and with each of the features made of it."""
    without = replace(task.spec, future_covariates=())
    made = {
        "weather + " + " + ".join(kinds): replace(task.spec, weather=WeatherFeatures(kinds)) for kinds in task.kinds
    }
    return {"no weather": without, "weather": task.spec, **made}


def of_task(task: Task, folder: Path, bench: Bench) -> list[Row]:
    """Every variant on the period that chooses; on the holdout those without features, and the one that is chosen."""
    observations = task.rows(folder)
    rows = list[Row]()
    for period, first, end in (("choice", task.choice, task.holdout), ("holdout", task.holdout, task.end)):
        for variant, spec in variants(task).items():
            learn, asked = (
                build_windows(observations, spec, days_between(begin, until - dt.timedelta(days=1)))
                for begin, until in ((task.begin, first), (first, end))
            )
            for model, answers in MODELS.items():
                if period == "holdout" and variant not in _chosen(rows, model):
                    continue
                error, count = _error(answers(learn, asked, bench), asked)
                say(f"{task.name}, {period}, {model}, {variant}: {error:.5g}")
                rows.append(Row(f"{task.name}, {period}", f"{model}, {variant}", "mae", error, n=count))
    return rows


def _chosen(rows: Sequence[Row], model: str) -> tuple[str, ...]:
    """The variants that are shown of a model on the holdout."""
    made = [row for row in rows if row.model.startswith(f"{model}, weather +") and row.task.endswith("choice")]
    best = min(made, key=lambda row: row.value).model.removeprefix(f"{model}, ")
    return ("no weather", "weather", best)


def _error(answer: Array, asked: Windows) -> tuple[float, int]:
    """Mean absolute error over the delivery days, and the number of hours."""
    counted = asked.delivery & ~np.isnan(asked.target)
    return float(np.abs(answer - asked.target)[counted].mean()), int(counted.sum())


def _parts(learn: Windows) -> tuple[Windows, Windows]:
    """What is learnt, and the last days, which stop the training."""
    usable = learn.where(np.any(learn.delivery & ~np.isnan(learn.target), axis=1))
    last = np.arange(len(usable)) >= len(usable) - STOPPING_DAYS
    return usable.where(~last), usable.where(last)


def boosted(learn: Windows, asked: Windows, bench: Bench) -> Array:
    """The median by LightGBM, (N, H); the last days before choose the trees, and are learnt then."""
    import lightgbm

    scaler = Scaler.fit(_parts(learn)[0], "level")

    def table(windows: Windows) -> lightgbm.Dataset:
        target = scaler.target(windows)
        counted = windows.delivery & ~np.isnan(target)
        return lightgbm.Dataset(features("lightgbm", windows, scaler)[counted], target[counted])

    train, stopping = (table(part) for part in _parts(learn))
    stop = lightgbm.early_stopping(PATIENCE, verbose=False)
    most = 30 if bench.quick else MOST_TREES
    trees = lightgbm.train(BOOSTING, train, most, valid_sets=[stopping], callbacks=[stop]).best_iteration
    booster = lightgbm.train(BOOSTING, table(learn), max(1, trees))
    rows = features("lightgbm", asked, scaler)
    answer = np.asarray(booster.predict(rows.reshape(-1, rows.shape[-1]))).reshape(rows.shape[:2])
    return scaler.megawatts(answer[..., None].astype(np.float32), asked)[..., 0]


def networks(learn: Windows, asked: Windows, bench: Bench) -> Array:
    """The mean of the medians of some LSTMs, (N, H)."""
    train, stopping = _parts(learn)
    scaler = Scaler.fit(train, "level")

    def batch(windows: Windows) -> Batch:
        return Batch.of(scaler.inputs(windows, "day"), scaler.target(windows), windows.delivery, 0.0)

    learnt, stops, given = batch(train), batch(stopping), batch(asked)
    settings = SETTINGS.model_copy(update={"epochs": 1} if bench.quick else {})
    answers = []
    for seed in range(bench.seeds):
        torch.manual_seed(seed)
        network = train_network(
            Network(network_config(LSTM, learnt, MEDIAN)),
            learnt,
            stops,
            MEDIAN,
            settings,
            model="weather",
            member=seed,
            seed=seed,
            progress=lambda epoch: None,
        ).eval()
        with torch.inference_mode():
            answers.append(network(given.encoder, given.decoder, given.static, given.length).numpy())
    return scaler.megawatts(np.mean(answers, axis=0), asked)[..., 0]


MODELS: Mapping[str, Callable[[Windows, Windows, Bench], Array]] = {"lightgbm": boosted, "lstm": networks}


def draw(rows: Sequence[Row], path: Path) -> None:
    """The error on the holdout with features, and with the weather as it is, against that without weather."""
    tested = {row.task.removesuffix(", holdout"): row.task for row in rows if row.task.endswith("holdout")}
    with picture(path, 1, width=8.0) as (axes,):
        places = np.arange(len(tested))
        for shift, (model, made) in enumerate((model, made) for model in MODELS for made in (False, True)):
            shares = [_share([row for row in rows if row.task == name], model, made) for name in tested.values()]
            label = f"{model}, {'features of the weather' if made else 'weather as it is'}"
            shade = {"color": colour(model), "alpha": 1.0 if made else 0.5}
            axes.bar(places + 0.2 * shift - 0.3, shares, 0.18, label=label, **shade)
        axes.set_xticks(places, [name.replace(" wind ", "\nwind ").replace(" load", "\nload") for name in tested])
        axes.axhline(100, color=colour("naive"), linewidth=0.8)
        axes.legend(frameon=False, ncols=2)
        title(axes, "Mean absolute error on the holdout [% of that without weather]")


def _share(rows: Sequence[Row], model: str, made: bool) -> float:
    """The error with weather, as it is or with what is made of it, as a share of that without [%]."""
    errors = {row.model.removeprefix(f"{model}, "): row.value for row in rows if row.model.startswith(f"{model}, ")}
    with_features = next(value for name, value in errors.items() if name.startswith("weather +"))
    return 100 * (with_features if made else errors["weather"]) / errors["no weather"]


if __name__ == "__main__":
    measure(run, draw)
