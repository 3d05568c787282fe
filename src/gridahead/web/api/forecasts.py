"""Published forecasts as answers: their values in every format, their figures, what has changed since yesterday."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gridahead.core.grid import PRICE, Series
from gridahead.core.tables import Forecasts
from gridahead.core.time import Mtu, TimeRange
from gridahead.core.units import Unit, per
from gridahead.core.vintages import as_answered
from gridahead.forecasting.publish import Issue, lead_days_of
from gridahead.forecasting.sheets import csv_bytes, day_sheet, sheet, xlsx_bytes
from gridahead.reading.change import SinceYesterday, since_yesterday
from gridahead.reading.figures import Figure, figures_of
from gridahead.reading.known import official_known
from gridahead.web.api.answers import Answer
from gridahead.web.api.formats import JSON, Format, csv_style, ending, media_type_of
from gridahead.web.api.models import (
    CauseSaid,
    ChangeSaid,
    ExplanationSaid,
    FigureSaid,
    FiguresSaid,
    ForecastSaid,
    IssueSaid,
    PathsSaid,
    Said,
)
from gridahead.web.api.parameters import FiguresQuery, ForecastQuery, PathsQuery, levels_of, timezone_of, unit_for
from gridahead.web.api.tables import arrow_bytes, parquet_bytes
from gridahead.web.problems import RequestError
from gridahead.workspace import Workspace

UTC = "UTC"


def json_answer(said: Said) -> Answer:
    """Anything that is declared, as JSON."""
    return Answer(said.model_dump_json().encode() + b"\n", JSON)


def written(instant: pd.Timestamp | None, timezone: str = UTC) -> str | None:
    """ISO 8601 in a time zone, with its offset; nothing for no instant."""
    return None if instant is None or pd.isna(instant) else instant.tz_convert(timezone).isoformat()


def times_of(instants: pd.Series | pd.DatetimeIndex, timezone: str) -> list[str]:
    """ISO 8601 of each, with its offset."""
    return [instant.isoformat() for instant in pd.DatetimeIndex(instants).tz_convert(timezone)]


def about(manifest: Mapping[str, Any], timezone: str = UTC) -> dict[str, Any]:
    """What every answer says of an issue."""
    instants = {name: _instant(manifest, name, timezone) for name in _INSTANTS}
    said = {name: manifest[name] for name in _TEXTS}
    return {**instants, **said, "lead_days": lead_days_of(manifest), "late_minutes": manifest.get("late")}


_INSTANTS = ("issue_time", "made_at", "published_at", "gate_closure")
_FACTS = ("issue_time", "published_at", "attribution")
_TEXTS = ("forecast_id", "delivery_day", "model", "model_version", "rung", "missing")


def _instant(manifest: Mapping[str, Any], name: str, timezone: str) -> str | None:
    said = manifest.get(name)
    return written(pd.Timestamp(str(said)), timezone) if said else None


def manifest_said(manifest: Mapping[str, Any]) -> IssueSaid:
    """An issue without its values."""
    return IssueSaid(**about(manifest))


def issue_said(issue: Issue) -> IssueSaid:
    """An issue without its values."""
    return manifest_said(issue.manifest)


def forecast_answer(workspace: Workspace, series: Series, issue: Issue, query: ForecastQuery, form: Format) -> Answer:
    """The values of a forecast.

    Raises:
        RequestError: the request asks for what it does not have.
        LakeError: it cannot be read.
    """
    shown = form == "xlsx" or form.startswith("csv")
    unit = unit_for(workspace.settings, series, query.unit, shown=shown)
    timezone = timezone_of(query.tz, str(issue.manifest["timezone"]) if shown else UTC)
    every = issue.forecasts
    levels = levels_of(query.quantiles, sorted(float(level) for level in every["quantile"].unique()))
    rows = Forecasts(every[every["quantile"].isin(levels)])
    if not query.adapted:
        rows = Forecasts(rows.assign(value_mw=as_answered(rows)))
    official = official_of(workspace, series, issue, rows)
    name = f"{_file(series, issue)}{'' if query.adapted else '-unadapted'}.{ending(form)}"
    named = {"Content-Disposition": f'attachment; filename="{name}"'} if shown else {}
    if shown:
        frame = sheet(rows, timezone, unit, official)
        title = f"{series}, {issue.manifest['delivery_day']}{'' if query.adapted else ', before adaptation'}"
        facts = {str(name): issue.manifest[name] for name in _FACTS if name in issue.manifest}
        daily = issue.manifest.get("daily") if query.adapted else None
        day = None if daily is None else day_sheet(daily, timezone, unit)
        content = xlsx_bytes(frame, title, facts, day) if form == "xlsx" else csv_bytes(frame, csv_style(form))
        return Answer(content, media_type_of(form), named)
    if form == "json":
        return json_answer(_forecast_said(series, issue, rows, official, timezone, unit, adapted=query.adapted))
    said = {**about(issue.manifest), "series": str(series), "unit": unit, "attribution": _attribution(issue)}
    said["adapted"] = query.adapted
    table = _columns(rows, official, timezone, unit)
    content = parquet_bytes(table, said) if form == "parquet" else arrow_bytes(table, said)
    return Answer(content, media_type_of(form))


def _file(series: Series, issue: Issue) -> str:
    """The name of a file: without what a header or a file system does not take."""
    name = f"{series.slug}-{issue.manifest['delivery_day']}"
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in ".-_") else "_" for sign in name)


def _attribution(issue: Issue) -> str:
    return str(issue.manifest.get("attribution") or "")


def official_of(workspace: Workspace, series: Series, issue: Issue, rows: Forecasts) -> pd.Series:
    """The official forecast of the units of a forecast [MW], as it was known at the issue time, by valid time."""
    mtu = Mtu(rows["mtu"].iloc[0])
    span = TimeRange(rows["valid_time"].min(), rows["valid_time"].max() + mtu.delta)
    known = official_known(workspace, series, span, issue.at("issue_time"), mtu)
    return known.set_index("valid_time")["value"].astype(float)


def _wide(rows: Forecasts) -> pd.DataFrame:
    return rows.pivot(index="valid_time", columns="quantile", values="value_mw").sort_index()


def _columns(rows: Forecasts, official: pd.Series, timezone: str, unit: Unit) -> pd.DataFrame:
    """`start`, `end`, a column a level, `official`: the same columns as the JSON."""
    wide = per(_wide(rows), unit)
    start = pd.DatetimeIndex(wide.index)
    times = {"start": start, "end": start + Mtu(rows["mtu"].iloc[0]).delta}
    columns: dict[str, Any] = {name: instants.tz_convert(timezone) for name, instants in times.items()}
    columns |= {f"{float(level):g}": wide[level].to_numpy() for level in wide.columns}
    return pd.DataFrame({**columns, "official": per(official.reindex(start).to_numpy(dtype=float), unit)})


def _forecast_said(
    series: Series, issue: Issue, rows: Forecasts, official: pd.Series, timezone: str, unit: Unit, *, adapted: bool
) -> ForecastSaid:
    table = _columns(rows, official, timezone, unit)
    levels = [name for name in table if name not in ("start", "end", "official")]
    return ForecastSaid(
        **about(issue.manifest, timezone),
        series=str(series),
        timezone=timezone,
        unit=unit,
        mtu=str(rows["mtu"].iloc[0]),
        attribution=_attribution(issue),
        adapted=adapted,
        start=times_of(table["start"], timezone),
        end=times_of(table["end"], timezone),
        quantiles={str(level): table[level].tolist() for level in levels},
        official=[None if np.isnan(value) else value for value in table["official"].tolist()],
    )


def figures_answer(workspace: Workspace, series: Series, issue: Issue, query: FiguresQuery) -> Answer:
    """Peak, lowest, mean and energy of a delivery day.

    Raises:
        RequestError: the request asks for what it does not have.
        LakeError: it cannot be read.
    """
    unit = unit_for(workspace.settings, series, query.unit)
    timezone = timezone_of(query.tz, UTC)
    rows = issue.forecasts
    official = official_of(workspace, series, issue, rows)
    is_power = series.quantity != PRICE
    daily = issue.manifest.get("daily")
    figures = figures_of(_wide(rows), official, mtu=Mtu(rows["mtu"].iloc[0]), energy=is_power, daily=daily)
    said = [_figure_said(figure, timezone, unit) for figure in figures]
    return json_answer(
        FiguresSaid(**about(issue.manifest, timezone), series=str(series), timezone=timezone, figures=said)
    )


def _figure_said(figure: Figure, timezone: str, unit: Unit) -> FigureSaid:
    in_unit = {
        name: None if value is None else per(value, unit)
        for name in ("ours", "low", "high", "official", "difference")
        for value in [getattr(figure, name)]
    }
    instants = {name: written(getattr(figure, name), timezone) for name in ("ours_at", "official_at")}
    name = figure.name
    return FigureSaid(
        name=name,
        unit=f"{unit}h" if name == "energy" else unit,
        quantiles={f"{level:g}": per(value, unit) for level, value in figure.quantiles.items()} or None,
        hours={at.tz_convert(timezone).isoformat(): share for at, share in figure.hours.items()} or None,
        **in_unit,
        **instants,
    )


def paths_answer(workspace: Workspace, series: Series, issue: Issue, query: PathsQuery, form: Format) -> Answer:
    """The paths of a forecast: a list each as JSON, a column each by its number as Parquet and Arrow.

    Raises:
        RequestError: the forecast has none, or the request asks for what it does not have.
        LakeError: they cannot be read.
    """
    unit, timezone = unit_for(workspace.settings, series, query.unit), timezone_of(query.tz, UTC)
    try:
        wide = issue.paths
    except FileNotFoundError:
        wide = None
    if wide is None:
        hint = "/forecast has its quantiles; paths need three weeks of outturn before the issue time"
        raise RequestError("not-published", f"{series} of {issue.manifest['delivery_day']} has no paths", hint)
    start, follows = pd.DatetimeIndex(wide.index).tz_convert(timezone), list(wide.attrs["follows"].values())
    about_all = {"series": str(series), "unit": unit, "attribution": _attribution(issue)}
    values = per(wide.to_numpy(dtype=float), unit)
    if form == "json":
        said = about(issue.manifest, timezone) | about_all | {"timezone": timezone, "start": times_of(start, timezone)}
        return json_answer(PathsSaid(**said, paths=values.T.tolist(), follows=follows))
    table = pd.DataFrame(values, columns=[str(path) for path in wide.columns])
    table.insert(0, "start", start)
    said = {**about(issue.manifest), **about_all, "follows": list(map(str, follows))}
    content = parquet_bytes(table, said) if form == "parquet" else arrow_bytes(table, said)
    return Answer(content, media_type_of(form))


def explanation_answer(workspace: Workspace, series: Series, issue: Issue, query: FiguresQuery) -> Answer:
    """What has changed since the forecast before, and why.

    Raises:
        RequestError: the request asks for what it does not have.
    """
    unit = unit_for(workspace.settings, series, query.unit)
    timezone = timezone_of(query.tz, UTC)
    change = since_yesterday(issue.manifest)
    said = None if change is None else _change_said(change, timezone, unit)
    moved = issue.manifest["median"].get("adapted_mw")
    adapted = None if moved is None else per(moved, unit)
    return json_answer(
        ExplanationSaid(**about(issue.manifest, timezone), series=str(series), adapted=adapted, since_yesterday=said)
    )


def _change_said(change: SinceYesterday, timezone: str, unit: Unit) -> ChangeSaid:
    instants = {name: str(written(getattr(change, name), timezone)) for name in ("since", "start", "end")}
    causes = [CauseSaid(name=cause.name, effect=per(cause.effect_mw, unit)) for cause in change.causes]
    means = {"before": per(change.before_mw, unit), "now": per(change.now_mw, unit)}
    return ChangeSaid(**instants, **means, unit=unit, causes=causes)
