"""The calendar as users of Nixtla's libraries give it: columns of the local hour, weekday, season and holidays."""

from __future__ import annotations

import holidays
import numpy as np
import pandas as pd
from job import Job


def dates(times: pd.DatetimeIndex, job: Job) -> pd.DataFrame:
    """Numbers for trees: local time of day [h], weekday, day of the year, public holidays of the country around it."""
    local = times.tz_convert(job.timezone)
    days = local.tz_localize(None).normalize()
    free = holidays.country_holidays(job.country, years=range(days[0].year - 1, days[-1].year + 2))
    around = {
        f"holiday_{name}": (days + pd.Timedelta(days=shift)).isin(pd.DatetimeIndex(list(free)))
        for name, shift in (("yesterday", -1), ("today", 0), ("tomorrow", 1))
    }
    table = {"hour": local.hour + local.minute / 60, "weekday": local.dayofweek, "yearday": local.dayofyear}
    return pd.DataFrame({**table, **around}, index=times).astype(float)


def waves(times: pd.DatetimeIndex, job: Job) -> pd.DataFrame:
    """The same for networks: waves of the day, the week and the year, between -1 and 1, and the holidays."""
    table = dates(times, job)
    phases = {
        "day": table["hour"] / 24,
        "week": (table["weekday"] + table["hour"] / 24) / 7,
        "year": table["yearday"] / 365.25,
    }
    found = {
        f"{name}_{wave.__name__}{order}": wave(2 * np.pi * order * phase)
        for name, phase in phases.items()
        for order in (1, 2)
        for wave in (np.sin, np.cos)
    }
    return pd.DataFrame(found, index=times).join(table.filter(like="holiday"))
