"""Evidence: what versions of a model said of days that they had not learnt, side by side with the references.

A fit leaves what networks like those that serve said of folds that they had not learnt (`run=validation`); a champion
leaves what it published (`live`), a challenger what it said along with it (`shadow`). Like is compared with like:
out-of-fold answers with those of the other version, and what served weights said with the same of the other. All of it
lies in the lake under the number of the version, so that a decision can be gone through again years later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from gridahead.errors import ModelError
from gridahead.features.windows import Windows
from gridahead.forecasting.issue import issue
from gridahead.grid import Series
from gridahead.models.base import Quantiles
from gridahead.pipeline.outturn import outturn, temperature
from gridahead.pipeline.references import reference_forecasts
from gridahead.pipeline.refresh import same_procedure
from gridahead.pipeline.served import LIVE, newest_of_each_hour
from gridahead.pipeline.workspace import Workspace
from gridahead.resolution import forecasts_at
from gridahead.scoring.daily import daily_losses
from gridahead.scoring.evaluate import REFERENCES
from gridahead.tables import FORECASTS, Forecasts
from gridahead.timeline import delivery_days, now
from gridahead.training.versions import Version

VALIDATION = "validation"
SHADOW = "shadow"
HONEST = (VALIDATION, LIVE, SHADOW)
"""Runs in the lake whose forecasts are of days that the version had not learnt."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Forecasts of several versions and of the references on the days that all of them have, and what came."""

    forecasts: Forecasts
    """One run; the model is the version's name, or that of a reference."""
    outturn: pd.DataFrame
    """`valid_time`, `value` [MW]"""
    losses: pd.DataFrame
    """A row a model and day, as `daily.daily_losses` gives them."""
    temperature: pd.Series | None
    """By valid time [degC], where the series has such an input."""

    @property
    def days(self) -> list[dt.date]:
        """The days that all have."""
        return [day.date() for day in sorted(self.losses["day"].unique())]


def keep_judged(
    workspace: Workspace, version: Version, judged: Windows, forecasts: Quantiles, levels: tuple[float, ...]
) -> None:
    """Keep what a fit said of its judged days (J, H, Q) [MW], by networks, weights and calibrations of other days."""
    made = issue(judged, forecasts, levels, run=VALIDATION, model=version.model, version=version.number, made_at=now())
    workspace.lake.forecasts.append(made)


def gather(
    workspace: Workspace,
    series: Series,
    versions: Sequence[Version],
    *,
    runs: Sequence[str] | None = None,
    before: dt.date | None = None,
    lines: bool = False,
) -> Evidence | None:
    """The evidence on the hours that all versions have of one kind, and the outturn; None if there is no such hour.

    An hour of which all have what their served weights said counts as that, else as one of out-of-fold answers if all
    have those.

    Args:
        workspace: whose lake.
        series: of which.
        versions: to be compared.
        runs: whose forecasts count; all of them, back-tests too, if none is named.
        before: only days before this one.
        lines: whether what other versions with the same settings and code said while they served or forecast along
            speaks for a version as well: a comparison then goes on where either is trained again.

    Raises:
        ModelError: served weights have forecast a day that they had learnt.
    """
    spec, observations = workspace.inputs(series)
    seen = outturn(observations, series).dropna(subset="value")
    said = [_said_by(workspace, one, runs, lines) for one in versions]
    rows: list[pd.DataFrame] = [forecasts_at(Forecasts(one), spec.mtu, spec.zone.timezone) for one in said]
    if before is not None:
        first = pd.Timestamp(before, tz=spec.zone.timezone)
        rows = [one[one["valid_time"] < first] for one in rows]
    found = _alike(rows, set(seen["valid_time"]))
    if found[0].empty:
        return None
    days = sorted(day.date() for day in delivery_days(found[0]["valid_time"], spec.zone.timezone).unique())
    levels = workspace.settings.training.quantiles
    references = reference_forecasts(REFERENCES, observations, spec, days, levels, LIVE)
    together = pd.concat([*found, *references], ignore_index=True).assign(run="evidence")
    forecasts = Forecasts(together)
    return Evidence(
        forecasts,
        seen,
        daily_losses(forecasts, seen, spec.zone, optional=REFERENCES),
        temperature(observations, spec.inputs),
    )


def _alike(rows: Sequence[pd.DataFrame], hours: set[pd.Timestamp]) -> list[pd.DataFrame]:
    """The rows of every version on the hours that all have of one kind; what served weights said comes first."""
    kept: list[list[pd.DataFrame]] = [[] for _ in rows]
    for out_of_fold in (False, True):
        of_kind = [one[(one["run"] == VALIDATION) == out_of_fold] for one in rows]
        common = hours.intersection(*(one["valid_time"] for one in of_kind))
        hours = hours - common
        for parts, one in zip(kept, of_kind, strict=True):
            parts.append(newest_of_each_hour(one[one["valid_time"].isin(common)]))
    return [pd.concat(parts, ignore_index=True) for parts in kept]


def _said_by(workspace: Workspace, version: Version, runs: Sequence[str] | None, line: bool) -> pd.DataFrame:
    """All that a version said, and what its line said while it served or forecast along, under the version's name.

    Raises:
        ModelError: served weights have forecast a day that they had learnt.
    """
    members = line_of(workspace, version) if line else [version]
    series = version.series
    where: dict[str, str | list[str]] = {"zone": series.zone, "quantity": series.quantity, "model": version.model}
    where |= {"model_version": [one.number for one in members]} | ({} if runs is None else {"run": list(runs)})
    rows = workspace.lake.forecasts.read(where)
    if rows.empty:
        return FORECASTS.empty()
    for one in members:
        served = rows[(rows["model_version"] == one.number) & (rows["run"] != VALIDATION)]
        _require_unlearnt(one, delivery_days(served["valid_time"], workspace.settings.zone(series.zone).timezone))
    own = (rows["model_version"] == version.number) | (rows["run"] != VALIDATION)
    return rows[own].assign(model=str(version))


def _require_unlearnt(version: Version, days: pd.Series) -> None:
    if len(days) and (first := days.min().date()) <= version.last_day_learnt:
        raise ModelError(
            f"{version.series} {version}",
            f"has learnt until {version.last_day_learnt}, so its forecasts from {first} cannot judge it; let it "
            "forecast later days, or judge a version that had not learnt these",
        )


def line_of(workspace: Workspace, version: Version) -> list[Version]:
    """A version and all others of the same model, settings and code: the same, trained on other days."""
    others = (one for one in workspace.registry.versions(version.series) if one.number != version.number)
    return [version, *(one for one in others if same_procedure(one, version))]
