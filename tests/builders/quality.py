"""Small series for the tests of the quality gate."""

import numpy as np
import pandas as pd

from builders.rows import rows
from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.core.time import Mtu

DECIDED_AT = pd.Timestamp("2025-01-02T03:04:05Z")


def observations_of(
    start: str, end: str, *, zone="DE", quantity="load", timezone="Europe/Berlin", mtu="PT60M", value=50_000.0
) -> Observations:
    """A series from local midnight to local midnight, with a daily shape around the value."""
    step = pd.Timedelta(minutes=int(mtu[2:-1]))
    first, last = (pd.Timestamp(day).tz_localize(timezone).tz_convert("UTC") for day in (start, end))
    times = pd.date_range(first, last, freq=step, inclusive="left")
    values = value * (1 + 0.2 * np.sin(2 * np.pi * times.hour / 24))
    return rows(Series(zone, quantity), times, values, times + step + pd.Timedelta(hours=1), mtu=Mtu(mtu))
