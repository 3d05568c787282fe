"""On demand: how good the champions are on the days that none of them has learnt from."""

from __future__ import annotations

import datetime as dt

from prefect import flow, task

from gridahead.backtest.run import backtest, last_day
from gridahead.core.errors import SettingsError
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION, REFERENCES
from gridahead_flows.engine import LIMITS, RETRIES, kept_on_record, open_workspace


@task(name="back-test", task_run_name="back-test {series}", **RETRIES)
def backtest_series(series: str, first: dt.date, last: dt.date, settings: str | None) -> int:
    """Forecast every day as of its deadline and score; gives the number of scores."""
    scores = backtest(open_workspace(settings), Series.parse(series), first, last, [CHAMPION, *REFERENCES], "holdout")
    return len(scores)


@flow(name="backtest", timeout_seconds=LIMITS["history"])
@kept_on_record
def backtest_flow(settings: str | None = None) -> None:
    """The champions and the references over the holdout.

    Args:
        settings: settings file, on the machine of the worker.
    """
    workspace = open_workspace(settings)
    first = workspace.settings.training.holdout_start
    if first is None:
        raise SettingsError("there is no holdout to test on; set training.holdout_start")
    for entry in workspace.settings.series:
        backtest_series(str(entry.series), first, last_day(workspace, entry.series), settings)


if __name__ == "__main__":
    backtest_flow()
