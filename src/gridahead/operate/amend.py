"""Amend: the kept payloads are read again by the settings and the parsers of today, and what they gave is put right.

Nothing is taken out of the lake. A row that they would not give today is written over by a void one, what they do give
is appended and judged, and forecasts, rulings and scores stay as they are. With the settings of before the same command
leads back.

While it is under way the lake lacks what is not judged again yet; a killed one is ended by the next ingest or amend.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from gridahead.core.errors import SettingsError, SourceError
from gridahead.core.grid import Series
from gridahead.core.tables import OBSERVATIONS, RULINGS, Observations, Rulings
from gridahead.core.time import MICROSECOND
from gridahead.core.vintages import IDENTITY, VALUE, VOID, among, standing, unseen
from gridahead.lake.archive import DeletedPayloadError
from gridahead.lake.followed import FirstFollowed
from gridahead.lake.lake import Lake
from gridahead.lake.receipts import Receipt
from gridahead.operate.deliveries import SAME_INSTANT, before, payload_of, receipt_of
from gridahead.operate.intake import HeldRows
from gridahead.quality.report import QualityReport
from gridahead.quarantine.inspection import inspect_new
from gridahead.sources.base import RawPayload, Source
from gridahead.sources.catalogue import open_sources
from gridahead.workspace import Workspace

CONTENT = ["value", "availability", "unit", "mtu"]
"""The columns in which two rows of one identity are equal if they have the same content."""
STEP = MICROSECOND
"""By which a row moves that would stand where one is, or was undone: no clock of a market is as fine."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Amended:
    """What reading one source again changed."""

    source: str
    payloads: int
    unread: tuple[str, ...]
    """Payloads that cannot be read today; what they gave stays as it is."""
    deleted: tuple[str, ...]
    """Payloads that are no longer kept, as `[archive] keep_days` decides; what they gave stays as it is."""
    series: tuple[str, ...]
    added: int
    """Rows that are given today and the lake did not have."""
    undone: int
    """Rows that the lake had of these payloads and that are not given today."""


@dataclass(frozen=True)
class Amendment:
    """The changes of each source, and the report of the quality gate on them."""

    sources: tuple[Amended, ...]
    report: QualityReport | None
    """None if nothing was added."""


@dataclass(frozen=True, eq=False)
class _Correction:
    """What has to be written for one source."""

    summary: Amended
    added: Observations
    undone: Observations
    receipts: tuple[tuple[Receipt, Receipt], ...]
    """As they were, and as they are to be."""


@dataclass(frozen=True, eq=False)
class _Reread:
    """A delivery that was read again."""

    old: Receipt
    new: Receipt
    rows: Observations
    """What it gives today."""


def amend(workspace: Workspace, *, by: str, only: str | None = None, dry_run: bool = False) -> Amendment:
    """Read the kept payloads of the sources again by the settings of today.

    Args:
        workspace: whose lake.
        by: who asks for it; rulings on rows that are undone say so.
        only: the name of one source; else all.
        dry_run: whether to tell only what would be changed.

    Raises:
        SettingsError: no source has that name.
        LakeError: a payload is no longer in the archive, or the lake cannot be written.
    """
    reason = "undone by `gridahead lake amend`: the settings of the source were others"
    return _amend(workspace, by, only, dry_run, reason)


def reparse(workspace: Workspace, *, by: str, only: str | None = None, dry_run: bool = False) -> Amendment:
    """Read the kept payloads of the sources again by the parsers of today, as `amend` does by the settings of today.

    A payload that could not be read at all has no place in the lake yet: the next ingest fetches its window again.

    Args:
        workspace: whose lake.
        by: who asks for it; rulings on rows that are undone say so.
        only: the name of one source; else all.
        dry_run: whether to tell only what would be changed.

    Raises:
        SettingsError: no source has that name.
        LakeError: a payload is no longer in the archive, or the lake cannot be written.
    """
    return _amend(workspace, by, only, dry_run, "undone by `gridahead reparse`: the payload was read wrongly")


def _amend(workspace: Workspace, by: str, only: str | None, dry_run: bool, reason: str) -> Amendment:
    """Read the kept payloads again, and write what is different, for a reason.

    Raises:
        SettingsError: no source has that name.
        LakeError: a payload is no longer in the archive, or the lake cannot be written.
    """
    lake = workspace.lake
    declared = open_sources(workspace.settings, workspace.clock)
    sources = [source for source in declared if only in (None, source.name)]
    if not sources:
        names = ", ".join(sorted({source.name for source in declared})) or "none"
        raise SettingsError(f"no source is called {only!r}; the settings have {names}")
    corrections = [_correction(source, lake, workspace.clock()) for source in sources]
    if not dry_run:
        for correction in corrections:
            _write(correction, lake, by, reason, workspace.clock())
    report = None if dry_run else inspect_new(workspace, anew=_moved(corrections))
    return Amendment(tuple(correction.summary for correction in corrections), report)


def _correction(source: Source, lake: Lake, at: pd.Timestamp) -> _Correction:
    """Every delivery of a source, read again in the order in which they came."""
    all_receipts = lake.receipts.all()
    reread, unread, deleted = _read_again(source, all_receipts, lake, at)
    series = sorted({name for delivery in reread for name in _names(delivery.rows)})
    held = _held(lake, series)
    # Those of today too: an amend that was killed may have written some of its rows.
    batches = {batch for delivery in reread for batch in delivery.old.batches | delivery.new.batches}
    is_own = held["batch"].isin(batches)
    other_rows = standing(held[~is_own])
    target, own = _taken_in_again(reread, all_receipts, other_rows), standing(held[is_own])
    added, undone = _beside(_unlike(target, own), held), _unlike(own, target)
    summary = Amended(source.name, len(reread), unread, deleted, tuple(series), len(added), len(undone))
    pairs = tuple((delivery.old, delivery.new) for delivery in reread)
    return _Correction(summary, Observations(added), Observations(undone), pairs)


def _taken_in_again(reread: Sequence[_Reread], receipts: Sequence[Receipt], others: pd.DataFrame) -> pd.DataFrame:
    """What deliveries bring if they are taken in once more, in the order in which they came.

    Args:
        reread: the deliveries.
        receipts: of all, in their order.
        others: rows of the same series that came with others.
    """
    came = {batch: receipt.retrieved_at for receipt in receipts for batch in receipt.batches}
    others = others.assign(came=others["batch"].map(came).fillna(pd.Timestamp(0, tz="UTC")))
    held, held_of_others = HeldRows(Observations(OBSERVATIONS.empty())), HeldRows(Observations(others))
    again = {id(delivery.old): delivery for delivery in reread}
    batches = {batch for delivery in reread for batch in delivery.old.batches | delivery.new.batches}
    by_origin, first, target = defaultdict[str, list[Receipt]](list), FirstFollowed(), [OBSERVATIONS.empty()]
    for receipt in receipts:
        delivery = again.get(id(receipt))
        if delivery is not None:
            receipt, arrived = delivery.new, delivery.rows
            beside = held_of_others.of(arrived)
            beside = Observations(beside[beside["came"] <= receipt.retrieved_at].drop(columns="came"))
            rows_before = pd.concat([held.of(arrived), beside], ignore_index=True)
            rows_before = Observations(rows_before[among(rows_before, arrived, VALUE)])
            earlier = before(receipt, by_origin[receipt.origin])
            follows = first.before(receipt.began, receipt.series)
            new = unseen(arrived, rows_before, receipt.retrieved_at, follows, earlier)
            held.add(new)
            target.append(new)
        elif not receipt.batches.isdisjoint(batches):
            continue
        by_origin[receipt.origin].append(receipt)
        first.note(receipt)
    return pd.concat(target, ignore_index=True)


def _read_again(
    source: Source, receipts: Sequence[Receipt], lake: Lake, at: pd.Timestamp
) -> tuple[list[_Reread], tuple[str, ...], tuple[str, ...]]:
    """The deliveries that have rows of a series of the source, the payloads it cannot read, and the deleted ones."""
    reread, unread, deleted = [], [], []
    for receipt in receipts:
        if receipt.source != source.name:
            continue
        try:
            payload = payload_of(receipt, source, lake)
            rows = source.parse(payload)
        except DeletedPayloadError as error:
            log.warning("what %s gave stays as it is: %s", receipt.payload, error)
            deleted.append(receipt.payload)
            continue
        except SourceError as error:
            log.warning("what %s gave stays as it is: %s", receipt.payload, error)
            unread.append(receipt.payload)
            continue
        if receipt.series & _names(rows):
            reread.append(_Reread(receipt, _renewed(receipt, payload, rows, at), rows))
    return reread, tuple(unread), tuple(deleted)


def _held(lake: Lake, series: Sequence[str]) -> Observations:
    """Every row of the series, void ones too: no other may stand at their places."""
    if not series:
        return Observations(OBSERVATIONS.empty())
    parsed = [Series.parse(name) for name in series]
    where = {"zone": sorted({entry.zone for entry in parsed}), "quantity": sorted({entry.quantity for entry in parsed})}
    rows = lake.observations.read(where)
    return Observations(rows[(rows["zone"] + "/" + rows["quantity"]).isin(series)].reset_index(drop=True))


def _renewed(receipt: Receipt, payload: RawPayload, arrived: Observations, at: pd.Timestamp) -> Receipt:
    renewed = receipt_of(payload, receipt.payload, arrived, receipt.began)
    if renewed.batch == receipt.batch:
        return receipt
    formerly = tuple(sorted(receipt.batches - {renewed.batch}))
    return replace(renewed, amended_at=at.isoformat(), formerly=formerly)


def _unlike(rows: pd.DataFrame, other_rows: pd.DataFrame) -> pd.DataFrame:
    """The rows to which none of the others is equal."""
    compared, with_those = _comparable(rows), _comparable(other_rows)
    return rows[~among(compared, with_those, [*IDENTITY, *CONTENT])].reset_index(drop=True)


def _comparable(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows as they compare: availabilities within a millisecond are equal, and so are two missing values."""
    compared = rows[[*IDENTITY, *CONTENT]]
    return compared.assign(
        available_at=compared["available_at"].dt.floor(SAME_INSTANT),
        value=compared["value"].fillna(np.inf),
    )


def _beside(added: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """The rows, each just after what stands, or stood, at its place: what was said of that was not said of them."""
    is_taken = among(added, held, IDENTITY)
    while is_taken.any():
        added = added.assign(
            available_at=added["available_at"] + STEP * pd.Series(is_taken, index=added.index).astype("int64")
        )
        is_taken = among(added, held, IDENTITY)
    return added


def _write(correction: _Correction, lake: Lake, by: str, reason: str, at: pd.Timestamp) -> None:
    """Append what is new and what undoes, carry rulings over, sign; killed anywhere, a second call ends it."""
    added = {str(batch): Observations(rows.reset_index(drop=True)) for batch, rows in correction.added.groupby("batch")}
    for batch, rows in added.items():
        lake.waiting.enter(batch, rows)
    lake.rulings.append(_carried(correction, lake, by, at, reason))
    lake.observations.append(correction.undone.assign(availability=VOID, value=np.nan))
    for rows in added.values():
        lake.observations.append(rows)
    for old, new in correction.receipts:
        if new != old:
            lake.receipts.replace(old, new)
    summary = correction.summary
    log.info("%s: %s rows added, %s undone", summary.source, f"{summary.added:,}", f"{summary.undone:,}")


def _carried(correction: _Correction, lake: Lake, by: str, at: pd.Timestamp, reason: str) -> Rulings:
    """Rulings on rows that only move, and the end of the cases of rows that are undone."""
    series = [Series.parse(name) for name in correction.summary.series]
    rulings, verdicts = lake.read_rulings(*series), lake.read_verdicts(*series)
    rulings = rulings[among(rulings, correction.undone, IDENTITY)]
    moved = correction.undone[[*IDENTITY, "value"]].merge(
        correction.added[[*IDENTITY, "value"]], on=[*VALUE, "value"], suffixes=("", "_new")
    )
    over = rulings.merge(moved[[*IDENTITY, "available_at_new"]], on=IDENTITY)
    over = over.assign(available_at=over["available_at_new"]).drop(columns="available_at_new")
    condemned = verdicts[(verdicts["severity"] == "quarantine") & among(verdicts, correction.undone, IDENTITY)]
    condemned = condemned[~among(condemned, rulings, IDENTITY)].drop_duplicates(IDENTITY)
    ended = condemned[IDENTITY].assign(ruling="reject", reason=reason, decided_by=by, decided_at=at)
    return Rulings(RULINGS.check(pd.concat([RULINGS.empty(), over, ended], ignore_index=True)))


def _moved(corrections: Sequence[_Correction]) -> frozenset[Series]:
    """Series of which a value has changed or moved: what their history has taught is of other values."""
    moved, columns = set(), [*VALUE, "value"]
    for correction in corrections:
        added, undone = (
            rows.assign(value=rows["value"].fillna(np.inf)) for rows in (correction.added, correction.undone)
        )
        changed = pd.concat([added[~among(added, undone, columns)], undone[~among(undone, added, columns)]])
        moved |= {Series(*pair) for pair in changed[["zone", "quantity"]].itertuples(index=False, name=None)}
    return frozenset(moved)


def _names(rows: pd.DataFrame) -> set[str]:
    pairs = rows[["zone", "quantity"]].drop_duplicates()
    return set((pairs["zone"] + "/" + pairs["quantity"]).tolist())
