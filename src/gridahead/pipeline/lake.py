"""Care of the lake: what it holds, whether it is sound, fewer and larger files, and its rows for others."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from gridahead.errors import SettingsError
from gridahead.grid import Series
from gridahead.lake.compaction import Compaction, compact
from gridahead.lake.export import write_export
from gridahead.lake.stats import stats
from gridahead.lake.store import Report
from gridahead.lake.verify import Verified, verify, verify_views
from gridahead.pipeline.workspace import Workspace
from gridahead.timeline import Window

log = logging.getLogger(__name__)


def lake_stats(workspace: Workspace) -> pd.DataFrame:
    """One row a table and series: rows, vintages, files, bytes, first and last valid time."""
    found = [frame for frame in map(stats, workspace.lake.stores) if len(frame)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def verify_lake(workspace: Workspace, report: Report = lambda text: None) -> Verified:
    """Every file of every table, and what is wrong with it; and whether SQL reads what the lake reads."""
    done = [verify(store, report) for store in workspace.lake.stores]
    findings = tuple(finding for one in done for finding in one.findings)
    if not findings:  # what cannot be read cannot be compared
        report("views")
        findings = verify_views(workspace.lake)
    return Verified(sum(one.files for one in done), sum(one.rows for one in done), findings)


def compact_lake(workspace: Workspace, report: Report = lambda text: None) -> list[Compaction]:
    """Merge what is recent in every table; tables without anything to merge are left out.

    Raises:
        LakeError: a file cannot be read or written; nothing is lost, and the next call goes on.
    """
    workspace.lake.sweep()
    done = [one for store in workspace.lake.stores if (one := compact(store, report)).folders]
    for one in done:
        log.info("%s: %s batches merged into %s folders", one.table, f"{one.batches:,}", f"{one.folders:,}")
    return done


def export_lake(
    workspace: Workspace,
    path: Path,
    *,
    table: str = "observations",
    series: Series | None = None,
    window: Window | None = None,
    as_of: pd.Timestamp | None = None,
) -> int:
    """Write rows of a table to a CSV or Parquet file; gives how many.

    Args:
        workspace: whose lake.
        path: ends in .csv or .parquet.
        table: by its name.
        series: only its rows, quarantined ones too; else those of all.
        window: of valid times.
        as_of: only the newest vintages that were known at the instant.

    Raises:
        SettingsError: there is no such table, or it has no series, valid times or vintages.
        LakeError: there are no such rows, or the file cannot be written.
    """
    stores = {store.table.name: store for store in workspace.lake.stores}
    if table not in stores:
        raise SettingsError(f"no table {table!r}; known are {', '.join(stores)}")
    store = stores[table]
    needed = {"zone": series, "valid_time": window, "available_at": as_of}
    for name, given in needed.items():
        if given is not None and name not in store.table.names:
            raise SettingsError(f"the table {table} has no {name}; export it without that option")
    where = {"zone": series.zone, "quantity": series.quantity} if series else {}
    rows = store.read(where, window, as_of=as_of)
    write_export(rows, path)
    return len(rows)
