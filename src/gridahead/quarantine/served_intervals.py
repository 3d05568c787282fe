"""The intervals that were served for hours whose outturn is there now, for the rule on outturns outside them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.runs import LIVE
from gridahead.core.time import TimeRange
from gridahead.core.vintages import newest_forecasts
from gridahead.workspace import Workspace

COLUMNS = ["zone", "quantity", "valid_time", "mtu", "low", "high", "forecast"]


def served_intervals(workspace: Workspace, series: Sequence[Series], time_range: TimeRange) -> pd.DataFrame | None:
    """The outermost quantiles of the newest forecast issued before each hour; None if nothing was served.

    Returns:
        zone, quantity, valid_time, mtu, low and high [MW], and `forecast`, which names the run, the model, its version
        and the issue time.
    """
    entries = {entry.series for entry in workspace.settings.series}
    served = [entry for entry in series if entry in entries]
    if not served:
        return None
    rows = workspace.lake.read_run(LIVE, *served, time_range=time_range)
    if rows.empty:
        return None
    rows = rows[rows["issue_time"] <= rows["valid_time"]]
    if rows.empty:
        return None
    hour = ["zone", "quantity", "valid_time"]
    about = ["run", "model", "model_version", "issue_time", "mtu"]
    newest = newest_forecasts(rows, hour).groupby([*hour, *about], as_index=False)
    intervals = newest.agg(low=("value_mw", "min"), high=("value_mw", "max"))
    issued_at = intervals["issue_time"].dt.strftime("%Y-%m-%d %H:%M UTC")
    name = intervals["model"] + " v" + intervals["model_version"]
    forecast = name + ", issued " + issued_at + ", " + intervals["run"]
    return intervals.assign(forecast=forecast)[COLUMNS]
