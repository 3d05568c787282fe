"""What is a forecast worth that is made again every hour, as the delivery day comes nearer and then goes by?

German load of 2025, every fifth day of it, so that every weekday comes as often. One LSTM has learnt the years 2022 to
2024: issued at the deadline, 11:00 on the day before, and as of drawn hours until the delivery day ends, as a series
with `intraday = true` is trained. For each hour since the deadline the units that are still to be delivered are scored,
side by side:

- `refreshed`: the forecast made again with what is known by then.
- `kept`: the forecast of the deadline.
- `persistence`: the same plus the mean of its errors in the newest three hours that are known.
- `fading persistence`: that error loses half of itself every six hours.

So that it runs in minutes, the network is half as wide as that of the product, has one seed and half of its epochs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from common import Bench, Row, measure, say
from datasets import smard
from pictures import colour, picture, title

from gridahead.core.grid import ZONES, Series
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu, days_between
from gridahead.features.rows import mean_of_known
from gridahead.features.windows import Array, Windows, WindowSpec, build_windows
from gridahead.models.base import Quantiles, predict_each
from gridahead.models.bundle import TrainedModel
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.fit import fit
from gridahead.training.split import split

LOAD, WIND_SOLAR = Series("DE", "load"), Series("DE", "wind_solar")
SPEC = WindowSpec(
    LOAD,
    ZONES["DE"],
    Mtu.PT60M,
    Deadline.parse("D-1T1100[Europe/Berlin]"),
    14,
    past_covariates=(WIND_SOLAR,),
    future_covariates=(WIND_SOLAR.official,),
    issued_until=Deadline.parse("D-1T1200[Europe/Berlin]"),
    intraday=True,
)
BEGIN, HOLDOUT, LAST = pd.Timestamp("2022-01-01", tz="Europe/Berlin"), dt.date(2025, 1, 1), dt.date(2025, 12, 30)
EVERY_DAYS = 5
LAST_HOUR = 36
"""After the deadline: one hour of the delivery day is left."""
NEWEST_HOURS, HALF_LIFE_HOURS = 3, 6.0
LSTM = ModelSettings(cell="lstm", hidden=64, decoder_hidden=32, anchor="level")
WAYS = ("refreshed", "kept", "persistence", "fading persistence")


@dataclass(frozen=True)
class Kept:
    """What was forecast at the deadlines of N days."""

    windows: Windows
    median: Array
    """(N, H) [MW]"""

    def persistence(self, later: Windows, hours: int) -> Array:
        """The mean error of its newest hours that are known at later issue times, (N,) [MW]; 0 where none is known."""
        known = later.target_past[:, -hours:] - self.median[:, :hours]
        order = np.cumsum(~np.isnan(known[:, ::-1]), axis=1)[:, ::-1]
        newest = np.where(order <= NEWEST_HOURS, known, np.float32(np.nan))
        return np.nan_to_num(mean_of_known(newest, axis=1))


def run(bench: Bench) -> list[Row]:
    """All ways for every hour since the deadline."""
    observations = smard(bench)
    model = trained(Observations(observations[observations["valid_time"] >= BEGIN]), bench)
    days = days_between(HOLDOUT, LAST)[:: EVERY_DAYS * (8 if bench.quick else 1)]
    windows = build_windows(observations, SPEC, days)
    kept = Kept(windows, _median(model, predict_each(model, windows)))
    rows = scored(0, windows, {"kept": kept.median}, len(days))
    for hours in range(1, LAST_HOUR + 1, 12 if bench.quick else 1):
        say(f"{hours} hours since the deadline")
        later = build_windows(observations, SPEC, days, issue_times=[_later(day, hours) for day in days])
        answers = predict_each(model, later)
        rows += scored(hours, later, ways(kept, later, _median(model, answers), hours), len(days))
        rows.append(Row(_task(hours), "refreshed", "coverage_80", _coverage(model, answers, later), n=len(days)))
    return rows


def trained(observations: Observations, bench: Bench) -> TrainedModel:
    """The network, calibrated for every hour."""
    settings = TrainingSettings(holdout_start=HOLDOUT, epochs=1 if bench.quick else 12)
    found = fit("lstm", split(observations, SPEC, settings), LSTM, settings, lambda epoch: say(str(epoch)))
    return found.model.networks[0]


def ways(kept: Kept, later: Windows, refreshed: Array, hours: int) -> Mapping[str, Array]:
    """The median of each way for the units of later windows, (N, H) [MW]."""
    before = kept.median[:, hours : hours + later.target.shape[1]]
    error = kept.persistence(later, hours)[:, None]
    left = 0.5 ** (np.arange(before.shape[1]) / HALF_LIFE_HOURS)
    answers: tuple[Array, ...] = (refreshed, before, before + error, (before + error * left).astype(np.float32))
    return dict(zip(WAYS, answers, strict=True))


def scored(hours: int, windows: Windows, answers: Mapping[str, Array], days: int) -> list[Row]:
    """The mean absolute error of each way over the units that are left [MW]."""
    counted = windows.delivery & ~np.isnan(windows.target)
    return [
        Row(_task(hours), way, "mae", float(np.abs(answer - windows.target)[counted].mean()), n=days)
        for way, answer in answers.items()
    ]


def draw(rows: Sequence[Row], path: Path) -> None:
    """The error of each way by hours since the deadline."""
    with picture(path, 1, width=7.0) as (axes,):
        shades = {"refreshed": "gridahead", "kept": "official", "persistence": "naive", "fading persistence": "gru"}
        for way, shade in shades.items():
            own = [(_hours(row), row.value) for row in rows if row.model == way and row.metric == "mae"]
            axes.plot(*zip(*own, strict=True), label=way, color=colour(shade))
        axes.axvline(13, color=colour("naive"), linewidth=0.8)
        axes.set_xlabel("Hours since the deadline; the delivery day begins at 13")
        axes.legend(frameon=False)
        title(axes, "Mean absolute error of the hours that are left, German load [MW]")


def _later(day: dt.date, hours: int) -> pd.Timestamp:
    return SPEC.deadline.for_delivery(day) + pd.Timedelta(hours=hours)


def _median(model: TrainedModel, answers: Quantiles) -> Array:
    return answers[..., model.quantiles.index(0.5)]


def _coverage(model: TrainedModel, answers: Quantiles, windows: Windows) -> float:
    counted = windows.delivery & ~np.isnan(windows.target)
    low, high = (answers[..., model.quantiles.index(level)][counted] for level in (0.1, 0.9))
    outturn = windows.target[counted]
    return float(((low <= outturn) & (outturn <= high)).mean())


def _task(hours: int) -> str:
    return f"{hours:02d} h since the deadline"


def _hours(row: Row) -> int:
    return int(row.task[:2])


if __name__ == "__main__":
    measure(run, draw)
