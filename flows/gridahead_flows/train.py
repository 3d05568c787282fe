"""Every week: fit the candidates of every series; a trial decides whether one of them takes the champion's place."""

from __future__ import annotations

from collections.abc import Sequence

from prefect import flow, task
from prefect.artifacts import create_table_artifact

from gridahead.core.each import require
from gridahead.core.errors import GridaheadError, PartialError
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION
from gridahead.operate.train import Candidate, order_of, train, train_shared
from gridahead.settings.place import find_settings
from gridahead_flows.engine import LIMITS, RETRIES, artifact_key, kept_on_record, open_workspace, series_meant
from gridahead_flows.runner import outcomes_of, require_processes, runner_of


@task(name="train", task_run_name="train {series}", **RETRIES)
def train_series(series: str, settings: str) -> dict[str, str]:
    """Fit in a process of its own, record, hold the trial; gives the series and its champion."""
    require_processes()
    workspace = open_workspace(settings)
    done = train(workspace, Series.parse(series))
    keep_outcomes(series, done)
    return {series: str(workspace.registry.holder(Series.parse(series), CHAMPION))}


def keep_outcomes(series: str, done: list[Candidate]) -> None:
    """What became of the candidates, as a table of this run."""
    rows = [
        {
            "model": candidate.model,
            "version": candidate.version,
            **candidate.validation,
            "champion": candidate.champion,
            "why": candidate.outcome,
        }
        for candidate in done
    ]
    create_table_artifact(
        rows,
        key=artifact_key("trained", series),
        description=f"Candidates of {series}, and what became of each.",
    )


@task(name="train shared", task_run_name="train {name}", **RETRIES)
def train_group(name: str, settings: str) -> dict[str, str]:
    """One network for a group of series; gives the series that it serves from now on."""
    require_processes()
    workspace = open_workspace(settings)
    group = next(group for group in workspace.settings.shared if group.name == name)
    done: Sequence[Candidate] = ()
    try:
        done = train_shared(workspace, group)
    except PartialError as error:
        done = error.done
        raise
    finally:
        for series in {candidate.series for candidate in done}:
            keep_outcomes(f"{series}-{name}", [one for one in done if one.series == series])
    return {
        str(candidate.series): f"{candidate.model} v{candidate.version}" for candidate in done if candidate.champion
    }


@flow(name="train side by side")
def train_all_flow(names: list[str], settings: str) -> dict[str, str]:
    """Groups without rivals and series, as many at a time as the task runner has room for, and then those with rivals.

    One that fails keeps no other from being trained.

    Raises:
        PartialError: some have failed. Who serves of the others is in its `done`.
    """
    order = order_of(open_workspace(settings).settings, [Series.parse(name) for name in names])
    shared = [(group.name, train_group.submit(group.name, settings)) for group in order.first]
    own = [(str(series), train_series.submit(str(series), settings)) for series in order.own]
    submitted = [*own, *shared]
    found = [*zip([name for name, _ in submitted], outcomes_of(submitted), strict=True)]
    for group in order.last:
        try:
            found.append((group.name, train_group(group.name, settings)))
        except GridaheadError as error:
            found.append((group.name, error))
    serving: dict[str, str] = {}
    for _, outcome in found:
        serving |= {} if isinstance(outcome, GridaheadError) else outcome
    require({name: outcome for name, outcome in found if isinstance(outcome, GridaheadError)}, serving.items())
    return serving


@flow(name="train", timeout_seconds=LIMITS["train"])
@kept_on_record
def train_flow(series: list[str] = [], settings: str | None = None) -> dict[str, str]:  # noqa: B006 - a form's default
    """The candidates of every series and of the groups that share a network, `training.workers` side by side.

    Killed and started again it goes on from the last checkpoints, and registers every model once.

    Args:
        series: which, as ZONE/QUANTITY; every series of the settings if none is named.
        settings: settings file, on the machine of the worker.
    """
    workspace = open_workspace(settings)
    names = series_meant(workspace, series)
    workers = workspace.settings.training.workers
    runner = runner_of(workspace.settings.flows, workers, workers)
    found = str(find_settings(settings))
    return train_all_flow.with_options(task_runner=runner)(names, found)


if __name__ == "__main__":
    train_flow()
