"""Every hour: take in what the sources offer, and inspect it."""

from __future__ import annotations

from engine import RETRIES, if_retryable, open_workspace
from prefect import flow, task
from prefect.artifacts import create_table_artifact
from validate import validate_flow

from gridahead.pipeline.ingest import ingest


@task(name="take in", retry_condition_fn=if_retryable, **RETRIES)
def take_in(settings: str | None) -> int:
    """Archive, parse and append; gives the number of new rows."""
    done = ingest(open_workspace(settings))
    rows = [{"payload": one.payload, "rows": one.rows, "new": one.new, "revised": one.revised} for one in done]
    create_table_artifact(rows, key="ingested", description="What each payload gave.")
    return sum(one.new for one in done)


@flow(name="ingest")
def ingest_flow(settings: str | None = None) -> int:
    """Files → archived payloads → lake → quality gate. Twice the same file changes nothing."""
    new = take_in(settings)
    validate_flow(settings)  # with nothing new too: an ingest that was killed may have left rows uninspected
    return new


if __name__ == "__main__":
    ingest_flow()
