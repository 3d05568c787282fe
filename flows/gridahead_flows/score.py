"""Every day: published forecasts against the outturn, drift, and the page that shows it."""

from __future__ import annotations

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.deployments import run_deployment
from prefect.runtime import deployment, flow_run, task_run

from gridahead.core.each import require
from gridahead.core.errors import ModelError, some_of
from gridahead.core.grid import Series
from gridahead.monitoring.drift import drift
from gridahead.operate.catch_up import catch_up
from gridahead.operate.score import score_each
from gridahead.operate.together import AT_ONCE
from gridahead.reports.drift import drift_sentence, drift_words
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
    return f"score {some_of(task_run.parameters['series'], 1)}"


@task(name="score", task_run_name=_name_of_run, **RETRIES)
def score_some(series: list[str], settings: str | None) -> int:
    """Score what is published of some series; gives the number of scores."""
    done, failed = score_each(open_workspace(settings), [Series.parse(name) for name in series])
    require(failed, map(str, done))
    return sum(len(one.scores) for one in done.values())


@task(name="drift", task_run_name="drift {series}", **RETRIES)
def look_for_drift(series: str, settings: str | None) -> bool:
    """Whether a series has drifted so that it is to be trained again; all that was found is an artifact."""
    key, words = artifact_key("drift", series), f"Drift of {series}."
    try:
        report = drift(open_workspace(settings), Series.parse(series))
    except ModelError as error:  # just trained on all days, or no champion: there is nothing to judge by yet
        create_markdown_artifact(f"Nothing can be said yet: {error}", key=key, description=words)
        return False
    sentence = drift_sentence(report)
    findings = [f"- {finding.level}: {drift_words(finding, report.unit)}" for finding in report.findings]
    lines = [f"**{sentence}**", "", *findings]
    create_markdown_artifact("\n".join(lines), key=key, description=words)
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
    size, drifted = 1 if len(names) <= FEW else AT_ONCE, []
    # None of them must keep the report from being written.
    scored = [
        score_some(names[first : first + size], settings, return_state=True) for first in range(0, len(names), size)
    ]
    for name in names:
        found = look_for_drift(name, settings, return_state=True)
        if found.is_completed() and found.result():
            drifted.append(name)
    page = write_report(settings)
    if drifted and chosen.schedule.retrain_on_drift:
        _train_again(drifted, settings)
    for state in scored:
        state.result()  # what could not be done fails the run, now that all else is done
    kept.result()
    return page


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
