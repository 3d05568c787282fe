"""Ingest: files → archived payload → observations with two clocks → lake."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gridahead.errors import SourceError
from gridahead.lake.lake import Lake
from gridahead.pipeline.workspace import Workspace
from gridahead.sources.base import RawPayload, Source
from gridahead.sources.catalogue import open_sources
from gridahead.tables import Observations
from gridahead.timeline import Window
from gridahead.vintages import unseen
from gridahead.whole_files import sweep

KEY = ["zone", "quantity", "valid_time"]

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


def ingest(workspace: Workspace) -> list[Ingested]:
    """Take in everything that the sources offer. Twice the same payload changes nothing.

    A payload that cannot be read keeps nobody else waiting: the others are taken in first.

    Raises:
        SourceError: one or more payloads could not be read; nothing of theirs is in the lake.
    """
    for folder in (workspace.settings.lake_folder, workspace.settings.archive_folder):
        sweep(folder)
    done, failed = [], []
    for source in open_sources(workspace.settings):
        try:
            for payload in source.fetch():
                try:
                    done.append(_take_in(source, payload, workspace.lake))
                except SourceError as error:
                    failed.append(error)
        except SourceError as error:
            failed.append(error)
    if len(failed) > 1:
        reasons = "\n".join(str(error) for error in failed)
        worth_it = all(error.retryable for error in failed)
        raise SourceError("ingest", f"{len(failed)} payloads could not be read:\n{reasons}", retryable=worth_it)
    if failed:
        raise failed[0]
    return done


def _take_in(source: Source, payload: RawPayload, lake: Lake) -> Ingested:
    """Archive, parse, append what is new, sign: killed in between and started again, it ends with the same lake."""
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
    content = hashlib.sha256(payload.content).hexdigest()[:16]
    if any(receipt.get("content") == content for receipt in lake.receipts.all()):
        _require_same_rows(arrived, held, payload, lake.folder)
    about["content"] = content
    new = unseen(arrived, held, payload.retrieved_at)
    lake.observations.append(new)
    revised = int(pd.MultiIndex.from_frame(new[KEY]).isin(pd.MultiIndex.from_frame(held[KEY])).sum())
    result = Ingested(source.name, payload.name, payload.batch, len(arrived), len(new), revised)
    lake.receipts.sign(payload.batch, {**about, "rows": result.rows, "new": result.new, "revised": result.revised})
    log.info("%s: %s rows, %s new, %s revised", payload.name, f"{result.rows:,}", f"{result.new:,}", f"{revised:,}")
    return result


def _require_same_rows(arrived: Observations, held: Observations, payload: RawPayload, lake: Path) -> None:
    """Bytes that were taken in before cannot revise themselves: other values from them mean other settings.

    Raises:
        SourceError: names the first row that would change, and the way out.
    """
    both = arrived.merge(
        held.sort_values("available_at").drop_duplicates(KEY, keep="last"), on=KEY, suffixes=("", "_held")
    )
    changed = both[(both["value"] != both["value_held"]) | (both["available_at"] != both["available_at_held"])]
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
