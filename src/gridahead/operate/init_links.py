"""Which series reads which covariate, in whichever order the files of both are given."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gridahead.core.grid import Series
from gridahead.settings.model import FileSource, SeriesSettings, Settings
from gridahead.sources.sniff import written
from gridahead.sources.sniff.parts import UNKNOWN_ZONE, SourceGuess

_TABLE = re.compile(r"\s*\[{1,2}\s*([\w.\-]+)\s*\]{1,2}\s*(#.*)?")
"""A line that begins a section; one of a list over several lines has quotes or commas."""


@dataclass
class Inputs:
    """The covariates that a series reads, by the key that they stand under."""

    by_key: dict[str, list[str]] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """As the settings file says it."""
        return [f"{key} = {written.value(names)}" for key, names in self.by_key.items()]


def inputs_of(series: Series, sources: Iterable[SourceGuess], held: Settings | None, zones: set[str]) -> Inputs:
    """The covariates of the zone of a series, and those of no known zone where all series are of one zone.

    Args:
        series: that is to read them.
        sources: the guessed ones.
        held: settings that are there, whose covariates are meant as well.
        zones: of all series.
    """
    found: dict[str, list[str]] = {"past_covariates": [], "future_covariates": []}
    for zone, name, known_ahead in [*_held_covariates(held), *_new_covariates(sources)]:
        if zone == series.zone or (zone == UNKNOWN_ZONE and zones == {series.zone}):
            found["future_covariates" if known_ahead else "past_covariates"].append(f"{zone}/{name}")
    return Inputs({key: list(dict.fromkeys(names)) for key, names in found.items() if names})


def link(text: str, held: Settings, sources: Iterable[SourceGuess], zones: set[str]) -> tuple[str, list[str]]:
    """Settings in which the series that are there read new covariates, and what a person should know of it.

    A line is added where the series has none of that key. A line that somebody has written is not changed.
    """
    said = []
    for entry in held.series:
        for key, names in inputs_of(entry.series, sources, None, zones).by_key.items():
            there = [str(one) for one in getattr(entry, key)]
            missing = [name for name in names if name not in there]
            if not missing:
                continue
            line = f"{key} = {written.value([*there, *missing])}"
            changed = None if there else _with_line(text, entry, line)
            text = changed or text
            if changed:
                said.append(f"{entry.series} reads {', '.join(missing)} now: {line} was added to its [[series]]")
            else:
                what = f"write its line {key} anew" if there else "add a line"
                said.append(
                    f"{entry.series} does not read {', '.join(missing)} yet; under the [[series]] of {entry.series} "
                    f"{what}: {line}"
                )
    return text, said


def unread(sources: Iterable[SourceGuess], held: Settings | None, linked: Iterable[Inputs]) -> list[str]:
    """What to do with new covariates that no series reads."""
    read = {name for one in linked for names in one.by_key.values() for name in names}
    left = [f"{zone}/{name}" for zone, name, _ in _new_covariates(sources) if f"{zone}/{name}" not in read]
    if not left:
        return []
    if held is None or not held.series:
        return [
            f"nothing reads {', '.join(left)} yet: the file holds covariates alone. Add the series that is to be "
            "forecast, and it reads them"
        ]
    return [
        f"no series reads {', '.join(left)} yet, because none is of that zone. Add a line to the [[series]] that "
        f"should: past_covariates = {written.value(left)}, or future_covariates if they are forecasts; or run again "
        "with --zone and the zone of the series"
    ]


def _new_covariates(sources: Iterable[SourceGuess]) -> Iterator[tuple[str, str, bool]]:
    for source in sources:
        for one in written.covariates(source):
            yield source.zone.code, str(one["name"]), bool(one["known_ahead"])


def _held_covariates(held: Settings | None) -> Iterator[tuple[str, str, bool]]:
    for source in () if held is None else held.sources:
        if isinstance(source, FileSource):
            for one in source.covariates:
                yield source.zone, one.name, one.known_ahead


def _with_line(text: str, entry: SeriesSettings, line: str) -> str | None:
    """The settings with a line more behind the name of a series; None where that cannot be done for certain."""
    lines, section = text.split("\n"), ""
    name = re.compile(rf"""\s*series\s*=\s*(["']){re.escape(str(entry.series))}\1\s*(#.*)?""")
    for place, one in enumerate(lines):
        if begins := _TABLE.fullmatch(one):
            section = begins[1]
        elif section == "series" and name.fullmatch(one):
            changed = "\n".join([*lines[: place + 1], line, *lines[place + 1 :]])
            return changed if _says(changed, _told(text, entry, line)) else None
    return None


def _told(text: str, entry: SeriesSettings, line: str) -> Mapping[str, object]:
    """What the settings should say with the line."""
    told = tomllib.loads(text)
    for one in told["series"]:
        if one.get("series") == str(entry.series):
            one |= tomllib.loads(line)
    return told


def _says(text: str, wanted: Mapping[str, object]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False
