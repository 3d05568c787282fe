"""Small series for the tests of the quality gate."""

import numpy as np
import pandas as pd

from gridahead.tables import OBSERVATIONS, Observations

DECIDED_AT = pd.Timestamp("2025-01-02T03:04:05Z")


def observations_of(
    start: str, end: str, *, zone="DE", quantity="load", timezone="Europe/Berlin", mtu="PT60M", value=50_000.0
) -> Observations:
    """A series from local midnight to local midnight, with a daily shape around the value."""
    step = pd.Timedelta(minutes=int(mtu[2:-1]))
    bounds = [pd.Timestamp(day).tz_localize(timezone).tz_convert("UTC") for day in (start, end)]
    times = pd.date_range(*bounds, freq=step, inclusive="left")
    frame = pd.DataFrame(
        {
            "zone": zone,
            "quantity": quantity,
            "valid_time": times,
            "available_at": times + step + pd.Timedelta(hours=1),
            "availability": "assumed",
            "value": value * (1 + 0.2 * np.sin(2 * np.pi * times.hour / 24)),
            "unit": "MW",
            "mtu": mtu,
            "source": "test",
            "batch": "0123456789abcdef",
        }
    )
    return Observations(OBSERVATIONS.check(frame))
