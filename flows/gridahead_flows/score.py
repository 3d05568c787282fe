"""Every day: published forecasts against the outturn, drift, the challenger's trial, and the page that shows it."""

from __future__ import annotations

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_link_artifact, create_markdown_artifact

from gridahead.core.grid import Series
from gridahead.core.runs import CHALLENGER
from gridahead.monitoring.drift import drift
from gridahead.operate.promotion import try_challenger
from gridahead.operate.report import report
from gridahead.operate.score import score_published
from gridahead.reports.drift import drift_sentence, drift_words
from gridahead.reports.promotion import outcome_reason
from gridahead_flows.engine import RETRIES, artifact_key, open_workspace
from gridahead_flows.train import train_series


@task(name="score", task_run_name="score {series}", **RETRIES)
def score_series(series: str, settings: str | None) -> int:
    """Score what is published; gives the number of scores."""
    return len(score_published(open_workspace(settings), Series.parse(series)).scores)


@task(name="drift", task_run_name="drift {series}", **RETRIES)
def look_for_drift(series: str, settings: str | None) -> bool:
    """Whether a series has drifted so that it is to be trained again; all that was found is an artifact."""
    report = drift(open_workspace(settings), Series.parse(series))
    sentence = drift_sentence(report)
    findings = [f"- {finding.level}: {drift_words(finding, report.unit)}" for finding in report.findings]
    lines = [f"**{sentence}**", "", *findings]
    create_markdown_artifact("\n".join(lines), key=artifact_key("drift", series), description=f"Drift of {series}.")
    if report.alarm:
        get_run_logger().warning("%s: %s", series, sentence)
    return report.retrain


@task(name="trial", task_run_name="trial {series}", **RETRIES)
def hold_trial(series: str, settings: str | None) -> str | None:
    """The challenger's trial on the days that there are by now; gives its reasons, None without a challenger."""
    workspace, name = open_workspace(settings), Series.parse(series)
    if workspace.registry.holder(name, CHALLENGER) is None:
        return None
    return outcome_reason(try_challenger(workspace, name))


@task(name="report", **RETRIES)
def write_report(settings: str | None) -> str:
    """Write the page; gives its path."""
    page = report(open_workspace(settings))
    create_link_artifact(page.as_uri(), key="report", link_text="The page that analysts read")
    return str(page)


@flow(name="score")
def score_flow(settings: str | None = None, retrain_on_drift: bool = False) -> str:
    """Score every series, look for drift, hold the trials of challengers, then write the report.

    Args:
        settings: settings file.
        retrain_on_drift: whether a series that has drifted is trained at once; else the artifact advises it.
    """
    scored = []
    for name in [str(entry.series) for entry in open_workspace(settings).settings.series]:
        # None of the three must keep the report from being written.
        scored.append(score_series(name, settings, return_state=True))
        drifted = look_for_drift(name, settings, return_state=True)
        hold_trial(name, settings, return_state=True)
        if retrain_on_drift and drifted.is_completed() and drifted.result():
            train_series(name, settings)
    page = write_report(settings)
    for state in scored:
        state.result()  # a series that could not be scored fails the run, now that all else is done
    return page


if __name__ == "__main__":
    score_flow()
