"""Evidence: forecasts of versions of days that they had not learnt, side by side with the references.

A fit leaves out-of-fold forecasts, by networks like those that serve, of days that they had not learnt
(`run=validation`); a champion leaves what it published (`live`), a challenger what it forecast along with it
(`shadow`). Like is compared with like: out-of-fold forecasts with those of the other version, and forecasts of the
weights that serve with the same of the other. All of it lies in the lake under the number of the version, so that an
outcome can be gone through again years later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.resolution import forecasts_at
from gridahead.core.runs import LIVE, REFERENCES, VALIDATION
from gridahead.core.tables import FORECASTS, Forecasts
from gridahead.core.time import delivery_days
from gridahead.core.vintages import newest_forecasts
from gridahead.evaluation.daily import daily_losses
from gridahead.evaluation.outturn import outturn, temperature
from gridahead.evaluation.references import reference_forecasts
from gridahead.features.windows import Windows
from gridahead.forecasting.issue import issue
from gridahead.models.base import Quantiles
from gridahead.promotion.refresh import same_procedure
from gridahead.registry.versions import Version
from gridahead.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Evidence:
    """Forecasts of several versions and of the references on the days that all of them have, and the outturn."""

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
        """The delivery days that all versions have."""
        return [day.date() for day in sorted(self.losses["day"].unique())]


def keep_judged(
    workspace: Workspace, version: Version, judged: Windows, forecasts: Quantiles, levels: tuple[float, ...]
) -> None:
    """Keep the out-of-fold forecasts of a fit (J, H, Q) [MW], by networks, weights and calibrations of other days."""
    rows = issue(
        judged,
        forecasts,
        levels,
        run=VALIDATION,
        model=version.model,
        version=version.number,
        made_at=workspace.clock(),
        late_after_hours=workspace.settings.quality.late_after_hours,
    )
    workspace.lake.forecasts.append(rows)


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

    An hour of which all have forecasts of the weights that serve counts as that, else as one of out-of-fold forecasts
    if all have those.

    Args:
        workspace: whose lake.
        series: of which.
        versions: to be compared.
        runs: whose forecasts count; all of them, back-tests too, if none is named.
        before: only days before this one.
        lines: whether forecasts of other versions with the same settings and code, while they served or forecast along,
            speak for a version as well: a comparison then goes on where either is trained again.

    Raises:
        ModelError: served weights have forecast a day that they had learnt.
    """
    spec, observations = workspace.inputs(series)
    at = workspace.clock()
    measured = outturn(observations, series, at).dropna(subset="value")
    timezone = spec.zone.timezone
    by_version = [
        forecasts_at(Forecasts(forecasts_of(workspace, version, runs, lines)), spec.mtu, timezone)
        for version in versions
    ]
    if before is not None:
        first = pd.Timestamp(before, tz=timezone)
        by_version = [Forecasts(rows[rows["valid_time"] < first]) for rows in by_version]
    alike = alike_rows(by_version, set(measured["valid_time"]))
    if alike[0].empty:
        return None
    days = sorted(day.date() for day in delivery_days(alike[0]["valid_time"], timezone).unique())
    levels = workspace.settings.training.quantiles
    references = reference_forecasts(REFERENCES, observations, spec, days, levels, LIVE, at)
    forecasts = Forecasts(pd.concat([*alike, *references], ignore_index=True).assign(run="evidence"))
    return Evidence(
        forecasts,
        measured,
        daily_losses(forecasts, measured, spec.zone, optional=REFERENCES),
        temperature(observations, spec.inputs, at),
    )


def alike_rows(by_version: Sequence[pd.DataFrame], hours: set[pd.Timestamp]) -> list[pd.DataFrame]:
    """The rows of every version on the hours that all have of one kind; those of served weights come first."""
    parts_by_version: list[list[pd.DataFrame]] = [[] for _ in by_version]
    for out_of_fold in (False, True):
        of_kind = [rows[(rows["run"] == VALIDATION) == out_of_fold] for rows in by_version]
        common = hours.intersection(*(rows["valid_time"] for rows in of_kind))
        hours = hours - common
        for parts, rows in zip(parts_by_version, of_kind, strict=True):
            parts.append(newest_forecasts(rows[rows["valid_time"].isin(common)]))
    return [pd.concat(parts, ignore_index=True) for parts in parts_by_version]


def forecasts_of(workspace: Workspace, version: Version, runs: Sequence[str] | None, line: bool) -> pd.DataFrame:
    """All forecasts of a version, and of its line while that served or forecast along, under the version's name.

    Raises:
        ModelError: served weights have forecast a day that they had learnt.
    """
    members = line_of(workspace, version) if line else [version]
    series = version.series
    where: dict[str, str | list[str]] = {"zone": series.zone, "quantity": series.quantity, "model": version.model}
    where |= {"model_version": [member.number for member in members]} | ({} if runs is None else {"run": list(runs)})
    rows = workspace.lake.forecasts.read(where)
    if rows.empty:
        return FORECASTS.empty()
    for member in members:
        served = rows[(rows["model_version"] == member.number) & (rows["run"] != VALIDATION)]
        _require_unlearnt(member, delivery_days(served["valid_time"], workspace.settings.zone(series.zone).timezone))
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
    versions = workspace.registry.versions(version.series)
    others = (other for other in versions if other.number != version.number)
    return [version, *(other for other in others if same_procedure(other, version))]
