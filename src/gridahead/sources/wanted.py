"""Which windows to ask for: what is wanted, without what was fetched once it no longer changed.

One rule serves the back-fill, the catch-up after an outage and the hourly increment: a window that was fetched counts
as there as far as its values had settled by then; the rest is fetched, and so is what may still be revised.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from gridahead.core.tables import FETCHED
from gridahead.core.time import TimeRange

SETTLES = pd.Timedelta(days=3)
"""After this time the actual values of most operators change no more, but for a yearly correction."""
NOT_AHEAD = pd.Timedelta(0)


@dataclass(frozen=True, slots=True)
class Item:
    """One kind of request: what it gives, and how it is cut."""

    name: str
    """Such as load."""
    quantities: tuple[str, ...]
    """Which quantities its answers have."""
    longest: pd.Timedelta
    """The longest window of one request."""
    settles: pd.Timedelta = SETTLES
    """So long after a valid time its value may still be revised."""
    ahead: pd.Timedelta = NOT_AHEAD
    """So far beyond now there are values: forecasts, auction prices."""
    together: bool = False
    """Whether one request is for all zones."""


@dataclass(frozen=True)
class Wanted:
    """What the lake wants of its sources."""

    now: pd.Timestamp
    """When it is asked."""
    start: pd.Timestamp | None = None
    """From when history is wanted; unless given that of the settings, without it from where on anything was fetched
    before, and without that what may still be revised."""
    end: pd.Timestamp | None = None
    """Until when; as far ahead as there are values unless given."""
    zones: frozenset[str] | None = None
    """Of which zones; all of the settings unless given."""
    fetched: pd.DataFrame = field(default_factory=FETCHED.empty)
    """The windows that were fetched before, as table `fetched` has them."""

    def windows(self, source: str, item: Item, zone: str, since: pd.Timestamp | None) -> list[TimeRange]:
        """The windows of an item in a zone that have to be asked for, the oldest first."""
        settled = (self.now - item.settles).floor("h")
        reach = (self.now + item.ahead).ceil("h")
        end = min(self.end or reach, reach)
        rows = self._fetched_of.get((source, item.name, zone), self.fetched.iloc[:0])
        start = self.start or since or min([settled, *rows["start"]])
        if start >= end:
            return []
        until = rows["end"].where(
            rows["end"] < rows["retrieved_at"] - item.settles, rows["retrieved_at"] - item.settles
        )
        there = united(rows["start"], until.dt.floor("h"))
        return [piece for gap in without(TimeRange(start, end), there) for piece in cut(gap, item.longest)]

    @cached_property
    def _fetched_of(self) -> Mapping[tuple[str, str, str], pd.DataFrame]:
        """The windows that were fetched before, by source, item and zone."""
        groups = self.fetched.groupby(["source", "item", "zone"], sort=False)
        return {(str(source), str(item), str(zone)): rows for (source, item, zone), rows in groups}


def united(starts: pd.Series, ends: pd.Series) -> list[TimeRange]:
    """The stretches that windows cover together, in the order of time; those that end before they begin are none."""
    windows = pd.DataFrame({"start": starts, "end": ends})
    windows = windows[windows["end"] > windows["start"]].sort_values("start", ignore_index=True)
    if windows.empty:
        return []
    covered = windows["end"].cummax()
    group = np.r_[0, np.cumsum(windows["start"].iloc[1:].to_numpy() > covered.iloc[:-1].to_numpy())]
    joined_windows = windows.groupby(group).agg(start=("start", "min"), end=("end", "max"))
    return [TimeRange(*window) for window in joined_windows.itertuples(index=False, name=None)]


def without(wanted: TimeRange, there: Iterable[TimeRange]) -> Iterator[TimeRange]:
    """What is left of a range without others, in the order of time."""
    start = wanted.start
    for held in sorted(there, key=lambda window: window.start):
        if held.start > start:
            if held.start >= wanted.end:
                break
            yield TimeRange(start, held.start)
        start = max(start, held.end)
        if start >= wanted.end:
            return
    yield TimeRange(start, wanted.end)


def cut(window: TimeRange, longest: pd.Timedelta) -> Iterator[TimeRange]:
    """The window in pieces that are no longer than that."""
    start = window.start
    while start < window.end:
        end = min(start + longest, window.end)
        yield TimeRange(start, end)
        start = end


def joined(windows: Sequence[TimeRange], longest: pd.Timedelta) -> list[TimeRange]:
    """The windows of several zones as those of one request for all of them."""
    merged: list[TimeRange] = []
    for window in sorted(windows, key=lambda one: (one.start, one.end)):
        if merged and window.start <= merged[-1].end:
            merged[-1] = TimeRange(merged[-1].start, max(merged[-1].end, window.end))
        else:
            merged.append(window)
    return [piece for window in merged for piece in cut(window, longest)]
