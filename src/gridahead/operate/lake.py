"""Care of the lake: what it holds, whether it is sound, fewer and larger files, and its rows for others."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from gridahead.core.errors import SettingsError
from gridahead.core.files import write_licence
from gridahead.core.grid import Series
from gridahead.core.time import TimeRange
from gridahead.lake.archive import ArchiveStats, archive_stats
from gridahead.lake.compaction import Compaction, compact, compact_receipts
from gridahead.lake.export import write_export
from gridahead.lake.stats import stats
from gridahead.lake.store import OnProgress
from gridahead.lake.verify import Verified, verify, verify_views
from gridahead.lake.verify_receipts import verify_batches, verify_receipts
from gridahead.quarantine.rulings import cases
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)

ARCHIVE = "archive"
"""As which a compaction names the archive of payloads, beside the tables."""


def lake_stats(workspace: Workspace) -> pd.DataFrame:
    """A row a table and series: rows, vintages, files, bytes, first and last valid time; then receipts, archive."""
    frames = [frame for frame in map(stats, workspace.lake.stores) if len(frame)]
    receipts = workspace.lake.receipts
    files = receipts.folder.sizes(below=True)
    archived = stats_of_archive(workspace)
    beside = [
        {"table": "receipts", "rows": len(receipts.read().lines), "files": len(files), "bytes": sum(files.values())},
        {
            "table": ARCHIVE,
            "rows": archived.payloads,
            "files": archived.payloads,
            "bytes": archived.bytes,
        },
    ]
    frames += [pd.DataFrame([row]) for row in beside if row["files"]]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def stats_of_archive(workspace: Workspace) -> ArchiveStats:
    """How many payloads are kept, and how many of them the next compaction deletes."""
    lake, keep_days = workspace.lake, workspace.settings.archive.keep_days
    found = archive_stats(lake.archive, lake.receipts.read(), keep_days, workspace.clock())
    return found.without(_of_open_cases(workspace)) if found.expired else found


def _of_open_cases(workspace: Workspace) -> set[str]:
    """The payloads that brought rows on which a person has not ruled yet."""
    batches = {batch for case in cases(workspace) for batch in case.batches}
    receipts = workspace.lake.receipts.read().newest_first() if batches else ()
    return {receipt.payload for receipt in receipts if not receipt.batches.isdisjoint(batches)}


def verify_lake(workspace: Workspace, on_progress: OnProgress = lambda step: None) -> Verified:
    """What is wrong with files, receipts and payloads, and whether SQL reads what the lake reads."""
    lake = workspace.lake
    checked = [verify(store, on_progress) for store in lake.stores]
    findings = tuple(finding for table in checked for finding in table.findings)
    if not findings:  # what cannot be read cannot be compared
        on_progress("views and batches")
        findings = (*verify_views(lake), *verify_batches(lake))
    findings += verify_receipts(lake, on_progress)
    return Verified(sum(table.files for table in checked), sum(table.rows for table in checked), findings)


def compact_lake(workspace: Workspace, on_progress: OnProgress = lambda step: None) -> list[Compaction]:
    """Merge what is recent in every table and the receipts, and delete payloads that are older than the settings say.

    Tables without anything to merge are left out.

    Raises:
        LakeError: a file cannot be read or written; nothing is lost, and the next call goes on.
    """
    workspace.lake.sweep()
    merged = [compact(store, on_progress) for store in workspace.lake.stores]
    merged += [compact_receipts(workspace.lake.receipts), _delete_expired(workspace)]
    merged = [compaction for compaction in merged if compaction.folders]
    for compaction in merged:
        files, folders = f"{compaction.batches:,}", f"{compaction.folders:,}"
        verb = "deleted from" if compaction.table == ARCHIVE else "merged into"
        log.info("%s: %s files %s %s folders", compaction.table, files, verb, folders)
    return merged


def _delete_expired(workspace: Workspace) -> Compaction:
    """Delete the payloads that are older than `[archive] keep_days`."""
    archived, keep_days = stats_of_archive(workspace), workspace.settings.archive.keep_days
    if keep_days is not None:
        for name in archived.expired:
            workspace.lake.archive.delete(name, keep_days, workspace.clock())
    count = len(archived.expired)
    return Compaction(ARCHIVE, count, min(count, 1), 0, archived.bytes, archived.bytes - archived.expired_bytes)


def export_lake(
    workspace: Workspace,
    path: Path,
    *,
    table: str = "observations",
    series: Series | None = None,
    time_range: TimeRange | None = None,
    as_of: pd.Timestamp | None = None,
) -> int:
    """Write rows of a table to a CSV or Parquet file, and beside it whom their licences name; returns how many.

    Args:
        workspace: whose lake.
        path: ends in .csv or .parquet.
        table: by its name.
        series: only its rows, quarantined ones too; else those of all.
        time_range: of valid times.
        as_of: only the newest vintages that were known at the instant.

    Raises:
        SettingsError: there is no such table, or it has no series, valid times or vintages.
        LakeError: there are no such rows, or the file cannot be written.
    """
    stores = {store.table.name: store for store in workspace.lake.stores}
    if table not in stores:
        raise SettingsError(f"no table {table!r}; known are {', '.join(stores)}")
    store = stores[table]
    needed = {"zone": series, "valid_time": time_range, "available_at": as_of}
    for name, given in needed.items():
        if given is not None and name not in store.table.names:
            raise SettingsError(f"the table {table} has no {name}; export it without that option")
    where = {"zone": series.zone, "quantity": series.quantity} if series else {}
    rows = store.read(where, time_range, as_of=as_of)
    write_export(rows, path)
    write_licence(path, workspace.settings.attribution_of(series) if series else workspace.settings.attribution)
    return len(rows)
