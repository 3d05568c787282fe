"""A new substation, one week old: what is it worth to be served by a network that has learnt others?

The day-ahead demand of authorities of the United States. Five are new: of each only 7, 14, 28 or 56 days are there when
thirteen others, with two years, teach a network (`training.newcomers`); then all are forecast for four weeks, as of
10:00 on the day before, and nothing is trained meanwhile. Three such months lie within July 2019 to February 2020,
before the break of the pandemic. Once nobody has an official forecast, as substations have none, and once everybody.

Beside it stands what is there without: last week's hour (`naive`), the official forecast corrected by its recent error
(`official_corrected`), and a ridge regression that has learnt the few days alone, its penalty chosen by left-out days.
`taught` is the same network for the thirteen that have taught it. Figures are MAE over that of last week's hour;
`value` is the median over series and months, for a regression on a week can be wrong without bounds, `low` and `high`
are the best and the worst of them, n counts them (scored hours, where a row is of one). `coverage_80` is the share of
outturns inside the 80 % band; the calibration is that of the others.

In which units a few days are read was chosen on February and June 2018, with six others new, IID among them. Scored are
hours that the data set calls OKAY. A month that is done is kept, and a second call goes on with the next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from common import Bench, Row, measure, say
from datasets import dataset
from eia930_data import FILE, demand, sane
from pictures import colour, picture, title

from gridahead.core.grid import ZONES, Series
from gridahead.core.quantiles import median_of
from gridahead.core.runs import NAIVE, OFFICIAL_CORRECTED
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Deadline, Mtu, days_between
from gridahead.features.anchors import anchored
from gridahead.features.scaling import Scaler
from gridahead.features.windows import Array, Windows, WindowSpec, build_windows
from gridahead.models.base import predict_each
from gridahead.models.tabular import features
from gridahead.reports.palette import LIGHT
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.newcomers import FEWEST_TO_JUDGE, Newcomer, newcomer
from gridahead.training.shared import fit_shared
from gridahead.training.split import Split, split
from gridahead.training.tabular import PENALTIES

BEGINS = (dt.date(2019, 7, 15), dt.date(2019, 10, 15), dt.date(2020, 1, 15))
LEARNT_DAYS, AHEAD_DAYS = 745, 28
FEW = (7, 14, 28, 56)
"""Days of history of a new series."""
EPOCHS = 6
"""Of thirteen times as many days as one series has."""
NEW_EVERY, NEW_FROM, TAUGHT_EVERY = 6, 4, 2
"""Which are new, and which of the others teach, of the authorities with a sane forecast, by name."""
STRONGER, MOST_FOLDS = (1e4, 1e5, 1e6), 5
"""Penalties besides the ordinary ones, which leave the anchor alone, and left-out parts of the days, that choose."""
NETWORK = ModelSettings(cell="gru", decoder="direct")
SERVED, RIDGE, TAUGHT = "served", "ridge", "taught"
RATIO, COVERAGE = "mae_ratio_to_naive", "coverage_80"
GROUPS = {False: "no official forecast", True: "official forecasts"}


@dataclass(frozen=True)
class Month:
    """Four weeks ahead, with or without official forecasts."""

    first: dt.date
    official: bool

    @property
    def name(self) -> str:
        """Of its rows as they are kept."""
        return f"{GROUPS[self.official]} {self.first}"

    @property
    def days(self) -> list[dt.date]:
        """That are forecast."""
        return days_between(self.first, self.first + dt.timedelta(days=AHEAD_DAYS - 1))

    def spec(self, zone: str) -> WindowSpec:
        """What is read of a zone."""
        deadline = Deadline.parse(f"D-1T1000[{ZONES[zone].timezone}]")
        return WindowSpec(Series(zone, "load"), ZONES[zone], Mtu.PT60M, deadline, 14, use_official=self.official)


def run(bench: Bench) -> list[Row]:
    """All months, and their medians; quick: one month of two series and four that teach, one epoch."""
    months = [Month(first, official) for official in GROUPS for first in BEGINS[: 1 if bench.quick else None]]
    return together(bench.each(months, _of_month))


def _of_month(month: Month, bench: Bench) -> list[Row]:
    """Teach a network, let it serve what is new, and score both."""
    names = sane(demand(dataset(bench, FILE)))
    new = names[NEW_FROM::NEW_EVERY]
    taught = [name for name in names if name not in new][::TAUGHT_EVERY]
    if bench.quick:
        new, taught = new[:2], taught[:4]
    settings = _settings(month, bench)
    say(f"{month.name}: {', '.join(new)} are new to {', '.join(taught)}")
    splits = {Series(one, "load"): _split(month, one, settings, bench) for one in taught}
    seen = {(one, days): _seen(month, one, days, bench) for one in new for days in FEW}
    newcomers = {key: newcomer(rows, month.spec(key[0]), settings) for key, rows in seen.items()}
    named = {Series(f"{one}-{days}", "load"): new for (one, days), new in newcomers.items()}
    fits = fit_shared("shared", splits, NETWORK, settings, lambda _: None, fine_tune=False, beside=(), newcomers=named)
    models = [fit.model for (fit,) in fits]
    rows = []
    for one, model in zip(taught, models, strict=False):
        windows = build_windows(_rows(month, one, LEARNT_DAYS, AHEAD_DAYS, bench), month.spec(one), month.days)
        rows += _scores(month, f"{TAUGHT} {one}", windows, {TAUGHT: predict_each(model, windows)})
    for ((one, days), few), model in zip(newcomers.items(), models[len(taught) :], strict=True):
        windows = build_windows(_rows(month, one, days, AHEAD_DAYS, bench), month.spec(one), month.days)
        said = {SERVED: predict_each(model, windows), RIDGE: _ridge(few, windows)}
        rows += _scores(month, f"{days} days of {one}", windows, said)
    return rows


def _settings(month: Month, bench: Bench) -> TrainingSettings:
    return TrainingSettings(
        holdout_start=month.first,
        epochs=1 if bench.quick else EPOCHS,
        batch_size=128,
        learning_rate=0.006,
        validation_days=90,
        refit=False,
    )


def _split(month: Month, zone: str, settings: TrainingSettings, bench: Bench) -> Split:
    return split(_rows(month, zone, LEARNT_DAYS, 0, bench), month.spec(zone), settings)


def _seen(month: Month, zone: str, days: int, bench: Bench) -> Observations:
    return _rows(month, zone, days, 0, bench)


@cache
def _demand_of(file: Path, zone: str) -> pd.DataFrame:
    rows = demand(file)
    return rows[rows["ba"] == zone]


def _rows(month: Month, zone: str, before: int, ahead: int, bench: Bench) -> Observations:
    """The demand of a zone so many days before and after the first day, measured two hours later, and its forecast."""
    timezone = ZONES[zone].timezone
    begin, end = (pd.Timestamp(month.first + dt.timedelta(days=days), tz=timezone) for days in (-before, max(ahead, 1)))
    chosen = _demand_of(dataset(bench, FILE), zone)
    valid_time = pd.DatetimeIndex(chosen["time"]) - pd.Timedelta(hours=1)
    inside = (valid_time >= begin) & (valid_time < end)
    chosen, valid_time = chosen[inside], valid_time[inside]
    measured = chosen["demand_mw"].where(chosen["category"] == "OKAY")
    parts = [_table(Series(zone, "load"), valid_time, measured, valid_time + pd.Timedelta(hours=2))]
    if month.official:
        day = valid_time.tz_convert(timezone).tz_localize(None).normalize()
        told_at = (day - pd.Timedelta(days=1) + pd.Timedelta(hours=10)).tz_localize(timezone).tz_convert("UTC")
        parts.append(_table(Series(zone, "load").official, valid_time, chosen["day_ahead_forecast_mw"], told_at))
    return Observations(OBSERVATIONS.check(pd.concat(parts, ignore_index=True)))


def _table(
    series: Series, valid_time: pd.DatetimeIndex, values: pd.Series, available_at: pd.DatetimeIndex
) -> pd.DataFrame:
    rows = {
        "zone": series.zone,
        "quantity": series.quantity,
        "valid_time": valid_time,
        "available_at": available_at,
        "availability": "assumed",
        "value": values.to_numpy(dtype=float),
        "unit": "MW",
        "mtu": str(Mtu.PT60M),
        "source": "eia930",
        "batch": "0" * 16,
    }
    return pd.DataFrame(rows).dropna(subset="value")


def _ridge(few: Newcomer, windows: Windows) -> Array:
    """A ridge regression on the days of a new series, its penalty by left-out days; medians, (N, H, 1) [MW]."""
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV, GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    learnt = few.windows.where(few.known_days >= FEWEST_TO_JUDGE)
    scaler = Scaler.fit(learnt)
    target = scaler.target(learnt)
    counted = learnt.delivery & ~np.isnan(target)
    day = np.flatnonzero(counted) // counted.shape[1]
    search = GridSearchCV(
        make_pipeline(StandardScaler(), Ridge()),
        {"ridge__alpha": [*PENALTIES, *STRONGER]},
        scoring="neg_mean_absolute_error",
        cv=GroupKFold(min(MOST_FOLDS, len(np.unique(day)))),
    )
    search.fit(features("ridge", learnt, scaler)[counted], target[counted], groups=day)
    rows = features("ridge", windows, scaler)
    said = search.predict(rows.reshape(-1, rows.shape[-1])).reshape(*rows.shape[:2], 1)
    return scaler.megawatts(said.astype(np.float32), windows)


def _scores(month: Month, task: str, windows: Windows, said: Mapping[str, Array]) -> list[Row]:
    """MAE of each forecast over that of last week's hour, and the share of outturns inside bands."""
    counted = windows.delivery & ~np.isnan(windows.target)
    outturn = windows.target[counted]
    simple: dict[str, Array] = {NAIVE: anchored(windows, "week", 0.0)[..., None]}
    if month.official:
        simple[OFFICIAL_CORRECTED] = anchored(windows, "official_corrected", 0.0)[..., None]
    answers = {name: answer[counted] for name, answer in (*simple.items(), *said.items())}
    errors = {name: float(np.abs(median_of(answer) - outturn).mean()) for name, answer in answers.items()}
    where, n = f"{GROUPS[month.official]}: {task}, {month.first}", len(outturn)
    rows = [Row(where, name, RATIO, error / errors[NAIVE], n=n) for name, error in errors.items() if name != NAIVE]
    bands = {name: answer for name, answer in answers.items() if answer.shape[-1] > 1}
    # The second and the last but one of eleven levels are 10 and 90 %.
    return rows + [
        Row(where, name, COVERAGE, float(((answer[:, 1] <= outturn) & (outturn <= answer[:, -2])).mean()), n=n)
        for name, answer in bands.items()
    ]


def together(rows: Sequence[Row]) -> list[Row]:
    """By group, history, model and metric, the median over series and months between the best and the worst."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for row in rows:
        group, _, task = row.task.partition(": ")
        history = TAUGHT if task.startswith(TAUGHT) else task.partition(" of ")[0]
        found.setdefault((f"{group}: {history}", row.model, row.metric), []).append(row.value)
    return [*rows, *(Row.of(task, model, metric, values) for (task, model, metric), values in found.items())]


def draw(rows: Sequence[Row], path: Path) -> None:
    """The error by days of history, for both groups, and the coverage."""
    value = {(row.task, row.model, row.metric): row.value for row in rows}
    with picture(path, 3, width=4.2, height=4.0) as (alone, with_official, bands):
        for axes, (official, group) in zip((alone, with_official), GROUPS.items(), strict=True):
            names = (SERVED, RIDGE, *((OFFICIAL_CORRECTED,) if official else ()))
            for name in names:
                errors = [value[f"{group}: {days} days", name, RATIO] for days in FEW]
                axes.plot(range(len(FEW)), errors, "o-", color=colour(name), label=name)
            axes.axhline(1.0, color=colour(NAIVE), linewidth=1, label="last week's hour")
            axes.axhline(
                value[f"{group}: {TAUGHT}", TAUGHT, RATIO],
                color=LIGHT["ink"],
                linestyle=":",
                linewidth=1,
                label="those that taught",
            )
            axes.set_xticks(range(len(FEW)), map(str, FEW))
            axes.set_xlabel("days of history")
            axes.legend(frameon=False, fontsize=8)
            title(axes, f"{group.capitalize()}:\nMAE over that of last week's hour")
        for group in GROUPS.values():
            shares = [value[f"{group}: {days} days", SERVED, COVERAGE] for days in FEW]
            bands.plot(range(len(FEW)), shares, "o-", label=group)
        bands.axhline(0.8, color=LIGHT["ink"], linewidth=1)
        bands.set_xticks(range(len(FEW)), map(str, FEW))
        bands.set_xlabel("days of history")
        bands.legend(frameon=False, fontsize=8)
        title(bands, "Share of outturns inside\nthe 80 % band")


if __name__ == "__main__":
    measure(run, draw)
