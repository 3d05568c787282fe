"""Results of a finished back-test: its forecasts in the lake, and their scores. Nothing is fitted or forecast here.

Pricing or scoring a run again imports neither torch nor MLflow: all of it is rows and the records of the folds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from gridahead.backtest.availability import Availability
from gridahead.backtest.store import BacktestStore, FoldRecord
from gridahead.core.errors import LakeError
from gridahead.core.grid import Series, unit_of
from gridahead.core.tables import Forecasts, Observations, Scores
from gridahead.core.time import Mtu, TimeRange, delivery_days, delivery_range
from gridahead.evaluation.left_out import Scored, left_out
from gridahead.evaluation.outturn import outturn
from gridahead.evaluation.scores import score
from gridahead.lake.annotations import excluded_from
from gridahead.workspace import Workspace


@dataclass(frozen=True)
class SeriesResult:
    """What came of the back-test of one series."""

    series: Series
    scores: Scores
    left_out: pd.DataFrame
    """What the scores leave out of the period, and why, as `left_out` gives it."""
    availability: tuple[Availability, ...]
    """Of every input, how much of its availability was recorded."""
    folds: int
    made: int
    """Folds of which something was made by this call; the others were there already."""


def rescore(workspace: Workspace, run: str, series: Series) -> Scored:
    """Score the forecasts that a back-test has kept, without fitting or forecasting anything.

    Raises:
        SettingsError: the run is no back-test.
        LakeError: its forecasts are not in the lake, or there is no such back-test.
    """
    forecasts, observations = kept_forecasts(workspace, run, series)
    about = BacktestStore(workspace.settings.data_folder, run).described(series) or {}
    first, last = (dt.date.fromisoformat(str(about[name])) for name in ("first", "last"))
    return score_period(workspace, series, forecasts, observations, first, last)


def kept_forecasts(workspace: Workspace, run: str, series: Series) -> tuple[Forecasts, Observations]:
    """What the newest call of a back-test stands for, and the observations of the series in its market time unit.

    Raises:
        SettingsError: the run is no back-test.
        LakeError: its forecasts are not in the lake, or there is no such back-test.
    """
    forecasts = recorded_forecasts(workspace, series, run, kept_records(workspace, run, series))
    _, observations = workspace.inputs(series, mtu=None if forecasts.empty else Mtu(forecasts["mtu"].iloc[0]))
    return forecasts, observations


def kept_records(workspace: Workspace, run: str, series: Series) -> list[FoldRecord]:
    """What the newest call of a back-test has recorded of a series.

    Raises:
        SettingsError: the run is no back-test.
        LakeError: there is no such back-test.
    """
    store = BacktestStore(workspace.settings.data_folder, run)
    about = store.described(series)
    if about is None:
        raise LakeError(f"there is no {run} of {series}; `gridahead backtest --series {series}` makes one")
    return [record for record in store.records(series) if record.id in about["records"]]


def recorded_forecasts(workspace: Workspace, series: Series, run: str, records: Sequence[FoldRecord]) -> Forecasts:
    """The forecasts in the lake that the records stand for."""
    rows = workspace.lake.read_forecasts(series, run)
    timezone = workspace.settings.zone(series.zone).timezone
    days = delivery_days(rows["valid_time"], timezone).dt.strftime("%Y-%m-%d").to_numpy()
    recorded = pd.Series(False, index=rows.index)
    for record in records:
        of_model = (rows["model"] == record.model) & (rows["model_version"] == record.version)
        recorded |= of_model & (days >= record.first) & (days <= record.last)
    return Forecasts(rows[recorded].reset_index(drop=True))


def score_period(
    workspace: Workspace,
    series: Series,
    forecasts: Forecasts,
    observations: Observations,
    first: dt.date,
    last: dt.date,
) -> Scored:
    """Score forecasts of a period, and keep the scores; the observations have the market time unit of the forecasts."""
    zone, measured = workspace.settings.zone(series.zone), outturn(observations, series)
    timezone = zone.timezone
    period = TimeRange(delivery_range(first, timezone).start, delivery_range(last, timezone).end)
    expected = period.times(Mtu(observations["mtu"].iloc[0]))
    scores = score(forecasts, measured, scored_at=workspace.clock(), expected=expected, unit=unit_of(series, zone))
    workspace.lake.scores.append(scores)
    excluded = excluded_from(workspace.lake.read_annotations(series), "scores", expected)
    return Scored(scores, left_out(forecasts, measured, expected, timezone, excluded))
