"""What guessed settings read of a file, and whether its history is long enough to learn from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from gridahead.core.grid import BiddingZone, Series
from gridahead.core.tables import Observations
from gridahead.core.time import Mtu, last_ended_day, now
from gridahead.core.vintages import of_series
from gridahead.forecasting.issue import LATE_AFTER_HOURS
from gridahead.settings.training import TrainingSettings
from gridahead.sources.sniff import written
from gridahead.training.split import MIN_DAYS

SHORTEST_CONTEXT = 8
"""Days of context for a short history: the fewest that the settings allow, a week and the day before."""
NEEDED_DAYS = MIN_DAYS + SHORTEST_CONTEXT + 1
"""Days of a history that can be learnt from: those that are learnt, and what the first of them looks back at."""
WORKERS = 2
"""Fits in parallel, as is the default; it is written down to be changed."""
_OLD = pd.Timedelta(days=7)
"""A newest value that is older is reported: the forecast is for a day of then, not for tomorrow."""
_SOON = pd.Timedelta(days=2)
"""Measured values that lie further ahead than any time zone explains are reported."""


@dataclass(frozen=True)
class SeriesFound:
    """What was read of one series."""

    series: Series
    unit: str
    mtu: str
    rows: int
    first: pd.Timestamp
    last: pd.Timestamp
    mean: float
    low: float
    high: float
    gaps: int
    """Units between the first and the last that have no value."""

    @property
    def values(self) -> tuple[float, float, float]:
        """Mean, lowest and highest [unit]."""
        return self.mean, self.low, self.high


@dataclass(frozen=True)
class Training:
    """The section `[training]`, and why it is so."""

    keys: dict[str, object]
    why: str
    is_short: bool = False


def preview(observations: Observations) -> list[SeriesFound]:
    """The range, the gaps and the level of every series that was read."""
    return [
        _series_found(Series(str(zone), str(quantity)), rows)
        for (zone, quantity), rows in observations.groupby(["zone", "quantity"], sort=False)
    ]


def _series_found(series: Series, rows: pd.DataFrame) -> SeriesFound:
    times, values = rows["valid_time"].drop_duplicates().sort_values(), rows["value"]
    lengths = rows.drop_duplicates("valid_time").sort_values("valid_time")["mtu"].map(lambda mtu: Mtu(mtu).delta)
    missing = (times.diff().shift(-1) / lengths - 1).clip(lower=0).fillna(0)
    return SeriesFound(
        series=series,
        unit=str(rows["unit"].iloc[0]),
        mtu=", ".join(rows["mtu"].unique()),
        rows=len(rows),
        first=times.iloc[0],
        last=times.iloc[-1],
        mean=float(values.mean()),
        low=float(values.min()),
        high=float(values.max()),
        gaps=round(float(missing.sum())),
    )


def training_for(observations: Observations, measured: Mapping[Series, BiddingZone]) -> Training | None:
    """Settings of the training that the shortest history allows; None where nothing is measured."""
    if not measured:
        return None
    usual = TrainingSettings().context_days
    days = min(_days(observations, series, zone) for series, zone in measured.items())
    if days >= MIN_DAYS + usual + 1:
        last = max(day for series, zone in measured.items() if (day := _last_day(observations, series, zone)))
        later = last - dt.timedelta(days=days // 10)
        why = f"Every day may be learnt. With `holdout_start = {later}` days from then on are for scores only."
        return Training({"workers": WORKERS}, why)
    return Training(
        {"context_days": SHORTEST_CONTEXT, "workers": WORKERS},
        f"The history is short, {days} days: models look back {SHORTEST_CONTEXT} days and not {usual}, so that more "
        "days are left to learn from. Take `context_days` out when there are more.",
        is_short=True,
    )


def _days(observations: Observations, series: Series, zone: BiddingZone) -> int:
    """Delivery days from the first to the last of a series; one that has only begun is none."""
    last = _last_day(observations, series, zone)
    if last is None:
        return 0
    first = of_series(observations, series)["valid_time"].min().tz_convert(zone.timezone).date()
    return int((last - first).days) + 1


def _last_day(observations: Observations, series: Series, zone: BiddingZone) -> dt.date | None:
    """The last local day of a series that its values reach the end of; None where it has no value."""
    end = _end(observations, series)
    return None if end is None else last_ended_day(end, zone.timezone)


def _end(observations: Observations, series: Series) -> pd.Timestamp | None:
    """The end of the newest value of a series; None where it has no value."""
    rows = of_series(observations, series)
    if rows.empty:
        return None
    newest = rows.iloc[int(rows["valid_time"].argmax())]
    return pd.Timestamp(newest["valid_time"] + Mtu(newest["mtu"]).delta)


def advice(observations: Observations, measured: Mapping[Series, BiddingZone], training: Training | None) -> list[str]:
    """What cannot be done with the files yet, or is worth a thought."""
    messages = []
    for series, zone in measured.items():
        days = _days(observations, series, zone)
        if days == 0:
            messages.append(
                f"{series} has no value at all, so there is nothing to forecast from. Is it the right column?"
            )
        elif days < NEEDED_DAYS:
            messages.append(
                f"{series} has {days} days and training needs {NEEDED_DAYS}: `gridahead ingest` works, `gridahead "
                "train` needs a longer history"
            )
    if training is not None and training.is_short and not messages:
        messages.append(training.why)
    return messages + _newest(observations, measured)


def is_current(observations: Observations, measured: Iterable[Series]) -> bool:
    """Whether the values of a measured series reach the present, so that tomorrow can be forecast."""
    ends = (_end(observations, series) for series in measured)
    return any(end is not None and now() - end <= _OLD for end in ends)


def _newest(observations: Observations, measured: Mapping[Series, BiddingZone]) -> list[str]:
    """Which day is forecast where it is not tomorrow, a line for all series with the same one."""
    series_by_text: dict[str, list[str]] = {}
    for series, zone in measured.items():
        if (end := _end(observations, series)) is None:
            continue
        local = f"{end.tz_convert(zone.timezone):%Y-%m-%d %H:%M}"
        if now() - end > _OLD:
            text = f"end at {local} local time: `gridahead forecast` is for {_day_to_forecast(end, zone)}"
            series_by_text.setdefault(text, []).append(str(series))
        elif end - now() > _SOON:
            text = f"end at {local} local time, which is to come. Are they measured? Check the dates"
            series_by_text.setdefault(text, []).append(str(series))
    return [f"the values of {', '.join(names)} {text}" for text, names in series_by_text.items()]


def _day_to_forecast(end: pd.Timestamp, zone: BiddingZone) -> dt.date:
    """The newest delivery day for which the values that end then are not too old at the deadline."""
    deadline, fresh_until = written.deadline_of(zone), end + pd.Timedelta(hours=LATE_AFTER_HOURS)
    day = deadline.delivery_day(fresh_until)
    return day if deadline.for_delivery(day) == fresh_until else day - dt.timedelta(days=1)
