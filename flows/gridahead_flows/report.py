"""After every publication, and by the flow that scores: the page that analysts read."""

from __future__ import annotations

from prefect import task
from prefect.artifacts import create_markdown_artifact

from gridahead_flows.engine import RETRIES, open_workspace, page_link


@task(name="report", **RETRIES)
def write_report(settings: str | None) -> str:
    """Write the page; gives its path."""
    from gridahead.operate.report import report  # draws, which is not waited for before a forecast is out

    workspace = open_workspace(settings)
    page = report(workspace)
    create_markdown_artifact(page_link(workspace, page.name, "The page that analysts read"), key="report")
    return str(page)
