"""Every day: the challengers' trials, on the days that there are by now."""

from __future__ import annotations

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact

from gridahead.core.grid import Series
from gridahead.core.runs import CHALLENGER
from gridahead.operate.promotion import try_challenger
from gridahead.reports.promotion import outcome_reason
from gridahead_flows.engine import LIMITS, RETRIES, artifact_key, kept_on_record, open_workspace, series_meant


@task(name="trial", task_run_name="trial {series}", **RETRIES)
def hold_trial(series: str, settings: str | None) -> str | None:
    """The challenger's trial on the days that there are by now; gives its reasons, None without a challenger."""
    workspace, name = open_workspace(settings), Series.parse(series)
    if workspace.registry.holder(name, CHALLENGER) is None:
        return None
    reason = outcome_reason(try_challenger(workspace, name))
    create_markdown_artifact(reason, key=artifact_key("trial", series), description=f"Challenger of {series}.")
    return reason


@flow(name="promote", timeout_seconds=LIMITS["score"])
@kept_on_record
def promote_flow(series: list[str] = [], settings: str | None = None) -> dict[str, str]:  # noqa: B006 - a form's default
    """Hold the trials: a challenger that has shown to be better serves from then on; gives the reasons.

    Args:
        series: which, as ZONE/QUANTITY; every series of the settings if none is named.
        settings: settings file, on the machine of the worker.
    """
    names = series_meant(open_workspace(settings), series)
    states = {name: hold_trial(name, settings, return_state=True) for name in names}
    reasons = {name: state.result() for name, state in states.items()}
    return {name: reason for name, reason in reasons.items() if reason is not None}


if __name__ == "__main__":
    promote_flow()
