"""Where merged rows belong: folders such as `series=DE.load/year=2024`, and which of them a read touches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np
import pandas as pd
import pyarrow as pa

from gridahead.core.tables import Level, Table
from gridahead.core.time import MICROSECOND, TimeRange

RECENT = "recent"
"""The folder of batches that no compaction has merged yet."""
WHOLE = "whole"
"""The folder of merged rows of a table that is not divided."""
MOST_PREFIXES = 64
"""So many folders are asked for by name; where a read wants more, one listing of everything is quicker."""

Where = Mapping[str, str | Sequence[str]]


def texts(values: str | Sequence[str]) -> list[str]:
    """One text or several, as several."""
    return [values] if isinstance(values, str) else list(values)


def by_partition(table: Table, rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each folder, with its path."""
    if not table.partition:
        yield WHOLE, rows
        return
    folders = pd.DataFrame({str(n): _NAMES[level](rows) for n, level in enumerate(table.partition)})
    groups = folders.groupby(list(folders.columns), sort=True, observed=True).indices
    for names, at in groups.items():
        folder = "/".join(names if isinstance(names, tuple) else (names,))
        yield folder, rows.take(pa.array(np.sort(at)))


def _column(rows: pa.Table, name: str) -> pd.Series:
    column: pd.Series = rows.column(name).to_pandas()
    return column


def _quoted(name: str, values: pd.Series) -> pd.Series:
    """`name=value`, with what a path cannot hold written as %2F; there are few different values."""
    return values.map({value: f"{name}={quote(value, safe='')}" for value in values.unique()})


def folder_of(zone: str, quantity: str) -> str:
    """The folder of a series: names parted by a dot, one within a name as %2E, and so what no path holds."""
    return f"series={_without_dots(zone)}.{_without_dots(quantity)}"


def _without_dots(name: str) -> str:
    return quote(name, safe="").replace(".", "%2E")


def _series(rows: pa.Table) -> pd.Series:
    columns = [_column(rows, name) for name in ("zone", "quantity")]
    zones, quantities = (column.map({name: _without_dots(name) for name in column.unique()}) for column in columns)
    return "series=" + zones.str.cat(quantities, sep=".")


def _run(rows: pa.Table) -> pd.Series:
    return _quoted("run", _column(rows, "run"))


def _year(rows: pa.Table) -> pd.Series:
    return _quoted("year", _column(rows, "valid_time").dt.year.astype("str"))


_NAMES: dict[Level, Callable[[pa.Table], pd.Series]] = {"run": _run, "series": _series, "year": _year}


@dataclass(frozen=True, slots=True)
class LevelFilter:
    """Which folders of one level a read touches: those of these names, or those whose name it accepts."""

    names: tuple[str, ...] | None
    accepts: Callable[[str], bool]


def level_filters(table: Table, where: Where, time_range: TimeRange | None) -> list[LevelFilter]:
    """What a read of these values and times touches, level by level; too many folders rather than too few."""
    return [_FILTERS[level](where, time_range) for level in table.partition]


def _of(names: Sequence[str]) -> LevelFilter:
    chosen = frozenset(names)
    return LevelFilter(tuple(sorted(chosen)), lambda name: name in chosen)


_ANY = LevelFilter(None, lambda name: True)


def _filter_run(where: Where, time_range: TimeRange | None) -> LevelFilter:
    return _of([f"run={quote(run, safe='')}" for run in texts(where["run"])]) if "run" in where else _ANY


def _filter_series(where: Where, time_range: TimeRange | None) -> LevelFilter:
    zones, quantities = (texts(where[name]) if name in where else None for name in ("zone", "quantity"))
    if zones is not None and quantities is not None:
        return _of([folder_of(zone, quantity) for zone in zones for quantity in quantities])
    if zones is not None:
        starts = tuple(folder_of(zone, "") for zone in zones)
        return LevelFilter(None, lambda name: name.startswith(starts))
    if quantities is not None:
        ends = tuple(folder_of("", quantity).removeprefix("series=") for quantity in quantities)
        return LevelFilter(None, lambda name: name.endswith(ends))
    return _ANY


def _filter_year(where: Where, time_range: TimeRange | None) -> LevelFilter:
    if time_range is None:
        return _ANY
    last = (time_range.end - MICROSECOND).year
    return _of([f"year={year}" for year in range(time_range.start.year, last + 1)])


_FILTERS: dict[Level, Callable[[Where, TimeRange | None], LevelFilter]] = {
    "run": _filter_run,
    "series": _filter_series,
    "year": _filter_year,
}


def prefixes(levels: Sequence[LevelFilter]) -> list[str]:
    """The deepest folders that can be named without looking: everything a read touches is in or below them."""
    paths = [""]
    for level in levels:
        if level.names is None or len(paths) * len(level.names) > MOST_PREFIXES:
            break
        paths = [f"{above}/{name}".lstrip("/") for above in paths for name in level.names]
    return paths if levels else [WHOLE]


def touches(levels: Sequence[LevelFilter], file: str) -> bool:
    """Whether a read needs the file of that path: at every level its folder is one of those wanted."""
    *folders, _ = file.split("/")
    if not levels:
        return folders == [WHOLE]
    return len(folders) == len(levels) and all(level.accepts(name) for level, name in zip(levels, folders, strict=True))
