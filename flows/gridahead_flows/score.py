"""Every day: published forecasts against the outturn, drift, and the page that shows it."""

from __future__ import annotations

from functools import partial

from prefect import State, flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.deployments import run_deployment
from prefect.runtime import deployment, flow_run, task_run

from gridahead.core.each import require
from gridahead.core.errors import ModelError, PartialError, some_of
from gridahead.core.grid import Series
from gridahead.monitoring.drift import drift
from gridahead.operate.catch_up import catch_up
from gridahead.operate.score import score_each
from gridahead.operate.together import AT_ONCE, of_each_together
from gridahead.reports.drift import drift_sentence, drift_words
from gridahead.workspace import Workspace
from gridahead_flows.engine import LIMITS, RETRIES, artifact_key, kept_on_record, open_workspace
from gridahead_flows.forecast import FEW
from gridahead_flows.plan import SCHEDULED
from gridahead_flows.report import write_report
from gridahead_flows.train import train_flow


@task(name="keep what is published", **RETRIES)
def keep_published(settings: str | None) -> str:
    """Keep in the lake what was published while that could not be written; gives it in words."""
    done = catch_up(open_workspace(settings))
    done.require()
    return done.sentence


def _name_of_run() -> str:
    return f"{task_run.task_name} {some_of(task_run.parameters['series'], 1)}"


@task(name="score", task_run_name=_name_of_run, **RETRIES)
def score_some(series: list[str], settings: str | None) -> int:
    """Score what is published of some series; gives the number of scores."""
    done, failed = score_each(open_workspace(settings), [Series.parse(name) for name in series])
    require(failed, map(str, done))
    return sum(len(one.scores) for one in done.values())


@task(name="drift", task_run_name=_name_of_run, **RETRIES)
def look_for_drift(series: list[str], settings: str | None) -> list[str]:
    """Which of some series have drifted so that they are to be trained again; all that was found is an artifact."""
    workspace, told = open_workspace(settings), list[str]()
    names = [Series.parse(name) for name in series]
    drifted, failed = of_each_together(workspace, names, partial(_look, told))
    key = artifact_key("drift", series[0]) if len(series) == 1 else "drift"
    create_markdown_artifact("\n\n".join(told), key=key, description=f"Drift of {some_of(series, 1)}.")
    again = [str(one) for one, has_drifted in drifted.items() if has_drifted]
    require(failed, again)
    return again


def _look(told: list[str], workspace: Workspace, series: Series) -> bool:
    """Whether a series is to be trained again; what was found is added to what is told."""
    try:
        report = drift(workspace, series)
    except ModelError as error:  # just trained on all days, or no champion: there is nothing to judge by yet
        told.append(f"**{series}**: nothing can be said yet: {error}")
        return False
    sentence = drift_sentence(report)
    findings = [f"- {finding.level}: {drift_words(finding, report.unit)}" for finding in report.findings]
    told.append("\n".join([f"**{series}**: {sentence}", "", *findings]))
    if report.alarm:
        get_run_logger().warning("%s: %s", series, sentence)
    return report.retrain


@flow(name="score", timeout_seconds=LIMITS["score"])
@kept_on_record
def score_flow(settings: str | None = None) -> str:
    """Keep what is only published, score every series, look for drift, and write the report; gives the page.

    A series that has drifted is trained at once where `retrain_on_drift = true` under [schedule]; else the artifact
    advises it.

    Args:
        settings: settings file, on the machine of the worker.
    """
    chosen = open_workspace(settings).settings
    kept = keep_published(settings, return_state=True)
    names = [str(entry.series) for entry in chosen.series]
    size = 1 if len(names) <= FEW else AT_ONCE
    parts = [names[first : first + size] for first in range(0, len(names), size)]
    # None of them must keep the report from being written.
    scored = [score_some(part, settings, return_state=True) for part in parts]
    drifted = [name for part in parts for name in _drifted(look_for_drift(part, settings, return_state=True))]
    page = write_report(settings)
    if drifted and chosen.schedule.retrain_on_drift:
        _train_again(drifted, settings)
    for state in scored:
        state.result()  # what could not be done fails the run, now that all else is done
    kept.result()
    return page


def _drifted(state: State[list[str]]) -> list[str]:
    """What is to be trained again of the series of a task; where it failed for some, of the others."""
    outcome = state.result(raise_on_failure=False)
    if isinstance(outcome, PartialError):
        return [str(name) for name in outcome.done]
    return outcome if isinstance(outcome, list) else []


def _train_again(drifted: list[str], settings: str | None) -> None:
    """Train what has drifted: as a run of its own where there are deployments, which this one does not wait for."""
    if deployment.id is None:
        train_flow(drifted, settings)
        return
    parameters = {"series": drifted, "settings": settings}
    once = f"drift-{flow_run.id}"
    run_deployment(f"train/{SCHEDULED}", parameters=parameters, timeout=0, idempotency_key=once, as_subflow=False)


if __name__ == "__main__":
    score_flow()
