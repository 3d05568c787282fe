"""Deliveries: which version of a file came when, and whether the lake has read it by the settings of today.

A receipt says what was seen then, not what was ever seen: a file that goes back to its first content is a new delivery,
and the newest delivery wins.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import pandas as pd

from gridahead.errors import SourceError
from gridahead.grid import Series
from gridahead.lake.archive import Receipt
from gridahead.lake.lake import Lake
from gridahead.sources.base import RawPayload, Source
from gridahead.tables import Observations
from gridahead.vintages import VALUE, standing

FOLLOWED_WITHIN = pd.Timedelta(days=7)
"""A payload whose newest value is no older is taken in as it appears: no source publishes more seldom than weekly that
a forecast could use. One that ends earlier is a history, of which nobody saw when it came."""
SAME_INSTANT = "ms"
"""Availabilities that differ by less are one: `amend` writes beside a row that it undoes, some microseconds later."""


def receipt_of(payload: RawPayload, kept: str, arrived: Observations, began: pd.Timestamp) -> Receipt:
    """The receipt of a delivery.

    Args:
        payload: as it was fetched.
        kept: its name in the archive.
        arrived: what it gives.
        began: when the ingest began that brought it.
    """
    newest, missing = _newest(arrived)
    return Receipt(
        batch=payload.batch,
        source=payload.source,
        name=payload.name,
        origin=payload.origin,
        payload=kept,
        content=payload.content_hash,
        request=plain(payload.request),
        retrieved_at=payload.retrieved_at,
        began=began,
        newest=newest,
        missing=missing,
        after=payload.after,
    )


def _newest(arrived: Observations) -> tuple[dict[str, str], tuple[str, ...]]:
    """Up to which availability a payload has values of each series, and the series of which it has none."""
    newest, missing = {}, []
    for (zone, quantity), rows in arrived.groupby(["zone", "quantity"]):
        last = rows.loc[rows["value"].notna(), "available_at"].max()
        if pd.isna(last):
            missing.append(f"{zone}/{quantity}")
        else:
            newest[f"{zone}/{quantity}"] = last.isoformat()
    return newest, tuple(missing)


def newest_of(origin: str, receipts: Iterable[Receipt], series: frozenset[str] | None = None) -> Receipt | None:
    """The last delivery from a place, or the last one from there that tells of any of the series."""
    found = [one for one in receipts if one.origin == origin and (series is None or not series.isdisjoint(one.series))]
    return found[-1] if found else None


def is_seen(payload: RawPayload, receipts: Sequence[Receipt]) -> Receipt | None:
    """The receipt that says what a payload gives: nothing came from its place since the same was taken in, or later.

    Args:
        payload: just fetched.
        receipts: in the order in which the deliveries came.
    """
    same = [one for one in receipts if _is_of(payload, one)]
    if same:
        newest = newest_of(payload.origin, receipts, same[-1].series)
        if newest == same[-1]:
            return newest
    # Another ingest was quicker: what it took in is newer than what was fetched here.
    alike = [one for one in receipts if one.origin == payload.origin and dict(one.request) == plain(payload.request)]
    return next((one for one in reversed(alike) if one.retrieved_at > payload.retrieved_at), None)


def was_there(payload: RawPayload, receipts: Iterable[Receipt]) -> bool:
    """Whether the same has ever been taken in from the same place."""
    return any(_is_of(payload, one) for one in receipts)


def _is_of(payload: RawPayload, receipt: Receipt) -> bool:
    same_bytes = (receipt.origin, receipt.content) == (payload.origin, payload.content_hash)
    return same_bytes and dict(receipt.request) == plain(payload.request)


def before(receipt: Receipt, receipts: Iterable[Receipt]) -> set[str]:
    """The batches of the deliveries from the same place that tell of the same series."""
    told = [one for one in receipts if one.origin == receipt.origin and not receipt.series.isdisjoint(one.series)]
    return {batch for one in told for batch in one.batches}


def followed(receipts: Iterable[Receipt], began: pd.Timestamp) -> dict[Series, pd.Timestamp]:
    """The series that earlier ingests took in as they appeared, and up to which availability they were there at first.

    What came in before, or with the same call, is a history: when it appeared nobody saw.
    """
    first: dict[Series, tuple[pd.Timestamp, pd.Timestamp]] = {}
    for receipt in receipts:
        for name, text in receipt.newest.items():
            there, series = pd.Timestamp(text), Series.parse(name)
            if receipt.retrieved_at < began and receipt.retrieved_at - there <= FOLLOWED_WITHIN:
                seen = receipt.retrieved_at, min(there, receipt.retrieved_at)
                first[series] = min(first.get(series, (began, began)), seen)
    return {series: there for series, (_, there) in first.items()}


def require_same_reading(
    source: Source,
    receipt: Receipt,
    arrived: Observations,
    held: Observations,
    receipts: Sequence[Receipt],
    lake: Lake,
) -> None:
    """What was taken in before cannot revise itself: other values from the same bytes mean other settings.

    Of the last delivery from the same place by other settings the kept payload is read again. What others have brought
    meanwhile tells nothing of the settings.

    Raises:
        SourceError: names the first row that would change, and the way out.
    """
    last = newest_of(receipt.origin, receipts, receipt.series) or _of_bytes(receipt, receipts)
    if last is None or dict(last.request) == receipt.request:
        return
    if last.content != receipt.content:
        try:
            arrived = source.parse(payload_of(last, source, lake))
        except SourceError:  # a file of another shape, and settings that follow it
            return
    told = held[held["batch"].isin(before(receipt, receipts) | last.batches)]
    newest = standing(told).sort_values("available_at").drop_duplicates(VALUE, keep="last")
    both = arrived.merge(newest, on=VALUE, suffixes=("", "_held"))
    at, at_held = (both[name].dt.floor(SAME_INSTANT) for name in ("available_at", "available_at_held"))
    moved = (both["availability_held"] == "assumed") & (at != at_held)
    differs = (both["value"] != both["value_held"]) & ~(both["value"].isna() & both["value_held"].isna())
    changed = both[differs | moved]
    if changed.empty:
        return
    first = changed.iloc[0]
    raise SourceError(
        receipt.source,
        f"{receipt.name} was taken in before with other settings, and now {len(changed):,} of its rows differ: "
        f"{first['zone']}/{first['quantity']} at {first['valid_time']:%Y-%m-%d %H:%M} UTC was {first['value_held']:g}, "
        f"available at {first['available_at_held']:%Y-%m-%d %H:%M}, would be {first['value']:g}, available at "
        f"{first['available_at']:%Y-%m-%d %H:%M}. The lake would take that for a revision that became known today. "
        "Put the settings back; or, if these are the right ones, run `gridahead lake amend`: it reads the kept "
        "payloads again by them, and back again if need be",
    )


def _of_bytes(receipt: Receipt, receipts: Sequence[Receipt]) -> Receipt | None:
    """The last delivery of the same bytes from anywhere that tells of any of the series."""
    same = [one for one in receipts if one.content == receipt.content and not receipt.series.isdisjoint(one.series)]
    return same[-1] if same else None


def payload_of(receipt: Receipt, source: Source, lake: Lake) -> RawPayload:
    """The kept payload of a delivery, as the source reads it by the settings of today.

    Raises:
        LakeError: it is no longer in the archive.
    """
    return RawPayload(
        source=receipt.source,
        name=receipt.name,
        content=lake.archive.read(receipt.payload),
        request=plain(source.request(receipt.name)),
        retrieved_at=receipt.retrieved_at,
        origin=receipt.origin,
        after=receipt.after,
    )


def plain(request: object) -> dict[str, object]:
    """A request as a receipt keeps it: what JSON makes of it."""
    told: dict[str, object] = json.loads(json.dumps(request, default=str))
    return told
