"""Which of the published forecasts count: those that were there before the gate closed."""

from __future__ import annotations

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.time import Deadline, delivery_days
from gridahead.settings.model import Settings


def counted(forecasts: pd.DataFrame, series: Series, settings: Settings) -> pd.DataFrame:
    """The rows of published forecasts that count: those made in time, and in mode demo all of them."""
    if settings.mode != "live":
        return forecasts
    return made_in_time(forecasts, settings.gate_closure_of(series), settings.zone(series.zone).timezone)


def made_in_time(forecasts: pd.DataFrame, gate_closure: Deadline, timezone: str) -> pd.DataFrame:
    """The rows of forecasts that were made before the gate of their delivery day closed.

    What came later, late or as a refresh of the day that is being delivered, was of no use to the market and knew more.

    Args:
        forecasts: with `valid_time` and `made_at`.
        gate_closure: of the market.
        timezone: of the delivery days.
    """
    if forecasts.empty:
        return forecasts
    days = delivery_days(forecasts["valid_time"], timezone)
    closed_at = {day: gate_closure.for_delivery(day.date()) for day in days.unique()}
    return forecasts[forecasts["made_at"].to_numpy() <= days.map(closed_at).to_numpy()]
