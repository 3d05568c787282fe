"""After every ingest, and on demand: the quality gate."""

from __future__ import annotations

from engine import open_workspace
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact

from gridahead.pipeline.validate import validate


@task(name="inspect")
def inspect_lake(settings: str | None) -> int:
    """Quarantine what fails and write the Data Docs; gives the number of rows put aside."""
    report, page = validate(open_workspace(settings))
    create_markdown_artifact(f"```\n{report.summary()}\n```\n\nData Docs: {page}", key="quality")
    return len(report.quarantine)


@flow(name="validate")
def validate_flow(settings: str | None = None) -> int:
    """Great Expectations over everything in the lake that is not yet in quarantine."""
    return inspect_lake(settings)


if __name__ == "__main__":
    validate_flow()
