"""Status: what is in the lake, which model serves, how old the newest forecast is."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from gridahead.core.runs import CHAMPION
from gridahead.forecasting.publish import latest_manifest
from gridahead.promotion.serving import holder, serving
from gridahead.workspace import Workspace


@dataclass(frozen=True)
class Status:
    """The answer to `gridahead status`; frames with one row a series."""

    lake: pd.DataFrame
    """series, first, last, rows, available_at, mtu, source."""
    serving: dict[str, dict[str, str]]
    """By series: version, model, training days, validation metrics."""
    forecasts: list[dict[str, object]]
    """The newest published forecast of each series and its age in hours."""


def status(workspace: Workspace) -> Status:
    """The state of every series, read without changing anything."""
    settings = workspace.settings
    forecasts = []
    for entry in settings.series:
        manifest = latest_manifest(settings.published_folder, entry.series)
        if manifest is not None:
            age = workspace.clock() - pd.Timestamp(str(manifest["issue_time"]))
            forecasts.append({**manifest, "age_hours": round(age / pd.Timedelta(hours=1), 1)})
    return Status(
        lake=workspace.lake.contents(),
        serving=_serving(workspace),
        forecasts=forecasts,
    )


def _serving(workspace: Workspace) -> dict[str, dict[str, str]]:
    """By series that has a champion: its version and its tags."""
    table = {}
    for series in workspace.exports.series():
        champion = holder(workspace, series, serving(workspace, series), CHAMPION)
        if champion is not None:
            table[str(series)] = {"version": champion.number, **champion.tags}
    return table
