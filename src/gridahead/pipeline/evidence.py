"""Evidence: what versions of a model said of days that they had not learnt, side by side with the references.

A fit leaves what its networks, before any refit, said of its validation days (`run=validation`); a champion leaves what
it published (`live`), a challenger what it said along with it (`shadow`). All of it lies in the lake under the number
of the version, so that a decision can be gone through again years later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from gridahead.features.windows import Windows
from gridahead.forecasting.issue import issue
from gridahead.grid import Series
from gridahead.models.base import Forecaster
from gridahead.pipeline.outturn import outturn, temperature
from gridahead.pipeline.references import REFERENCES, reference_forecasts
from gridahead.pipeline.served import LIVE
from gridahead.pipeline.workspace import Workspace
from gridahead.scoring.daily import daily_losses
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
    """One run; the model is the version's name, or `official` or `naive`."""
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


def keep_judged(workspace: Workspace, version: Version, judged: Forecaster, validation: Windows) -> None:
    """Keep what a fit said of its validation days before it learnt them."""
    made = issue(
        validation, judged.predict(validation), judged.quantiles,
        run=VALIDATION, model=version.model, version=version.number, made_at=now(),
    )  # fmt: skip
    workspace.lake.forecasts.append(made)


def gather(
    workspace: Workspace,
    series: Series,
    versions: Sequence[Version],
    *,
    runs: Sequence[str] | None = None,
    before: dt.date | None = None,
) -> Evidence | None:
    """The evidence on the days that all versions have, and the outturn; None if there is no such day.

    Args:
        workspace: whose lake.
        series: of which.
        versions: to be compared.
        runs: whose forecasts count; all of them, back-tests too, if none is named.
        before: only days before this one.
    """
    spec, observations = workspace.inputs(series)
    seen = outturn(observations, series).dropna(subset="value")
    found = [_said_by(workspace, one, runs) for one in versions]
    common = set(seen["valid_time"]).intersection(*(rows["valid_time"] for rows in found))
    found = [rows[rows["valid_time"].isin(common)] for rows in found]
    if before is not None:
        first = pd.Timestamp(before, tz=spec.zone.timezone)
        found = [rows[rows["valid_time"] < first] for rows in found]
    if any(rows.empty for rows in found):
        return None
    days = sorted(day.date() for day in delivery_days(found[0]["valid_time"], spec.zone.timezone).unique())
    levels = workspace.settings.training.quantiles
    references = reference_forecasts(REFERENCES, observations, spec, days, levels, LIVE)
    together = pd.concat([*found, *references], ignore_index=True).assign(run="evidence")
    forecasts = Forecasts(together)
    return Evidence(forecasts, seen, daily_losses(forecasts, seen, spec.zone), temperature(observations, spec.inputs))


def _said_by(workspace: Workspace, version: Version, runs: Sequence[str] | None) -> pd.DataFrame:
    """The newest forecast of every hour that a version has made."""
    series = version.series
    where: dict[str, str | list[str]] = {"zone": series.zone, "quantity": series.quantity}
    where |= {"model": version.model, "model_version": version.number}
    rows = workspace.lake.forecasts.read(where | ({} if runs is None else {"run": list(runs)}))
    if rows.empty:
        return FORECASTS.empty()
    newest = rows.sort_values(["issue_time", "made_at"], kind="stable")
    return newest.drop_duplicates(["valid_time", "quantile"], keep="last").assign(model=str(version))
