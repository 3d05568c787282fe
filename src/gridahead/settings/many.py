"""Many zones and series from few lines: a table of zones, sources of many of them, series by pattern.

What the file says is written out before it is checked, so that everything else sees zones and series one by one: a row
of the zone table is a block of [[zones]], and `series = "*/load"` a block of [[series]] for each zone whose load some
source brings. What stands nearer to a single one counts: a block of its own says more than a pattern, a later pattern
more than an earlier one, and [[zones]] more than the table.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pydantic

from gridahead.core.errors import SettingsError, did_you_mean
from gridahead.core.grid import ZONES
from gridahead.core.time import LOCAL
from gridahead.settings.file_source import ZONE_MARK
from gridahead.settings.zones import ZoneSettings

Raw = Mapping[str, Any]
"""A table of the file as TOML reads it, unchecked."""
WILD = "*?["
MOST = 20
"""Findings of a zone table that a message names: a column that is wrong is so in every row."""
_OF_LOCAL = f"[{LOCAL}]"


def written_out(raw: Raw, folder: Path) -> dict[str, Any]:
    """The file with the rows of its zone table as zones, and with a block for each zone of a source and each series.

    What has another form than it should is left as it is, for the check of the settings to name.

    Args:
        raw: as TOML reads it.
        folder: of the file, where its paths begin.

    Raises:
        SettingsError: the zone table cannot be read or says something that cannot be meant, or a pattern fits nothing.
    """
    declared = _zones(raw, folder)
    zones = {str(zone["code"]): zone for zone in declared if "code" in zone}
    sources = [_with_zones(source, zones) for source in _tables(raw, "sources")]
    series = _all_series(_tables(raw, "series"), sources, zones)
    names = [str(entry.get("series")) for entry in series]
    shared = [
        _of_group(group, "series", f"shared {group.get('name')}", names, zones) for group in _tables(raw, "shared")
    ]
    sums = [_of_parts(total, names, zones) for total in _tables(raw, "sums")]
    parts = {"zones": declared, "sources": sources, "series": series, "shared": shared, "sums": sums}
    return {**raw, **{name: part for name, part in parts.items() if part}}


def _tables(raw: Raw, name: str) -> list[Raw]:
    """The blocks of a list of tables; none where it is something else."""
    blocks = raw.get(name)
    return blocks if isinstance(blocks, list) and all(isinstance(block, Mapping) for block in blocks) else []


def _zones(raw: Raw, folder: Path) -> list[Raw]:
    """The zones of the table and those of the file, whose keys count where both have one."""
    table = raw.get("zone_table")
    own = {str(zone.get("code", place)): zone for place, zone in enumerate(_tables(raw, "zones"))}
    if not isinstance(table, str):
        return [*own.values()]
    rows = _rows(folder / table)
    together = {code: {**row, **own.get(code, {})} for code, row in rows.items()}
    return [*together.values(), *(zone for code, zone in own.items() if code not in rows)]


def _rows(file: Path) -> dict[str, Raw]:
    """The rows of a zone table by code, cells that are empty left out.

    Raises:
        SettingsError: the file cannot be read, or rows say something that cannot be meant; all of them at once.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            table = csv.DictReader(lines)
            rows = [(place, row) for place, row in enumerate(table, start=2) if any(row.values())]
            columns = list(table.fieldnames or ())
    except (OSError, UnicodeError, csv.Error) as error:
        raise SettingsError(f"zone_table = {str(file)!r} cannot be read: {error}") from error
    if "code" not in columns:
        hint = did_you_mean("code", columns)
        raise SettingsError(f"{file} has no column 'code', which says what a zone is called; {hint}it has: {columns}")
    found: dict[str, Raw] = {}
    wrong: list[str] = []
    for place, row in rows:
        zone = {str(name): value.strip() for name, value in row.items() if isinstance(value, str) and value.strip()}
        code = zone.get("code", "")
        where = f"{file.name}, row {place} ({code})"
        if code in found:
            wrong.append(f"{where}: the zone is there twice")
        try:
            ZoneSettings.model_validate(zone)
        except pydantic.ValidationError as error:
            for finding in error.errors():
                name = ".".join(str(part) for part in finding["loc"])
                is_unknown = finding["type"] == "extra_forbidden"
                known = f"; known columns: {', '.join(ZoneSettings.model_fields)}" if is_unknown else ""
                wrong.append(f"{where}: {name}: {finding['msg']}{known}")
        found[code] = zone
    if wrong:
        more = f"\n  and {len(wrong) - MOST} more" if len(wrong) > MOST else ""
        raise SettingsError("\n  ".join(wrong[:MOST]) + more)
    return found


def _with_zones(source: Raw, zones: Mapping[str, Raw]) -> Raw:
    """A source of a file of many zones with their codes; any other as it is, with its `[local]` deadlines."""
    zone = source.get("zone")
    if source.get("kind") == "openmeteo":
        return _with_places(source, zones)
    if source.get("kind") != "file" or isinstance(zone, str):
        return _in_local_time(source, str(zone), zones)
    if not _is_of_many(source):
        return source
    asked = source.get("zones", ["*"])
    if not isinstance(asked, list) or not all(isinstance(one, str) for one in asked):
        return source
    chosen = [code for code in zones if any(fnmatchcase(code, one) for one in asked)]
    of_catalogue = [one for one in asked if one in ZONES and one not in zones]
    return {**source, "zones": [*chosen, *of_catalogue]}


def _with_places(source: Raw, zones: Mapping[str, Raw]) -> Raw:
    """A source of weather with the places that zones declare, where it names none itself."""
    own, asked = source.get("points", {}), source.get("zones")
    if not isinstance(own, Mapping) or not isinstance(asked, list):
        return source
    declared = {
        code: [{"latitude": zones[code]["latitude"], "longitude": zones[code]["longitude"]}]
        for code in map(str, asked)
        if {"latitude", "longitude"} <= zones.get(code, {}).keys()
    }
    return {**source, "points": {**declared, **own}} if declared else source


def _is_of_many(source: Raw) -> bool:
    """Whether a source of files has many zones: in its path, its columns or its rows."""
    columns = [source.get(key) for key in ("path", "value_column", "official_column")]
    covariates = [covariate.get("column") for covariate in _tables(source, "covariates")]
    return "zone_column" in source or any(ZONE_MARK in str(name) for name in (*columns, *covariates))


def _in_local_time(block: Raw, zone: str, zones: Mapping[str, Raw]) -> Raw:
    """The same with the time zone of a zone in deadlines that say `[local]`."""
    known = ZONES[zone].timezone if zone in ZONES else None
    timezone = zones.get(zone, {}).get("timezone", known)
    return block if timezone is None else _replaced(block, _OF_LOCAL, f"[{timezone}]")


def _replaced(block: Raw, mark: str, by: str) -> dict[str, Any]:
    """The same with another text in the place of a mark, wherever it stands."""

    def of(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(mark, by)
        if isinstance(value, list):
            return [of(one) for one in value]
        return _replaced(value, mark, by) if isinstance(value, Mapping) else value

    return {name: of(value) for name, value in block.items()}


def _all_series(entries: Sequence[Raw], sources: Sequence[Raw], zones: Mapping[str, Raw]) -> list[Raw]:
    """A block for each series, those of patterns with what is said nearer to one."""
    patterns = [entry for entry in entries if _is_pattern(str(entry.get("series")))]
    single = [entry for entry in entries if entry not in patterns]
    meant: dict[str, dict[str, Any]] = {}
    for pattern in patterns:
        for name in _fitting(pattern, sources, zones):
            meant[name] = {**meant.get(name, {}), **pattern, "series": name}
    for name, block in meant.items():
        meant[name] = _replaced(block, ZONE_MARK, name.partition("/")[0])
        meant[name].pop("leave_out", None)
    own = [str(entry.get("series")) for entry in single]
    blocks = [{**meant.get(name, {}), **entry} for name, entry in zip(own, single, strict=True)]
    blocks += [block for name, block in meant.items() if name not in own]
    return [_in_local_time(block, str(block.get("series")).partition("/")[0], zones) for block in blocks]


def _is_pattern(text: str) -> bool:
    return any(mark in text for mark in WILD)


def _in_group(series: str, group: object, zones: Mapping[str, Raw]) -> bool:
    """Whether the zone of a series is of a group; of no group in particular all are."""
    return group is None or zones.get(series.partition("/")[0], {}).get("group") == group


def _fitting(pattern: Raw, sources: Sequence[Raw], zones: Mapping[str, Raw]) -> list[str]:
    """The series that a pattern means: of zones that some source brings this quantity of.

    Raises:
        SettingsError: there are none.
    """
    text, group = str(pattern["series"]), pattern.get("group")
    wanted, _, quantity = text.partition("/")
    brought = list(dict.fromkeys(code for source in sources for code in _zones_of(source, quantity)))
    out = pattern.get("leave_out", ())
    found = [
        name
        for name in (f"{code}/{quantity}" for code in brought if fnmatchcase(code, wanted))
        if _in_group(name, group, zones) and not any(fnmatchcase(name, str(one)) for one in out)
    ]
    if found:
        return found
    of_group = "" if group is None else f" of group {group!r}"
    known = f"it is brought of {', '.join(brought[:MOST])}" if brought else "no source brings it"
    groups = sorted({str(zone["group"]) for zone in zones.values() if "group" in zone})
    raise SettingsError(
        f"series {text}: fits no zone{of_group} with {quantity!r}; {known}"
        + (f". Groups of the zone table: {', '.join(groups)}" if group is not None else "")
    )


def _zones_of(source: Raw, quantity: str) -> Iterator[str]:
    """Codes of the zones that a source may bring a quantity of."""
    if source.get("kind") == "file":
        names = {source.get("quantity"), *(covariate.get("name") for covariate in _tables(source, "covariates"))}
        if quantity not in names:
            return
    if isinstance(zone := source.get("zone"), str):
        yield zone
    elif isinstance(several := source.get("zones"), list):
        yield from (code for code in several if isinstance(code, str))
    elif source.get("kind") in ("smard", "smard_live"):
        yield "DE"


def _of_group(block: Raw, key: str, label: str, names: Sequence[str], zones: Mapping[str, Raw]) -> Raw:
    """A block that names series, such as a shared network, with those that its patterns mean.

    Args:
        block: of the file.
        key: under which it names them.
        label: what it is called in a message.
        names: of the series of the settings.
        zones: by code, for their groups.

    Raises:
        SettingsError: a pattern fits none of the series.
    """
    asked, group = block.get(key), block.get("group")
    if not isinstance(asked, list):
        return block
    chosen = list[str]()
    for one in map(str, asked):
        if not _is_pattern(one):
            chosen.append(one)
            continue
        fitting = [name for name in names if fnmatchcase(name, one) and _in_group(name, group, zones)]
        if not fitting:
            of_group = "" if group is None else f" of group {group!r}"
            raise SettingsError(f"{label}: {one!r} fits no series{of_group} of the settings")
        chosen += fitting
    return {**block, key: list(dict.fromkeys(chosen))}


def _of_parts(block: Raw, names: Sequence[str], zones: Mapping[str, Raw]) -> Raw:
    """A sum with the parts that its patterns mean: a pattern that fits the total as well means all others.

    Raises:
        SettingsError: a pattern fits none of the series.
    """
    total = str(block.get("total"))
    others = [name for name in names if name != total]
    return _of_group(block, "parts", f"sums {total}", others, zones)
