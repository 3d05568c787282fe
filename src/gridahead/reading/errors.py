"""Errors of what was published, by lead time, hour, month and kind of day, and whether its quantiles are right."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.resolution import at_mtu, forecasts_at, mtu_of
from gridahead.core.runs import CHAMPION, LIVE, PUBLISHED, REFERENCES
from gridahead.core.tables import Forecasts
from gridahead.core.time import TimeRange
from gridahead.evaluation.outturn import outturn
from gridahead.evaluation.sample import POINT
from gridahead.evaluation.scores import common_rows
from gridahead.features.day_kinds import day_kinds
from gridahead.reading.compared import compared
from gridahead.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Errors:
    """Of one run of a series, on the units that all that is compared has."""

    by_lead: pd.DataFrame
    """`lead_hours`, a column of MAE a model, `n` [MW]."""
    by_hour: pd.DataFrame
    """`hour` local, the same."""
    by_month: pd.DataFrame
    """`month` as YYYY-MM local, the same."""
    by_day_kind: pd.DataFrame
    """`day_kind` in the order of `DAY_KINDS`, the same."""
    calibration: pd.DataFrame
    """`level`, `share` of outturns at or below that quantile, `n`."""


def errors_of(workspace: Workspace, series: Series, run: str = LIVE) -> Errors:
    """The errors of a run, `published` for ours beside the references; empty tables where nothing can be scored.

    Of a back-test, ours is the model that serves now, or else the first by name.

    Raises:
        LakeError: the lake cannot be read.
    """
    rows = _published(workspace, series) if run == LIVE else _of_run(workspace, series, run)
    zone = workspace.settings.zone(series.zone)
    models = [name for name in (PUBLISHED, *REFERENCES) if name in rows and rows[name].notna().any()]
    both = rows.dropna(subset=models) if models else rows.iloc[:0]
    errors = both[models].sub(both["outturn"], axis=0).abs() if models else pd.DataFrame()
    if errors.empty:
        lead = hour = month = kind = pd.Series(dtype=int)
    else:
        local = pd.DatetimeIndex(both["valid_time"]).tz_convert(zone.timezone)
        lead = ((both["valid_time"] - both["issue_time"]).dt.total_seconds() // 3600).astype(int)
        hour, month = pd.Series(local.hour, both.index), pd.Series(local.strftime("%Y-%m"), both.index)
        kind = pd.Series(day_kinds(local, zone), both.index)
    return Errors(
        _mean_by(errors, models, lead.rename("lead_hours")),
        _mean_by(errors, models, hour.rename("hour")),
        _mean_by(errors, models, month.rename("month")),
        _mean_by(errors, models, kind.rename("day_kind")),
        _calibration(rows),
    )


def _published(workspace: Workspace, series: Series) -> pd.DataFrame:
    """A row a unit: quantile levels, `outturn`, and what is compared by its name."""
    rows = compared(workspace, series, None, workspace.clock())
    return rows if rows.empty else rows.assign(**{PUBLISHED: rows[POINT]})


def _of_run(workspace: Workspace, series: Series, run: str) -> pd.DataFrame:
    """The same of a back-test, on the units that our model and the references there all have."""
    forecasts = workspace.lake.read_forecasts(series, run)
    ours = _ours(workspace, series, set(forecasts["model"]))
    forecasts = Forecasts(forecasts[forecasts["model"].isin([ours, *REFERENCES])])
    if ours is None:
        return pd.DataFrame()
    zone = workspace.settings.zone(series.zone)
    span = TimeRange.spanning(forecasts["valid_time"], pd.Timedelta(days=1))
    measured = workspace.lake.read_vintages(series, time_range=span, flags=True)
    if measured.empty:
        return pd.DataFrame()
    mtu = workspace.settings.series_settings(series).mtu or mtu_of(measured, series, zone.timezone)
    came = outturn(at_mtu(measured, mtu, zone.timezone), series, workspace.clock())
    tables = common_rows(forecasts_at(forecasts, mtu, zone.timezone), came)
    rows = tables[ours].assign(**{PUBLISHED: tables[ours][POINT]})
    for name, table in tables.items():
        if name != ours:
            point = table[["issue_time", "valid_time", POINT]].rename(columns={POINT: name})
            rows = rows.merge(point, on=["issue_time", "valid_time"], how="left")
    return rows


def _ours(workspace: Workspace, series: Series, models: Collection[str]) -> str | None:
    """The model of a back-test that stands for what is published."""
    number = workspace.exports.serving(series).get(CHAMPION)
    version = None if number is None else workspace.exports.version(series, number)
    own = sorted(set(models) - set(REFERENCES))
    return version.model if version is not None and version.model in own else next(iter(own), None)


def _mean_by(errors: pd.DataFrame, models: list[str], key: pd.Series) -> pd.DataFrame:
    """MAE a model and the count of units, by a key."""
    if errors.empty:
        return pd.DataFrame(columns=[key.name, *models, "n"])
    groups = errors.groupby(key, observed=True)
    return groups.mean().assign(n=groups.size()).reset_index()


def _calibration(rows: pd.DataFrame) -> pd.DataFrame:
    """The share of outturns at or below each quantile."""
    levels = sorted(name for name in rows.columns if isinstance(name, float))
    found = [(level, rows[level].dropna()) for level in levels]
    told = [
        (level, float((rows.loc[values.index, "outturn"] <= values).mean()), len(values)) for level, values in found
    ]
    return pd.DataFrame([one for one in told if one[2]], columns=["level", "share", "n"])
