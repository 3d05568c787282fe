"""Reading ahead: the rows of many series, read from the lake once, so that what is asked of each comes from memory.

In a lake of a thousand series a batch is one file of all of them: whoever asks for one series after the other opens
every file a thousand times.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.time import TimeRange
from gridahead.core.vintages import micros


class HeldRows:
    """The rows of some series and a stretch of valid times, of one table.

    Args:
        rows: of the table, with series and valid time.
        series: of which they are all that there are.
        time_range: of valid times; None where they are all that there are.
    """

    def __init__(self, rows: pd.DataFrame, series: Iterable[Series], time_range: TimeRange | None) -> None:
        rows = rows.sort_values("valid_time", kind="stable", ignore_index=True)
        found = {Series(*map(str, name)): of_it for name, of_it in rows.groupby(["zone", "quantity"])}
        self._rows = {one: found.get(one, rows.iloc[:0]) for one in series}
        self._times = {one: micros(of_it["valid_time"]) for one, of_it in self._rows.items()}
        self._span = time_range

    def of(self, series: Iterable[Series], time_range: TimeRange | None) -> pd.DataFrame | None:
        """The rows of series and valid times, by series and valid time; None where not all of them are held."""
        wanted = sorted(set(series))
        if not wanted or not self._rows.keys() >= set(wanted) or not self._holds(time_range):
            return None
        parts = [self._within(one, time_range) for one in wanted]
        return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0].reset_index(drop=True)

    def _holds(self, time_range: TimeRange | None) -> bool:
        if self._span is None:
            return True
        return time_range is not None and self._span.start <= time_range.start and time_range.end <= self._span.end

    def _within(self, one: Series, time_range: TimeRange | None) -> pd.DataFrame:
        if time_range is None:
            return self._rows[one]
        ends = micros(pd.DatetimeIndex([time_range.start, time_range.end]))
        first, last = np.searchsorted(self._times[one], ends)
        return self._rows[one].iloc[first:last]
