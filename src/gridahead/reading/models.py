"""Which model serves a series, what else there is, and how it was decided: from the exports, never from MLflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.resolution import at_mtu, forecasts_at, mtu_of
from gridahead.core.runs import LIVE, REFERENCES, ROLES, SHADOW, VALIDATION
from gridahead.core.tables import Forecasts, Observations, Promotions
from gridahead.core.time import TimeRange, delivery_days
from gridahead.evaluation.bootstrap import bootstrap_mean
from gridahead.evaluation.daily import daily_losses
from gridahead.evaluation.outturn import outturn
from gridahead.evaluation.sample import POINT
from gridahead.features.correction import CORRECTION_DAYS
from gridahead.features.windows import WindowSpec
from gridahead.promotion.evidence import alike_rows, forecasts_of
from gridahead.reading.compared import COMPARED, SLACK, references_of
from gridahead.registry.versions import Version
from gridahead.workspace import Workspace

COLUMNS = ["version", "metric", "value", "low", "high", "n"]
METRICS = {"crps": "crps", "mae": "mae", "coverage_80": "inside"}
"""What is told of a version, and its column among daily losses."""


@dataclass(frozen=True, eq=False)
class ModelsOf:
    """The versions of a series and their roles."""

    series: Series
    roles: Mapping[str, str]
    """Number of the version by role: champion, challenger, previous."""
    versions: tuple[Version, ...]
    """Newest first, as they are exported."""
    scores: pd.DataFrame
    """`version`, `metric`, `value`, `low`, `high`, `n`: of those that serve or forecast along, and of the official
    forecast by its name, on the units that both have forecast without having learnt them; 95 % intervals."""
    decisions: Promotions
    """Newest first: when, what, why and by whom."""


def models_of(workspace: Workspace, series: Series, *, scored: bool = True) -> ModelsOf:
    """The models of a series.

    Args:
        workspace: whose exports and lake.
        series: which.
        scored: whether their scores are wanted, which months of forecasts are read for.

    Raises:
        LakeError: the exports or the lake cannot be read.
        ModelError: a record of the exports is damaged.
    """
    roles, versions = workspace.exports.serving(series), workspace.versions(series)
    compared = [version for role in ROLES for version in versions if version.number == roles.get(role)]
    decisions = workspace.lake.read_promotions(series)
    return ModelsOf(
        series=series,
        roles=roles,
        versions=tuple(versions),
        scores=_scores(workspace, series, compared if scored else []),
        decisions=Promotions(decisions.iloc[::-1].reset_index(drop=True)),
    )


def _scores(workspace: Workspace, series: Series, versions: Sequence[Version]) -> pd.DataFrame:
    """The scores of versions on the units that all of them have."""
    nothing = pd.DataFrame(columns=COLUMNS)
    rows_of = [forecasts_of(workspace, one, (VALIDATION, LIVE, SHADOW), line=False) for one in versions]
    if not rows_of or any(rows.empty for rows in rows_of):
        return nothing
    spec, observations = _observed(workspace, series, pd.concat([rows["valid_time"] for rows in rows_of]))
    if spec is None:
        return nothing
    timezone, measured = spec.zone.timezone, outturn(observations, series, workspace.clock()).dropna(subset="value")
    named = [rows.assign(model=one.number) for one, rows in zip(versions, rows_of, strict=True)]
    alike = alike_rows(
        [forecasts_at(Forecasts(rows), spec.mtu, timezone) for rows in named], set(measured["valid_time"])
    )
    if alike[0].empty:
        return nothing
    official = _references(alike[0], observations, spec)
    together = Forecasts(pd.concat([*alike, *official], ignore_index=True).assign(run="evidence"))
    losses = daily_losses(together, measured, spec.zone, optional=REFERENCES)
    units = together[together["quantile"] == POINT].groupby("model").size()
    told = []
    for model, days in losses.sort_values("day").groupby("model", sort=False):
        figures = {metric: bootstrap_mean(days[column]) for metric, column in METRICS.items()}
        told += [(str(model), metric, *figure, units[model]) for metric, figure in figures.items()]
    return pd.DataFrame(told, columns=COLUMNS).dropna(subset="value").reset_index(drop=True)


def _observed(workspace: Workspace, series: Series, times: pd.Series) -> tuple[WindowSpec | None, Observations]:
    """The axes on which versions are compared, and every vintage of the series and its official forecast on them."""
    settings, zone = workspace.settings, workspace.settings.zone(series.zone)
    span = TimeRange.spanning(times, pd.Timedelta(days=CORRECTION_DAYS) + SLACK)
    rows = workspace.lake.read_vintages(series, series.official, time_range=span, flags=True)
    measured = rows[rows["quantity"] == series.quantity]
    if measured.empty:
        return None, rows
    chosen = settings.series_settings(series)
    mtu = chosen.mtu or mtu_of(measured, series, zone.timezone)
    return WindowSpec(series, zone, mtu, chosen.deadline, context_days=1), at_mtu(rows, mtu, zone.timezone)


def _references(rows: pd.DataFrame, observations: Observations, spec: WindowSpec) -> list[pd.DataFrame]:
    """The official and the corrected forecast of the same units."""
    point = rows[rows["quantile"] == POINT]
    days = sorted(day.date() for day in delivery_days(point["valid_time"], spec.zone.timezone).unique())
    published = references_of(observations, spec, days)
    found = [
        point.assign(model=name, value_mw=point["valid_time"].map(published[name])).dropna(subset="value_mw")
        for name in COMPARED
    ]
    return [one for one in found if len(one)]
