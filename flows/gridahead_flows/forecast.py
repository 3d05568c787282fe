"""Every day at the deadline: forecast the next delivery day of every series that has it, and publish."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping
from typing import Any

import pandas as pd
from prefect import State, flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import AwareDatetime

from gridahead.core.each import require
from gridahead.core.errors import GridaheadError
from gridahead.core.grid import Series
from gridahead.operate.due import due_of
from gridahead.operate.forecast import forecast
from gridahead.workspace import Workspace
from gridahead_flows.engine import LIMITS, RETRIES, artifact_key, open_workspace, page_link, series_meant
from gridahead_flows.outdated import warn_if_outdated
from gridahead_flows.report import write_report

_ONE_AT_A_TIME = threading.Lock()
"""A series computes while another waits for its next try."""
_RUNNER: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=8)
"""So many series wait for their next try beside one another: a store that is away is away for all of them."""


@task(name="forecast", task_run_name="forecast {series}", **RETRIES)
def forecast_series(series: str, issue_time: dt.datetime | None, day: dt.date | None, settings: str | None) -> str:
    """Publish one delivery day; gives how, in a line."""
    workspace, name = open_workspace(settings), Series.parse(series)
    instant = None if issue_time is None else pd.Timestamp(issue_time)
    try:
        with _ONE_AT_A_TIME:
            published = forecast(workspace, name, instant, day=day)
    except GridaheadError as error:
        error.retryable = error.retryable and is_of_use(workspace, name, day)
        raise
    return keep_manifest(workspace, name, published.manifest)


def is_of_use(workspace: Workspace, series: Series, day: dt.date | None) -> bool:
    """Whether a forecast can still reach the market; one of a day that nobody has named is for a person."""
    return day is None or workspace.clock() < workspace.settings.gate_closure_of(series).for_delivery(day)


def keep_manifest(workspace: Workspace, series: Series, manifest: Mapping[str, object]) -> str:
    """What was published, as an artifact of this run and in a line."""
    lines = [f"- **{name}**: {value}" for name, value in manifest.items()]
    create_markdown_artifact(
        "\n".join([page_link(workspace, f"{series.slug}/latest.csv", "Newest forecast"), "", *lines]),
        key=artifact_key("published", str(series)),
        description=f"Newest forecast of {series}: by {manifest['rung']}, missing: {manifest['missing'] or 'nothing'}.",
    )
    missing = f", missing: {manifest['missing']}" if manifest["missing"] else ""
    return f"{series} for {manifest['delivery_day']} by {manifest['rung']}{missing}"


@flow(name="forecast", timeout_seconds=LIMITS["forecast"], task_runner=_RUNNER)
def forecast_flow(
    series: list[str] = [],  # noqa: B006 - a form's default
    issue_time: AwareDatetime | None = None,
    settings: str | None = None,
    deadline: str | None = None,
) -> State[list[str]]:
    """Forecast, publish, and write the page.

    It fails only if a series is left without a forecast; one that a lower step of the ladder has made says so.

    Args:
        series: which, as ZONE/QUANTITY; every series of the settings if none is named.
        issue_time: as of when; without it as of now for the day that is due, in mode demo as of the newest deadline for
            which the lake has complete inputs.
        settings: settings file, on the machine of the worker.
        deadline: of a scheduled run, such as D-1T1100[Europe/Berlin]: the series that have it in the settings by now,
            and of these only what is due and not published.
    """
    workspace = open_workspace(settings)
    names = series_meant(workspace, series)
    wanted: list[tuple[str, dt.date | None]] = [(name, None) for name in names]
    if deadline is not None:
        warn_if_outdated(settings)
        wanted = due_at(workspace, names, deadline)
    states = {(name, day): forecast_series.submit(name, issue_time, day, settings) for name, day in wanted}
    for future in states.values():
        future.wait()
    published = [future.result() for future in states.values() if future.state.is_completed()]
    if published:
        write_report(settings, return_state=True)  # without the page, the forecasts are out all the same
    failed: dict[str, GridaheadError] = {}
    for (name, _), future in states.items():
        error = future.state.result(raise_on_failure=False)
        if isinstance(error, GridaheadError):
            failed[name] = error
        elif isinstance(error, Exception):
            raise error
    require(failed, published)
    return Completed(message="; ".join(published) or "nothing is due that is not published", data=published)


def due_at(workspace: Workspace, names: list[str], deadline: str) -> list[tuple[str, dt.date | None]]:
    """The series and delivery days that are due at a deadline, by the settings as they are now."""
    own = {str(entry.series) for entry in workspace.settings.series if str(entry.deadline) == deadline}
    if not own:
        get_run_logger().warning(
            "no series of the settings has the deadline %s any more; `python -m gridahead_flows deploy` removes it",
            deadline,
        )
    at = workspace.clock()
    return [(name, slot.day) for name in names if name in own for slot in due_of(workspace, Series.parse(name), at)]


if __name__ == "__main__":
    forecast_flow()
