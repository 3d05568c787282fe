"""What readers of a forecast must know: whether the official forecast errs as it did, and the published band holds.

Both need the lake alone, no model and no registry, so that the page says what `gridahead drift` says.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.resolution import forecasts_at
from gridahead.core.runs import LIVE, PUBLISHED, VALIDATION
from gridahead.core.tables import Forecasts, Observations
from gridahead.core.time import delivery_days
from gridahead.core.vintages import as_of, newest_forecasts, of_series
from gridahead.evaluation.daily import daily_losses
from gridahead.evaluation.in_time import counted
from gridahead.evaluation.outturn import outturn
from gridahead.evaluation.slices import season
from gridahead.features.windows import WindowSpec
from gridahead.monitoring.error_drift import band_drift, official_drift
from gridahead.monitoring.findings import DriftFinding
from gridahead.workspace import Workspace

DAYS = 28
"""How many of the newest days are looked at: every weekday four times, and enough of them to tell a change from a spell
of weather; a large change shows in a few days of these."""
PAST = pd.DateOffset(years=3)
"""What was usual longer ago is no measure of today: capacity has grown, and forecasts have changed."""


def published_drift(workspace: Workspace, series: Series, days: int = DAYS) -> list[DriftFinding]:
    """Drift of the official forecast and of the published band over the newest days, read from the lake.

    Raises:
        LakeError: the lake does not have the series or a covariate of it.
    """
    spec, observations = workspace.inputs(series)
    first = newest_day(observations, spec) - pd.Timedelta(days=days - 1)
    return published_drift_since(workspace, series, spec, observations, first)


def published_drift_since(
    workspace: Workspace, series: Series, spec: WindowSpec, observations: Observations, first: pd.Timestamp
) -> list[DriftFinding]:
    """The official forecast's error and the published band's coverage from a day on, against the days before.

    Args:
        workspace: whose lake.
        series: of which.
        spec: of the series.
        observations: of the series and its official forecast, every vintage.
        first: local midnight without a zone, the first of the recent days.
    """
    errors = official_losses(observations, spec, workspace.clock())
    coverage = published_coverage(workspace, series, spec, observations)
    return [
        official_drift(str(series.official), errors[errors.index >= first], _past(errors, first)),
        band_drift(f"{series} as published", coverage[coverage.index >= first], _past(coverage, first)),
    ]


def _past(days: pd.DataFrame, first: pd.Timestamp) -> pd.DataFrame:
    return days[(days.index < first) & (days.index >= first - PAST)]


def official_losses(observations: Observations, spec: WindowSpec, at: pd.Timestamp) -> pd.DataFrame:
    """The mean absolute error of the official forecast by delivery day: `loss` [MW] and `season`.

    It is the vintage that was published when the delivery day began, as in the scores; a day counts when at least half
    of it has both a forecast and an outturn.
    """
    official = of_series(observations, spec.series.official)
    days = delivery_days(official["valid_time"], spec.zone.timezone)
    begun = pd.DatetimeIndex(days).tz_localize(spec.zone.timezone, ambiguous=True, nonexistent="shift_forward")
    published = as_of(official[official["available_at"].to_numpy() <= begun.tz_convert("UTC")], at)
    measured = outturn(observations, spec.series, at).rename(columns={"value": "outturn"})
    both = published.merge(measured, on="valid_time").dropna(subset=["value", "outturn"])
    errors = (both["value"] - both["outturn"]).abs()
    by_day = errors.groupby(delivery_days(both["valid_time"], spec.zone.timezone).to_numpy())
    losses = by_day.mean()[by_day.size() >= spec.steps_per_day / 2]
    index = pd.DatetimeIndex(losses.index)
    return pd.DataFrame(
        {"loss": losses.to_numpy(), "season": [season(day.month, southern=spec.zone.is_southern) for day in index]},
        index,
    )


def published_coverage(
    workspace: Workspace, series: Series, spec: WindowSpec, observations: Observations
) -> pd.DataFrame:
    """By delivery day: `inside`, the share of outturns in the 80 % band of the newest forecast, and `season`.

    Successive champions are one service to its readers. Before the first day of it, the days count on which those
    champions were judged.
    """
    live = counted(workspace.lake.read_forecasts(series, LIVE), series, workspace.settings)
    served = {"zone": series.zone, "quantity": series.quantity, "run": VALIDATION}
    judged = workspace.lake.forecasts.read({**served, "model_version": list(live["model_version"].unique())})
    rows = pd.concat([judged[judged["valid_time"] < live["valid_time"].min()], live])
    rows = forecasts_at(Forecasts(rows), spec.mtu, spec.zone.timezone)
    newest = newest_forecasts(rows).assign(run=LIVE, model=PUBLISHED)
    measured = outturn(observations, series, workspace.clock()).dropna(subset="value")
    newest = newest[newest["valid_time"].isin(measured["valid_time"])]
    if newest.empty:
        return pd.DataFrame({"inside": np.zeros(0), "season": np.zeros(0, str)}, pd.DatetimeIndex([]))
    return daily_losses(Forecasts(newest), measured, spec.zone).set_index("day").sort_index()[["inside", "season"]]


def newest_day(observations: Observations, spec: WindowSpec) -> pd.Timestamp:
    """Local midnight without a zone of the newest day with an outturn."""
    last = of_series(observations, spec.series)["valid_time"].max()
    newest: pd.Timestamp = delivery_days(pd.DatetimeIndex([last]), spec.zone.timezone).iloc[0]
    return newest
