"""statsforecast's MSTL on a job of the comparison: decomposed anew at every issue time, with its own intervals.

As in its tutorial on electricity load, the seasons are the day and the week, for the sun the day alone; what is left is
forecast by its default, exponential smoothing with a trend. It reads no covariates.
"""

from __future__ import annotations

import pandas as pd
from job import TARGET, Job, answer, filled, told
from statsforecast import StatsForecast
from statsforecast.models import MSTL

DAYS = 56
"""Eight weeks: what it decomposes."""


def run(job: Job, model: str) -> pd.DataFrame:
    """Every view is a series of its own."""
    day = job.per_day
    seasons = [day] if job.target == "solar" else [day, 7 * day]
    history, _ = job.panel(DAYS, lambda view: view[[TARGET]])
    history[TARGET] = history.groupby("unique_id")[TARGET].transform(filled)
    fitted = StatsForecast([MSTL(seasons)], freq=job.frequency)
    central = {round(abs(2 * level - 1) * 100): level for level in job.levels if level > 0.5}
    made = fitted.forecast(df=history, h=job.horizon, level=sorted(central))
    columns = ["MSTL" if level == 0.5 else _column(level) for level in job.levels]
    return told(made["unique_id"], made["ds"], made[columns].to_numpy(), job.levels)


def _column(level: float) -> str:
    return f"MSTL-{'lo' if level < 0.5 else 'hi'}-{round(abs(2 * level - 1) * 100)}"


if __name__ == "__main__":
    answer(run)
