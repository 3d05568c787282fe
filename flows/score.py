"""Every day: published forecasts against the outturn, and the page that shows it."""

from __future__ import annotations

from engine import open_workspace
from prefect import flow, task
from prefect.artifacts import create_link_artifact

from gridahead.grid import Series
from gridahead.pipeline.report import report
from gridahead.pipeline.score import score_published


@task(name="score", task_run_name="score {series}")
def score_series(series: str, settings: str | None) -> int:
    """Score what is published; gives the number of scores."""
    return len(score_published(open_workspace(settings), Series.parse(series)))


@task(name="report")
def write_report(settings: str | None) -> str:
    """Write the page; gives its path."""
    page = report(open_workspace(settings))
    create_link_artifact(page.as_uri(), key="report", link_text="The page that analysts read")
    return str(page)


@flow(name="score")
def score_flow(settings: str | None = None) -> str:
    """Score every series, then write the report."""
    for entry in open_workspace(settings).settings.series:
        score_series(str(entry.series), settings)
    return write_report(settings)


if __name__ == "__main__":
    score_flow()
