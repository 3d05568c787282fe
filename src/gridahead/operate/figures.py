"""All figures of the forecasts of a run: by slice, and whether one model is better than another or only luckier."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from gridahead.backtest.results import kept_forecasts
from gridahead.core.errors import LakeError, SettingsError
from gridahead.core.grid import Series
from gridahead.core.runs import BACKFILLED, LIVE
from gridahead.core.tables import Forecasts
from gridahead.core.time import Mtu
from gridahead.evaluation.comparisons import comparisons
from gridahead.evaluation.daily import daily_losses
from gridahead.evaluation.drawn import Drawer, drawer_of
from gridahead.evaluation.outturn import outturn, temperature
from gridahead.evaluation.slices import WHOLE, breakdown
from gridahead.operate.score import every_issue, published_beside_references
from gridahead.workspace import Workspace

ALL_SLICES = "all"
SLICED_BY = (
    WHOLE,
    "lead",
    "lead_day",
    "hour",
    "weekday",
    "month",
    "season",
    "day_kind",
    "clock",
    "outturn",
    "temperature",
)


class RunForecasts(NamedTuple):
    """The forecasts of a run, and what they are measured by."""

    forecasts: Forecasts
    """Of all models that are compared."""
    outturn: pd.DataFrame
    """`valid_time`, `value` [MW], and `flags` of the quality gate; none of them is missing."""
    temperature: pd.Series | None
    """By valid time [degC], where the series has such an input."""
    drawer: Drawer
    """Of the paths of any of them."""
    issues: Forecasts | None
    """All that was issued of what is published, of which `forecasts` have the newest alone; None of a back-test."""


def forecasts_of_run(workspace: Workspace, series: Series, run: str) -> RunForecasts:
    """The forecasts of `live`, of `backfilled` or of a back-test, with the outturn.

    Raises:
        LakeError: there is no such run, or no forecast of it has an outturn yet.
        SettingsError: the run is neither.
    """
    if run in (LIVE, BACKFILLED):
        stored = published_beside_references(workspace, series, run)
    else:
        stored = kept_forecasts(workspace, run, series)
    if stored is None:
        raise LakeError(
            f"{series}: the lake has no forecast of run {run} that counts; run `gridahead forecast`, or say --run "
            "backtest/NAME"
        )
    forecasts, observations = stored
    measured = outturn(observations, series, workspace.clock()).dropna(subset="value")
    if not forecasts["valid_time"].isin(measured["valid_time"]).any():
        raise LakeError(f"{series}: nothing of run {run} has an outturn yet, so there is nothing to measure")
    chosen = workspace.settings.series_settings(series)
    degrees = temperature(observations, (*chosen.past_covariates, *chosen.future_covariates), workspace.clock())
    mtu, timezone = Mtu(forecasts["mtu"].iloc[0]), workspace.settings.zone(series.zone).timezone
    drawer = drawer_of(observations, series, timezone, mtu)
    issues = every_issue(workspace, series, mtu) if run == LIVE else None
    return RunForecasts(forecasts, measured, degrees, drawer, issues)


def figures_of(workspace: Workspace, series: Series, run: str, by: str) -> pd.DataFrame:
    """A row a model, slice and metric, with the series in front.

    Args:
        workspace: whose lake.
        series: of which.
        run: live or backtest/NAME.
        by: what is distinguished; `none` for the whole period, `all` for every slice.

    Raises:
        LakeError: as for `forecasts_of_run`, or the series has no such slice.
        SettingsError: there is no such slice at all, or the run cannot be meant.
    """
    if by not in (ALL_SLICES, *SLICED_BY):
        raise SettingsError(f"--by {by!r}: say {', '.join((ALL_SLICES, *SLICED_BY))}")
    measured = forecasts_of_run(workspace, series, run)
    zone = workspace.settings.zone(series.zone)
    rows = breakdown(
        measured.forecasts,
        measured.outturn,
        zone,
        temperature=measured.temperature,
        drawer=measured.drawer,
        issues=measured.issues,
    )
    rows = rows if by == ALL_SLICES else rows[rows["by"] == by]
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
        LakeError: as for `forecasts_of_run`.
        SettingsError: as for `forecasts_of_run`.
    """
    measured = forecasts_of_run(workspace, series, run)
    losses = daily_losses(measured.forecasts, measured.outturn, workspace.settings.zone(series.zone))
    rows = comparisons(losses)
    rows.insert(0, "series", str(series))
    return rows
