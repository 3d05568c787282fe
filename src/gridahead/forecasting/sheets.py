"""Forecasts as a table that people and their spreadsheets read: a row a market time unit, as CSV or as XLSX."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gridahead.core.tables import Forecasts
from gridahead.core.time import Mtu
from gridahead.core.units import Unit, decimals, per
from gridahead.forecasting.identity import IDENTIFIES, forecast_id
from gridahead.settings.published import CsvStyle

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

DIGITS = 5
"""Significant digits that the largest quantile has at least: differences of a hundredth of a percent are seen."""
LEAST_DECIMALS = 1
"""Where the largest value is of five digits, a tenth of its unit is shown as well."""
UTC = "UTC"
_QUANTILE = re.compile(r"P(?P<percent>[\d.]+) \[.*\]")
_MINUTE = "%Y-%m-%d %H:%M"


def sheet(forecasts: Forecasts, timezone: str, unit: Unit = "MW", official: pd.Series | None = None) -> pd.DataFrame:
    """A row a forecast and market time unit: when it is, a column a quantile, and where the forecast is from.

    `start (ZONE)`, `end (ZONE)`, `start (UTC)`, `end (UTC)` and `issue time (UTC)` are instants of that zone, `P10
    [UNIT]` and so on and `official [UNIT]` numbers; rung, model and its version, what was missing and the id of the
    forecast are texts. In a zone whose clock is UTC the times stand once.

    Args:
        forecasts: rows of one or several forecasts.
        timezone: of the local times.
        unit: in which values are shown; a price has one unit alone.
        official: by valid time [MW], the official forecast as it was known at the issue time; units that are not in it
            have none.
    """
    whose = [*IDENTIFIES, "rung", "missing", "mtu"]
    number = forecasts.groupby(whose, sort=False).ngroup()
    numbered = forecasts.assign(number=number)
    wide = per(numbered.pivot(index=["valid_time", "number"], columns="quantile", values="value_mw"), unit)
    of_row = wide.index.to_frame(index=False)
    start = of_row["valid_time"]
    firsts = forecasts.loc[~number.duplicated(), whose]  # there are few forecasts and many rows
    firsts = firsts.assign(id=[forecast_id(one) for one in firsts.to_dict("records")])
    rows = firsts.iloc[of_row["number"].to_numpy()].reset_index(drop=True)
    times = {"start": start, "end": start + rows["mtu"].map({str(mtu): mtu.delta for mtu in Mtu})}
    zones = dict.fromkeys((timezone, UTC))
    columns = {f"{name} ({zone})": at.dt.tz_convert(zone) for zone in zones for name, at in times.items()}
    columns |= {quantile_heading(float(level), unit): wide[level].reset_index(drop=True) for level in wide.columns}
    known = start.map(official) if official is not None else pd.Series(float("nan"), start.index)
    columns[f"official [{unit}]"] = per(known.astype(float), unit)
    columns["issue time (UTC)"] = rows["issue_time"].dt.tz_convert(UTC)
    columns |= {name.replace("_", " "): rows[name] for name in ("rung", "model", "model_version", "missing")}
    columns["forecast id"] = rows["id"]
    return pd.DataFrame(columns).sort_values(["issue time (UTC)", "forecast id", "start (UTC)"], ignore_index=True)


def quantile_heading(level: float, unit: Unit) -> str:
    """The heading of the column of a quantile: P05 [MW], P2.5 [GW]."""
    return f"P{round(100 * level, 4):02g} [{unit}]"


def quantiles_in(frame: pd.DataFrame) -> dict[float, str]:
    """The columns of a sheet that are quantiles, by level."""
    found = ((_QUANTILE.fullmatch(str(name)), str(name)) for name in frame.columns)
    return {float(match["percent"]) / 100: name for match, name in found if match}


def places_of(frame: pd.DataFrame) -> int:
    """How many places after the point the values of a sheet are shown with."""
    values = frame[list(quantiles_in(frame).values())].to_numpy(float)
    largest = float(np.abs(values).max()) if values.size else 0.0
    return max(LEAST_DECIMALS, decimals(largest, DIGITS))


def csv_bytes(frame: pd.DataFrame, style: CsvStyle = "plain", number: str | None = None) -> bytes:
    """A sheet as CSV, in the style that `[published] csv_style` says or another one.

    Args:
        frame: as `sheet` gives it, or another one of instants, numbers and texts.
        style: of the file.
        number: how numbers are written, such as `%.10g`; with as many places as its quantiles need unless given.
    """
    plain = style == "plain"
    texts = {name: _times(frame[name], offset=plain) for name in _instants(frame)}
    separator, decimal, encoding = (",", ".", "utf-8") if plain else (";", ",", "utf-8-sig")
    number = number or f"%.{places_of(frame)}f"
    shown = frame.assign(**texts)
    text = shown.to_csv(index=False, sep=separator, decimal=decimal, lineterminator="\r\n", float_format=number)
    return text.encode(encoding)


def _instants(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame.columns if isinstance(frame[name].dtype, pd.DatetimeTZDtype)]


def _times(instants: pd.Series, *, offset: bool) -> pd.Series:
    """2025-12-31T00:00+01:00 where the offset is wanted, and else, as UTC always, 2025-12-31 00:00."""
    text: pd.Series
    if not offset or str(instants.dt.tz) == UTC:
        text = instants.dt.strftime(_MINUTE)
    else:
        written = instants.dt.strftime("%Y-%m-%dT%H:%M%z")
        text = written.str[:-2] + ":" + written.str[-2:]
    return text


# -- XLSX ----------------------------------------------------------------------------------------------------------

WIDTHS = {"start": 19, "end": 19, "issue": 17, "missing": 30, "forecast id": 19}
"""Of columns, by how their heading begins [characters]; of others as their heading."""
HEADING_POINTS = 32
"""Of the headings, which have two lines."""
LABELS = 12
"""So many times are named along a chart, at most."""
CHART_PIXELS = {"width": 1100, "height": 520}
_SHADES = ("#B7D3EA", "#8FB9DC", "#6A9FCD", "#4785BC", "#2C6CA6", "#1A5589", "#0F3F69")
"""Of the quantiles, from the outermost to the median; told from one another without colour by where they lie."""
_OFFICIAL = "#B4540A"
_GRID = {"major_gridlines": {"visible": True, "line": {"color": "#D9D9D9", "width": 0.75}}}


def day_sheet(daily: Mapping[str, Any], timezone: str, unit: Unit = "MW") -> pd.DataFrame:
    """What a day may come to by the paths of its forecast: a row a quantile, and beside them the hours of its peak.

    Args:
        daily: the line of a manifest [MW, MWh].
        timezone: of the local times.
        unit: in which values are shown.
    """
    figures = {name: daily[name] for name in ("peak", "lowest", "mean", "energy") if name in daily}
    levels = list(daily["peak"])
    columns: dict[str, Any] = {"quantile": pd.Series([quantile_heading(float(one), unit).split()[0] for one in levels])}
    for name, by_level in figures.items():
        heading = f"{name} of the day [{unit}{'h' if name == 'energy' else ''}]"
        columns[heading] = pd.Series([per(float(by_level[level]), unit) for level in levels])
    hours = pd.DatetimeIndex(list(daily["peak_at"]), tz=UTC).tz_convert(timezone)
    columns[f"peak in the unit from ({timezone})"] = pd.Series(hours)
    columns["share of paths [%]"] = pd.Series([100.0 * share for share in daily["peak_at"].values()])
    return pd.DataFrame(columns)


def xlsx_bytes(
    frame: pd.DataFrame, title: str, facts: Mapping[str, object] | None = None, day: pd.DataFrame | None = None
) -> bytes:
    """A sheet as a workbook: the table with real times and numbers, a chart, and what there is to know about it.

    Equal sheets and facts give equal bytes: the workbook is dated by the newest issue time in it.

    Args:
        frame: as `sheet` gives it, or another one of instants, numbers and texts, which has no chart.
        title: of the chart.
        facts: by name what is told besides, such as lines of a manifest.
        day: as `day_sheet` gives it, where there is one.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    made = frame["issue time (UTC)"].max() if len(frame) and "issue time (UTC)" in frame else pd.Timestamp(0, tz=UTC)
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"title": title, "created": _clock_time(made), "comments": "Made by gridahead"})
        has_chart = bool(quantiles_in(frame))
        _fill(book, book.add_worksheet("Forecast" if has_chart else "Values"), frame)
        if has_chart:
            chart = book.add_worksheet("Chart")
            chart.set_landscape()
            chart.fit_to_pages(1, 1)
            chart.insert_chart(0, 0, _fan(book, frame, title))
        if day is not None:
            _fill(book, book.add_worksheet("Day"), day)
        columns = [*frame.columns, *(day.columns if day is not None else ())]
        _tell(book, book.add_worksheet("About"), title, facts or {}, columns)
    return buffer.getvalue()


def _clock_time(instant: pd.Timestamp) -> dt.datetime:
    """The time that a clock of its zone shows, without the zone: spreadsheets know none."""
    return instant.tz_localize(None).to_pydatetime()


def _fill(book: Workbook, table: Worksheet, frame: pd.DataFrame) -> None:
    heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    number = book.add_format({"num_format": f"#,##0.{'0' * places_of(frame)}"})
    time = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for place, name in enumerate(frame.columns):
        begins = next((begin for begin in WIDTHS if name.startswith(begin)), None)
        table.set_column(place, place, WIDTHS[begins] if begins else max(11, len(name) + 1))
        table.write_string(0, place, name, heading)
        for row, value in enumerate(frame[name], start=1):
            _write(table, row, place, value, number, time)
    table.set_row(0, HEADING_POINTS)
    table.freeze_panes(1, 1)
    table.set_landscape()
    table.fit_to_pages(1, 0)
    table.autofilter(0, 0, max(len(frame), 1), len(frame.columns) - 1)


def _write(table: Worksheet, row: int, place: int, value: Any, number: Format, time: Format) -> None:
    """A cell by what its value is; a text is never taken for a formula, and what is not known stays empty."""
    if isinstance(value, str):
        table.write_string(row, place, value)
    elif pd.isna(value):
        return
    elif isinstance(value, pd.Timestamp):
        table.write_datetime(row, place, _clock_time(value), time)
    else:
        table.write_number(row, place, float(value), number)


def _fan(book: Workbook, frame: pd.DataFrame, title: str) -> Any:
    """Lines of all quantiles over local time, the darker the nearer to the median, and the official forecast."""
    chart = book.add_chart({"type": "line"})
    columns = list(frame.columns)
    for name, line in _lines(frame):
        place, last = columns.index(name), max(len(frame), 1)
        chart.add_series(
            {
                "name": ["Forecast", 0, place],
                "categories": ["Forecast", 1, 0, last, 0],
                "values": ["Forecast", 1, place, last, place],
                "line": line,
            }
        )
    quantile, every = next(iter(quantiles_in(frame).values()), "[]"), -(-len(frame) // LABELS) or 1
    x = {"name": columns[0], "text_axis": True, "num_format": "mm-dd hh:mm", "label_position": "low"}
    chart.set_title({"name": title, "name_font": {"size": 13}})
    chart.set_x_axis({**x, "interval_unit": every, "interval_tick": every})
    chart.set_y_axis({"name": quantile[quantile.index("[") :], "num_format": "#,##0.###", **_GRID, **_bottom(frame)})
    chart.set_legend({"position": "right"})
    chart.set_size(CHART_PIXELS)
    return chart


def _lines(frame: pd.DataFrame) -> Iterator[tuple[str, dict[str, object]]]:
    """The columns that are drawn, and how."""
    levels = sorted(quantiles_in(frame).items())
    depths = sorted({_distance(level) for level, _ in levels}, reverse=True)
    for level, name in levels:
        nearness = 1.0 if len(depths) == 1 else depths.index(_distance(level)) / (len(depths) - 1)
        shade = _SHADES[round(nearness * (len(_SHADES) - 1))]
        yield name, {"color": shade, "width": 2.5 if level == 0.5 else 1.0}
    for name in frame.columns:
        if name.startswith("official [") and frame[name].notna().any():
            yield name, {"color": _OFFICIAL, "width": 1.75, "dash_type": "dash"}


def _bottom(frame: pd.DataFrame) -> dict[str, float]:
    """Where the axis of a chart begins: a little below the lowest value where that is above zero."""
    drawn = frame[[name for name, _ in _lines(frame)]].to_numpy(float)
    low, high = (float(np.nanmin(drawn)), float(np.nanmax(drawn))) if drawn.size else (0.0, 0.0)
    if low <= 0 or high <= low:
        return {}
    step = 10.0 ** math.floor(math.log10(high - low))
    return {"min": step * math.floor(low / step)}


def _distance(level: float) -> float:
    return round(abs(level - 0.5), 6)


def _tell(book: Workbook, about: Worksheet, title: str, facts: Mapping[str, object], columns: Iterable[str]) -> None:
    """The sheet of facts: what was handed over besides, and what every column means."""
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    about.set_column(0, 0, 30)
    about.set_column(1, 1, 100, wrapped)
    about.set_landscape()
    about.fit_to_pages(1, 0)
    told = [(name, words) for name, value in facts.items() if (words := _words(value))]
    meanings = [(name, meaning_of(name)) for name in columns]
    lines = [(title, ""), *told, ("", ""), ("Columns of the table", ""), *meanings]
    for row, (name, words) in enumerate(lines):
        about.write_string(row, 0, name, bold if not words else None)
        if words:
            about.write_string(row, 1, words)


def _words(value: object) -> str:
    """A line of a manifest as a person reads it; empty where it says nothing."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_words(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value))
    return "" if value is None else str(value)


def meaning_of(heading: str) -> str:
    """What a column of a sheet means, with its unit."""
    if match := _QUANTILE.fullmatch(heading):
        return (
            f"The outturn is expected to be at or below this value in {match['percent'].lstrip('0') or '0'} % of cases."
        )
    return next((meaning for begins, meaning in _MEANINGS.items() if heading.startswith(begins)), "")


_MEANINGS = {
    "start": "Start of the market time unit that the row is of, by the clock in brackets.",
    "end": "End of the market time unit, which is no part of it.",
    "official": "The official forecast, as it was known at the issue time; empty where there was none.",
    "outturn": "What was measured.",
    "available at": "From when the value could be known.",
    "issue time": "As of when the forecast was made: nothing known later was used.",
    "rung": "Which step of the fallback ladder it comes from; full: the model, with all inputs.",
    "model version": "Version of the model in the registry.",
    "model": "Name of the model.",
    "missing": "What was missing at the issue time; empty if nothing.",
    "forecast id": "Names the forecast: `gridahead reproduce` takes it.",
    "quantile": "Of the figures of the whole day beside it, from a hundred equally likely courses of the day.",
    "peak of": "The highest value of the day is expected to be at or below this one in as many percent of cases.",
    "lowest of": "The same of the lowest value of the day.",
    "mean of": "The same of the mean of the day.",
    "energy of": "The same of the energy of the day.",
    "peak in": "Start of a market time unit in which the day may have its highest value.",
    "share of paths": "How many percent of the courses of the day have it there.",
}
