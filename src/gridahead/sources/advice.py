"""Which setting would read times that are none as the settings are: found by trying, so that the advice works."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from gridahead.settings.file_source import FileSource

TRIED = 500
"""Rows at the beginning and at the end of a file on which settings are tried; a footer has a few."""
_MONTHS = (
    "%b %d, %Y %I:%M %p",
    "%b %d, %Y %H:%M",
    "%d-%b-%Y %H:%M",
    "%d-%b-%Y %H:%M:%S",
    "%d %b %Y %H:%M",
    "%d-%b-%y %H:%M",
    "%d%b%Y:%H:%M:%S",
    "%B %d, %Y %H:%M",
    "%d %B %Y %H:%M",
)
"""Formats with the names of months, which have no order of their parts."""
_BETWEEN = (" - ", " – ", " to ", "/", "-")
_ORDERS = ("dmy", "mdy", "ymd")

Keys = dict[str, object]
Unread = Callable[[pd.Series, FileSource], pd.Series]
"""Which texts are no times with some settings."""


def unread_advice(texts: pd.Series, settings: FileSource, unread: Unread) -> str:
    """What to set so that all times are read, or what is no time is left out; the fewest keys, and all alternatives."""
    texts = texts if len(texts) <= 2 * TRIED else pd.concat([texts.iloc[:TRIED], texts.iloc[-TRIED:]])
    fitting = []
    for keys in _candidates(texts, settings):
        edges = _edges(unread(texts, settings.model_copy(update=keys)), settings)
        if edges is not None:
            fitting.append({**keys, **edges})
    if not fitting:
        return _in_general(settings)
    fewest = min(map(len, fitting))
    best = [keys for keys in fitting if len(keys) == fewest]
    ways = dict.fromkeys(_written(keys) for keys in best)
    ending = "" if len(ways) == 1 else ", whichever is right"
    sentence = f"Set {', or '.join(ways)} in the settings{ending}."
    only_edges = all(set(keys) <= {"skip_footer", "skip_after_header"} for keys in best)
    return (
        f"If what is no time is no data: {sentence[0].lower()}{sentence[1:]} {_in_general(settings)}"
        if only_edges
        else sentence
    )


def _in_general(settings: FileSource) -> str:
    layout = f"the format {settings.time_format!r}" if settings.time_format else "ISO 8601 (2024-01-31T13:00:00)"
    if settings.date_order:
        layout = f"numbers in the order {settings.date_order}"
    return (
        f"Times are read in {layout}; change `time_format` in the settings. Rows that are no data are left out with "
        "`skip_footer`, `skip_after_header` or `comment`."
    )


def _candidates(texts: pd.Series, settings: FileSource) -> Iterator[Keys]:
    """Settings to be tried, those that change little first; none that cannot fit what stands there."""
    yield {}
    set_keys = [name for name in ("time_format", "date_order") if getattr(settings, name) is not None]
    without: Keys = dict.fromkeys(set_keys)
    if set_keys:
        yield without
    if settings.time_format is not None and "%Z" not in settings.time_format:
        yield {"time_format": f"{settings.time_format} %Z"}
    if (form := _epoch(_as_numbers(texts, settings))) is not None:
        yield {**without, "time_format": form}
    # A total may stand at either end, and a row of units; what is in the middle is a time.
    sample = str(texts.iloc[len(texts) // 2])
    orders: list[Keys] = [{**without, "date_order": order} for order in _ORDERS if order != settings.date_order]
    if not re.search(r"\d+[-/.]\d+[-/.]\d+", sample):
        orders = []
    yield from orders
    if re.search(r"[A-Za-z]{3}", sample):
        yield from ({**without, "time_format": form} for form in _MONTHS)
    if not settings.interval_separator:
        for between in (mark for mark in _BETWEEN if mark in sample):
            yield from ({**keys, "interval_separator": between} for keys in ({}, *orders))


def _edges(unread: pd.Series, settings: FileSource) -> Keys | None:
    """The keys that leave out what is unread at the beginning and the end; None if there is more to it."""
    read = (~unread).to_numpy().nonzero()[0]
    if not len(read) or unread.iloc[read[0] : read[-1]].any():
        return None
    keys: Keys = {}
    if read[0]:
        keys["skip_after_header"] = settings.skip_after_header + int(read[0])
    if (below := len(unread) - 1 - int(read[-1])) > 0:
        keys["skip_footer"] = settings.skip_footer + below
    return keys


def _written(keys: Mapping[str, object]) -> str:
    """Keys as the settings write them; one that is to be removed is marked so."""
    parts = []
    for name, value in keys.items():
        if value is None:
            parts.append(f"no {name}")
        else:
            parts.append(f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}")
    return " and ".join(parts)


def _as_numbers(texts: pd.Series, settings: FileSource) -> pd.Series:
    return pd.to_numeric(texts.str.replace(",", ".") if settings.decimal == "," else texts, errors="coerce")


def _epoch(numbers: pd.Series) -> str | None:
    """The value of `time_format` with which numbers are times of these decades."""
    middle = numbers.median()
    for form, low, high in (
        ("epoch", 3e8, 4e9),
        ("epoch_ms", 3e11, 4e12),
        ("epoch_us", 3e14, 4e15),
        ("epoch_ns", 3e17, 4e18),
        ("excel", 3e4, 6e4),
    ):
        if low < middle < high:
            return form
    return None


def numbers_advice(column: pd.Series) -> str:
    """What to set where the times of a column are numbers."""
    form = _epoch(column)
    if form is None and column.dropna().between(19_700_101, 21_001_231).all():
        form = "%Y%m%d"
    if form is not None:
        return f'Set time_format = "{form}" in the settings if they are times, or choose another `time_column`.'
    return "Choose another `time_column` in the settings, or write times like 2024-01-31T13:00:00Z."
