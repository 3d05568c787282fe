"""Tables without a row of names: what their columns are called, and how a first row of values is known."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gridahead.settings.file_source import FileSource

_NUMBER = re.compile(r"[+-]?\d+(?:[.,' ]\d+)*")
_TIME = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*|\d{8}(?:[T _-].*)?|\d{1,2}:\d\d.*")


def numbered(columns: int) -> list[str]:
    """The names of the columns of a table that has none."""
    return [f"column_{place}" for place in range(1, columns + 1)]


def nameless_advice(headers: Sequence[str], settings: FileSource) -> str | None:
    """What to set where the row of names seems to be one of values; None where it holds a name."""
    present = [header for header in headers if header]
    if (
        not settings.header
        or not present
        or not all(_NUMBER.fullmatch(header) or _TIME.fullmatch(header) for header in present)
    ):
        return None
    keys = ["header = false"]
    names = dict(zip(numbered(len(headers)), headers, strict=True))
    times = [name for name, text in names.items() if _TIME.fullmatch(text)]
    values = [name for name, text in names.items() if name not in times and _NUMBER.fullmatch(text)]
    if settings.time_column is not None and settings.value_column is not None and times and values:
        keys += [f'time_column = "{times[0]}"', f'value_column = "{values[0]}"']
    return (
        f"If the file has no row of names, set {' and '.join(keys)} in the settings: its columns are then called "
        "column_1, column_2 and so on, by their place."
    )
