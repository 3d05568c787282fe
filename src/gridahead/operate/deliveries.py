"""Deliveries: which version of a file came when, and whether the lake has read it by the settings of today.

A receipt says what was seen then, not what was ever seen: a file that goes back to its first content is a new delivery,
and the newest delivery wins.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.core.vintages import VALUE, standing
from gridahead.lake.followed import first_followed
from gridahead.lake.lake import Lake
from gridahead.lake.receipts import Receipt, ReceiptIndex
from gridahead.sources.base import ZONES_READ, RawPayload, Source

SAME_INSTANT = "ms"
"""Availabilities that differ by less are one: `amend` writes beside a row that it undoes, some microseconds later."""


def receipt_of(payload: RawPayload, stored_name: str, arrived: Observations, began: pd.Timestamp) -> Receipt:
    """The receipt of a delivery.

    Args:
        payload: as it was fetched.
        stored_name: its name in the archive.
        arrived: what it gives.
        began: when the ingest began that brought it.
    """
    newest, missing = _newest(arrived)
    return Receipt(
        batch=payload.batch,
        source=payload.source,
        name=payload.name,
        origin=payload.origin,
        payload=stored_name,
        content=payload.content_hash,
        request=plain(payload.request),
        retrieved_at=payload.retrieved_at,
        began=began,
        newest=newest,
        missing=missing,
        after=payload.after,
        asked=plain(payload.asked),
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


def newest_of(receipts: Iterable[Receipt], series: frozenset[str]) -> Receipt | None:
    """The last delivery that has rows of any of the series.

    Args:
        receipts: the last delivery first.
        series: by their names.
    """
    return next((receipt for receipt in receipts if not series.isdisjoint(receipt.series)), None)


def is_seen(payload: RawPayload, receipts: ReceiptIndex) -> Receipt | None:
    """The receipt of what a payload gives: nothing came from its place since the same was taken in, or later.

    Args:
        payload: just fetched.
        receipts: of every delivery.
    """
    same = _same(payload, receipts)
    if same is not None and (not same.series or same == newest_of(receipts.newest_first(payload.origin), same.series)):
        return same
    # Another ingest was quicker: what it took in is newer than what was fetched here.
    for receipt in receipts.newest_first(payload.origin):
        if receipt.retrieved_at <= payload.retrieved_at:
            return None
        if _is_asked_alike(receipt, payload):
            return receipt
    return None


def _is_asked_alike(receipt: Receipt, payload: RawPayload) -> bool:
    """Whether a delivery was asked for and read as a payload is."""
    return dict(receipt.request) == plain(payload.request) and dict(receipt.asked) == plain(payload.asked)


def was_there(payload: RawPayload, receipts: ReceiptIndex) -> bool:
    """Whether the same has ever been taken in from the same place."""
    return _same(payload, receipts) is not None


def _same(payload: RawPayload, receipts: ReceiptIndex) -> Receipt | None:
    """The last delivery of the same bytes from the same place, read by the same settings."""
    same_bytes = receipts.newest_first(payload.origin, payload.content_hash)
    return next((receipt for receipt in same_bytes if _is_asked_alike(receipt, payload)), None)


def is_signed(payload: RawPayload, receipts: ReceiptIndex) -> bool:
    """Whether a delivery of the payload's identity has been taken in, from wherever it came."""
    return any(receipt.batch == payload.batch for receipt in receipts.newest_first(content=payload.content_hash))


def previous(payload: RawPayload, receipts: ReceiptIndex) -> Receipt | None:
    """The last delivery from the payload's place, or the last of all where nothing came from there."""
    return next(receipts.newest_first(payload.origin), None) or next(receipts.newest_first(), None)


def before(receipt: Receipt, receipts: Iterable[Receipt]) -> set[str]:
    """The batches of the deliveries from the same place that have rows of the same series."""
    same_origin = (other for other in receipts if other.origin == receipt.origin)
    alike = [other for other in same_origin if not receipt.series.isdisjoint(other.series)]
    return {batch for other in alike for batch in other.batches}


def followed(receipts: ReceiptIndex, began: pd.Timestamp, series: Collection[str]) -> dict[Series, pd.Timestamp]:
    """Those of the series that earlier ingests took in as they appeared, and up to which availability they then had it.

    What came in before, or with the same call, is a history: when it appeared nobody saw.

    Args:
        receipts: of every delivery.
        began: when the ingest began that asks; later deliveries do not count.
        series: by their names.
    """
    return first_followed(receipts, series).before(began, series)


def require_same_reading(
    source: Source,
    receipt: Receipt,
    arrived: Observations,
    held: Callable[[], Observations],
    receipts: ReceiptIndex,
    lake: Lake,
) -> None:
    """What was taken in before cannot revise itself: other values from the same bytes mean other settings.

    Of the last delivery from the same place by other settings the kept payload is read again. What others have brought
    meanwhile says nothing of the settings.

    Raises:
        SourceError: names the first row that would change, and the way out.
    """
    last = newest_of(receipts.newest_first(receipt.origin), receipt.series)
    # Nothing came from this place: then the last delivery of the same bytes from anywhere.
    last = last or newest_of(receipts.newest_first(content=receipt.content), receipt.series)
    if last is None or dict(last.request) == receipt.request:
        return
    if last.content != receipt.content:
        try:
            arrived = source.parse(payload_of(last, source, lake))
        except SourceError:  # a file of another shape, and settings that follow it
            return
    batches = before(receipt, receipts.newest_first(receipt.origin)) | last.batches
    rows = held()
    newest = standing(rows[rows["batch"].isin(batches)]).sort_values("available_at").drop_duplicates(VALUE, keep="last")
    joined = arrived.merge(newest, on=VALUE, suffixes=("", "_held"))
    at, at_held = (joined[name].dt.floor(SAME_INSTANT) for name in ("available_at", "available_at_held"))
    moved = (joined["availability_held"] == "assumed") & (at != at_held)
    differs = (joined["value"] != joined["value_held"]) & ~(joined["value"].isna() & joined["value_held"].isna())
    changed = joined[differs | moved]
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


def payload_of(receipt: Receipt, source: Source, lake: Lake) -> RawPayload:
    """The kept payload of a delivery, as the source reads it by the settings of today.

    Raises:
        LakeError: it is no longer in the archive.
    """
    request = plain(source.request(receipt.name))
    was_read, zones = receipt.request.get(ZONES_READ), request.get(ZONES_READ)
    if isinstance(was_read, Mapping) and isinstance(zones, Mapping):  # of many zones it was read for some
        request |= {ZONES_READ: {name: zone for name, zone in zones.items() if name in was_read}}
    return RawPayload(
        source=receipt.source,
        name=receipt.name,
        content=lake.archive.read(receipt.payload),
        request=request,
        retrieved_at=receipt.retrieved_at,
        origin=receipt.origin,
        after=receipt.after,
        asked=receipt.asked,
    )


def plain(request: object) -> dict[str, object]:
    """A request as a receipt keeps it: what JSON makes of it."""
    as_kept: dict[str, object] = json.loads(json.dumps(request, default=str))
    return as_kept
