"""Intake: payloads of one source become rows of the lake, several of them as one file.

Archived, parsed, marked as waiting, appended, signed, in this order: killed anywhere and started again, it ends with
the same lake. Payloads that are taken in together are each what they would be alone; only files are fewer.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import Series
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import TimeRange
from gridahead.core.vintages import VALUE, among, standing, unseen
from gridahead.lake.lake import Lake
from gridahead.lake.receipts import Receipt, ReceiptIndex, line_of
from gridahead.operate.deliveries import (
    before,
    followed,
    is_seen,
    is_signed,
    previous,
    receipt_of,
    require_same_reading,
    was_there,
)
from gridahead.sources.base import RawPayload, Source

AT_ONCE = 50
"""Payloads of a service that are taken in together: a killed ingest fetches at most so many again."""
MOST_BYTES = 16_000_000
"""Of the payloads that are taken in together, so that they fit into memory many times over."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ingested:
    """The counts of one payload that was taken in."""

    source: str
    payload: str
    batch: str
    rows: int
    """Values in the payload; 0 if it is the one that was taken in last and was not parsed again."""
    new: int
    """Rows appended to the lake: values not held yet, revisions and withdrawals."""
    revised: int
    """Those that revise or withdraw a value we held."""


@dataclass(frozen=True, eq=False)
class TakenIn:
    """What became of one payload: its receipt and counts, or why it could not be read."""

    payload: RawPayload
    receipt: Receipt | None = None
    counts: Ingested | None = None
    error: SourceError | None = None
    new: Observations | None = None
    """The rows that it brought."""


@dataclass(frozen=True, eq=False)
class _Parsed:
    """A payload whose rows are not compared with the lake yet."""

    payload: RawPayload
    about: Mapping[str, object]
    receipt: Receipt
    arrived: Observations
    is_known: bool
    """Whether the same has been taken in from the same place before."""


def groups(payloads: Iterable[RawPayload]) -> Iterator[list[RawPayload]]:
    """Payloads as they are taken in together: many of a service, a file by itself, as it may be large.

    Raises:
        SourceError: the source failed; what had come before is given first.
    """
    group: list[RawPayload] = []
    try:
        for payload in payloads:
            group.append(payload)
            if not payload.asked or len(group) == AT_ONCE or sum(len(one.content) for one in group) > MOST_BYTES:
                yield group
                group = []
    except SourceError:
        if group:
            yield group
        raise
    if group:
        yield group


class Intake:
    """Takes payloads of one source into a lake.

    Args:
        source: that parses them.
        lake: that they go to.
        began: when the ingest began.
    """

    def __init__(self, source: Source, lake: Lake, began: pd.Timestamp) -> None:
        self.source = source
        self.lake = lake
        self.began = began
        self._followed: dict[str, pd.Timestamp | None] = {}
        self._own = set[str]()
        """Files in the waiting room whose rows this intake has appended: a read of the lake has them."""

    def take(self, payloads: Sequence[RawPayload]) -> list[TakenIn]:
        """What became of each of the payloads; of one that cannot be read at once, of each of its parts."""
        taken: list[TakenIn] = []
        rest = list(payloads)
        while rest:
            done = self._take(rest)
            for one in done:
                apart = one.error is not None and one.payload.parts
                taken += self._in_parts(one.payload) if apart else [one]
            rest = rest[len(done) :]
        return taken

    def _in_parts(self, payload: RawPayload) -> list[TakenIn]:
        """What became of the parts of a payload, each read by itself, so that one that is wrong keeps none waiting."""
        parts = (replace(payload, request=part, parts=()) for part in payload.parts)
        return [one for part in parts for one in self._take([part])]

    def _take(self, payloads: Sequence[RawPayload]) -> list[TakenIn]:
        """What became of the payloads, up to the first that contradicts what it gave by other settings."""
        known = self.lake.receipts.read()
        outcomes, parsed = self._parsed(payloads, known)
        held_before = self._held([one.arrived for one in parsed])
        held = HeldRows(held_before)
        signed, written = known, list[tuple[_Parsed, Observations]]()
        for one, unlike in zip(parsed, _unlike([one.arrived for one in parsed], held_before), strict=True):
            try:
                around = partial(held.of, one.arrived)
                require_same_reading(self.source, one.receipt, one.arrived, around, signed, self.lake)
            except SourceError as error:
                # What comes after it was compared with a receipt that it does not get.
                at = next(place for place, payload in enumerate(payloads) if payload.name == one.payload.name)
                outcomes = {name: outcome for name, outcome in outcomes.items() if name in _names(payloads[:at])}
                outcomes[one.payload.name] = TakenIn(one.payload, error=error)
                payloads = payloads[: at + 1]
                break
            held_now = held.of(unlike)
            new = self._unseen(one, unlike, held_now, signed)
            held.add(new)
            written.append((one, new))
            signed = _with(signed, [one.receipt])
            outcomes[one.payload.name] = TakenIn(one.payload, one.receipt, self._counts(one, new, held_now), new=new)
        self._write(written)
        return [outcomes[payload.name] for payload in payloads]

    def _parsed(self, payloads: Sequence[RawPayload], known: ReceiptIndex) -> tuple[dict[str, TakenIn], list[_Parsed]]:
        """What became of those that need not be compared with the lake, by name; and those that do."""
        outcomes, parsed = dict[str, TakenIn](), list[_Parsed]()
        for fetched in payloads:
            payload, earlier = fetched, is_seen(fetched, known)
            if earlier is not None:
                counts = Ingested(self.source.name, payload.name, earlier.batch, 0, 0, 0)
                outcomes[payload.name] = TakenIn(payload, earlier, counts)
                continue
            if is_signed(payload, known) and (last := previous(payload, known)):
                # The same bytes have been there before, and something else since: they are the newest delivery again.
                payload = replace(payload, after=last.batch)
            about = {"source": payload.source, "request": payload.request, "asked": payload.asked}
            about = {name: said for name, said in about.items() if said}
            about |= {"retrieved_at": payload.retrieved_at.isoformat()}
            stored_name = self.lake.archive.keep(payload.content_hash, payload.name, payload.content, about)
            try:
                arrived = self.source.parse(payload)
            except SourceError as error:
                outcomes[payload.name] = TakenIn(payload, error=error)
                continue
            receipt = receipt_of(payload, stored_name, arrived, self.began)
            parsed.append(_Parsed(payload, about, receipt, arrived, was_there(payload, known)))
            known = _with(known, [receipt])
        return outcomes, parsed

    def _unseen(self, one: _Parsed, arrived: Observations, held: Observations, signed: ReceiptIndex) -> Observations:
        """Those of the rows of a payload that the lake does not have."""
        if arrived.empty:
            return arrived
        withdraws = bool(arrived["value"].isna().any())  # else nobody asks what came from the same place
        earlier = before(one.receipt, signed.newest_first(one.receipt.origin)) if withdraws else set[str]()
        follows = self._follows(one.receipt.series, signed)
        return unseen(arrived, held, one.payload.retrieved_at, follows, earlier)

    def _follows(self, series: frozenset[str], signed: ReceiptIndex) -> dict[Series, pd.Timestamp]:
        """Up to where earlier ingests had those of the series that they took in as they appeared."""
        if asked := series - self._followed.keys():
            found = followed(signed, self.began, asked)
            self._followed |= {name: found.get(Series.parse(name)) for name in asked}
        return {Series.parse(name): since for name in series if (since := self._followed[name]) is not None}

    def _counts(self, one: _Parsed, new: Observations, held: Observations) -> Ingested:
        rows, revised = int(one.arrived["value"].notna().sum()), int(among(new, standing(held), VALUE).sum())
        level = logging.DEBUG if one.payload.asked else logging.INFO
        counted = f"{rows:,}", f"{len(new):,}", f"{revised:,}"
        log.log(level, "%s: %s rows, %s appended, %s of them revisions", one.payload.name, *counted)
        return Ingested(self.source.name, one.payload.name, one.payload.batch, rows, len(new), revised)

    def _write(self, written: Sequence[tuple[_Parsed, Observations]]) -> None:
        for one, new in written:
            if name := self.lake.waiting.enter(one.payload.batch, new):
                self._own.add(name)
        rows = [new for _, new in written if len(new)]
        if rows:
            self.lake.observations.append(pd.concat(rows, ignore_index=True))
        # Not what brings nothing and was there: else two sources that read one file in turns would sign for ever.
        receipts = [one for one, new in written if len(new) or not one.is_known]
        if receipts:
            self.lake.receipts.write([line_of(one.receipt) for one in receipts])
        for one in receipts:
            # Again: had it been there for long, a compaction may have deleted it before there was this receipt.
            payload = one.payload
            self.lake.archive.keep(payload.content_hash, payload.name, payload.content, one.about)

    def _held(self, arrived: Sequence[Observations]) -> Observations:
        """What the lake has for the series and times of deliveries, or will have: who died may have left rows."""
        some = [rows[["zone", "quantity", "valid_time"]] for rows in arrived if len(rows)]
        if not some:  # downloads of hours that have no values yet
            return Observations(OBSERVATIONS.empty())
        rows = pd.concat(some, ignore_index=True)
        span = TimeRange.spanning(rows["valid_time"])
        where = {name: sorted(rows[name].unique()) for name in ("zone", "quantity")}
        waiting = [batch.rows[among(batch.rows, rows, VALUE)] for batch in self.lake.waiting.all(but=self._own)]
        return Observations(pd.concat([self.lake.observations.read(where, span), *waiting], ignore_index=True))


class HeldRows:
    """What is held of series, found by series; what is taken in meanwhile is added."""

    def __init__(self, rows: Observations) -> None:
        self._by_series: dict[tuple[str, str], list[pd.DataFrame]] = {}
        self._empty = rows.iloc[:0]
        self.add(rows)

    def add(self, rows: Observations) -> None:
        """Hold these as well."""
        for (zone, quantity), of_series in rows.groupby(["zone", "quantity"], sort=False):
            self._by_series.setdefault((str(zone), str(quantity)), []).append(of_series)

    def of(self, arrived: Observations) -> Observations:
        """What is held of the series of a delivery, in its time."""
        first, last = arrived["valid_time"].min(), arrived["valid_time"].max()
        pairs = arrived[["zone", "quantity"]].drop_duplicates().itertuples(index=False, name=None)
        of_series = [rows for pair in pairs for rows in self._by_series.get(pair, ())]
        inside = [rows[rows["valid_time"].between(first, last)] for rows in of_series]
        return Observations(pd.concat([self._empty, *inside], ignore_index=True))


def _unlike(arrived: Sequence[Observations], held: Observations) -> list[Observations]:
    """Of each delivery the rows that may say something new: all but those that are equal to the newest vintage held.

    Most of what comes every hour has come before, and is told from the rest for all deliveries at once. A value that
    two of them have is left to be compared one after the other.
    """
    if not arrived:
        return []
    columns = [*VALUE, "mtu"]
    rows = pd.concat(arrived, ignore_index=True)
    newest = standing(held).sort_values("available_at").drop_duplicates(columns, keep="last")
    known = rows[[*columns, "value"]].merge(newest[[*columns, "value"]], on=columns, how="left", suffixes=("", "_held"))
    equal = (known["value"] == known["value_held"]).to_numpy() & (rows["availability"] == "assumed").to_numpy()
    tells = ~equal | rows.duplicated(columns, keep=False).to_numpy()
    ends = np.cumsum([len(one) for one in arrived])
    masks = np.split(tells, ends[:-1])
    return [Observations(one[mask].reset_index(drop=True)) for one, mask in zip(arrived, masks, strict=True)]


def _with(index: ReceiptIndex, receipts: Iterable[Receipt]) -> ReceiptIndex:
    """The receipts with others that are not signed yet."""
    return index.with_lines([line_of(receipt) for receipt in receipts])


def _names(payloads: Iterable[RawPayload]) -> set[str]:
    return {payload.name for payload in payloads}
