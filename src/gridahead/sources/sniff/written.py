"""The guessed settings as text: each key with its reason, and above them what a person should look at."""

from __future__ import annotations

import datetime as dt
import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from gridahead.core.countries import country_of
from gridahead.core.grid import ZONES, BiddingZone, Series
from gridahead.core.time import Deadline
from gridahead.sources.sniff.parts import UNKNOWN_ZONE, SourceGuess

_FIRST = ("path", "zone", "quantity", "time_column", "time_columns", "value_column", "day_columns", "timezone", "unit")
"""Keys that everyone wants to see, in this order; the others follow."""
WIDTH = 110
"""Characters of a line of comment."""


def value(anything: object) -> str:
    """A value as TOML writes it."""
    if isinstance(anything, Mapping):
        return "{" + ", ".join(f"{key(name)} = {value(entry)}" for name, entry in anything.items()) + "}"
    if isinstance(anything, list | tuple):
        return "[" + ", ".join(map(value, anything)) + "]"
    return json.dumps(anything, ensure_ascii=False)


def key(name: object) -> str:
    """A key as TOML writes it: in quotes where it holds more than letters and digits."""
    text = str(name)
    return text if text.isascii() and text.replace("_", "").replace("-", "").isalnum() else value(text)


def comment(text: str, mark: str = "# ") -> str:
    """A comment of several lines; the first line begins with the mark."""
    return textwrap.fill(text, WIDTH, initial_indent=mark, subsequent_indent="#" + " " * (len(mark) - 1))


def zone_block(zone: BiddingZone) -> str:
    """The block `[[zones]]` of a zone."""
    free = " # any name: change it under [[sources]] and [[series]] as well" if zone.code == UNKNOWN_ZONE else ""
    lines = ["[[zones]]", f"code = {value(zone.code)}{free}", f"timezone = {value(zone.timezone)}"]
    if zone.country is not None:
        lines.append(f"country = {value(zone.country)} # its public holidays")
    else:
        example = country_of(zone.timezone)
        what = "for its public holidays" if example else "for its public holidays: two letters, such as ES or US"
        lines.append(f"# country = {value(example or '…')} # {what}")
    return "\n".join(lines)


def source_block(source: SourceGuess, *, reasons: bool) -> str:
    """`[[sources]]`, each key with its reason."""
    lines = ["[[sources]]", 'kind = "file"']
    order = sorted(source.keys, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    for name in order:
        line = f"{name} = {value(source.keys[name])}"
        why = source.reasons.get(name) if reasons else None
        lines.append(f"{line} # {why}" if why else line)
    return "\n".join(lines)


def deadline_of(zone: BiddingZone) -> Deadline:
    """By when a zone is forecast, where no other time is given."""
    return Deadline(1, dt.time(11), zone.timezone)


def series_block(series: Series, zone: BiddingZone, inputs: Iterable[str]) -> str:
    """`[[series]]` with the lines of its covariates."""
    lines = ["[[series]]", f"series = {value(str(series))}"]
    lines.append(f"deadline = {value(str(deadline_of(zone)))} # forecast by 11:00 on the day before")
    return "\n".join([*lines, *inputs])


def covariates(source: SourceGuess) -> list[dict[str, object]]:
    """The covariates of a source, each the keys of its inline table."""
    blocks = source.keys.get("covariates", [])
    assert isinstance(blocks, list)
    return blocks


def training_block(settings: Mapping[str, object], why: str) -> str:
    """The section `[training]` with its reason."""
    lines = ["[training]", comment(why), *(f"{name} = {value(setting)}" for name, setting in settings.items())]
    return "\n".join(lines)


def head(command: str, uncertain: Sequence[str], left_out: Sequence[str]) -> str:
    """The comment at the head of the settings file."""
    lines = [comment(f"Written by `{command}`. Paths are relative to this file.")]
    if uncertain:
        lines += ["#", "# What the file does not say for certain:", *(comment(text, "# - ") for text in uncertain)]
    if left_out:
        lines += ["#", comment(f"Not read: {'; '.join(left_out)}.")]
    return "\n".join(lines)


def needs_declaring(zone: BiddingZone) -> bool:
    """Whether settings have to declare a zone."""
    return ZONES.get(zone.code) != zone
