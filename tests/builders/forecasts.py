"""Forecast rows of one delivery day, as a model would issue them."""

import datetime as dt

import pandas as pd

from gridahead.core.tables import FORECASTS, Forecasts
from gridahead.core.time import Deadline, Mtu, delivery_range

BERLIN = "Europe/Berlin"
ELEVEN = Deadline.parse("D-1T1100[Europe/Berlin]")


def forecast_of(day: str, *, level=50_000.0, levels=(0.1, 0.5, 0.9), mtu=Mtu.PT60M, **changes) -> Forecasts:
    """level + n in the n-th unit of the day, 1 000 MW a tenth of quantile level around it."""
    delivery = dt.date.fromisoformat(day)
    times = delivery_range(delivery, BERLIN).times(mtu)
    cells = [(time, q, level + n + 10_000 * (q - 0.5)) for n, time in enumerate(times) for q in levels]
    frame = pd.DataFrame(cells, columns=["valid_time", "quantile", "value_mw"])
    told = {
        "run": "live",
        "zone": "DE",
        "quantity": "load",
        "model": "gru",
        "issue_time": ELEVEN.for_delivery(delivery),
        "mtu": str(mtu),
        "model_version": "3",
        "rung": "full",
        "data_hash": "0123456789abcdef",
        "made_at": pd.Timestamp("2026-01-01T00:00Z"),
    }
    return Forecasts(FORECASTS.check(frame.assign(**{**told, **changes})))
