"""Outturn and official forecast as answers, as they were known at an instant."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.units import Unit, per
from gridahead.forecasting.publish import latest_manifest
from gridahead.forecasting.sheets import csv_bytes, xlsx_bytes
from gridahead.reading.known import official_known, outturn_known
from gridahead.web.api.answers import Answer
from gridahead.web.api.forecasts import UTC, json_answer, times_of, written
from gridahead.web.api.formats import Format, csv_style, ending, media_type_of
from gridahead.web.api.models import KnownSaid
from gridahead.web.api.parameters import KnownQuery, instant_of, range_of, timezone_of, unit_for
from gridahead.web.api.tables import arrow_bytes, parquet_bytes
from gridahead.workspace import Workspace

Kind = Literal["outturn", "official"]
READ = {"outturn": outturn_known, "official": official_known}


def known_answer(workspace: Workspace, series: Series, kind: Kind, query: KnownQuery, form: Format) -> Answer:
    """Values of a series.

    Raises:
        RequestError: the request asks for what cannot be.
        LakeError: the lake cannot be read.
    """
    shown = form == "xlsx" or form.startswith("csv")
    local = workspace.settings.zone(series.zone).timezone
    unit = unit_for(workspace.settings, series, query.unit, shown=shown)
    timezone = timezone_of(query.tz, local if shown else UTC)
    as_of = None if query.as_of is None else instant_of("as_of", query.as_of, local)
    span = range_of(query, local, _newest_day(workspace, series, local))
    rows = READ[kind](workspace, series, span, as_of).dropna(subset="value").sort_values("valid_time")
    values = per(rows["value"].astype(float), unit)
    if form == "json":
        return json_answer(
            KnownSaid(
                series=str(series),
                kind=kind,
                timezone=timezone,
                unit=unit,
                as_of=written(as_of, timezone),
                start=times_of(rows["valid_time"], timezone),
                value=values.tolist(),
                available_at=times_of(rows["available_at"], timezone),
            )
        )
    if shown:
        return _sheet(series, kind, rows, values, timezone, unit, form)
    said = {"series": str(series), "kind": kind, "unit": unit, "as_of": written(as_of, timezone)}
    instants = {name: rows[column].dt.tz_convert(timezone) for name, column in _INSTANTS.items()}
    table = pd.DataFrame({"start": instants["start"], "value": values, "available_at": instants["available_at"]})
    content = parquet_bytes(table, said) if form == "parquet" else arrow_bytes(table, said)
    return Answer(content, media_type_of(form))


_INSTANTS = {"start": "valid_time", "available_at": "available_at"}


def _sheet(
    series: Series, kind: Kind, rows: pd.DataFrame, values: pd.Series, timezone: str, unit: Unit, form: Format
) -> Answer:
    columns: dict[str, Any] = {
        f"start ({zone})": rows["valid_time"].dt.tz_convert(zone) for zone in dict.fromkeys((timezone, UTC))
    }
    columns |= {f"{kind} [{unit}]": values, "available at (UTC)": rows["available_at"]}
    frame = pd.DataFrame(columns).reset_index(drop=True)
    title = f"{series}, {kind}"
    content = xlsx_bytes(frame, title) if form == "xlsx" else csv_bytes(frame, csv_style(form), "%.10g")
    name = "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in series.slug)
    disposition = f'attachment; filename="{name}-{kind}.{ending(form)}"'
    return Answer(content, media_type_of(form), {"Content-Disposition": disposition})


def _newest_day(workspace: Workspace, series: Series, timezone: str) -> dt.date:
    """The newest delivery day that is published; today where there is none."""
    manifest = latest_manifest(workspace.settings.published_place, series)
    if manifest is None:
        today: dt.date = workspace.clock().tz_convert(timezone).date()
        return today
    return dt.date.fromisoformat(str(manifest["delivery_day"]))
