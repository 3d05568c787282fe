"""From one layout of the lake to the next: each step may be killed anywhere and begun again, and ends the same.

A file is read by its own columns and written by the declared table, under its new name, before the old one is deleted.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gridahead.core.runs import DEGRADED, RUNGS
from gridahead.lake.folder import Folder
from gridahead.lake.lake import Lake
from gridahead.lake.parquet import SUFFIX, conform
from gridahead.lake.receipts import line_of, receipt_from
from gridahead.lake.renaming import content_of, to_layout_3
from gridahead.lake.rows import once
from gridahead.lake.store import OnProgress, Store, content_name

log = logging.getLogger(__name__)

Change = Callable[[pa.Table], pa.Table]
"""Rows by the columns of an older layout as those of the next; rows that have these already stay as they are."""


def to_layout_2(lake: Lake, on_progress: OnProgress) -> None:
    """Decisions are rulings, scores have zone and quantity, receipts are JSON lines, names have 16 digits.

    Raises:
        LakeError: a file is damaged, or cannot be read or written; what is not done is done by the next call.
    """
    decisions = lake.folder / "decisions"
    _rewrite(decisions, lake.rulings, _as_rulings, on_progress)
    with contextlib.suppress(FileNotFoundError):
        decisions.filesystem.delete_dir(decisions.path)
    _rewrite(lake.scores.folder, lake.scores, _scores_by_zone, on_progress)
    for store in lake.stores:
        if store.table.name not in ("rulings", "scores"):
            _rename(store, on_progress)
    _merge_receipts(lake, on_progress)


def _as_rulings(rows: pa.Table) -> pa.Table:
    return rows.rename_columns(["ruling" if name == "decision" else name for name in rows.column_names])


def _scores_by_zone(rows: pa.Table) -> pa.Table:
    if "series" not in rows.column_names:
        return rows
    parts = pc.split_pattern(rows.column("series"), "/", max_splits=1)  # type: ignore[call-overload]
    for place, name in enumerate(("zone", "quantity")):
        rows = rows.append_column(name, pc.list_element(parts, place))
    lead = rows.column("lead")
    missing = pa.scalar(None, lead.type)
    by_lead = pc.if_else(pc.equal(lead, -1), missing, lead)  # type: ignore[call-overload]
    return rows.set_column(rows.column_names.index("lead"), "lead", by_lead)


def _rewrite(old: Folder, store: Store, change: Change, on_progress: OnProgress) -> None:
    """Write the files of a folder as those of a table."""
    for name in old.names(SUFFIX, below=True):
        on_progress(f"{store.table.name} {name}")
        place, _, own = name.rpartition("/")
        rows = change(pq.read_table(pa.BufferReader(content_of(old, name, own))))
        rows = once(conform(rows, store.table, str(old / name)), store.table.key)
        if store.write(place, rows) != own or old != store.folder:
            old.delete(name)


def _rename(store: Store, on_progress: OnProgress) -> None:
    """Give the files of a table, whose columns have not changed, the names that they have now."""
    for name in store.folder.names(SUFFIX, below=True):
        place, _, own = name.rpartition("/")
        if len(own) == len(content_name(b"")):
            continue
        on_progress(f"{store.table.name} {name}")
        content = content_of(store.folder, name, own)
        (store.folder / place).write(content_name(content), content)
        store.folder.delete(name)


def _merge_receipts(lake: Lake, on_progress: OnProgress) -> None:
    """Put the receipts, one file of JSON each, into one file of lines."""
    folder, receipts = lake.receipts.folder, []
    names = folder.names(".json")
    for name in names:
        on_progress(f"receipts {name}")
        try:
            receipts.append(receipt_from(_filled(json.loads(folder.read(name)))))
        except (ValueError, TypeError, KeyError) as error:
            log.warning("%s is no receipt (%s): its payload is taken in again", folder / name, error)
    if receipts:
        lake.receipts.write(line_of(receipt) for receipt in receipts)
    for name in names:
        folder.delete(name)


def _filled(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields of a receipt with those that early ones had not, instants in UTC."""
    instants = {name: pd.Timestamp(str(fields[name])).isoformat() for name in ("retrieved_at", "began")}
    return {"missing": [], "after": "", "amended_at": "", "formerly": [], **fields, **instants}


def to_layout_4(lake: Lake, on_progress: OnProgress) -> None:
    """The rung of a forecast is a name; what was missing, which the rung was before, stands beside it.

    Raises:
        LakeError: a file is damaged, or cannot be read or written; what is not done is done by the next call.
    """
    _rewrite(lake.forecasts.folder, lake.forecasts, _missing_beside_rung, on_progress)


def _missing_beside_rung(rows: pa.Table) -> pa.Table:
    former = rows.column("rung")
    named = pc.is_in(former, pa.array(RUNGS))
    missing = pc.if_else(named, "", former)
    rows = rows.set_column(rows.column_names.index("rung"), "rung", pc.if_else(named, former, DEGRADED))
    if "missing" not in rows.column_names:
        return rows.append_column("missing", missing)
    kept = pc.if_else(named, rows.column("missing"), missing)
    return rows.set_column(rows.column_names.index("missing"), "missing", kept)


STEPS: Mapping[int, Callable[[Lake, OnProgress], None]] = {1: to_layout_2, 2: to_layout_3, 3: to_layout_4}
"""From each layout to the one after it."""
