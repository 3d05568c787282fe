"""Every day at the deadline: forecast the next delivery day of every series and publish it."""

from __future__ import annotations

import pandas as pd
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.runtime import flow_run

from gridahead.core.grid import Series
from gridahead.operate.forecast import forecast
from gridahead_flows.engine import RETRIES, artifact_key, open_workspace

SCHEDULED = "scheduled"


@task(name="forecast", task_run_name="forecast {series}", **RETRIES)
def forecast_series(series: str, issue_time: str | None, settings: str | None) -> str:
    """Publish one delivery day; gives the folder."""
    instant = None if issue_time is None else pd.Timestamp(issue_time)
    published = forecast(open_workspace(settings), Series.parse(series), instant)
    lines = [f"- **{name}**: {value}" for name, value in published.manifest.items()]
    create_markdown_artifact(
        "\n".join(lines), key=artifact_key("published", series), description=f"Newest forecast of {series}."
    )
    return str(published.folder)


@flow(name="forecast")
def forecast_flow(
    issue_time: str | None = None,
    series: list[str] | None = None,
    settings: str | None = None,
    deadline: str | None = None,
) -> list[str]:
    """Forecast as of an issue time.

    Args:
        issue_time: ISO 8601 with offset; `scheduled` for the time that this run was scheduled for; without it, the
            newest deadline for which the lake has complete inputs.
        series: which, as ZONE/QUANTITY; all in the settings if none is named.
        settings: settings file.
        deadline: such as D-1T1100[Europe/Berlin]; only the series that have it in the settings by now.
    """
    if issue_time == SCHEDULED:
        issue_time = flow_run.scheduled_start_time.isoformat()
    entries = open_workspace(settings).settings.series
    names = series or [str(entry.series) for entry in entries if deadline in (None, str(entry.deadline))]
    # One series that cannot be forecast must not keep the others from being published.
    states = [forecast_series(name, issue_time, settings, return_state=True) for name in names]
    return [state.result() for state in states]


if __name__ == "__main__":
    forecast_flow()
