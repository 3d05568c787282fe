"""Which series reads which covariate, in whichever order the files of both are given."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from gridahead.core.grid import Series
from gridahead.settings.file_source import FileSource
from gridahead.settings.model import SeriesSettings, Settings
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
        """The lines of the settings file, one a key."""
        return [f"{key} = {written.value(names)}" for key, names in self.by_key.items()]


def inputs_of(series: Series, sources: Iterable[SourceGuess], held: Settings | None, zones: set[str]) -> Inputs:
    """The covariates of the zone of a series, and those of no known zone where all series are of one zone.

    Args:
        series: that is to read them.
        sources: the guessed ones.
        held: settings that are there, whose covariates are meant as well.
        zones: of all series.
    """
    by_key: dict[str, list[str]] = {"past_covariates": [], "future_covariates": []}
    for zone, name, known_ahead in [*_held_covariates(held), *_new_covariates(sources)]:
        if zone == series.zone or (zone == UNKNOWN_ZONE and zones == {series.zone}):
            by_key["future_covariates" if known_ahead else "past_covariates"].append(f"{zone}/{name}")
    return Inputs({key: list(dict.fromkeys(names)) for key, names in by_key.items() if names})


def link(text: str, held: Settings, sources: Iterable[SourceGuess], zones: set[str]) -> tuple[str, list[str]]:
    """The settings with new covariates added to declared series, and a message for each line added or missing.

    A line is added where the series has none of that key. A line that somebody has written is not changed.
    """
    messages = []
    for entry in held.series:
        for key, names in inputs_of(entry.series, sources, None, zones).by_key.items():
            read_already = [str(series) for series in getattr(entry, key)]
            missing = [name for name in names if name not in read_already]
            if not missing:
                continue
            line = f"{key} = {written.value([*read_already, *missing])}"
            changed = None if read_already else _with_line(text, entry, line)
            text = changed or text
            if changed:
                messages.append(f"{entry.series} reads {', '.join(missing)} now: {line} was added to its [[series]]")
            else:
                what_to_do = f"write its line {key} anew" if read_already else "add a line"
                messages.append(
                    f"{entry.series} does not read {', '.join(missing)} yet; under the [[series]] of {entry.series} "
                    f"{what_to_do}: {line}"
                )
    return text, messages


def unread(sources: Iterable[SourceGuess], held: Settings | None, linked: Iterable[Inputs]) -> list[str]:
    """What to do with new covariates that no series reads."""
    read = {name for inputs in linked for names in inputs.by_key.values() for name in names}
    unused = [f"{zone}/{name}" for zone, name, _ in _new_covariates(sources) if f"{zone}/{name}" not in read]
    if not unused:
        return []
    if held is None or not held.series:
        return [
            f"nothing reads {', '.join(unused)} yet: the file holds covariates alone. Add the series that is to be "
            "forecast, and it reads them"
        ]
    return [
        f"no series reads {', '.join(unused)} yet, because none is of that zone. Add a line to the [[series]] that "
        f"should: past_covariates = {written.value(unused)}, or future_covariates if they are forecasts; or run again "
        "with --zone and the zone of the series"
    ]


def _new_covariates(sources: Iterable[SourceGuess]) -> Iterator[tuple[str, str, bool]]:
    for source in sources:
        for covariate in written.covariates(source):
            yield source.zone.code, str(covariate["name"]), bool(covariate["known_ahead"])


def _held_covariates(held: Settings | None) -> Iterator[tuple[str, str, bool]]:
    for source in () if held is None else held.sources:
        if isinstance(source, FileSource):
            for zone, covariate in product(source.zone_codes, source.covariates):
                yield zone, covariate.name, covariate.known_ahead


def _with_line(text: str, entry: SeriesSettings, line: str) -> str | None:
    """The settings with a line more behind the name of a series; None where that cannot be done for certain."""
    lines, section = text.split("\n"), ""
    name = re.compile(rf"""\s*series\s*=\s*(["']){re.escape(str(entry.series))}\1\s*(#.*)?""")
    for place, text_line in enumerate(lines):
        if begins := _TABLE.fullmatch(text_line):
            section = begins[1]
        elif section == "series" and name.fullmatch(text_line):
            changed = "\n".join([*lines[: place + 1], line, *lines[place + 1 :]])
            return changed if _parses_to(changed, _with_keys(text, entry, line)) else None
    return None


def _with_keys(text: str, entry: SeriesSettings, line: str) -> Mapping[str, object]:
    """The parsed settings with the key of the line in the block of the series."""
    settings = tomllib.loads(text)
    for block in settings["series"]:
        if block.get("series") == str(entry.series):
            block |= tomllib.loads(line)
    return settings


def _parses_to(text: str, expected: Mapping[str, object]) -> bool:
    try:
        return tomllib.loads(text) == expected
    except tomllib.TOMLDecodeError:
        return False
