"""Every day at the deadline: forecast the next delivery day of every series that has it, and publish."""

from __future__ import annotations

import datetime as dt
import math
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from prefect import State, flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.runtime import task_run
from prefect.states import Completed
from pydantic import AwareDatetime

from gridahead.core.each import require
from gridahead.core.errors import GridaheadError, PartialError, some_of
from gridahead.core.grid import Series
from gridahead.forecasting.publish import Published
from gridahead.operate.due import due_of
from gridahead.operate.forecast import forecast_each
from gridahead.operate.together import AT_ONCE
from gridahead.settings.flows import FlowSettings
from gridahead.settings.place import find_settings
from gridahead.workspace import Workspace
from gridahead_flows.engine import LIMITS, RETRIES, artifact_key, if_retryable, open_workspace, page_link, series_meant
from gridahead_flows.outdated import warn_if_outdated
from gridahead_flows.report import write_report
from gridahead_flows.runner import outcomes_of, runner_of

_ONE_AT_A_TIME = threading.Lock()
"""In one process a series computes while another waits for its next try."""
THREADS = 8
"""So many tasks wait for their next try beside one another: a store that is away is away for all of them."""
FEW = 20
"""Of so many series each is a task of its own, which Prefect's pages show; of more, as many as are read together."""
TASKS = 8
"""At least so many where several work side by side: each of a few has its share, and ends when the others do."""

Wanted = tuple[str, dt.date | None]
"""A series and its delivery day; None for the one that is due."""


def _is_another_try(_task: Any, run: Any, state: Any) -> bool:
    """Whether the same series are tried again; those that are left of several are, by themselves."""
    return if_retryable(_task, run, state) and not getattr(state.result(raise_on_failure=False), "done", ())


def _name_of_run() -> str:
    return f"forecast {_words(task_run.parameters['wanted'])}"


@task(name="forecast", task_run_name=_name_of_run, **{**RETRIES, "retry_condition_fn": _is_another_try})
def forecast_some(wanted: list[Wanted], issue_time: dt.datetime | None, settings: str) -> list[str]:
    """Publish a delivery day of each of these series; gives how, a line each."""
    return publish_some(wanted, issue_time, settings)


def publish_some(wanted: Sequence[Wanted], issue_time: dt.datetime | None, settings: str) -> list[str]:
    """What the task does, as a function that another process finds by its name: a task goes there with its globals.

    Raises:
        PartialError: some could not be published, and the others are out.
    """
    workspace = open_workspace(settings)
    instant = None if issue_time is None else pd.Timestamp(issue_time)
    done: dict[Series, Published] = {}
    failed: dict[str, GridaheadError] = {}
    for day in dict.fromkeys(day for _, day in wanted):
        names = [Series.parse(name) for name, of in wanted if of == day]
        with _ONE_AT_A_TIME:
            done_of_day, failed_of_day = forecast_each(workspace, names, instant, day=day)
        done |= done_of_day
        for series, error in failed_of_day.items():
            error.retryable = error.retryable and is_of_use(workspace, series, day)
            failed[_words([(str(series), day)])] = error
    published = keep_manifests(workspace, {series: one.manifest for series, one in done.items()})
    require(failed, published)
    return published


def is_of_use(workspace: Workspace, series: Series, day: dt.date | None) -> bool:
    """Whether a forecast can still reach the market; one of a day that nobody has named is for a person."""
    return day is None or workspace.clock() < workspace.settings.gate_closure_of(series).for_delivery(day)


def keep_manifests(workspace: Workspace, manifests: Mapping[Series, Mapping[str, object]]) -> list[str]:
    """What was published, a line each, and as an artifact of this run: of one series all that its manifest says."""
    lines = {series: _line(series, manifest) for series, manifest in manifests.items()}
    if len(manifests) > 1:
        linked = (f"- {page_link(workspace, f'{one.slug}/latest.csv', line)}" for one, line in lines.items())
        create_markdown_artifact("\n".join(linked), key="published", description=f"{len(lines)} newest forecasts.")
        return [*lines.values()]
    for series, manifest in manifests.items():
        told = [f"- **{name}**: {value}" for name, value in manifest.items()]
        missing = manifest["missing"] or "nothing"
        create_markdown_artifact(
            "\n".join([page_link(workspace, f"{series.slug}/latest.csv", "Newest forecast"), "", *told]),
            key=artifact_key("published", str(series)),
            description=f"Newest forecast of {series}: by {manifest['rung']}, missing: {missing}.",
        )
    return [*lines.values()]


def _line(series: Series, manifest: Mapping[str, object]) -> str:
    missing = f", missing: {manifest['missing']}" if manifest["missing"] else ""
    return f"{series} for {manifest['delivery_day']} by {manifest['rung']}{missing}"


@flow(name="forecast", timeout_seconds=LIMITS["forecast"])
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
    published, failed = side_by_side(wanted, issue_time, workspace.settings.flows, str(find_settings(settings)))
    if published:
        write_report(settings, return_state=True)  # without the page, the forecasts are out all the same
    require(failed, published)
    return Completed(message="; ".join(published) or "nothing is due that is not published", data=published)


def side_by_side(
    wanted: Sequence[Wanted], issue_time: dt.datetime | None, chosen: FlowSettings, settings: str
) -> tuple[list[str], dict[str, GridaheadError]]:
    """What is published, a line each, and the errors of the series that are not.

    Args:
        wanted: the series and days.
        issue_time: as of when.
        chosen: how many go into a task, and where tasks run.
        settings: path of the settings file, wherever they run.
    """
    published: list[str] = []
    failed: dict[str, GridaheadError] = {}
    size = chosen.series_per_task or _size_of_a_task(len(wanted), chosen)
    parts = [list(wanted[begin : begin + size]) for begin in range(0, len(wanted), size)]
    with runner_of(chosen, THREADS, chosen.workers) as runner:
        while parts:
            told = [{"wanted": part, "issue_time": issue_time, "settings": settings} for part in parts]
            futures = [
                (_words(part), runner.submit(forecast_some, each)) for part, each in zip(parts, told, strict=True)
            ]
            left: list[list[Wanted]] = []
            for part, outcome in zip(parts, outcomes_of(futures), strict=True):
                if isinstance(outcome, PartialError):
                    published += outcome.done
                    again = {name for name, error in outcome.errors.items() if error.retryable and outcome.done}
                    failed |= {name: error for name, error in outcome.errors.items() if name not in again}
                    left += [[slot for slot in part if _words([slot]) in again]] if again else []
                elif isinstance(outcome, GridaheadError):
                    failed |= {_words([slot]): outcome for slot in part}
                else:
                    published += outcome
            parts = left
    return published, failed


def _size_of_a_task(series: int, chosen: FlowSettings) -> int:
    """How many of so many series go into one task."""
    if series <= FEW:
        return 1
    if chosen.runner == "threads":
        return AT_ONCE
    return min(AT_ONCE, math.ceil(series / max(TASKS, chosen.workers or 0)))


def _words(wanted: Sequence[Wanted]) -> str:
    """Which series and days these are, of many the first."""
    return some_of([name if day is None else f"{name} of {day}" for name, day in wanted], 1)


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
