"""Every hour: take in what the sources offer, and inspect it."""

from __future__ import annotations

from prefect import flow, task
from prefect.artifacts import create_table_artifact

from gridahead.operate.ingest import ingest
from gridahead_flows.engine import LIMITS, RETRIES, open_workspace
from gridahead_flows.validate import publish_findings


@task(name="take in and inspect", **RETRIES)
def take_in(settings: str | None) -> int:
    """Archive, parse, append, judge; gives the number of new rows."""
    workspace = open_workspace(settings)
    done = ingest(workspace)
    rows = [
        {"payload": payload.payload, "rows": payload.rows, "new": payload.new, "revised": payload.revised}
        for payload in done.payloads
    ]
    create_table_artifact(rows, key="ingested", description="What each payload gave.")
    if done.report is not None:
        publish_findings(workspace, done.report)
    done.require(workspace.settings.quality.max_quarantined_share)
    return done.new


@flow(name="ingest", timeout_seconds=LIMITS["ingest"])
def ingest_flow(settings: str | None = None) -> int:
    """Sources → archived payloads → lake → quality gate. Twice the same payload changes nothing.

    Args:
        settings: settings file, on the machine of the worker.
    """
    return take_in(settings)


if __name__ == "__main__":
    ingest_flow()
