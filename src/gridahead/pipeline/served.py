"""What was served for hours that have their outturn now: the forecast that an outturn can be surprising to."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from gridahead.grid import Series
from gridahead.pipeline.workspace import Workspace
from gridahead.timeline import Window

LIVE = "live"
COLUMNS = ["zone", "quantity", "valid_time", "mtu", "low", "high", "forecast"]


def newest_of_each_hour(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the newest forecast of every hour and level: the one that its readers had."""
    ordered = rows.sort_values(["issue_time", "made_at"], kind="stable")
    return ordered.drop_duplicates(["valid_time", "quantile"], keep="last")


def served_intervals(workspace: Workspace, series: Sequence[Series], window: Window) -> pd.DataFrame | None:
    """The outermost quantiles of the newest forecast issued before each hour; None if nothing was served.

    Returns:
        zone, quantity, valid_time, mtu, low and high [MW], and `forecast`, which names the run, the model, its version
        and the issue time.
    """
    served = {entry.series for entry in workspace.settings.series}
    parts = [workspace.lake.read_forecasts(one, LIVE, window) for one in series if one in served]
    rows = pd.concat(parts) if parts else pd.DataFrame()
    if rows.empty:
        return None
    rows = rows[rows["issue_time"] <= rows["valid_time"]]
    if rows.empty:
        return None
    hour = ["zone", "quantity", "valid_time"]
    issued = rows.sort_values(["issue_time", "made_at"], kind="stable")
    newest = issued.drop_duplicates(hour, keep="last")[[*hour, "issue_time", "made_at", "data_hash"]]
    rows = rows.merge(newest, on=[*hour, "issue_time", "made_at", "data_hash"])
    story = ["run", "model", "model_version", "issue_time", "mtu"]
    intervals = rows.groupby([*hour, *story], as_index=False).agg(low=("value_mw", "min"), high=("value_mw", "max"))
    issued_at = intervals["issue_time"].dt.strftime("%Y-%m-%d %H:%M UTC")
    name = intervals["model"] + " v" + intervals["model_version"]
    forecast = name + ", issued " + issued_at + ", " + intervals["run"]
    return intervals.assign(forecast=forecast)[COLUMNS]
