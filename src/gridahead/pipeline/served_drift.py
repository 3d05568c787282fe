"""What readers of a forecast must know: whether the official forecast errs as it did, and the published band holds.

Both need the lake alone, no model and no registry, so that the page says what `gridahead drift` says.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridahead.features.windows import WindowSpec
from gridahead.grid import Series
from gridahead.pipeline.evidence import VALIDATION
from gridahead.pipeline.outturn import outturn
from gridahead.pipeline.served import LIVE, newest_of_each_hour
from gridahead.pipeline.workspace import Workspace
from gridahead.resolution import forecasts_at
from gridahead.scoring.breakdown import season
from gridahead.scoring.daily import daily_losses
from gridahead.scoring.drift import band_drift, official_drift
from gridahead.scoring.findings import Finding
from gridahead.tables import Forecasts, Observations
from gridahead.timeline import delivery_days, now
from gridahead.vintages import as_of, of_series

DAYS = 28
"""How many of the newest days are looked at: every weekday four times, and enough of them to tell a change from a spell
of weather; a large change shows in a few days of these."""
PAST = pd.DateOffset(years=3)
"""What was usual longer ago is no measure of today: capacity has grown, and forecasts have changed."""


def drifted_of(workspace: Workspace, series: Series, days: int = DAYS) -> list[Finding]:
    """The same findings of the newest days, read from the lake.

    Raises:
        LakeError: the lake does not have the series or a covariate of it.
    """
    spec, observations = workspace.inputs(series)
    first = newest_day(observations, spec) - pd.Timedelta(days=days - 1)
    return served_drift(workspace, series, spec, observations, first)


def served_drift(
    workspace: Workspace, series: Series, spec: WindowSpec, observations: Observations, first: pd.Timestamp
) -> list[Finding]:
    """The official forecast's error and the published band's coverage from a day on, against the days before.

    Args:
        workspace: whose lake.
        series: of which.
        spec: of the series.
        observations: of the series and its official forecast, every vintage.
        first: local midnight without a zone, the first of the recent days.
    """
    errors = official_losses(observations, spec)
    coverage = published_coverage(workspace, series, spec, observations)
    return [
        official_drift(
            str(series.reference), errors[errors.index >= first], _past(errors, first),
            unit=workspace.settings.unit_of(series),
        ),
        band_drift(f"{series} as published", coverage[coverage.index >= first], _past(coverage, first)),
    ]  # fmt: skip


def _past(days: pd.DataFrame, first: pd.Timestamp) -> pd.DataFrame:
    return days[(days.index < first) & (days.index >= first - PAST)]


def official_losses(observations: Observations, spec: WindowSpec) -> pd.DataFrame:
    """The mean absolute error of the official forecast by delivery day: `loss` [MW] and `season`.

    It is the vintage that was published when the delivery day began, as in the scores; a day counts when at least half
    of it has both a forecast and an outturn.
    """
    told = of_series(observations, spec.series.reference)
    days = delivery_days(told["valid_time"], spec.zone.timezone)
    begun = pd.DatetimeIndex(days).tz_localize(spec.zone.timezone, ambiguous=True, nonexistent="shift_forward")
    published = as_of(told[told["available_at"].to_numpy() <= begun.tz_convert("UTC")], now())
    seen = outturn(observations, spec.series).rename(columns={"value": "outturn"})
    both = published.merge(seen, on="valid_time").dropna(subset=["value", "outturn"])
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
    live = workspace.lake.read_forecasts(series, LIVE)
    judged = workspace.lake.read_forecasts(series, VALIDATION)
    served = judged["model_version"].isin(live["model_version"].unique())
    rows = pd.concat([judged[served & (judged["valid_time"] < live["valid_time"].min())], live])
    rows = forecasts_at(Forecasts(rows), spec.mtu, spec.zone.timezone)
    newest = newest_of_each_hour(rows).assign(run=LIVE, model="published")
    seen = outturn(observations, series).dropna(subset="value")
    newest = newest[newest["valid_time"].isin(set(seen["valid_time"]))]
    if newest.empty:
        return pd.DataFrame({"inside": np.zeros(0), "season": np.zeros(0, str)}, pd.DatetimeIndex([]))
    return daily_losses(Forecasts(newest), seen, spec.zone).set_index("day").sort_index()[["inside", "season"]]


def newest_day(observations: Observations, spec: WindowSpec) -> pd.Timestamp:
    """Local midnight without a zone of the newest day with an outturn."""
    last = of_series(observations, spec.series)["valid_time"].max()
    newest: pd.Timestamp = delivery_days(pd.DatetimeIndex([last]), spec.zone.timezone).iloc[0]
    return newest
