"""What services have in common that answer with records: instants, numbers, units, and each value once.

A source brings its values as rows of one form (`ROWS`); this turns them into observations, refuses what cannot be
right, and takes what is there twice once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import (
    OFFICIAL_SUFFIX,
    PRICE,
    BiddingZone,
    Series,
    currency_of,
    day_begins,
    official_by,
    price_by,
)
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Mtu, delivery_days
from gridahead.sources.averaging import averaged
from gridahead.sources.base import RawPayload, availability_after, availability_by, rows_of

ROWS = ("quantity", "valid_time", "available_at", "availability", "value")
"""Columns of the rows of one zone; availability is recorded or assumed, a value may be missing."""
_NO_STEP = np.iinfo(np.int64).max
_LONGEST_STEP = Mtu.PT60M.delta // pd.Timedelta(microseconds=1)
"""What is longer is a gap and shows no unit."""
_ASK_AGAIN = "Fetch it again; if it stays so, the service has changed, and this is a case for an issue"


def reply_of(payload: RawPayload) -> Any:
    """The JSON of a payload.

    Raises:
        SourceError: it is none.
    """
    try:
        return json.loads(payload.content)
    except ValueError as error:
        raise refusal(payload, f"no whole JSON ({error})") from error


def records_of(payload: RawPayload, reply: Any, *path: str) -> pd.DataFrame:
    """The list of records that stands under these names, a record a row; every value as it came.

    Raises:
        SourceError: there is no such list.
    """
    found = reply
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(record, Mapping) for record in found):
        raise refusal(payload, f"no list of records under {'.'.join(path) or 'its root'}")
    return pd.DataFrame(found, dtype=object)


def zone_of(payload: RawPayload, zones: Sequence[BiddingZone]) -> BiddingZone:
    """The zone that a payload was asked for, where it is of one."""
    asked: list[str] = payload.asked["zones"]  # type: ignore[assignment]
    return next(zone for zone in zones if zone.code == asked[0])


def require_columns(payload: RawPayload, records: pd.DataFrame, names: Sequence[str]) -> None:
    """Let records pass only if they have these columns, or if there are none.

    Raises:
        SourceError: one is missing.
    """
    missing = [name for name in names if name not in records]
    if missing and len(records):
        raise refusal(payload, f"its records have no {', '.join(missing)}; they have {', '.join(map(str, records))}")


def instants(payload: RawPayload, texts: pd.Series) -> pd.DatetimeIndex:
    """Times in UTC; those that say no offset are in UTC already.

    Raises:
        SourceError: one of them is no time.
    """
    try:
        times = pd.to_datetime(texts.astype(str), format="ISO8601", utc=True)
    except ValueError as error:
        raise refusal(payload, f"{texts.name}: a time that cannot be read ({error})") from error
    return pd.DatetimeIndex(times).as_unit("us")


def numbers(payload: RawPayload, values: pd.Series) -> pd.Series:
    """Values as numbers; some services write them as text. What is null or empty is missing.

    Raises:
        SourceError: one of them is no number.
    """
    blank = values.isna() | (values.astype(str).str.strip() == "")
    found = pd.to_numeric(values.where(~blank), errors="coerce").astype(float)
    wrong = values[found.isna() & ~blank]
    if len(wrong):
        raise refusal(payload, f"{values.name}: {wrong.iloc[0]!r} is no number")
    return found


def known_from(
    series: Series, valid_time: pd.DatetimeIndex, mtu: Mtu | Sequence[Mtu], zone: BiddingZone, lag: pd.Timedelta
) -> pd.DatetimeIndex:
    """Assumed availability: of a measured value the end of its unit plus the lag, of all else when it has to be there.

    An official forecast has its legal deadline and a price the publication of its auction. Where there is neither, the
    beginning of the delivery day is taken: by then everything that is published a day ahead is there.
    """
    if series.quantity == PRICE:
        by = price_by(zone)
    elif series.quantity.endswith(OFFICIAL_SUFFIX):
        measured = Series(series.zone, series.quantity.removesuffix(OFFICIAL_SUFFIX))
        by = official_by(measured) or day_begins(zone)
    else:
        if isinstance(mtu, Mtu):
            return availability_after(valid_time, mtu.delta, lag)
        lengths = {unit: unit.delta for unit in set(mtu)}
        return availability_after(valid_time, pd.TimedeltaIndex([lengths[unit] for unit in mtu]), lag)
    return availability_by(valid_time, by, zone.timezone)


def units_of(payload: RawPayload, valid_time: pd.DatetimeIndex, timezone: str, otherwise: Mtu) -> list[Mtu]:
    """The unit of each row: the smallest step within its delivery day, as markets change theirs at midnight.

    Args:
        payload: where the rows are from.
        valid_time: (T,) in any order.
        timezone: of the delivery days.
        otherwise: of rows without a neighbour.

    Raises:
        SourceError: no market time unit is as long.
    """
    micros = valid_time.as_unit("us").asi8
    days = delivery_days(valid_time, timezone).to_numpy()
    _, first, place = np.unique(micros, return_index=True, return_inverse=True)
    steps, day_of = np.diff(micros[first]), days[first]
    within = day_of[1:] == day_of[:-1]
    within &= steps <= _LONGEST_STEP
    step_of = {day: int(steps[within & (day_of[1:] == day)].min(initial=_NO_STEP)) for day in np.unique(day_of)}
    of_all = min(step_of.values())
    mtu_of = {day: _unit(payload, step if step < _NO_STEP else of_all, otherwise) for day, step in step_of.items()}
    units = [mtu_of[day] for day in day_of]
    return [units[which] for which in place]


def _unit(payload: RawPayload, step: int, otherwise: Mtu) -> Mtu:
    """The market time unit of so many microseconds.

    Raises:
        SourceError: there is none.
    """
    if step == _NO_STEP:
        return otherwise
    try:
        return Mtu.from_delta(pd.Timedelta(microseconds=step))
    except ValueError as error:
        raise refusal(payload, str(error)) from error


def quarters(payload: RawPayload, rows: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Rows of five minutes as the means of the quarter-hours of which all three are there, known when the last was.

    Args:
        payload: where the rows are from.
        rows: `ROWS` of one quantity and vintage.
        timezone: of the zone.

    Raises:
        SourceError: a value is there twice and not the same.
    """
    rows = once(payload, rows[rows["value"].notna()])
    if not len(rows):
        return rows
    valid_time = pd.DatetimeIndex(rows["valid_time"])
    begin, means = averaged(valid_time, rows["value"], pd.Timedelta(minutes=5), Mtu.PT15M, timezone)
    last = rows.groupby(valid_time.floor("15min"))["available_at"].max()
    about = {"quantity": rows["quantity"].iloc[0], "availability": rows["availability"].iloc[0]}
    known = pd.DatetimeIndex(last.reindex(begin))
    return pd.DataFrame({"valid_time": begin, "available_at": known, "value": means.to_numpy(), **about})[list(ROWS)]


def observed(
    payload: RawPayload,
    zone: BiddingZone,
    rows: Sequence[pd.DataFrame],
    otherwise: Mtu = Mtu.PT60M,
    price_unit: str | None = None,
) -> Observations:
    """The rows of one zone as observations, each once.

    Args:
        payload: what they were parsed from.
        zone: whose.
        rows: frames of the columns `ROWS`.
        otherwise: the unit of a series that has a single row, which tells none.
        price_unit: of prices, such as EUR/MWh; the currency of the zone unless given.

    Raises:
        SourceError: the same value is there twice and not the same.
    """
    filled = [frame for frame in rows if len(frame)]
    if not filled:
        return Observations(OBSERVATIONS.empty())
    every = once(payload, pd.concat(filled, ignore_index=True))
    blocks = []
    for quantity, of_quantity in every.groupby("quantity", sort=True):
        for availability, block in of_quantity.groupby("availability", sort=True):
            valid_time = pd.DatetimeIndex(block["valid_time"])
            blocks.append(
                rows_of(
                    Series(zone.code, str(quantity)),
                    valid_time,
                    pd.DatetimeIndex(block["available_at"]),
                    block["value"],
                    mtu=units_of(payload, valid_time, zone.timezone, otherwise),
                    payload=payload,
                    unit=price_unit or f"{currency_of(zone)}/MWh" if str(quantity).startswith("price") else None,
                    availability=str(availability),
                )
            )
    return Observations(OBSERVATIONS.check(pd.concat(blocks, ignore_index=True)))


def once(payload: RawPayload, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows, equal ones once.

    Raises:
        SourceError: two rows say different things of the same.
    """
    distinct = rows.drop_duplicates()
    key = ["quantity", "valid_time", "available_at"]
    twice = distinct[distinct.duplicated(key, keep=False)]
    if len(twice):
        first = twice.sort_values(key).iloc[:2]
        values = " and ".join(f"{value:g}" for value in first["value"])
        where = first.iloc[0]
        raise refusal(payload, f"{where['quantity']} at {where['valid_time']:%Y-%m-%dT%H:%MZ} is both {values}")
    return distinct.reset_index(drop=True)


def refusal(payload: RawPayload, reason: str) -> SourceError:
    """The error that a payload cannot be read, with the way out."""
    return SourceError(payload.source, f"{payload.name}: {reason}. {_ASK_AGAIN}")
