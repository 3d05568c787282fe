"""What every source has in common: it fetches raw payloads and parses each into observations.

Fetching touches the outside world and nothing else; parsing is pure. The payload is archived in between, so a wrong
parser is mended by parsing again, and every parser test runs offline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.fingerprint import digest
from gridahead.core.grid import Series, quantity_of
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu, TimeRange, delivery_days
from gridahead.sources.wanted import Wanted

ZONES_READ = "zones_read"
"""Under which the request of a payload that has many zones says for which of them it is read."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A window of one item in one zone, of which every answer has come."""

    item: str
    zone: str
    window: TimeRange


@dataclass(frozen=True)
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
    origin: str = ""
    """Where it lay, such as the path of a file: what comes from there later is a newer version of it."""
    after: str = ""
    """The batch of the delivery before it, where the same bytes had been there already."""
    asked: Mapping[str, object] = field(default_factory=dict)
    """What was asked of a service, without any secret; nothing of a file."""
    completes: tuple[Fetched, ...] = ()
    """The windows of which nothing is missing once it is taken in."""
    parts: tuple[Mapping[str, object], ...] = ()
    """What would be read of it, `request` by `request`, where all of it at once cannot be; nothing where it is one."""

    @cached_property
    def content_hash(self) -> str:
        """Identity of the content: 16 digits of its SHA-256."""
        return digest(self.content)

    @cached_property
    def batch(self) -> str:
        """Identity of the delivery: 16 digits of the SHA-256 of content, request and what came before it."""
        return digest({**self.request, **({"asked": dict(self.asked)} if self.asked else {})}, self.content, self.after)


class FetchError(SourceError):
    """Some windows of a service could not be fetched; the others have come.

    Args:
        source: kind of the service.
        errors: by the name of the window.
        windows: how many were wanted.
    """

    def __init__(self, source: str, errors: Mapping[str, SourceError], windows: int) -> None:
        reasons = "".join(f"\n{name}: {error.reason}" for name, error in errors.items())
        reason = f"{len(errors)} of {windows} windows could not be fetched:{reasons}"
        super().__init__(source, reason, retryable=any(error.retryable for error in errors.values()))
        self.errors = dict(errors)
        self.windows = windows

    @property
    def each(self) -> list[SourceError]:
        """An error for each window, which it names."""
        return [
            SourceError(self.source, f"{name}: {error.reason}", retryable=error.retryable)
            for name, error in self.errors.items()
        ]


class Source(Protocol):
    """A source of observations: `fetch` gives its payloads, `parse` the observations of one."""

    name: str

    @property
    def official_available(self) -> Mapping[str, Deadline]:
        """From when each official forecast of the source may be used, by its series."""
        ...

    def request(self, name: str) -> Mapping[str, object]:
        """Everything that decides how a payload of that name is parsed."""
        ...

    def fetch(self, wanted: Wanted) -> Iterator[RawPayload]:
        """What the source offers of what is wanted; of files all that there are, as only reading tells what they have.

        Raises:
            SourceError: the source cannot be read.
        """
        ...

    def parse(self, payload: RawPayload) -> Observations:
        """The observations in a payload; a row without a value where it has a place for one, and none there.

        Raises:
            SourceError: the payload is not what this source sends; names the payload, the row and the remedy.
        """
        ...


def availability_after(
    valid_time: pd.DatetimeIndex, length: pd.Timedelta | pd.TimedeltaIndex, lag: pd.Timedelta
) -> pd.DatetimeIndex:
    """Assumed availability of a measured value: the end of its unit, which is so long, plus the publication lag."""
    return valid_time + length + lag


def availability_by(valid_time: pd.DatetimeIndex, deadline: Deadline, timezone: str) -> pd.DatetimeIndex:
    """Assumed availability of a forecast: the deadline before the delivery day that each unit belongs to."""
    days = delivery_days(valid_time, timezone)
    instants = {day: deadline.for_delivery(day.date()) for day in days.unique()}
    return pd.DatetimeIndex(days.map(instants)).as_unit("us")


def rows_of(
    series: Series,
    valid_time: pd.DatetimeIndex,
    available_at: pd.DatetimeIndex,
    values: pd.Series,
    *,
    mtu: Mtu | Sequence[Mtu],
    payload: RawPayload,
    unit: str | None = None,
    availability: str = "assumed",
) -> pd.DataFrame:
    """One series of a payload as observations; a missing value is a row without one, and what is there twice is once.

    They are not checked: of a payload of hundreds of series the rows of all are checked at once.

    Args:
        series: which.
        valid_time: (T,) the start of each unit.
        available_at: (T,) from when each value may be used.
        values: (T,)
        mtu: of all rows, or of each.
        payload: what they were parsed from.
        unit: of the values; that of the quantity unless given.
        availability: whether `available_at` is assumed or recorded.

    Raises:
        SourceError: the payload has two different values for one time and availability.
    """
    frame = pd.DataFrame(
        {
            "zone": series.zone,
            "quantity": series.quantity,
            "valid_time": valid_time,
            "available_at": available_at,
            "availability": availability,
            "value": values.to_numpy(dtype=float),
            "unit": unit or quantity_of(series.quantity).unit,
            "mtu": str(mtu) if isinstance(mtu, Mtu) else [str(length) for length in mtu],
            "source": payload.source,
            "batch": payload.batch,
        }
    )
    return _once(frame, payload)


def _once(rows: pd.DataFrame, payload: RawPayload) -> pd.DataFrame:
    """The rows of a series without those that say the same again."""
    key = ["valid_time", "available_at"]
    if not rows.duplicated(key).any():
        return rows
    rows = rows.drop_duplicates([*key, "value", "mtu"])
    contradictory = rows[rows.duplicated(key, keep=False)].sort_values(key)
    if contradictory.empty:
        return rows
    first, second = (contradictory.iloc[place] for place in (0, 1))
    raise SourceError(
        payload.source,
        f"{payload.name} contradicts itself: {first['zone']}/{first['quantity']} at "
        f"{first['valid_time']:%Y-%m-%d %H:%M} UTC is {first['value']:g} ({first['mtu']}) and {second['value']:g} "
        f"({second['mtu']}). Nothing of it is taken; of a service the next ingest asks again",
    )
