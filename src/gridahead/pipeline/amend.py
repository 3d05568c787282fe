"""Amend: the kept payloads are read again by the settings of today, and what they gave by others is undone.

Nothing is taken out of the lake. A row that today's settings would not give is written over by a void one, what they do
give is appended and judged, and forecasts, decisions and scores stay as they are. With the settings of before the same
command leads back.

While it is under way the lake lacks what is not judged again yet; a killed one is ended by the next ingest or amend.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from gridahead.errors import SettingsError, SourceError
from gridahead.grid import Series
from gridahead.lake.archive import Receipt
from gridahead.lake.lake import Lake
from gridahead.pipeline.deliveries import SAME_INSTANT, before, followed, payload_of, receipt_of
from gridahead.pipeline.gate import inspect_new
from gridahead.pipeline.workspace import Workspace
from gridahead.quality.report import QualityReport
from gridahead.sources.base import RawPayload, Source
from gridahead.sources.catalogue import open_sources
from gridahead.tables import DECISIONS, OBSERVATIONS, Decisions, Observations
from gridahead.timeline import now
from gridahead.vintages import IDENTITY, VALUE, VOID, among, standing, unseen

TOLD = ["value", "availability", "unit", "mtu"]
"""What two rows at one place say alike if they are the same."""
TICK = pd.Timedelta(microseconds=1)
"""By which a row moves that would stand where one is, or was undone: no clock of a market is as fine."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Amended:
    """What reading one source again changed."""

    source: str
    payloads: int
    unread: tuple[str, ...]
    """Payloads that the settings of today cannot read; what they gave stays as it is."""
    series: tuple[str, ...]
    added: int
    """Rows that the settings of today give and the lake did not have."""
    undone: int
    """Rows that the lake had of these payloads and the settings of today do not give."""


@dataclass(frozen=True)
class Amendment:
    """What was changed, and what the gate says of it."""

    sources: tuple[Amended, ...]
    report: QualityReport | None
    """None if nothing was added."""


@dataclass(frozen=True, eq=False)
class _Change:
    """What has to be written for one source."""

    told: Amended
    added: Observations
    undone: Observations
    receipts: tuple[tuple[Receipt, Receipt], ...]
    """As they were, and as they are to be."""


@dataclass(frozen=True, eq=False)
class _Again:
    """A delivery that was read again."""

    old: Receipt
    new: Receipt
    rows: Observations
    """What it gives by the settings of today."""


def amend(workspace: Workspace, *, by: str, only: str | None = None, dry_run: bool = False) -> Amendment:
    """Read the kept payloads of the sources again by the settings of today.

    Args:
        workspace: whose lake.
        by: who asks for it; decisions on rows that are undone say so.
        only: the name of one source; else all.
        dry_run: whether to tell only what would be changed.

    Raises:
        SettingsError: no source has that name.
        LakeError: a payload is no longer in the archive, or the lake cannot be written.
    """
    lake = workspace.lake
    sources = [one for one in open_sources(workspace.settings) if only in (None, one.name)]
    if not sources:
        names = ", ".join(sorted({one.name for one in open_sources(workspace.settings)})) or "none"
        raise SettingsError(f"no source is called {only!r}; the settings have {names}")
    changes = [_change(source, lake) for source in sources]
    if not dry_run:
        for change in changes:
            _write(change, lake, by)
    report = None if dry_run else inspect_new(workspace, anew=_moved(changes))
    return Amendment(tuple(change.told for change in changes), report)


def _change(source: Source, lake: Lake) -> _Change:
    """Every delivery of a source, read again in the order in which they came."""
    every = lake.receipts.all()
    mine, unread = _readable(source, every, lake)
    series = sorted({name for one in mine for name in _names(one.rows)})
    held = _held(lake, series)
    # Those of today too: an amend that was killed may have written some of its rows.
    batches = {batch for one in mine for batch in one.old.batches | one.new.batches}
    is_own = held["batch"].isin(batches)
    others = standing(held[~is_own])
    came = {batch: one.retrieved_at for one in every for batch in one.batches}
    others_came = others["batch"].map(came).fillna(pd.Timestamp(0, tz="UTC"))
    given, receipts = [OBSERVATIONS.empty()], [one for one in every if one.batches.isdisjoint(batches)]
    for one in mine:
        receipt, arrived = one.new, one.rows
        known = pd.concat([*given, others[others_came <= receipt.retrieved_at]], ignore_index=True)
        earlier = [other for other in receipts if other.retrieved_at <= receipt.retrieved_at]
        follows = followed(earlier, receipt.began)
        known = Observations(known[among(known, arrived, VALUE)])
        given.append(unseen(arrived, known, receipt.retrieved_at, follows, before(receipt, earlier)))
        receipts.append(receipt)
    target, own = pd.concat(given, ignore_index=True), standing(held[is_own])
    added, undone = _beside(_unlike(target, own), held), _unlike(own, target)
    told = Amended(source.name, len(mine), unread, tuple(series), len(added), len(undone))
    return _Change(told, Observations(added), Observations(undone), tuple((one.old, one.new) for one in mine))


def _readable(source: Source, receipts: Sequence[Receipt], lake: Lake) -> tuple[list[_Again], tuple[str, ...]]:
    """The deliveries that tell of a series of the source, and the names of those it cannot read."""
    mine, unread = [], []
    for one in receipts:
        if one.source != source.name:
            continue
        payload = payload_of(one, source, lake)
        try:
            rows = source.parse(payload)
        except SourceError as error:
            log.warning("what %s gave stays as it is: %s", one.payload, error)
            unread.append(one.payload)
            continue
        if one.series & _names(rows):
            mine.append(_Again(one, _renewed(one, payload, rows), rows))
    return mine, tuple(unread)


def _held(lake: Lake, series: Sequence[str]) -> Observations:
    """Every row of the series, void ones too: no other may stand at their places."""
    if not series:
        return Observations(OBSERVATIONS.empty())
    parsed = [Series.parse(name) for name in series]
    where = {"zone": sorted({one.zone for one in parsed}), "quantity": sorted({one.quantity for one in parsed})}
    rows = lake.observations.read(where)
    return Observations(rows[(rows["zone"] + "/" + rows["quantity"]).isin(series)].reset_index(drop=True))


def _renewed(receipt: Receipt, payload: RawPayload, arrived: Observations) -> Receipt:
    again = receipt_of(payload, receipt.payload, arrived, receipt.began)
    if again.batch == receipt.batch:
        return receipt
    formerly = tuple(sorted(receipt.batches - {again.batch}))
    return replace(again, amended_at=now().isoformat(), formerly=formerly)


def _unlike(rows: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """The rows that none of the others says."""
    mine, theirs = (_said(one) for one in (rows, others))
    return rows[~among(mine, theirs, [*IDENTITY, *TOLD])].reset_index(drop=True)


def _said(rows: pd.DataFrame) -> pd.DataFrame:
    """What each row says, in what compares: availabilities within a millisecond are one, and nothing is nothing."""
    told = rows[[*IDENTITY, *TOLD]]
    return told.assign(
        available_at=told["available_at"].dt.floor(SAME_INSTANT),
        value=told["value"].fillna(np.inf),
    )


def _beside(added: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """The rows, each just after what stands, or stood, at its place: what was said of that was not said of them."""
    taken = among(added, held, IDENTITY)
    while taken.any():
        added = added.assign(
            available_at=added["available_at"] + TICK * pd.Series(taken, index=added.index).astype("int64")
        )
        taken = among(added, held, IDENTITY)
    return added


def _write(change: _Change, lake: Lake, by: str) -> None:
    """Append what is new and what undoes, carry decisions over, sign; killed anywhere, a second call ends it."""
    added = {str(batch): Observations(rows.reset_index(drop=True)) for batch, rows in change.added.groupby("batch")}
    for batch, rows in added.items():
        lake.waiting.enter(batch, rows)
    lake.decisions.append(_carried(change, lake, by, now()))
    lake.observations.append(change.undone.assign(availability=VOID, value=np.nan))
    for rows in added.values():
        lake.observations.append(rows)
    for old, again in change.receipts:
        if again != old:
            lake.receipts.sign(again)
            lake.receipts.withdraw(old)
    told = change.told
    log.info("%s: %s rows added, %s undone", told.source, f"{told.added:,}", f"{told.undone:,}")


def _carried(change: _Change, lake: Lake, by: str, at: pd.Timestamp) -> Decisions:
    """Decisions on rows that only move, and the end of the cases of rows that are undone."""
    series = [Series.parse(name) for name in change.told.series]
    decisions, verdicts = lake.read_decisions(*series), lake.read_verdicts(*series)
    decisions = decisions[among(decisions, change.undone, IDENTITY)]
    moved = change.undone[[*IDENTITY, "value"]].merge(
        change.added[[*IDENTITY, "value"]], on=[*VALUE, "value"], suffixes=("", "_new")
    )
    over = decisions.merge(moved[[*IDENTITY, "available_at_new"]], on=IDENTITY)
    over = over.assign(available_at=over["available_at_new"]).drop(columns="available_at_new")
    condemned = verdicts[(verdicts["severity"] == "quarantine") & among(verdicts, change.undone, IDENTITY)]
    condemned = condemned[~among(condemned, decisions, IDENTITY)].drop_duplicates(IDENTITY)
    reason = "undone by `gridahead lake amend`: the settings of the source were others"
    ended = condemned[IDENTITY].assign(decision="reject", reason=reason, decided_by=by, decided_at=at)
    return Decisions(DECISIONS.check(pd.concat([DECISIONS.empty(), over, ended], ignore_index=True)))


def _moved(changes: Sequence[_Change]) -> frozenset[Series]:
    """Series of which a value has changed or moved: what their history has taught is of other values."""
    moved = set()
    for change in changes:
        mine, theirs = (rows.assign(value=rows["value"].fillna(np.inf)) for rows in (change.added, change.undone))
        values = [*VALUE, "value"]
        other = pd.concat([mine[~among(mine, theirs, values)], theirs[~among(theirs, mine, values)]])
        moved |= {Series(*pair) for pair in other[["zone", "quantity"]].itertuples(index=False, name=None)}
    return frozenset(moved)


def _names(rows: pd.DataFrame) -> set[str]:
    pairs = rows[["zone", "quantity"]].drop_duplicates()
    return set((pairs["zone"] + "/" + pairs["quantity"]).tolist())
