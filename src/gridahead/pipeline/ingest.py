"""Ingest: files → archived payload → observations with two clocks → lake → quality gate."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from gridahead.errors import QualityError, SourceError
from gridahead.grid import Series
from gridahead.lake.lake import Lake
from gridahead.pipeline.gate import inspect_new
from gridahead.pipeline.validate import tell
from gridahead.pipeline.workspace import Workspace
from gridahead.quality.report import QualityReport
from gridahead.sources.base import RawPayload, Source
from gridahead.sources.catalogue import open_sources
from gridahead.tables import Observations
from gridahead.timeline import Deadline, Window, now
from gridahead.vintages import unseen

KEY = ["zone", "quantity", "valid_time"]
FOLLOWED_WITHIN = pd.Timedelta(days=7)
"""A payload whose newest value is no older is taken in as it appears: no source publishes more seldom than weekly that
a forecast could use. One that ends earlier is a history, of which nobody saw when it came."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ingested:
    """What one payload gave."""

    source: str
    payload: str
    batch: str
    rows: int
    """Rows in the payload; 0 if it had been taken in before and was not parsed again."""
    new: int
    """Rows appended to the lake: values not held yet, and revisions."""
    revised: int
    """Those that revise a value we held."""


@dataclass(frozen=True)
class Ingestion:
    """What all sources gave, and what the gate says of it."""

    payloads: list[Ingested]
    failed: list[SourceError]
    """Payloads that could not be read; nothing of theirs is in the lake."""
    report: QualityReport | None
    """None if nothing was new."""
    official_available: Mapping[str, Deadline] = field(default_factory=dict)
    """From when each official forecast may be used, by its series; assumed, as the sources do not say."""

    @property
    def new(self) -> int:
        """Rows appended to the lake."""
        return sum(one.new for one in self.payloads)

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


def ingest(workspace: Workspace) -> Ingestion:
    """Take in everything that the sources offer, and judge what is new. Twice the same payload changes nothing.

    A payload that cannot be read keeps nobody else waiting: the others are taken in. What failed is in the result, and
    `require` makes an error of it.
    """
    workspace.lake.sweep()
    done, failed, began = [], [], now()
    official: dict[str, Deadline] = {}
    for source in open_sources(workspace.settings):
        official |= source.official_available
        try:
            for payload in source.fetch():
                try:
                    done.append(_take_in(source, payload, workspace.lake, began))
                except SourceError as error:
                    failed.append(error)
        except SourceError as error:
            failed.append(error)
    report = inspect_new(workspace)
    if report is not None:
        tell(workspace, report)
    return Ingestion(done, failed, report, official)


def _take_in(source: Source, payload: RawPayload, lake: Lake, began: pd.Timestamp) -> Ingested:
    """Archive, parse, mark as waiting, append, sign: killed anywhere and started again, it ends with the same lake."""
    if lake.receipts.signed(payload.batch):
        return Ingested(source.name, payload.name, payload.batch, 0, 0, 0)
    about: dict[str, object] = {
        "source": payload.source,
        "request": payload.request,
        "retrieved_at": payload.retrieved_at.isoformat(),
    }
    lake.archive.keep(payload.batch, payload.name, payload.content, about)
    arrived = source.parse(payload)
    held = _held(arrived, lake)
    about["content"], about["newest"] = hashlib.sha256(payload.content).hexdigest()[:16], _newest(arrived)
    earlier = lake.receipts.all()
    if any(_same_bytes(about, receipt) for receipt in earlier):
        _require_same_rows(arrived, held, payload, str(lake.folder))
    new = unseen(arrived, held, payload.retrieved_at, _followed(earlier, began))
    lake.waiting.enter(payload.batch, new)
    lake.observations.append(new)
    revised = int(pd.MultiIndex.from_frame(new[KEY]).isin(pd.MultiIndex.from_frame(held[KEY])).sum())
    result = Ingested(source.name, payload.name, payload.batch, len(arrived), len(new), revised)
    told = {"rows": result.rows, "new": result.new, "revised": result.revised}
    lake.receipts.sign(payload.batch, {**about, **told})
    log.info("%s: %s rows, %s new, %s revised", payload.name, f"{result.rows:,}", f"{result.new:,}", f"{revised:,}")
    return result


def _newest(arrived: Observations) -> dict[str, str]:
    """Up to which availability a payload has values of each series."""
    newest = arrived.groupby(["zone", "quantity"])["available_at"].max()
    lines = newest.reset_index().itertuples(index=False, name=None)
    return {f"{zone}/{quantity}": instant.isoformat() for zone, quantity, instant in lines}


def _followed(receipts: Sequence[Mapping[str, object]], began: pd.Timestamp) -> dict[Series, pd.Timestamp]:
    """The series that earlier ingests took in as they appeared, and up to which availability they were there at first.

    What came in before, or with the same call, is a history: when it appeared nobody saw.
    """
    first: dict[Series, tuple[pd.Timestamp, pd.Timestamp]] = {}
    for receipt in receipts:
        retrieved_at = pd.Timestamp(str(receipt["retrieved_at"]))
        newest = receipt["newest"]
        assert isinstance(newest, dict)
        for name, text in newest.items():
            there, series = pd.Timestamp(text), Series.parse(name)
            if retrieved_at < began and retrieved_at - there <= FOLLOWED_WITHIN:
                first[series] = min(first.get(series, (began, began)), (retrieved_at, min(there, retrieved_at)))
    return {series: there for series, (_, there) in first.items()}


def _same_bytes(about: Mapping[str, object], earlier: Mapping[str, object]) -> bool:
    """Whether a payload has the bytes of an earlier one and a series of it: each column of a file may be another."""
    mine, others = about["newest"], earlier["newest"]
    assert isinstance(mine, dict) and isinstance(others, dict)
    return about["content"] == earlier["content"] and not mine.keys().isdisjoint(others)


def _require_same_rows(arrived: Observations, held: Observations, payload: RawPayload, lake: str) -> None:
    """Bytes that were taken in before cannot revise themselves: other values from them mean other settings.

    Raises:
        SourceError: names the first row that would change, and the way out.
    """
    both = arrived.merge(
        held.sort_values("available_at").drop_duplicates(KEY, keep="last"), on=KEY, suffixes=("", "_held")
    )
    moved = (both["availability_held"] == "assumed") & (both["available_at"] != both["available_at_held"])
    changed = both[(both["value"] != both["value_held"]) | moved]
    if changed.empty:
        return
    first = changed.iloc[0]
    raise SourceError(
        payload.source,
        f"{payload.name} was taken in before with other settings, and now {len(changed):,} of its rows differ: "
        f"{first['zone']}/{first['quantity']} at {first['valid_time']:%Y-%m-%d %H:%M} UTC was {first['value_held']:g}, "
        f"would be {first['value']:g}. The lake would take that for a revision that became known today. Put the "
        f"settings back, or, if they were wrong, delete {lake} and ingest again: the payloads are kept",
    )


def _held(arrived: Observations, lake: Lake) -> Observations:
    """What the lake has for the series and times of a delivery."""
    if arrived.empty:  # a download of hours that have no values yet
        return arrived
    span = Window(arrived["valid_time"].min(), arrived["valid_time"].max() + pd.Timedelta(microseconds=1))
    where = {name: sorted(arrived[name].unique()) for name in ("zone", "quantity")}
    return Observations(lake.observations.read(where, span))
