"""From a table to the settings of the file source that reads it, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from gridahead.core.countries import country_of, holidays_of
from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.sources.sniff.columns import Columns
from gridahead.sources.sniff.files import FileGroup
from gridahead.sources.sniff.keys import file_clock, layout_keys, row_step, time_keys
from gridahead.sources.sniff.meaning import meaning_of, slug, words_of, zone_in, zone_of_id
from gridahead.sources.sniff.parts import MANY, UNKNOWN_ZONE, Guess, GuessOptions
from gridahead.sources.sniff.shape import Shape, shape_of


def guess(group: FileGroup, options: GuessOptions) -> Guess:
    """The sources that read a group of files.

    Raises:
        SourceError: the table has no time, no numbers, or rows too far apart.
    """
    name = Path(group.path).name
    shape, notes = shape_of(group.table.cells, name, str(group.table.keys.get("separator", ","))), group.notes
    words = (
        words_of(Path(group.path)),
        *map(str, group.table.cells.columns),
        group.table.preamble,
        *_constants(shape.cells),
    )
    zone = options.zone or zone_in(*words) or options.otherwise
    is_placed = zone is not None and (zone.country is not None or zone.timezone != "UTC")
    step = row_step(shape, name)
    clock = file_clock(group, shape, zone if is_placed else None, options.timezone, step, _places(shape), notes)
    if zone is None or not is_placed:
        zone = BiddingZone(
            UNKNOWN_ZONE if zone is None else zone.code, clock.timezone if "/" in clock.timezone else "UTC"
        )
    if zone.country is None and zone.timezone in (options.timezone, *shape.times.zones, *_timezones(words)):
        zone = replace(zone, country=holidays_of(zone.timezone))
    layout, times = layout_keys(group, shape, notes), time_keys(shape, clock, step, group.first, notes)
    common: dict[str, object] = {"path": group.path, **layout, **times}
    result = Guess(uncertain=notes.uncertain)
    for where, numbers, place in _tables(shape, zone, result):
        result.sources += Columns(group, numbers, {**common, **where}, place, options, result).sources()
    if not result.sources:
        raise SourceError(name, "no column holds what can be forecast; name one with --column")
    if any(source.zone.code == UNKNOWN_ZONE for source in result.sources):
        result.doubt(_free_name(zone))
    return result


def _free_name(zone: BiddingZone) -> str:
    """That the zone may be called otherwise, and what its days and holidays are."""
    example = country_of(zone.timezone)
    if zone.country is not None:
        holidays = f"its holidays are those of {zone.country}: change `country` under [[zones]] if not"
    elif example is not None:
        holidays = f'it has no holidays: if it is there, add country = "{example}" under [[zones]]'
    else:
        holidays = "it has no holidays: change `timezone` and add `country` under [[zones]]"
    return (
        f"zone: nothing names it, so it is called {UNKNOWN_ZONE}. The name is free: run again with --zone NAME, or "
        f"change it under [[zones]], [[sources]] and [[series]]. Its days are those of {zone.timezone}, and {holidays}"
    )


def _places(shape: Shape) -> list[str]:
    """The time zones of the zones that a long table names in its cells, and a wide one above its columns."""
    names = {str(name) for column in shape.ids for name in shape.cells[column].unique()} or set(map(str, shape.numbers))
    return sorted({zone.timezone for name in names if (zone := zone_of_id(name)) is not None})


def _timezones(texts: Sequence[str]) -> list[str]:
    """What may be the name of a time zone in texts."""
    return [name for text in texts for name in re.findall(r"[A-Z][a-z]+/[A-Z][A-Za-z_]+", text)]


def _constants(cells: pd.DataFrame) -> list[str]:
    """The texts of columns that have the same one in every row, such as the name of a region."""
    first = cells.iloc[0]
    return [str(first[name]) for name in cells.columns if (cells[name] == first[name]).all()]


def _tables(
    shape: Shape, zone: BiddingZone, result: Guess
) -> list[tuple[dict[str, object], dict[str, pd.Series], BiddingZone]]:
    """Of a long table one part for every series, else the whole: its keys, its columns, its zone."""
    if shape.days:
        values = pd.concat([shape.numbers[name] for name in shape.days], ignore_index=True)
        return [({"day_columns": shape.days}, {"": values}, zone)]
    if not shape.ids:
        return [({}, shape.numbers, zone)]
    rows = pd.DataFrame({name: shape.cells[name].astype("str").str.strip() for name in shape.ids})
    counts = rows.value_counts()
    if len(counts) > MANY:
        result.leave_out("series of the long table", [" / ".join(map(str, names)) for names in counts.index[MANY:]])
    tables = []
    for names in sorted(counts.index[:MANY]):
        is_here = (rows == list(names)).all(axis="columns")
        where = dict(zip(shape.ids, names, strict=True))
        place = next((code for name in names if (code := zone_of_id(str(name)))), None)
        kind = next((meaning for name in names if (meaning := meaning_of(str(name))).kind == "quantity"), None)
        keys: dict[str, object] = {"where": where}
        if kind is not None:
            keys["quantity"] = kind.name
        elif place is None:
            place = BiddingZone(slug(" ".join(map(str, names))), zone.timezone, zone.country)
        tables.append((keys, {name: values[is_here] for name, values in shape.numbers.items()}, place or zone))
    return tables
