"""What sums would have made of a back-test: each day reconciled by the errors that were known at its issue time."""

from __future__ import annotations

import pandas as pd

from gridahead.backtest.results import kept_forecasts
from gridahead.core.errors import LakeError, SettingsError
from gridahead.core.grid import Series
from gridahead.core.tables import Forecasts
from gridahead.core.time import Mtu, TimeRange
from gridahead.forecasting.sums import members_of, reconcile_each, vintages_of
from gridahead.workspace import Workspace


def of_model(workspace: Workspace, run: str, series: Series, model: str) -> Forecasts:
    """The forecasts of one model that a back-test has kept.

    Raises:
        LakeError: there is no such back-test, or it has no such model.
    """
    forecasts, _ = kept_forecasts(workspace, run, series)
    rows = forecasts[forecasts["model"] == model]
    if rows.empty:
        raise LakeError(
            f"{run} has no {model} of {series}; it has {', '.join(sorted(forecasts['model'].unique())) or 'nothing'}"
        )
    return Forecasts(rows.reset_index(drop=True))


def reconciled_backtest(workspace: Workspace, run: str, series: Series, model: str) -> dict[Series, Forecasts]:
    """The forecasts of a back-test as the sums of the settings would have made them add up, by series.

    Args:
        workspace: with the lake and the sums.
        run: the back-test; of every series that hangs together with the named one.
        series: any of them.
        model: which of its models, the same of all.

    Raises:
        SettingsError: the series is in no sum that is reconciled.
        LakeError: the back-test has not all of the series, or not the model.
    """
    parts = {one.total: one.parts for one in workspace.settings.sums_with(series)}
    if not parts:
        raise SettingsError(
            f'{series} is in no sum that is reconciled: write a block [[sums]] with it, and reconcile = "mint"'
        )
    members = members_of(parts)
    rows = pd.concat([of_model(workspace, run, member, model) for member in members], ignore_index=True)
    mtu = Mtu(rows["mtu"].iloc[0])
    span = TimeRange(rows["valid_time"].min(), rows["valid_time"].max() + mtu.delta)
    observations = pd.concat(
        [workspace.inputs(member, time_range=span, mtu=mtu)[1] for member in members], ignore_index=True
    )
    timezone = workspace.settings.zone(series.zone).timezone
    made = reconcile_each(rows, vintages_of(observations, parts, span, mtu), parts, timezone)
    return {
        member: Forecasts(made[(made["zone"] == member.zone) & (made["quantity"] == member.quantity)])
        for member in members
    }
