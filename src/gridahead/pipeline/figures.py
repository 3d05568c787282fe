"""All figures of the forecasts of a run: by slice, and whether one model is better than another or only luckier."""

from __future__ import annotations

import pandas as pd

from gridahead.errors import LakeError, SettingsError
from gridahead.grid import Series
from gridahead.pipeline.backtest import kept_forecasts
from gridahead.pipeline.evidence import Evidence
from gridahead.pipeline.outturn import outturn, temperature
from gridahead.pipeline.score import published_beside_references
from gridahead.pipeline.served import LIVE
from gridahead.pipeline.workspace import Workspace
from gridahead.scoring.breakdown import breakdown
from gridahead.scoring.comparisons import comparisons
from gridahead.scoring.daily import daily_losses

EVERYTHING = "every"
SLICED_BY = ("all", "lead", "hour", "weekday", "month", "season", "day_kind", "clock", "outturn", "temperature")


def evidence_of(workspace: Workspace, series: Series, run: str) -> Evidence:
    """The forecasts of `live` or of a back-test beside what came.

    Raises:
        LakeError: there is no such run, or no forecast of it has an outturn yet.
        SettingsError: the run is neither.
    """
    live = run == LIVE
    found = published_beside_references(workspace, series) if live else kept_forecasts(workspace, run, series)
    if found is None:
        raise LakeError(
            f"{series}: nothing has been published yet; run `gridahead forecast`, or say --run backtest/NAME"
        )
    forecasts, observations = found
    seen = outturn(observations, series).dropna(subset="value")
    if not forecasts["valid_time"].isin(seen["valid_time"]).any():
        raise LakeError(f"{series}: nothing of run {run} has an outturn yet, so there is nothing to measure")
    chosen = workspace.settings.series_settings(series)
    losses = daily_losses(forecasts, seen, workspace.settings.zone(series.zone))
    degrees = temperature(observations, (*chosen.past_covariates, *chosen.future_covariates))
    return Evidence(forecasts, seen, losses, degrees)


def figures_of(workspace: Workspace, series: Series, run: str, by: str) -> pd.DataFrame:
    """A row a model, slice and metric, with the series in front; `every` gives all slices.

    Raises:
        LakeError: as for `evidence_of`, or the series has no such slice.
        SettingsError: there is no such slice at all, or the run cannot be meant.
    """
    if by not in (*SLICED_BY, EVERYTHING):
        raise SettingsError(f"--by {by!r}: say {', '.join((*SLICED_BY, EVERYTHING))}")
    found = evidence_of(workspace, series, run)
    zone = workspace.settings.zone(series.zone)
    rows = breakdown(found.forecasts, found.outturn, zone, temperature=found.temperature)
    rows = rows if by == EVERYTHING else rows[rows["by"] == by]
    if rows.empty:
        why = {
            "temperature": "it has no input in degC",
            "clock": "clocks do not change on these days",
            "outturn": "no outturn carries a flag of the quality gate",
        }.get(by, "")
        raise LakeError(f"{series}: nothing of run {run} can be told apart by {by}; {why}")
    rows.insert(0, "series", str(series))
    return rows.reset_index(drop=True)


def compared(workspace: Workspace, series: Series, run: str) -> pd.DataFrame:
    """What each model saves against the references and the best one, as `comparisons` gives it, with the series.

    Raises:
        LakeError: as for `evidence_of`.
        SettingsError: as for `evidence_of`.
    """
    rows = comparisons(evidence_of(workspace, series, run).losses)
    rows.insert(0, "series", str(series))
    return rows
