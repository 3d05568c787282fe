"""Every night: merge the batches of the day, so that the lake stays fast."""

from __future__ import annotations

from prefect import flow, task
from prefect.artifacts import create_table_artifact

from gridahead.operate.lake import compact_lake
from gridahead_flows.engine import RETRIES, open_workspace


@task(name="compact", **RETRIES)
def compact_tables(settings: str | None) -> int:
    """Merge what is recent; gives the number of batches merged. Readers and writers go on meanwhile."""
    done = compact_lake(open_workspace(settings))
    rows = [{"table": table.table, "batches": table.batches, "folders": table.folders} for table in done]
    create_table_artifact(rows, key="compacted", description="Batches merged, by table.")
    return sum(table.batches for table in done)


@flow(name="compact")
def compact_flow(settings: str | None = None) -> int:
    """Batches of the day → one file a series and year."""
    return compact_tables(settings)


if __name__ == "__main__":
    compact_flow()
