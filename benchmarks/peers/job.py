"""What every peer of the comparison reads, and how it answers: nothing is seen before it was available.

A job is a folder with `job.json` and `rows.parquet`: every vintage of every input in one long table, with the time it
describes and the time from which it could be known. Peers read it through `Job` only. This file runs in environments of
their own and knows pandas, nothing of gridahead.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TARGET = "y"


@dataclass(frozen=True)
class Job:
    """One task: a series, its inputs and the issue times of the year that is scored."""

    rows: dict[str, pd.DataFrame]
    """By input, sorted: valid_time, available_at (both UTC), value [MW]."""
    target: str
    ahead: list[str]
    """Inputs that are known over the delivery day when a forecast is issued; the official forecast is the first."""
    past: list[str]
    """Inputs that are not."""
    issue_times: pd.DatetimeIndex
    delivery_ends: pd.DatetimeIndex
    step: pd.Timedelta
    """Market time unit."""
    delay: pd.Timedelta
    """From the start of a unit to the publication of its outturn."""
    levels: list[float]
    timezone: str
    country: str
    low: float | None
    """Physical lower bound [MW]."""
    quick: bool

    @classmethod
    def read(cls, folder: Path) -> Job:
        """The job that lies in a folder."""
        about: dict[str, Any] = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        rows = pd.read_parquet(folder / "rows.parquet").sort_values(["valid_time", "available_at"])
        times = {name: pd.DatetimeIndex(about.pop(name)) for name in ("issue_times", "delivery_ends")}
        spans = {name: pd.Timedelta(minutes=about.pop(f"{name}_minutes")) for name in ("step", "delay")}
        by_series = {name: group for name, group in rows.groupby("series")}  # noqa: C416
        return cls(rows={str(name): group for name, group in by_series.items()}, **times, **spans, **about)

    @property
    def origins(self) -> pd.DatetimeIndex:
        """For each issue time, the first unit whose outturn is not known yet."""
        return (self.issue_times - self.delay).floor(self.step) + self.step

    @property
    def horizon(self) -> int:
        """Units from the origin to the end of the longest delivery."""
        return int(((self.delivery_ends - self.origins) // self.step).max())

    @property
    def per_day(self) -> int:
        """Units in 24 hours."""
        return int(pd.Timedelta(days=1) // self.step)

    def known(self, name: str, instant: pd.Timestamp, times: pd.DatetimeIndex) -> np.ndarray:
        """The newest vintage of an input at some times, as of an instant; NaN where nothing was known then."""
        rows = self.rows[name]
        first, last = rows["valid_time"].searchsorted([times[0], times[-1] + self.step])
        near = rows.iloc[first:last]
        near = near[near["available_at"] <= instant].drop_duplicates("valid_time", keep="last")
        return near.set_index("valid_time")["value"].reindex(times).to_numpy()

    def as_of(self, instant: pd.Timestamp, times: pd.DatetimeIndex) -> pd.DataFrame:
        """All inputs as of an instant, by time: `y` and every covariate under its name."""
        names = {TARGET: self.target, **{name: name for name in (*self.ahead, *self.past)}}
        return pd.DataFrame({name: self.known(of, instant, times) for name, of in names.items()}, index=times)

    def training(self) -> pd.DataFrame:
        """Everything before the first origin, as it was known at the first issue time."""
        first = self.rows[self.target]["valid_time"].iloc[0]
        times = pd.date_range(first, self.origins[0], freq=self.step, inclusive="left")
        return self.as_of(self.issue_times[0], times)

    def view(self, number: int, days: float) -> pd.DataFrame:
        """What one forecast may read: so many days before its origin, and the horizon, where `y` is NaN."""
        origin = self.origins[number]
        times = pd.date_range(origin - pd.Timedelta(days=days), origin + self.horizon * self.step, freq=self.step)[:-1]
        return self.as_of(self.issue_times[number], times)

    def panel(self, days: float, prepare: Callable[[pd.DataFrame], pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """All views as series of their own, one an issue time: what came before the origin, and the horizon.

        Columns are `unique_id` (the number of the issue time), `ds` (UTC, without a zone) and those of the prepared
        views.
        """
        before, ahead = [], []
        for number, origin in enumerate(self.origins):
            long = self.long(prepare(self.view(number, days)), number)
            is_before = long["ds"] < origin.tz_localize(None)
            before.append(long[is_before])
            ahead.append(long[~is_before].drop(columns=TARGET))
        return pd.concat(before, ignore_index=True), pd.concat(ahead, ignore_index=True)

    def long(self, frame: pd.DataFrame, number: int = 0) -> pd.DataFrame:
        """A frame by time in the form that Nixtla's libraries read."""
        times = frame.index.tz_localize(None).as_unit("ns")
        return frame.assign(unique_id=number, ds=times).reset_index(drop=True)

    @property
    def frequency(self) -> str:
        """The market time unit as pandas writes it."""
        return f"{int(self.step // pd.Timedelta(minutes=1))}min"


def complete(frame: pd.DataFrame, longest: int) -> pd.DataFrame:
    """Without gaps, for models that know none: it begins after the last gap of more than `longest` units.

    Shorter gaps repeat what was there before. The horizon has no `y`, and keeps none.
    """
    covariates = [name for name in frame if name != TARGET]
    missing = frame[covariates].isna().any(axis=1)
    run = missing.groupby((~missing).cumsum()).cumsum()
    long = np.flatnonzero(run.to_numpy() > longest)
    kept = frame.iloc[long[-1] + 1 if len(long) else 0 :]
    return kept.assign(**kept[covariates].ffill().bfill())


def filled(values: pd.Series) -> pd.Series:
    """A history without gaps: between two known values a line, at the end the last one."""
    return values.interpolate().ffill().bfill()


def answer(run: Callable[[Job, str], pd.DataFrame]) -> None:
    """Forecast the job on the command line with the model on the command line, keep the answer in the file there.

    The answer has `issue` (number of the issue time), `valid_time` (UTC) and one column a level.
    """
    folder, model, file = sys.argv[1:]
    told = run(Job.read(Path(folder)), model)
    told.to_parquet(file, index=False)


def told(number: np.ndarray, times: Any, quantiles: np.ndarray, levels: list[float]) -> pd.DataFrame:
    """The answer as a table; times without a zone are UTC."""
    stamps = pd.to_datetime(pd.Series(np.asarray(times)), utc=True)
    frame = pd.DataFrame(quantiles, columns=[str(level) for level in levels])
    return frame.assign(issue=np.asarray(number, int), valid_time=stamps.dt.as_unit("us").to_numpy())
