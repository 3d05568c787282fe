"""The time labels of the rows of a file, by the settings of its source: in one column or two, as text or number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridahead.core.time import MICROSECOND
from gridahead.settings.file_source import FileSource, TimeColumns
from gridahead.sources import periods
from gridahead.sources.advice import numbers_advice, unread_advice
from gridahead.sources.daytimes import (
    PERIOD,
    begins,
    date_keys,
    dates_of_parts,
    part_of_day,
    since_midnight,
    unit_counted,
)
from gridahead.sources.findings import Findings
from gridahead.sources.serial import from_serial
from gridahead.sources.shapes import PLACE, SECOND
from gridahead.sources.typed import as_texts
from gridahead.sources.written import (
    Written,
    abbreviations,
    is_local,
    offsets,
    read_format,
    read_numbers,
)

EPOCHS = {"epoch": "s", "epoch_ms": "ms", "epoch_us": "us", "epoch_ns": "ns"}
"""Values of `time_format` for time since 1970 UTC, and its unit."""
_OTHER_SEPARATOR = "Set `interval_separator` in the settings to what stands between the two times, or leave it out."
FIRST_YEAR, LAST_YEAR = 1970, 2099
"""Measured values that a forecast could use lie within. A stamp outside is a placeholder (1900, 9999) or misread."""


@dataclass(frozen=True)
class Labels:
    """The time of each row as the file has it; the index is the row."""

    texts: pd.Series
    """As it is written, for messages."""
    stamps: pd.Series
    """Naive wall times, or UTC where the file has that."""
    offsets: pd.Series | None = None
    """Offset from UTC that the file gives each; None if it gives none."""
    second: pd.Series | None = None
    """Whether a label is of the second pass of an hour that is there twice; NA where it does not show that."""

    @property
    def in_utc(self) -> bool:
        """Whether the stamps are instants."""
        return isinstance(self.stamps.dtype, pd.DatetimeTZDtype)

    def of(self, rows: pd.Index) -> Labels:
        """The labels of some of the rows, in that order."""
        return Labels(
            self.texts.loc[rows],
            self.stamps.loc[rows],
            None if self.offsets is None else self.offsets.loc[rows],
            None if self.second is None else self.second.loc[rows],
        )


def read_labels(cells: pd.DataFrame, empty: pd.Series, settings: FileSource, findings: Findings) -> Labels:
    """The time of every row.

    Args:
        cells: the table.
        empty: whether a row has no value at all.
        settings: how times are written, and in which columns.
        findings: receives what is no time.

    Raises:
        SourceError: the column holds numbers, or `time_format` is no format.
    """
    if settings.time_columns is not None:
        labels = _of_two(cells, empty, settings, findings)
    elif settings.day_columns:
        labels = _of_days(cells, empty, settings, findings)
    else:
        labels = _of_column(cells[settings.time_column or ""], settings, findings)
    exchanged = settings.day_month_exchanged
    if not exchanged:
        return _within_years(labels, findings)
    years = None if isinstance(exchanged, bool) else [year for year in exchanged if isinstance(year, int)]
    return _within_years(_exchanged_back(labels, years), findings)


def _of_column(column: pd.Series, settings: FileSource, findings: Findings) -> Labels:
    texts = as_texts(column).str.strip()
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        utc = column.dt.tz_convert("UTC").dt.as_unit("us")
        _refuse_unread(utc, texts, settings, findings)
        return Labels(texts, utc, column.dt.tz_localize(None).dt.as_unit("us") - utc.dt.tz_localize(None))
    if pd.api.types.is_datetime64_dtype(column):
        _refuse_unread(column, texts, settings, findings)
        return Labels(texts, column.dt.as_unit("us"))
    if settings.time_format in (*EPOCHS, "excel"):
        return _of_numbers(column, texts, settings.time_format or "", settings, findings)
    if pd.api.types.is_numeric_dtype(column) and settings.time_format is None:
        finding = f"time column {column.name!r} holds numbers ({column.dtype}), no times"
        raise findings.refuse(finding, numbers_advice(column))
    if settings.interval_separator:
        begin, divided = begins(texts, settings.interval_separator)
        findings.add_rows(texts[~divided], f"is not divided by {settings.interval_separator!r}", _OTHER_SEPARATOR)
        texts = begin
    return _of_text(texts, settings, findings)


def _of_text(texts: pd.Series, settings: FileSource, findings: Findings) -> Labels:
    written = _written(texts, settings, findings)
    _refuse_unread(written.wall, texts, settings, findings)
    local = is_local(written.zones, settings.timezone, written.wall)
    zoned = (written.zones != "") & ~local
    if not zoned.any():
        marked = written.passes != ""
        second = (written.passes == "B").astype("boolean").mask(~marked) if marked.any() else None
        return Labels(texts, written.wall, None, second)
    offset = offsets(written.zones, settings.timezone, written.wall)
    known = ", ".join(dict.fromkeys(("UTC", *abbreviations(settings.timezone, written.wall))))
    remedy = f"Set `timezone` in the settings to the one the file is in ({settings.timezone} has {known})."
    findings.add_rows(
        texts[zoned & offset.isna() & written.wall.notna()], "ends with no time zone that is known", remedy
    )
    remedy = "Write an offset in every row, or in none."
    findings.add_rows(texts[~zoned & written.wall.notna()], "has no offset from UTC, other rows have", remedy)
    return Labels(texts, (written.wall - offset).dt.tz_localize("UTC"), offset)


def _written(texts: pd.Series, settings: FileSource, findings: Findings) -> Written:
    if settings.time_format in (None, "ISO8601"):
        return read_numbers(texts, settings.date_order or "ymd", short_year=settings.date_order is not None)
    try:
        return read_format(texts, settings.time_format)
    except ValueError as error:
        remedy = 'Change `time_format` in the settings: "%d.%m.%Y %H:%M" reads 31.01.2024 13:00.'
        raise findings.refuse(f"time_format = {settings.time_format!r} is no format ({error})", remedy) from error


def _of_numbers(column: pd.Series, texts: pd.Series, form: str, settings: FileSource, findings: Findings) -> Labels:
    """Seconds since 1970 or days since 1899, and their like."""
    written = texts.str.replace(",", ".") if settings.decimal == "," else texts
    is_number = written.str.fullmatch(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
    typed = pd.api.types.is_numeric_dtype(column)
    values = (column if typed else pd.to_numeric(written.where(is_number), errors="coerce")).astype("float64")
    if form == "excel":
        wall = from_serial(values)
        _refuse_unread(wall, texts, settings, findings)
        return Labels(texts, wall)
    per_second = {"epoch": 1, "epoch_ms": 1e3, "epoch_us": 1e6, "epoch_ns": 1e9}[form]
    micros = (values / per_second).round(6) * 1e6
    good = micros.abs() < pd.Timedelta(days=100_000) / MICROSECOND
    since = pd.to_timedelta(micros.where(good).round().astype("Int64"), unit="us").astype("timedelta64[us]")
    _refuse_unread(since, texts, settings, findings)
    return Labels(texts, pd.Timestamp(0, tz="UTC") + since)


def _refuse_unread(stamps: pd.Series, texts: pd.Series, settings: FileSource, findings: Findings) -> None:
    unread = stamps.isna()
    if unread.any() and not isinstance(findings, _Attempt):
        findings.add_rows(texts[unread], "is no time", unread_advice(texts, settings, _unread))


def _unread(texts: pd.Series, settings: FileSource) -> pd.Series:
    """Which of the texts are no times with these settings, or times outside the years of measurements."""
    attempt = _Attempt()
    labels = _of_column(texts, settings, attempt)
    unread: pd.Series = labels.stamps.isna() | ~labels.stamps.dt.year.between(FIRST_YEAR, LAST_YEAR)
    return unread


class _Attempt(Findings):
    """Findings of settings that are tried, which are never shown."""

    def __init__(self) -> None:
        super().__init__("")

    def add_rows(self, texts: pd.Series, problem: str, remedy: str) -> None:
        """Record nothing: these findings are never shown."""


def _within_years(labels: Labels, findings: Findings) -> Labels:
    """The labels; one before or after the years of measurements is a finding."""
    years = labels.stamps.dt.year
    outside = labels.stamps.notna() & ~years.between(FIRST_YEAR, LAST_YEAR)
    remedy = "Look whether `time_format` or `date_order` in the settings read it rightly; if so, remove the row."
    findings.add_rows(labels.texts[outside], f"lies outside the years {FIRST_YEAR} to {LAST_YEAR}", remedy)
    return labels


def _exchanged_back(labels: Labels, years: list[int] | None) -> Labels:
    """The labels with day and month exchanged wherever that gives a date, in all years or in these.

    Offsets other than zero are those of the wrong dates, so they say nothing: what is left is a local time.
    """
    in_utc = labels.in_utc and (labels.offsets is None or not labels.offsets.any())
    wall = labels.stamps.dt.tz_localize(None) if labels.in_utc else labels.stamps
    if labels.offsets is not None:
        wall = wall + labels.offsets
    exchanged = pd.to_datetime({"year": wall.dt.year, "month": wall.dt.day, "day": wall.dt.month}, errors="coerce")
    is_exchanged = exchanged.notna() if years is None else exchanged.notna() & wall.dt.year.isin(years)
    wall = (exchanged + (wall - wall.dt.normalize())).where(is_exchanged, wall)
    return Labels(labels.texts, wall.dt.tz_localize("UTC") if in_utc else wall, None, labels.second)


def _dates(cells: pd.DataFrame, column: str, settings: FileSource, findings: Findings) -> Labels:
    """Naive midnights of a column of dates.

    Raises:
        SourceError: one of them is no date.
    """
    labels = _of_column(cells[column], settings, findings)
    if labels.in_utc:
        remedy = "A date has no offset from UTC; write it without, or give the time in one column (`time_column`)."
        raise findings.refuse(f"column {column!r} has times with an offset, no dates", remedy)
    late = labels.stamps.notna() & (labels.stamps != labels.stamps.dt.normalize())
    findings.add_rows(labels.texts[late], f"in column {column!r} is no date: it has a time of the day", _ONE_COLUMN)
    findings.stop()
    return labels


_ONE_COLUMN = "If the whole time stands in one column, name it with `time_column` in place of `time_columns`."


def _of_two(cells: pd.DataFrame, empty: pd.Series, settings: FileSource, findings: Findings) -> Labels:
    """Date and settlement period, or date and time of the day."""
    columns = settings.time_columns
    assert columns is not None
    dates = _dates_of_columns(cells, columns, settings, findings)
    second = as_texts(cells[columns.period or columns.time]).str.strip()
    texts = dates.texts + " " + second
    if columns.period is None:
        minutes = None if columns.minute is None else as_texts(cells[columns.minute]).str.strip()
        texts = texts if minutes is None else texts + " " + minutes
        return Labels(texts, dates.stamps + _since_midnight(second, minutes, columns, settings, findings))
    numbers = pd.to_numeric(second.str.extract(PERIOD)[0])
    remedy = _other_part(second, columns, settings) or "A period is a number; a time of the day is `time`."
    findings.add_rows(second[numbers.isna()], f"in column {columns.period!r} is no period", remedy)
    findings.add_rows(texts[numbers < columns.first_period], "is no period: they count from 1", remedy)
    findings.stop()
    return _of_places(texts, dates.stamps, numbers + 1 - columns.first_period, empty, settings, findings)


def _dates_of_columns(cells: pd.DataFrame, columns: TimeColumns, settings: FileSource, findings: Findings) -> Labels:
    """Naive midnights of the column of the date, or of those of year, month and day."""
    if columns.date is not None:
        return _dates(cells, columns.date, settings.model_copy(update={"interval_separator": ""}), findings)
    assert columns.year is not None and columns.month is not None and columns.day is not None
    texts = dates_of_parts(cells, columns.year, columns.month, columns.day)
    written = read_numbers(texts)
    remedy = (
        f"The columns {columns.year!r}, {columns.month!r} and {columns.day!r} are read as numbers. Rows that are no "
        "data are left out with `skip_footer` or `skip_after_header`."
    )
    findings.add_rows(texts[written.wall.isna()], "is no date", remedy)
    return Labels(texts, written.wall)


def _since_midnight(
    hours: pd.Series, minutes: pd.Series | None, columns: TimeColumns, settings: FileSource, findings: Findings
) -> pd.Series:
    """The time of the day of each row; where a cell has beginning and end, the beginning."""
    begin = hours
    if settings.interval_separator:
        begin, divided = begins(hours, settings.interval_separator)
        findings.add_rows(hours[~divided], f"is not divided by {settings.interval_separator!r}", _OTHER_SEPARATOR)
    since = since_midnight(begin, minutes)
    cells = hours if minutes is None else hours + " " + minutes
    remedy = _other_part(hours, columns, settings) or (
        "Times of the day are read like 13:00, 13, 1300 or 1:00 PM; a settlement period is `period`."
    )
    findings.add_rows(cells[since.isna()], f"in column {columns.time!r} is no time of the day", remedy)
    return since


def _other_part(texts: pd.Series, columns: TimeColumns, settings: FileSource) -> str | None:
    """What to set to read the second column as what it seems to be; None where that is unknown."""
    part = part_of_day(texts)
    if part is None:
        return None
    keys = part.keys(date_keys(columns), columns.period or columns.time or "", settings)
    meanings = {
        "time": "These are the beginning and the end of units" if part.between else "These are times of the day",
        "period": f"These count the units of the day from {part.first_period}",
    }
    return f"{meanings[part.kind]}: set {keys} in the settings."


def _of_places(
    texts: pd.Series, dates: pd.Series, places: pd.Series, empty: pd.Series, settings: FileSource, findings: Findings
) -> Labels:
    """The instants of units that are counted from the midnight of their day."""
    instants = periods.counted(dates, places, settings.row_step, settings.timezone)
    beyond = pd.Series(instants.isna(), texts.index) & ~empty
    remedy = (
        'If hours are those of the clock, and the one that is skipped is left out, set time_columns = {date = "…", '
        'time = "…"} and stamp = "ending" in the settings; if the file has other units, set `mtu`.'
    )
    if (mtu := unit_counted(int(places.max()))) not in (None, settings.mtu):
        remedy = f'Set mtu = "{mtu}" in the settings: periods are counted to {int(places.max())}.'
    findings.add_rows(texts[beyond], f"is after the end of its day in {settings.timezone}", remedy)
    short = periods.short_of(dates, places, settings.row_step, settings.timezone)
    remedy = (
        'If every day has 24 hours, set time_columns = {date = "…", time = "…"}, stamp = "ending", '
        'skipped_hour = "drop" and repeated_hour = "first" or "second" in the settings.'
    )
    findings.add_rows(texts[short], f"is the last of a day that has an hour more in {settings.timezone}", remedy)
    return Labels(texts, pd.Series(instants, texts.index))


def _of_days(cells: pd.DataFrame, empty: pd.Series, settings: FileSource, findings: Findings) -> Labels:
    """Units in the columns of a day."""
    dates = _dates(cells, settings.time_column or "", settings, findings)
    places, step = cells[PLACE], settings.row_step
    units, most = pd.Timedelta(days=1) // step, int(places.max())
    hour = pd.Timedelta(hours=1) // step
    if not units <= most <= units + hour:
        finding = f"`day_columns` are {most}, a day has {units} units of {step / pd.Timedelta(minutes=1):g} minutes"
        raise findings.refuse(finding, f"Name the {units} columns of the values, or change `mtu` in the settings.")
    if most > units:
        return _of_places(dates.texts, dates.stamps, places, empty, settings, findings)
    wall = dates.stamps + (places - 1) * step
    wall = periods.counted_on(wall, dates.stamps, empty, step, settings.timezone)
    return Labels(dates.texts, wall, None, cells[SECOND].astype("boolean") if cells[SECOND].any() else None)


def issue_times(cells: pd.DataFrame, settings: FileSource, findings: Findings) -> pd.Series | None:
    """The instant at which each row of a file of forecasts was issued, UTC; None if the file has no such column.

    Of the two passes of an hour that is there twice it is the second, from which on the forecast was there in either.
    """
    if settings.issue_column is None:
        return None
    without_separator = settings.model_copy(update={"interval_separator": ""})
    labels = _within_years(_of_column(cells[settings.issue_column], without_separator, findings), findings)
    findings.stop()
    if labels.in_utc:
        return labels.stamps
    times = pd.DatetimeIndex(labels.stamps)
    local = times.tz_localize(settings.timezone, ambiguous=np.full(len(times), False), nonexistent="shift_forward")
    return pd.Series(local.tz_convert("UTC"), labels.stamps.index)
