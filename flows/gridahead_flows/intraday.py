"""Every hour: renew the forecast of what is left of the day, for the series that have `intraday = true`."""

from __future__ import annotations

from prefect import flow, task

from gridahead.core.grid import Series
from gridahead.operate.forecast import refresh
from gridahead_flows.engine import LIMITS, RETRIES, open_workspace
from gridahead_flows.forecast import keep_manifests
from gridahead_flows.report import write_report


@task(name="refresh", task_run_name="refresh {series}", **RETRIES)
def refresh_series(series: str, settings: str | None) -> str:
    """Publish the rest of the day; gives how, in a line."""
    workspace, name = open_workspace(settings), Series.parse(series)
    (line,) = keep_manifests(workspace, {name: refresh(workspace, name).manifest})
    return line


@flow(name="intraday", timeout_seconds=LIMITS["forecast"])
def intraday_flow(settings: str | None = None) -> list[str]:
    """Renew the forecasts of the day that is being delivered, as of now.

    Args:
        settings: settings file, on the machine of the worker.
    """
    names = [str(entry.series) for entry in open_workspace(settings).settings.series if entry.intraday]
    states = [refresh_series(name, settings, return_state=True) for name in names]
    if any(state.is_completed() for state in states):
        write_report(settings, return_state=True)
    return [state.result() for state in states]


if __name__ == "__main__":
    intraday_flow()
