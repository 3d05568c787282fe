"""What every source has in common: it fetches raw payloads and parses each into observations.

Fetching touches the outside world and nothing else; parsing is pure. The payload is archived in between, so a wrong
parser is mended by parsing again, and every parser test runs offline.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from gridahead.grid import Series, quantity_of
from gridahead.tables import OBSERVATIONS, Observations
from gridahead.timeline import Deadline, Mtu, delivery_days


@dataclass(frozen=True, slots=True)
class RawPayload:
    """Bytes as received, what was asked for, and when they came."""

    source: str
    """Name of the source, such as smard."""
    name: str
    """Name of the file or request, for people."""
    content: bytes
    request: Mapping[str, object]
    """Everything that decides how the content is parsed."""
    retrieved_at: pd.Timestamp

    @property
    def batch(self) -> str:
        """Identity of content and request: 16 digits of their SHA-256."""
        digest = hashlib.sha256(json.dumps(self.request, sort_keys=True, default=str).encode())
        digest.update(self.content)
        return digest.hexdigest()[:16]


class Source(Protocol):
    """One way in for data."""

    name: str

    @property
    def official_available(self) -> Mapping[str, Deadline]:
        """From when each official forecast of the source may be used, by its series."""
        ...

    def fetch(self) -> Iterator[RawPayload]:
        """Every payload the source offers now.

        Raises:
            SourceError: the source cannot be read.
        """
        ...

    def parse(self, payload: RawPayload) -> Observations:
        """The observations in a payload.

        Raises:
            SourceError: the payload is not what this source sends; names the payload, the row and the remedy.
        """
        ...


def availability_after(valid_time: pd.DatetimeIndex, mtu: Mtu, lag: pd.Timedelta) -> pd.DatetimeIndex:
    """Assumed availability of a measured value: the end of its unit plus the source's publication lag."""
    return valid_time + mtu.delta + lag


def availability_by(valid_time: pd.DatetimeIndex, deadline: Deadline, timezone: str) -> pd.DatetimeIndex:
    """Assumed availability of a forecast: the deadline before the delivery day that each unit belongs to."""
    days = delivery_days(valid_time, timezone)
    instants = {day: deadline.for_delivery(day.date()) for day in days.unique()}
    return pd.DatetimeIndex(days.map(instants)).as_unit("us")


def observations(
    series: Series,
    valid_time: pd.DatetimeIndex,
    available_at: pd.DatetimeIndex,
    values: pd.Series,
    *,
    mtu: Mtu,
    payload: RawPayload,
    unit: str | None = None,
) -> Observations:
    """One series of a payload as observations with assumed availability; missing values make no row."""
    frame = pd.DataFrame(
        {
            "zone": series.zone,
            "quantity": series.quantity,
            "valid_time": valid_time,
            "available_at": available_at,
            "availability": "assumed",
            "value": values.to_numpy(dtype=float),
            "unit": unit or quantity_of(series.quantity).unit,
            "mtu": str(mtu),
            "source": payload.source,
            "batch": payload.batch,
        }
    )
    return Observations(OBSERVATIONS.check(frame[frame["value"].notna()]))
