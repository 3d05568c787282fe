"""Ingest: files → archived payload → observations with two clocks → lake → quality gate."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from gridahead.core.errors import QualityError, SourceError
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, TimeRange, now
from gridahead.core.vintages import VALUE, among, standing, unseen
from gridahead.lake.folder import Folder
from gridahead.lake.lake import Lake
from gridahead.lake.layout import mark_new
from gridahead.lake.receipts import Receipt, ReceiptIndex
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
from gridahead.operate.fetched import FetchedWindows
from gridahead.operate.validate import publish_inspection
from gridahead.quality.report import QualityReport
from gridahead.quarantine.inspection import inspect_new
from gridahead.sources.base import RawPayload, Source
from gridahead.sources.catalogue import open_sources
from gridahead.sources.wanted import Wanted
from gridahead.workspace import Workspace

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


@dataclass(frozen=True)
class Ingestion:
    """The counts of all payloads, and the report of the quality gate on what is new."""

    payloads: list[Ingested]
    failed: list[SourceError]
    """Payloads that could not be read; nothing of theirs is in the lake."""
    report: QualityReport | None
    """None if nothing was new."""
    official_available: Mapping[str, Deadline] = field(default_factory=dict)
    """From when each official forecast may be used, by its series; assumed, as the sources do not state it."""
    warnings: Sequence[str] = ()
    """What a person should look at although it is no error: payloads that have no value of a series."""

    @property
    def new(self) -> int:
        """Rows appended to the lake."""
        return sum(payload.new for payload in self.payloads)

    def require(self, max_share: float) -> None:
        """Let it pass only if every payload could be read and the gate does not refuse.

        Raises:
            QualityError: the gate withholds more than this share of what is new of a series. The rows are in the lake,
                and so are the verdicts; what could not be read is named as well, for the gate says it only once.
            SourceError: one or more payloads could not be read.
        """
        reasons = "\n".join(str(error) for error in self.failed)
        try:
            if self.report is not None:
                self.report.require(max_share)
        except QualityError as error:
            raise QualityError(f"{error}\n{reasons}" if reasons else str(error)) from error
        if len(self.failed) > 1:
            worth_it, count = all(error.retryable for error in self.failed), len(self.failed)
            raise SourceError("ingest", f"{count} payloads could not be read:\n{reasons}", retryable=worth_it)
        if self.failed:
            raise self.failed[0]


def ingest(workspace: Workspace, wanted: Wanted | None = None, only: Collection[str] = ()) -> Ingestion:
    """Append what the sources have and inspect what is new. The same payload a second time changes nothing.

    A payload that cannot be read keeps nobody else waiting: the others are taken in. What failed is in the result, and
    `require` makes an error of it.

    Args:
        workspace: whose lake, and whose sources.
        wanted: which windows of services are fetched; what is new or may have been revised unless given.
        only: kinds of sources; all unless given.
    """
    workspace.lake.sweep()
    for folder in (Folder.at(workspace.settings.data_folder), workspace.lake.folder):
        mark_new(folder)
    done, failed, began = [], [], now()
    receipts, warnings = workspace.lake.receipts.read(), list[str]()
    official: dict[str, Deadline] = {}
    wanted = replace(wanted or Wanted(began), fetched=workspace.lake.fetched.read())
    for source in open_sources(workspace.settings):
        if only and source.name not in only:
            continue
        official |= source.official_available
        complete = FetchedWindows(workspace.lake, source.name)
        try:
            for payload in source.fetch(wanted):
                try:
                    receipt, result = _take_in(source, payload, workspace.lake, receipts, began)
                    done.append(result)
                    warnings += _warned(receipt)
                    complete.add(payload)
                except SourceError as error:
                    complete.leave_out(payload)
                    failed.append(error)
        except SourceError as error:
            failed.append(error)
        finally:
            complete.write()
            warnings += getattr(source, "warnings", ())  # files have none but those of their receipts
    report = inspect_new(workspace)
    if report is not None:
        publish_inspection(workspace, report)
    return Ingestion(done, failed, report, official, warnings)


def _take_in(
    source: Source, payload: RawPayload, lake: Lake, receipts: ReceiptIndex, began: pd.Timestamp
) -> tuple[Receipt, Ingested]:
    """Archive, parse, mark as waiting, append, sign: killed anywhere and started again, it ends with the same lake."""
    earlier_receipt = is_seen(payload, receipts)
    if earlier_receipt is None:
        receipts = lake.receipts.read()  # with what others have taken in since
        earlier_receipt = is_seen(payload, receipts)
    if earlier_receipt is not None:
        return earlier_receipt, Ingested(source.name, payload.name, earlier_receipt.batch, 0, 0, 0)
    if is_signed(payload, receipts) and (last := previous(payload, receipts)):
        # The same bytes have been there before, and something else since then: they are the newest delivery again.
        payload = replace(payload, after=last.batch)
    about = {"source": payload.source, "request": payload.request, "retrieved_at": payload.retrieved_at.isoformat()}
    about |= {"asked": payload.asked} if payload.asked else {}
    stored_name = lake.archive.keep(payload.content_hash, payload.name, payload.content, about)
    arrived = source.parse(payload)
    receipt = receipt_of(payload, stored_name, arrived, began)
    held = _held(arrived, lake)
    require_same_reading(source, receipt, arrived, held, receipts, lake)
    follows = followed(receipts.oldest_first(), began, receipt.series)
    earlier = before(receipt, receipts.newest_first(receipt.origin))
    new = unseen(arrived, held, payload.retrieved_at, follows, earlier)
    lake.waiting.enter(payload.batch, new)
    lake.observations.append(new)
    if len(new) or not was_there(payload, receipts):  # else two sources read one file in turns, and nothing is said
        lake.receipts.sign(receipt)
        # Again: had it been there for long, a compaction may have deleted it before there was this receipt.
        lake.archive.keep(payload.content_hash, payload.name, payload.content, about)
    revised = int(among(new, standing(held), VALUE).sum())
    result = Ingested(source.name, payload.name, payload.batch, _values(arrived), len(new), revised)
    log.info(
        "%s: %s rows, %s appended, %s of them revisions",
        payload.name,
        f"{result.rows:,}",
        f"{result.new:,}",
        f"{revised:,}",
    )
    return receipt, result


def _warned(receipt: Receipt) -> Iterable[str]:
    """Warnings of a payload that was read without a fault and has no value of a series."""
    if receipt.missing:
        yield (
            f"{receipt.name} has no value of {', '.join(receipt.missing)}: every cell of the column says that there is "
            "none. Look whether the column is the right one, and whether the file is complete"
        )


def _values(arrived: Observations) -> int:
    return int(arrived["value"].notna().sum())


def _held(arrived: Observations, lake: Lake) -> Observations:
    """What the lake has for the series and times of a delivery, or will have: who died may have left rows that wait."""
    if arrived.empty:  # a download of hours that have no values yet
        return arrived
    span = TimeRange.spanning(arrived["valid_time"])
    where = {name: sorted(arrived[name].unique()) for name in ("zone", "quantity")}
    waiting = [rows[among(rows, arrived, VALUE)] for rows in (batch.rows for batch in lake.waiting.all())]
    return Observations(pd.concat([lake.observations.read(where, span), *waiting], ignore_index=True))
