"""What sums would have made of a back-test: each day reconciled by the errors that were known at its issue time."""

from __future__ import annotations

import pandas as pd

from gridahead.backtest.results import kept_records, recorded_forecasts
from gridahead.core.errors import LakeError, SettingsError
from gridahead.core.grid import Series, unit_of
from gridahead.core.tables import Forecasts, Observations, Scores
from gridahead.core.time import Mtu, TimeRange
from gridahead.evaluation.outturn import outturn
from gridahead.evaluation.scores import score
from gridahead.forecasting.sums import Parts, members_of, reconcile_each, vintages_of
from gridahead.workspace import Workspace

RECONCILED = "_reconciled"
"""Behind the name of a model: the same, made to add up."""


def score_reconciled(workspace: Workspace, run: str, series: Series, model: str) -> Scores:
    """The scores of a model of a back-test, and of the same once it adds up, of every series; they are not kept.

    Args:
        workspace: with the lake and the sums.
        run: such as backtest/holdout, of every series that hangs together with the named one.
        series: any of them.
        model: as it was asked for: champion, or the name of one that all of them have.

    Raises:
        SettingsError: the series is in no sum that is reconciled.
        LakeError: the back-test has not all of the series, or not the model.
    """
    scored = []
    for member, made in reconciled_backtest(workspace, run, series, model).items():
        plain = of_model(workspace, run, member, model)
        both = pd.concat([plain.assign(model=model), made.assign(model=f"{model}{RECONCILED}")], ignore_index=True)
        _, observations = workspace.inputs(member, mtu=Mtu(plain["mtu"].iloc[0]))
        unit = unit_of(member, workspace.settings.zone(member.zone))
        measured = outturn(observations, member)
        scored.append(score(Forecasts(both), measured, scored_at=workspace.clock(), unit=unit))
    return Scores(pd.concat(scored, ignore_index=True))


def reconciled_backtest(workspace: Workspace, run: str, series: Series, model: str) -> dict[Series, Forecasts]:
    """The forecasts of a back-test as they would have been published so that they add up, by series.

    Arguments and errors are those of `score_reconciled`.
    """
    parts = {one.total: one.parts for one in workspace.settings.sums_with(series)}
    if not parts:
        raise SettingsError(
            f'{series} is in no sum that is reconciled: write a block [[sums]] with it, and reconcile = "mint"'
        )
    members = members_of(parts)
    rows = pd.concat([of_model(workspace, run, member, model) for member in members], ignore_index=True)
    mtu, timezone = Mtu(rows["mtu"].iloc[0]), workspace.settings.zone(series.zone).timezone
    span = TimeRange(rows["valid_time"].min(), rows["valid_time"].max() + mtu.delta)
    outturns = vintages_of(_observations(workspace, parts, span, mtu), parts, span, mtu)
    made = reconcile_each(rows, outturns, parts, timezone)
    return {
        one: Forecasts(made[(made["zone"] == one.zone) & (made["quantity"] == one.quantity)].reset_index(drop=True))
        for one in members
    }


def of_model(workspace: Workspace, run: str, series: Series, model: str) -> Forecasts:
    """The forecasts of one model that a back-test has kept.

    Raises:
        SettingsError: the run is no back-test.
        LakeError: there is no such back-test, or it has no such model.
    """
    records = kept_records(workspace, run, series)
    mine = [record for record in records if record.asked == model]
    if not mine:
        raise LakeError(f"{run} has no {model} of {series}; it has {', '.join(sorted({one.asked for one in records}))}")
    return recorded_forecasts(workspace, series, run, mine)


def _observations(workspace: Workspace, parts: Parts, span: TimeRange, mtu: Mtu) -> Observations:
    """What was observed of every series, in one market time unit."""
    rows = [workspace.inputs(member, time_range=span, mtu=mtu)[1] for member in members_of(parts)]
    return Observations(pd.concat(rows, ignore_index=True))
