"""Small files of hourly load as text, for the tests of what is guessed about them."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd


def curve(times: pd.DatetimeIndex, level: float = 1000.0) -> list[float]:
    """A load with a morning and an evening: 80 % of its level at night, 120 % at noon."""
    return [round(level * (0.8 if hour < 6 else 1.2 if 10 <= hour < 15 else 1.0) + hour, 2) for hour in times.hour]


def table(
    start: str,
    hours: int,
    write: Callable[[pd.Timestamp, float], str],
    header: str = "time,load",
    timezone: str = "UTC",
) -> str:
    """A header and one line an hour, in the local time of a zone."""
    times = pd.date_range(pd.Timestamp(start, tz="UTC"), periods=hours, freq="h").tz_convert(timezone)
    lines = [write(time, value) for time, value in zip(times, curve(times), strict=True)]
    return "\n".join([header, *lines]) + "\n"


def iso(time: pd.Timestamp, value: float) -> str:
    """2024-01-01 00:00,1000.5"""
    return f"{time:%Y-%m-%d %H:%M},{value}"
