"""What guessed settings read of a file, and whether its history is long enough to learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from gridahead.config import TrainingSettings
from gridahead.grid import BiddingZone, Series
from gridahead.tables import Observations
from gridahead.timeline import Mtu, delivery_days, now
from gridahead.training.split import MIN_DAYS
from gridahead.vintages import of_series

SHORTEST_CONTEXT = 8
"""Days of context for a short history: the fewest that the settings allow, a week and the day before."""
NEEDED_DAYS = MIN_DAYS + SHORTEST_CONTEXT + 1
"""Days of a history that can be learnt from: those that are learnt, and what the first of them looks back at."""
WORKERS = 2
"""Fits in parallel, as the settings have it without being told; it stands there to be changed."""
_OLD = pd.Timedelta(days=7)
"""A newest value that is older is said: the forecast is for the day after it, not for tomorrow."""
_SOON = pd.Timedelta(days=2)
"""Measured values that lie further ahead than any time zone explains are said."""


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
    """What was read, by series."""
    return [
        _found(Series(str(zone), str(quantity)), rows)
        for (zone, quantity), rows in observations.groupby(["zone", "quantity"], sort=False)
    ]


def _found(series: Series, rows: pd.DataFrame) -> SeriesFound:
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
        why = "Every day may be learnt. With `holdout_start = 2025-01-01` days from then on are for scores only."
        return Training({"workers": WORKERS}, why)
    return Training(
        {"context_days": SHORTEST_CONTEXT, "workers": WORKERS},
        f"The history is short, {days} days: models look back {SHORTEST_CONTEXT} days and not {usual}, so that more "
        "days are left to learn from. Take `context_days` out when there are more.",
        is_short=True,
    )


def _days(observations: Observations, series: Series, zone: BiddingZone) -> int:
    """Delivery days from the first to the last of a series."""
    rows = of_series(observations, series)
    if rows.empty:
        return 0
    days = delivery_days(rows["valid_time"], zone.timezone)
    return int((days.max() - days.min()) / pd.Timedelta(days=1)) + 1


def advice(
    observations: Observations,
    found: Sequence[SeriesFound],
    measured: Mapping[Series, BiddingZone],
    training: Training | None,
) -> list[str]:
    """What cannot be done with the files yet, or is worth a thought."""
    said = []
    for series, zone in measured.items():
        days = _days(observations, series, zone)
        if days == 0:
            said.append(f"{series} has no value at all, so there is nothing to forecast from. Is it the right column?")
        elif days < NEEDED_DAYS:
            said.append(
                f"{series} has {days} days and training needs {NEEDED_DAYS}: `gridahead ingest` works, `gridahead "
                "train` needs a longer history"
            )
    if training is None:
        names = ", ".join(f'"{one.series}"' for one in found)
        said.append(
            "the file holds covariates alone, which no series reads yet. Add a line to the [[series]] that should: "
            f"past_covariates = [{names}], or future_covariates if they are forecasts"
        )
    elif training.is_short and not said:
        said.append(training.why)
    if not observations.empty:
        newest = (
            observations["valid_time"].max().tz_convert(next(iter(measured.values())).timezone if measured else "UTC")
        )
        if now() - newest > _OLD:
            said.append(f"the newest value is of {newest:%Y-%m-%d}: `gridahead forecast` is for the day after it")
        elif newest - now() > _SOON:
            said.append(
                f"the newest value is of {newest:%Y-%m-%d}, which is to come. Is that measured? Check the dates"
            )
    return said
