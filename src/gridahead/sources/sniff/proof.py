"""Whether guessed settings read the file: it is read by the source itself, and what fails is tried otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pydantic

from gridahead.core.errors import SettingsError, SourceError
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.settings.file_source import FileSource
from gridahead.sources.file import FileTable
from gridahead.sources.sniff.parts import SourceGuess

_OTHERWISE: tuple[dict[str, object], ...] = (
    {"repeated_hour": "first"},
    {"skipped_hour": "drop"},
    {"repeated_hour": "first", "skipped_hour": "drop"},
    {"row_order": "any"},
    {"stamp": "ending"},
    {"units_from": "utc"},
    {"mtu_changes": True},
)
"""What a file may need that its look does not show, the most frequent first."""


def read(source: SourceGuess, folder: Path) -> Observations:
    """What the file source reads by these settings.

    Args:
        source: the block.
        folder: from which its path counts.

    Raises:
        SourceError: the file is not what they say.
        SettingsError: they say something that cannot be meant.
    """
    try:
        settings = FileSource.model_validate({"kind": "file", **source.keys})
    except pydantic.ValidationError as error:
        details = "; ".join(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors())
        raise SettingsError(f"{source.keys['path']}: {details}") from error
    table = FileTable(settings.model_copy(update={"path": folder / settings.path}), source.zone)
    blocks = [table.parse(payload) for payload in table.fetch()]
    return Observations(pd.concat(blocks, ignore_index=True) if blocks else OBSERVATIONS.empty())


def mend(source: SourceGuess, folder: Path) -> tuple[Observations, str]:
    """What is read, and what had to be changed for it; the keys of the source are those that read the file.

    Raises:
        SourceError: nothing that is known helps; it says what the first reading found.
    """
    try:
        return read(source, folder), ""
    except SourceError as error:
        first = error
    for change in _changes(source):
        other = SourceGuess(source.zone, {**source.keys, **change}, source.reasons)
        try:
            rows = read(other, folder)
        except (SourceError, SettingsError):
            continue
        source.keys.update(change)
        source.reasons.update(dict.fromkeys(change, "without it the file cannot be read"))
        keys_text = ", ".join(f"{key} = {value!r}" for key, value in change.items())
        return rows, f"{keys_text} of {source.series or source.zone.code}, because else {first.reason.split(';')[0]}"
    raise first


def _changes(source: SourceGuess) -> Iterator[dict[str, object]]:
    """Other values than those of a source, alone and then with the zone's own clock or UTC."""
    columns = source.keys.get("time_columns")
    if isinstance(columns, dict) and "period" in columns and "first_period" not in columns:
        columns_by_part = {("time" if name == "period" else name): column for name, column in columns.items()}
        hours: dict[str, object] = {"time_columns": columns_by_part, "stamp": "ending"}
        yield hours
        yield {**hours, "repeated_hour": "first", "skipped_hour": "drop"}
    clocks = [timezone for timezone in ("UTC", source.zone.timezone) if timezone != source.keys["timezone"]]
    yield from _OTHERWISE
    for timezone in clocks:
        yield {"timezone": timezone}
        yield {"timezone": timezone, "row_order": "any"}
