"""Made-up observations, whose values and clocks a reader can work out in the head."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gridahead.core.grid import ZONES, Series
from gridahead.core.tables import OBSERVATIONS, RULINGS, VERDICTS, Observations, Rulings, Verdicts
from gridahead.core.time import Mtu

DE = ZONES["DE"]
LOAD = Series("DE", "load")
WIND_SOLAR = Series("DE", "wind_solar")


def hours(start: str | pd.Timestamp, count: int, mtu: Mtu = Mtu.PT60M) -> pd.DatetimeIndex:
    """So many market time units from an instant on."""
    return pd.date_range(start, periods=count, freq=mtu.delta).tz_convert("UTC")


def rows(
    series: Series,
    valid_time: pd.DatetimeIndex,
    values: Sequence[float] | np.ndarray | float,
    available_at: pd.DatetimeIndex | pd.Timestamp,
    *,
    mtu: Mtu = Mtu.PT60M,
    availability: str = "assumed",
    unit: str = "MW",
    source: str = "test",
) -> Observations:
    """One series, checked."""
    frame = pd.DataFrame(
        {
            "zone": series.zone,
            "quantity": series.quantity,
            "valid_time": valid_time,
            "available_at": available_at,
            "availability": availability,
            "value": np.asarray(values, dtype=float),
            "unit": unit,
            "mtu": str(mtu),
            "source": source,
            "batch": "0123456789abcdef",
        }
    )
    return Observations(OBSERVATIONS.check(frame))


def measured(series: Series, valid_time: pd.DatetimeIndex, values, *, mtu: Mtu = Mtu.PT60M) -> Observations:
    """Values that appear an hour after the end of their unit."""
    return rows(series, valid_time, values, valid_time + mtu.delta + pd.Timedelta(hours=1), mtu=mtu)


def day_ahead(
    series: Series, valid_time: pd.DatetimeIndex, values, *, hour: int = 10, mtu: Mtu = Mtu.PT60M
) -> Observations:
    """A forecast of each local day in Berlin that appears at that wall-clock hour of the day before."""
    midnight = valid_time.tz_convert("Europe/Berlin").tz_localize(None).normalize()
    appeared = (midnight - pd.Timedelta(days=1) + pd.Timedelta(hours=hour)).tz_localize("Europe/Berlin")
    return rows(series, valid_time, values, appeared, mtu=mtu)


def together(*parts: Observations) -> Observations:
    """Several series in one frame."""
    return Observations(OBSERVATIONS.check(pd.concat(parts, ignore_index=True)))


def judged(
    rows: pd.DataFrame,
    rule: str = "range",
    severity: str = "quarantine",
    known_at: str | pd.Timestamp = "2025-02-01T00:00Z",
) -> Verdicts:
    """A verdict of the gate on every one of the rows, known from an instant on."""
    told = rows.assign(rule=rule, severity=severity, reason="too high")
    told = told.assign(known_at=pd.Timestamp(known_at), decided_at=pd.Timestamp("2025-02-01T00:00Z"))
    return Verdicts(VERDICTS.check(VERDICTS.select(told)))


def rulings_on(rows: pd.DataFrame, ruling: str, at: str = "2025-02-02T00:00Z") -> Rulings:
    """A person's ruling on every one of the rows."""
    told = rows.assign(ruling=ruling, reason="I asked", decided_by="ana", decided_at=pd.Timestamp(at))
    return Rulings(RULINGS.check(RULINGS.select(told)))
