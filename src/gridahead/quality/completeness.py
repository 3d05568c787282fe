"""Which delivery days are whole: 23, 24 or 25 hours in the local time of the zone."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import pandas as pd

from gridahead.timeline import Mtu, delivery_days, delivery_window


def daily_completeness(rows: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Expected and found market time units of every delivery day of one series.

    The first and the last day are left out, since a series may begin and end at any hour. A valid time counts once,
    however many vintages it has; its newest one says what the market time unit is.

    Args:
        rows: rows of one series with a valid time.
        timezone: the local time of its zone.

    Returns:
        One row a day: zone, quantity, delivery_day, expected_mtus, found_mtus, mtu.
    """
    newest = rows.sort_values("available_at").drop_duplicates("valid_time", keep="last").sort_values("valid_time")
    days = delivery_days(newest["valid_time"], timezone).to_numpy()
    found = newest.groupby(days).agg(found_mtus=("value", "size"), mtu=("mtu", "last"))
    calendar = pd.date_range(found.index[0], found.index[-1], freq="D")[1:-1]
    daily = found.reindex(found.index.union(calendar)).assign(mtu=lambda day: day["mtu"].ffill()).loc[calendar]
    expected = [_expected(day, timezone, Mtu(mtu)) for day, mtu in zip(calendar.date, daily["mtu"], strict=True)]
    return pd.DataFrame(
        {
            "zone": rows["zone"].iloc[0],
            "quantity": rows["quantity"].iloc[0],
            "delivery_day": calendar,
            "expected_mtus": pd.Series(expected, dtype="int64").to_numpy(),
            "found_mtus": daily["found_mtus"].fillna(0).astype("int64").to_numpy(),
            "mtu": daily["mtu"].to_numpy(),
        }
    )


@lru_cache(maxsize=100_000)
def _expected(day: dt.date, timezone: str, mtu: Mtu) -> int:
    """Market time units of a delivery day; remembered, since all series of a zone ask for the same days."""
    window = delivery_window(day, timezone)
    return int((window.end - window.start) / mtu.delta)
