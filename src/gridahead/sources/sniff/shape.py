"""How a table is laid out: which columns are the time, which hold numbers, which name the series."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.sources.daytimes import (
    LAST_HOUR,
    PERIOD,
    begins,
    between_of,
    dates_of_parts,
    since_midnight,
    unit_counted,
)
from gridahead.sources.labels import FIRST_YEAR
from gridahead.sources.nameless import numbered
from gridahead.sources.sniff.marks import Marks, marks_of, sentinel_of, values_of, words_for_missing
from gridahead.sources.sniff.meaning import meaning_of, plain, zone_of_id
from gridahead.sources.sniff.times import SPAN as _SPAN
from gridahead.sources.sniff.times import Times, read_times
from gridahead.sources.typed import as_texts

_TIME_NAME = (
    r"time|date|zeit|datum|tag|utc|start|from|von|begin|stamp|valid|settlement|periodo|fecha|hora|heure|dzien|^ds$"
)
_LATER = r"\bend|\bto\b|\bbis\b|\bende|until|updat|creat|issue|publish|receiv|retriev|modif"
_SAMPLE = 3_000
"""Rows that decide which columns are times and which are numbers."""
MOST_IDS = 200
"""Names in a column that identifies series; a column with more holds something else."""
_HOUR = pd.Timedelta(hours=1)
MONTHS = 12
DATE = "date of year, month and day"
"""Column of the date where a file has it in three."""
_DATE_PARTS = (
    ("year", r"years?|yr|yyyy|yy|jahr|ano|annee|an|anno|jaar|rok|ar", 0, 2099),
    ("month", r"months?|mon|mo|mth|mm|monat|mes|mois|mese|maand|miesiac|maned", 1, MONTHS),
    ("day", r"days?|dd?|day[ _]?of[ _]?month|dom|tag|dia|jour|giorno|dag|dzien", 1, 31),
)
"""Of each part of a date what it is called in the languages of Europe, and between which numbers it lies."""
FEWEST_HOURS = 23
"""Columns of numbers beside a date that are taken for the hours of its day."""


@dataclass
class Shape:
    """The columns of a table by what they are: times, numbers, ids of series, parts of a day."""

    cells: pd.DataFrame
    time: str
    times: Times
    numbers: dict[str, pd.Series]
    """By column, its values; NaN where there is none."""
    marks: Marks
    missing: list[str] = field(default_factory=list)
    """Words and numbers that stand for no value and are not among the usual ones."""
    period: str | None = None
    clock: str | None = None
    """With a date alone: the column of the period of the day, or of the time of day."""
    minute: str | None = None
    """Beside a clock of hours: the column of the minutes."""
    date_parts: dict[str, str] = field(default_factory=dict)
    """In place of one column of the date: those of year, month and day."""
    first_period: int = 1
    """What the first unit of a day is counted as."""
    clock_separator: str | None = None
    """What stands between the beginning and the end of a unit, where the time of day has both."""
    clock_ends: bool = False
    """Whether the time of day is that of the end of the unit, 24 the last."""
    issue: str | None = None
    """Of forecasts that were made several times: the column of those times."""
    days: list[str] = field(default_factory=list)
    """Columns that are the units of a day, where a row is a day."""
    ids: dict[str, list[str]] = field(default_factory=dict)
    """Columns that identify the series of a long table, with their names."""
    period_values: pd.Series | None = None

    def walls(self) -> pd.Series:
        """Naive times of the rows of one series, with the time of day where it stands in a column of its own."""
        wall = self.times.wall
        if self.clock is not None:
            minutes = None if self.minute is None else as_texts(self.cells[self.minute]).str.strip()
            wall = wall + _time_of_day(self.cells[self.clock], self.clock_separator, minutes)
        return wall[self._one_series()]

    def row_order(self, first: int) -> str:
        """Whether the rows of one series rise, fall, or stand in no order within the first file, which has so many."""
        walls = self.walls()
        steps = walls[walls.index.isin(self.cells.index[:first])].dropna().diff().dropna()
        back, forth = int((steps < pd.Timedelta(0)).sum()), int((steps > pd.Timedelta(0)).sum())
        if back > forth:
            return "falling" if forth <= max(1, len(steps) // 500) else "any"
        return "any" if (steps < -_HOUR).any() else "rising"

    def is_exchanged(self, first: int) -> bool:
        """Whether rows that jump stand in order once day and month are exchanged where the day is 12 or less."""
        walls = self.walls()
        walls = walls[walls.index.isin(self.cells.index[:first])].dropna()
        parts = pd.DataFrame({"year": walls.dt.year, "month": walls.dt.day, "day": walls.dt.month})
        back = pd.to_datetime(parts, errors="coerce") + (walls - walls.dt.normalize())
        low = walls.dt.day <= MONTHS
        return not (walls.where(~low, back).diff() < -_HOUR).any()

    def interval_separator(self) -> str:
        """The mark between the beginning and the end in a cell."""
        if self.clock_separator is not None:
            return self.clock_separator
        text = str(self.cells[self.time].dropna().iloc[0])
        match = _SPAN.search(text)
        return match[0] if match else " - "

    def _one_series(self) -> pd.Series:
        """The rows of the first series of a long table."""
        rows = pd.Series(True, index=self.cells.index)
        for name in self.ids:
            texts = self.cells[name].astype("str")
            rows &= texts == texts[rows].iloc[0]
        return rows


def shape_of(cells: pd.DataFrame, name: str, separator: str = ",") -> Shape:
    """The parts of a table; rows at the end that have no time, such as a total, are no part of it.

    Raises:
        SourceError: no column tells a time, or none holds numbers.
    """
    if cells.empty:
        raise SourceError(name, "the file has names of columns and no rows under them. Fetch it again")
    time_columns = _time_columns(cells)
    parts: dict[str, str] = {}
    if not time_columns and (parts := date_parts(cells)):
        cells = cells.assign(**{DATE: dates_of_parts(cells, **parts)})
        time_columns = [DATE]
    if not time_columns:
        head = ", ".join(f"{column!r}: {cells[column].iloc[0]!r}" for column in cells.columns[:6])
        raise SourceError(
            name, f"no column tells a time; the first row has {head}. Name the column's format with `time_format`"
        )
    time = time_columns[0]
    times = read_times(cells[time])
    if times is not None and (footer := _untimed_at_end(times.wall)):
        cells = cells.iloc[:-footer]
        times = read_times(cells[time])
    assert times is not None
    numbers, missing, marks = _numbers(cells.drop(columns=[*time_columns, *parts.values()]), separator)
    shape = Shape(cells, time, times, numbers, marks, missing, date_parts=parts)
    if times.dates_only:
        _parts_of_a_day(shape, time_columns[1:])
    if not shape.days:
        shape.issue = _issue_column(cells, times.wall, time_columns[1:])
    if not shape.days and shape.issue is None:
        _long(shape, time_columns)
    if not shape.numbers:
        raise SourceError(name, f"no column beside the time {time!r} holds numbers")
    return shape


def _untimed_at_end(wall: pd.Series) -> int:
    """Rows at the end that have no time."""
    return int(wall[::-1].isna().cummin().sum())


def _time_columns(cells: pd.DataFrame) -> list[str]:
    """The columns that are times, the best first: UTC, then a beginning, then whatever has a time of day."""
    sample = cells.iloc[:_SAMPLE]
    ranked = []
    for place, column in enumerate(cells.columns):
        if (times := read_times(sample[column])) is None:
            continue
        name = plain(str(column)).replace("_", " ")
        is_named = bool(re.search(_TIME_NAME, name))
        if times.layout in ("compact", "epoch", "excel") and not is_named and place:
            continue  # 20240101 may be a number like any other
        rank = (
            bool(re.search(_LATER, name)),
            times.dates_only,
            not (times.aware or re.search(r"utc|gmt", name)),
            not is_named,
            place,
        )
        ranked.append((rank, str(column)))
    return [column for _, column in sorted(ranked)]


def _numbers(cells: pd.DataFrame, separator: str) -> tuple[dict[str, pd.Series], list[str], Marks]:
    """The values of every column of numbers, the words for no value in them, the marks."""
    typed = {str(name): cells[name].astype("float64") for name in cells.columns if _is_typed(cells[name])}
    texts, missing = {}, dict[str, None]()
    for name in cells.columns:
        if name in typed:
            continue
        column = cells[name].fillna("").astype("str")
        if (words := words_for_missing(column)) is not None:
            texts[str(name)] = column
            missing.update(dict.fromkeys(words))
    marks = marks_of(texts.values(), separator)
    values = {name: values_of(column, marks) for name, column in texts.items()}
    for name, column in texts.items():
        if (word := sentinel_of(column, values[name])) is not None:
            missing[word] = None
            values[name] = values[name].where(column.str.strip() != word)
    return (
        {str(name): (typed | values)[str(name)] for name in cells.columns if str(name) in (typed | values)},
        [*missing],
        marks,
    )


def _is_typed(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _parts_of_a_day(shape: Shape, time_columns: list[str]) -> None:
    """With dates alone: find the column of the period or time of day, or the columns that are the hours of a day."""
    dates = shape.times.wall
    if dates.dropna().duplicated().any():
        for name in shape.cells.columns:
            used = name == shape.time or name in time_columns or name in shape.date_parts.values()
            if not used and _counts_the_day(shape, str(name), dates):
                shape.minute = _minute_column(shape)
                return
    hours = [name for name in shape.numbers if _hour_of_header(name) is not None]
    if len(hours) >= FEWEST_HOURS and not dates.dropna().duplicated().any():
        shape.days = sorted(hours, key=lambda name: list(shape.numbers).index(name))


def _counts_the_day(shape: Shape, name: str, dates: pd.Series) -> bool:
    """Whether a column is the period or the time of day; recorded if so."""
    column = shape.cells[name]
    if name in shape.numbers:
        values = shape.numbers[name]
        whole = (values.dropna() % 1 == 0).all() and values.notna().all()
        if not (whole and values.between(0, 2400).all()):
            return False
        low, high, distinct = int(values.min()), int(values.max()), values.nunique()
        if low == 0 and 23 <= high <= 100 and distinct >= high - 1 and _counts_from_0(dates, values):
            shape.period, shape.first_period = name, 0
        elif (low == 0 and high <= 23) or (high > 100 and (values % 100 < 60).all() and distinct <= 100):
            shape.clock = name
        elif low == 1 and high == 24 and _leaves_out_an_hour(dates, values):
            shape.clock, shape.clock_ends = name, True
        elif low == 1 and 23 <= high <= 100 and distinct >= high - 2:
            shape.period = name
        else:
            return False
        if shape.period is not None:
            shape.period_values = values
        del shape.numbers[name]
        return True
    texts = column.fillna("").astype("str").str.strip()
    if (between := between_of(texts)) is not None:
        shape.clock, shape.clock_separator = name, between
        return True
    if texts.str.fullmatch(r"\d{1,2}[:.h]\d\d(:\d\d)?(\s*[AaPp][Mm])?").mean() > 0.9:
        shape.clock = name
        return True
    counted = pd.to_numeric(texts.str.extract(PERIOD)[0])
    if counted.notna().all() and unit_counted(int(counted.max())) is not None and counted.min() == 1:
        shape.period, shape.period_values = name, counted
        return True
    return False


def _counts_from_0(dates: pd.Series, values: pd.Series) -> bool:
    """Whether numbers from 0 count the units of a day; hours 0 to 23 do where a day of 23 or 25 hours shows it."""
    if values.max() > LAST_HOUR:
        return True
    last = values.groupby(dates).max().iloc[1:-1]
    return bool((last < LAST_HOUR).any()) and not _leaves_out_an_hour(dates, values + 1)


def _minute_column(shape: Shape) -> str | None:
    """Beside a clock of hours that stand several times, the column of their minutes."""
    if shape.clock is None or shape.clock_separator is not None:
        return None
    if not (shape.times.wall.astype("str") + shape.cells[shape.clock].astype("str")).duplicated().any():
        return None
    for name, values in shape.numbers.items():
        is_called = re.fullmatch(r"min(ute)?n?s?|minuto|mm", plain(name).strip())
        if is_called and values.between(0, 59).all() and (values % 1 == 0).all():
            del shape.numbers[name]
            return name
    return None


def date_parts(cells: pd.DataFrame) -> dict[str, str]:
    """The columns of year, month and day, by what they are called and hold; none if one of them is lacking.

    Columns without a name are tried in their order.
    """
    columns: dict[str, str] = {}
    nameless = {*numbered(len(cells.columns))}
    for part, called, low, high in _DATE_PARTS:
        for name in cells.columns:
            is_nameless = str(name) in nameless and str(name) not in columns.values()
            if not is_nameless and re.fullmatch(called, plain(str(name)).strip()) is None:
                continue
            numbers = pd.to_numeric(as_texts(cells[name]).str.strip(), errors="coerce").dropna()
            lowest = FIRST_YEAR if is_nameless and part == "year" else low
            if len(numbers) and numbers.between(lowest, high).all() and (numbers % 1 == 0).all():
                columns[part] = str(name)
                break
    return columns if len(columns) == len(_DATE_PARTS) else {}


def _leaves_out_an_hour(dates: pd.Series, values: pd.Series) -> bool:
    """Whether hours 1 to 24 are those of the clock: one is left out in spring, or stands twice in autumn."""
    days = values.groupby(dates).agg(["size", "max", "nunique"])
    return bool(
        ((days["size"] == 23) & (days["max"] == 24)).any() or ((days["size"] == 25) & (days["max"] == 24)).any()
    )


def _hour_of_header(name: str) -> float | None:
    """The unit of a day that a column's name counts: H1, 01:00, Hour 24, 3B."""
    text = plain(name).strip()
    match = re.fullmatch(
        r"(?:hour|stunde|hora|heure|he|h|hr|sp|p|q|k)?[ _.-]*(\d{1,3})([ab]|[:h]\d\d.*|\s*[-–]\s*\d\d?)?", text
    )
    return None if match is None else float(match[1])


def _issue_column(cells: pd.DataFrame, wall: pd.Series, time_columns: list[str]) -> str | None:
    """The column that distinguishes forecasts of the same time by when they were made."""
    if wall.duplicated().mean() < 0.3:
        return None
    for name in time_columns:
        issued = read_times(cells[name])
        is_early = issued is not None and bool((issued.wall <= wall).mean() > 0.9)
        if is_early and not (wall.astype("str") + " " + cells[name].astype("str")).duplicated().any():
            return name
    return None


def _long(shape: Shape, time_columns: list[str]) -> None:
    """Where times occur several times: the columns that identify the series."""
    key = shape.times.wall.astype("str")
    parts = [part for part in (shape.period, shape.clock, shape.minute) if part is not None]
    for part in parts:
        key = key + " " + shape.cells[part].astype("str")
    rows = shape.cells.drop_duplicates()
    key = key.loc[rows.index]
    if key.duplicated().mean() < 0.3:
        return
    names = [
        str(column)
        for column in rows.columns
        if column not in (*time_columns, *parts, *shape.date_parts.values())
        and 1 <= rows[column].nunique() <= MOST_IDS
        and (column not in shape.numbers or _is_key(rows[column], shape.numbers[column].loc[rows.index], key))
    ]
    several = [name for name in names if len(rows[name].unique()) > 1]

    def rank(name: str) -> tuple[float, int]:
        left = round(float((key + "|" + rows[name].astype("str")).duplicated().mean()), 2)
        return left, sum(zone_of_id(str(text)) is None for text in rows[name].unique())

    best = min(several, key=rank, default=None)
    if best is None:
        return
    chosen = [best]
    for column in several:
        combined_key = key + "|" + rows[chosen].astype("str").agg("|".join, axis=1)
        if column not in chosen and combined_key.duplicated().mean() > 0.01:
            chosen.append(column)
    for name in chosen:
        shape.ids[name] = [str(text) for text in rows[name].dropna().astype("str").str.strip().value_counts().index]
        shape.numbers.pop(name, None)


def _is_key(column: pd.Series, values: pd.Series, key: pd.Series) -> bool:
    """Whether a column of numbers counts meters: few whole ones, each about as often, one per time."""
    if meaning_of(str(column.name)).kind != "unknown" or not (values.dropna() % 1 == 0).all():
        return False
    counts = column.value_counts()
    return (
        len(counts) <= 50 and counts.min() * 3 >= counts.max() and not (key + column.astype("str")).duplicated().any()
    )


def _time_of_day(column: pd.Series, between: str | None, minutes: pd.Series | None) -> pd.Series:
    """The time of day of a column: 13:00, 13 or 1300; the beginning where a cell names both ends."""
    texts = as_texts(column).str.strip()
    texts = texts if between is None else begins(texts, between)[0]
    return since_midnight(texts, minutes).fillna(pd.Timedelta(0))
