"""Every night: merge the batches of the day, so that the lake stays fast, and delete what was kept for long enough."""

from __future__ import annotations

from prefect import flow, task
from prefect.artifacts import create_table_artifact

from gridahead.operate.lake import compact_lake
from gridahead.operate.retention import keep_what_is_wanted
from gridahead_flows.engine import LIMITS, RETRIES, kept_on_record, open_workspace


@task(name="compact", **RETRIES)
def compact_tables(settings: str | None) -> int:
    """Merge what is recent; gives the number of batches merged. Readers and writers go on meanwhile."""
    done = compact_lake(open_workspace(settings))
    rows = [{"table": table.table, "batches": table.batches, "folders": table.folders} for table in done]
    create_table_artifact(rows, key="compacted", description="Batches merged, by table.")
    return sum(table.batches for table in done)


@task(name="retention", **RETRIES)
def delete_what_is_old(settings: str | None) -> int:
    """Delete what the settings keep no longer; gives the number of bytes."""
    done = keep_what_is_wanted(open_workspace(settings))
    rows = [
        {"what": one.what, "setting": one.setting, "files": one.files, "bytes": one.bytes, "lost": one.lost}
        for one in done.deleted
    ]
    create_table_artifact(rows, key="deleted", description="What was old enough to go, and by which setting.")
    return done.bytes


@flow(name="compact", timeout_seconds=LIMITS["night"])
@kept_on_record
def compact_flow(settings: str | None = None) -> int:
    """Batches of the day → one file a series and year; and what `[retention]` keeps no longer is deleted.

    Args:
        settings: settings file, on the machine of the worker.
    """
    merged = compact_tables(settings)
    delete_what_is_old(settings)
    return merged


if __name__ == "__main__":
    compact_flow()
