"""Rows that are hours apart, such as those of a weather model every three hours, as hours of a straight line."""

from __future__ import annotations

import numpy as np
import pandas as pd

HOUR = pd.Timedelta(hours=1)


def hours_between(
    valid_time: pd.DatetimeIndex, values: pd.Series, step: pd.Timedelta
) -> tuple[pd.DatetimeIndex, pd.Series]:
    """Every hour from a row to the next one, where both are there and so far apart; other rows as they are.

    Args:
        valid_time: (T,) rising.
        values: (T,) of the instants; NaN where there is none.
        step: from row to row, whole hours.
    """
    hours, own = int(step / HOUR), values.to_numpy(dtype=float)
    if len(own) < 2:
        return valid_time, values
    begins, joined = (
        valid_time[:-1],
        (valid_time[1:] - valid_time[:-1] == step) & ~np.isnan(own[:-1]) & ~np.isnan(own[1:]),
    )
    parts = [pd.Series(own, index=valid_time)]
    for hour in range(1, hours):
        share = hour / hours
        between = (1 - share) * own[:-1][joined] + share * own[1:][joined]
        parts.append(pd.Series(between, index=begins[joined] + hour * HOUR))
    together = pd.concat(parts).sort_index(kind="stable")
    return pd.DatetimeIndex(together.index), together.reset_index(drop=True)
