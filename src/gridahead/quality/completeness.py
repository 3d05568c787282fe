"""Which delivery days are whole: 23, 24 or 25 hours in the local time of the zone."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import numpy as np
import pandas as pd

from gridahead.core.resolution import at_mtu
from gridahead.core.tables import Observations
from gridahead.core.time import Mtu, delivery_days, delivery_range
from gridahead.core.vintages import micros
from gridahead.settings.model import Settings

COMPLETENESS_COLUMNS = [
    "series",
    "rows",
    "withheld",
    "flagged",
    "first",
    "last",
    "newest",
    "days_expected",
    "days_complete",
    "missing_mtus",
]
_KEY = ["zone", "quantity"]
_DAY = pd.Timedelta(days=1)


def daily_completeness(rows: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Expected and found market time units of every delivery day of one series.

    The first and the last day are left out, since a series may begin and end at any hour. A valid time counts once,
    however many vintages it has; its newest one gives the market time unit. On a day that has several units, the
    shortest of them are counted.

    Args:
        rows: rows of one series with a valid time.
        timezone: the local time of its zone.

    Returns:
        One row a day: zone, quantity, delivery_day, expected_mtus, found_mtus, mtu.
    """
    rows = _one_unit_a_day(rows, timezone)
    valid = micros(rows["valid_time"])
    order = np.lexsort((micros(rows["available_at"]), valid))
    newest = order[np.r_[valid[order][1:] != valid[order][:-1], True]]
    days = delivery_days(rows["valid_time"].iloc[newest], timezone)
    since_first = (days - days.iloc[0]).dt.days.to_numpy()
    calendar = pd.date_range(days.iloc[0], days.iloc[-1], freq="D")
    last = np.searchsorted(since_first, np.arange(len(calendar)), side="right") - 1  # of the day, or of those before
    mtus, found = rows["mtu"].to_numpy()[newest][last], np.bincount(since_first, minlength=len(calendar))
    inside = slice(1, -1)
    expected = [
        _expected(day, timezone, Mtu(mtu)) for day, mtu in zip(calendar[inside].date, mtus[inside], strict=True)
    ]
    return pd.DataFrame(
        {
            "zone": rows["zone"].iloc[0],
            "quantity": rows["quantity"].iloc[0],
            "delivery_day": calendar[inside],
            "expected_mtus": np.array(expected, dtype=np.int64),
            "found_mtus": found[inside],
            "mtu": mtus[inside],
        }
    )


def _one_unit_a_day(rows: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """The rows, on days with several market time units brought to the shortest of them."""
    if (rows["mtu"] == rows["mtu"].iloc[0]).all():
        return rows
    days = delivery_days(rows["valid_time"], timezone).set_axis(rows.index)
    several = rows["mtu"].groupby(days).transform("nunique") > 1
    parts = [rows[~several]]
    for _, part in rows[several].groupby(days[several]):
        shortest = min(map(Mtu, part["mtu"].unique()), key=lambda mtu: mtu.delta)
        parts.append(at_mtu(Observations(part), shortest, timezone))
    return pd.concat(parts, ignore_index=True)


@lru_cache(maxsize=100_000)
def _expected(day: dt.date, timezone: str, mtu: Mtu) -> int:
    """Market time units of a delivery day; remembered, since all series of a zone ask for the same days."""
    time_range = delivery_range(day, timezone)
    return int((time_range.end - time_range.start) / mtu.delta)


def days_of(accepted: pd.DataFrame, touched: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The delivery days of all series that the touched rows lie in, as `daily_completeness` gives them.

    Args:
        accepted: rows of any number of series.
        touched: the rows among them, or withheld from them, whose days are of interest.
        settings: where zones have their local time.
    """
    spans = touched.groupby(_KEY)["valid_time"].agg(first="min", last="max").reset_index()
    rows = accepted.merge(spans, on=_KEY)
    # From the last day that was there before: a gap ends where new rows begin.
    earlier = rows["valid_time"].where(rows["valid_time"] < rows["first"] - _DAY)
    before = earlier.groupby([rows["zone"], rows["quantity"]]).transform("max")
    rows = rows.assign(since=before.fillna(rows["first"] - _DAY))
    near = rows[rows["valid_time"].between(rows["since"] - 2 * _DAY, rows["last"] + 2 * _DAY)]
    parts = []
    for _, of_series in near.groupby(_KEY, sort=True):
        timezone = settings.zone(str(of_series["zone"].iloc[0])).timezone
        days = daily_completeness(of_series[accepted.columns], timezone)
        bounds = delivery_days(of_series[["since", "last"]].iloc[0], timezone)
        parts.append(days[days["delivery_day"].between(*bounds)])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def completeness_table(rows: pd.DataFrame, days: pd.DataFrame, newest: pd.Series) -> pd.DataFrame:
    """One line a series: rows, how many are withheld or flagged, delivery days, how many are whole, what is missing.

    Args:
        rows: the inspected rows, with the columns `withheld` and `flagged`.
        days: as `days_of` gives them.
        newest: by zone and quantity, the newest valid time that there is; those of inspected rows may be old ones.
    """
    lines = rows.groupby(_KEY).agg(
        rows=("value", "size"),
        withheld=("withheld", "sum"),
        flagged=("flagged", "sum"),
        first=("valid_time", "min"),
        last=("valid_time", "max"),
    )
    lines["newest"] = newest.reindex(lines.index)
    lines["days_expected"] = lines["days_complete"] = lines["missing_mtus"] = 0
    if not days.empty:
        missing = (days["expected_mtus"] - days["found_mtus"]).clip(lower=0)
        daily = days.assign(missing=missing, complete=days["expected_mtus"] == days["found_mtus"]).groupby(_KEY)
        lines["days_expected"] = daily.size().reindex(lines.index, fill_value=0)
        lines["days_complete"] = daily["complete"].sum().reindex(lines.index, fill_value=0)
        lines["missing_mtus"] = daily["missing"].sum().reindex(lines.index, fill_value=0)
    lines = lines.reset_index()
    lines["series"] = lines["zone"] + "/" + lines["quantity"]
    return lines[COMPLETENESS_COLUMNS]
