"""Every day: published forecasts against the outturn, drift, what the gate says by now, and the page that shows it."""

from __future__ import annotations

from engine import artifact_key, open_workspace
from prefect import flow, get_run_logger, task
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from train import train_series

from gridahead.grid import Series
from gridahead.pipeline.drift import drift
from gridahead.pipeline.promotion import judge
from gridahead.pipeline.report import report
from gridahead.pipeline.score import score_published
from gridahead.training.versions import CHALLENGER


@task(name="score", task_run_name="score {series}")
def score_series(series: str, settings: str | None) -> int:
    """Score what is published; gives the number of scores."""
    return len(score_published(open_workspace(settings), Series.parse(series)).scores)


@task(name="drift", task_run_name="drift {series}")
def look_for_drift(series: str, settings: str | None) -> bool:
    """Whether a series has drifted so that it is to be trained again; all that was found is an artifact."""
    found = drift(open_workspace(settings), Series.parse(series))
    lines = [f"**{found.words()}**", "", *(f"- {one.severity}: {one.words}" for one in found.findings)]
    create_markdown_artifact("\n".join(lines), key=artifact_key("drift", series), description=f"Drift of {series}.")
    if found.alarm:
        get_run_logger().warning("%s: %s", series, found.words())
    return found.retrain


@task(name="judge", task_run_name="judge {series}")
def judge_challenger(series: str, settings: str | None) -> str | None:
    """Ask the gate about the challenger on the days that there are by now; gives the verdict, None without one."""
    workspace, one = open_workspace(settings), Series.parse(series)
    if workspace.registry.holder(one, CHALLENGER) is None:
        return None
    return judge(workspace, one).words


@task(name="report")
def write_report(settings: str | None) -> str:
    """Write the page; gives its path."""
    page = report(open_workspace(settings))
    create_link_artifact(page.as_uri(), key="report", link_text="The page that analysts read")
    return str(page)


@flow(name="score")
def score_flow(settings: str | None = None, retrain_on_drift: bool = False) -> str:
    """Score every series, look for drift, ask the gate about challengers, then write the report.

    Args:
        settings: settings file.
        retrain_on_drift: whether a series that has drifted is trained at once; else the artifact advises it.
    """
    scored = []
    for name in [str(entry.series) for entry in open_workspace(settings).settings.series]:
        # None of the three must keep the report from being written.
        scored.append(score_series(name, settings, return_state=True))
        drifted = look_for_drift(name, settings, return_state=True)
        judge_challenger(name, settings, return_state=True)
        if retrain_on_drift and drifted.is_completed() and drifted.result():
            train_series(name, settings)
    page = write_report(settings)
    for state in scored:
        state.result()  # a series that could not be scored fails the run, now that all else is done
    return page


if __name__ == "__main__":
    score_flow()
