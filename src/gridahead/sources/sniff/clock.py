"""Whose clock the times of a file are on, and whether a stamp begins or ends its unit."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.sources.sniff.meaning import spaced

CANDIDATES = (
    "Europe/Berlin",
    "Europe/London",
    "Europe/Helsinki",
    "America/New_York",
    "America/Chicago",
    "Australia/Sydney",
)
"""One time zone for each way in which clocks change, for files that show it and name no zone."""
HALF_HOURS = 48
"""Of a day."""
_HOUR = pd.Timedelta(hours=1)
_NAMES_OF_CLOCKS = (
    (r"\butc\b|\bgmt\b|\bzulu\b", "UTC"),
    (r"\bcet/cest\b|\bcet\s*\(cest\)|mez/mesz", "Europe/Berlin"),
    (r"\bcet\b(?!/)|\bmez\b(?!/)", "+01:00"),
    (r"\best\b", "-05:00"),
)
_ENDING = r"\bend(ing|e|s)?\b|\bhe\b|hour[ _-]?ending|\bbis\b|\buntil\b|\bto\b|\bfin\b|\bhasta\b|interval[ _-]?end"


@dataclass(frozen=True)
class Clock:
    """The `timezone` of a file, and why."""

    timezone: str
    why: str
    sure: bool
    repeated_hour: str | None = None
    skipped_hour: str | None = None


def step_of(wall: pd.Series) -> pd.Timedelta | None:
    """The usual step between times, None with fewer than two."""
    steps = pd.Series(np.sort(wall.dropna().unique())).diff().dropna()
    return None if steps.empty else pd.Timedelta(steps.mode().iloc[0])


def clock_in(*texts: str) -> str | None:
    """The time zone that headers or lines above the table name; None where they name none."""
    for text in texts:
        named = re.search(r"[A-Z][a-z]+/[A-Z][A-Za-z_]+", text)
        if named and _exists(named[0]):
            return named[0]
        for pattern, timezone in _NAMES_OF_CLOCKS:
            if re.search(pattern, spaced(text), re.IGNORECASE):
                return timezone
    return None


def _exists(name: str) -> bool:
    try:
        pd.Timestamp("2024-01-01").tz_localize(name)
    except Exception:  # pandas raises what zoneinfo, dateutil or pytz raise
        return False
    return True


def clock_of(
    wall: pd.Series, values: pd.Series, zone_timezone: str | None, named_timezone: str | None, step: pd.Timedelta
) -> Clock:
    """The clock of naive times: by the hours that clocks skip and repeat, by the words of the file, by the curve.

    Args:
        wall: naive times; the index is the row.
        values: what stands in the rows.
        zone_timezone: local time of the bidding zone, where it is known.
        named_timezone: the time zone that a header names.
        step: from row to row.
    """
    shown = [
        (timezone, changes)
        for candidates in ([zone_timezone] if zone_timezone else [], CANDIDATES)
        for begin in (wall, wall - step)  # labels of the end may be those of the beginning and one step more
        for timezone in candidates
        if (changes := _changes(begin, values, timezone, step)) is not None
    ]
    for timezone, changes in shown:
        if changes.local > 0 and changes.local >= changes.against:
            why = f"the hours that clocks skip and repeat in {timezone} are left out and doubled"
            repeated = "first" if changes.once else None
            return Clock(timezone, why, zone_timezone == timezone, repeated, "drop" if changes.present else None)
    if named_timezone is not None:
        return Clock(named_timezone, "the file says so", True)
    own = next((changes for timezone, changes in shown if timezone == zone_timezone), None)
    if zone_timezone is not None and own is not None and own.against:
        shift = _shift_at_changes(wall, values, zone_timezone)
        if shift == 0:
            why = "its days follow local clocks across the clock change, though every day has 24 hours"
            return Clock(zone_timezone, why, False, "first", "drop")
        return Clock("UTC", "no hour is left out or doubled where clocks change", True)
    if zone_timezone is None:
        return Clock("UTC", "nothing in the file says otherwise", False)
    first = wall.dropna().min()
    start = pd.Timestamp(first).tz_localize("UTC").tz_convert(zone_timezone)
    if start.tz_localize(None) == start.tz_localize(None).normalize() and start.tz_localize(None) != first:
        return Clock("UTC", f"it begins at {first:%H:%M}, which is midnight in {zone_timezone} if it is UTC", True)
    return Clock(zone_timezone, "local time of the zone; the file has no clock change that would show it", False)


@dataclass(frozen=True)
class _Changes:
    local: int
    """Skipped hours that are left out, and repeated ones that are doubled."""
    against: int
    """Skipped hours that are there with a value, and repeated ones that are there once."""
    present: bool
    once: bool


def _changes(wall: pd.Series, values: pd.Series, timezone: str, step: pd.Timedelta) -> _Changes | None:
    """What the file has at the hours that clocks skip and repeat; None where it has no such day."""
    times_present = wall.dropna()
    if times_present.empty:
        return None
    grid = pd.date_range(times_present.min().ceil("h"), times_present.max().floor("h"), freq="h")
    first = grid.tz_localize(timezone, ambiguous=np.full(len(grid), True), nonexistent="NaT")
    second = grid.tz_localize(timezone, ambiguous=np.full(len(grid), False), nonexistent="NaT")
    skipped, repeated = grid[np.asarray(first.isna())], grid[np.asarray((first != second) & first.notna())]
    rows = times_present.value_counts()
    valued = times_present[values.reindex(times_present.index).notna()].value_counts()
    around = [hour for hour in skipped if hour - step in rows.index and hour + _HOUR in rows.index]
    with_value = [hour for hour in around if hour in valued.index]
    without = [
        hour
        for hour in around
        if hour not in with_value and hour - step in valued.index and hour + _HOUR in valued.index
    ]
    times = [int(rows.get(hour, 0)) for hour in repeated if hour - step in rows.index and hour + _HOUR in rows.index]
    left_out, present = len(without), len(with_value)
    doubled, single = sum(count > 1 for count in times), sum(count == 1 for count in times)
    if not (left_out or present or doubled or single):
        return None
    return _Changes(left_out + doubled, present + single, bool(present), bool(single))


def clock_of_periods(dates: pd.Series, periods: pd.Series) -> str | None:
    """The time zone in which days have as many hours as they have periods.

    Args:
        dates: the date of each row, naive.
        periods: which unit of that date a row is, from 1.

    Returns:
        None where no day has 23 or 25 hours, or no time zone has them on these dates. Half-hours are British first.
    """
    counts = periods.groupby(dates.dt.normalize()).max().iloc[1:-1]
    if counts.empty:
        return None
    usual = counts.mode().iloc[0]
    odd = counts[(counts - usual).abs() == usual / 24]
    for timezone in ("Europe/London", *CANDIDATES) if usual == HALF_HOURS else CANDIDATES:
        begin = pd.DatetimeIndex(odd.index).tz_localize(timezone)
        end = (pd.DatetimeIndex(odd.index) + pd.Timedelta(days=1)).tz_localize(timezone)
        if len(odd) and ((end - begin) / _HOUR == odd.to_numpy() * 24 / usual).all():
            return timezone
    return None


def _shift_at_changes(wall: pd.Series, values: pd.Series, timezone: str) -> int | None:
    """By how many hours the course of the day moves on the file's clock when clocks go forward; None if unclear."""
    by_row = values.reindex(wall.index).to_numpy(dtype=float)
    hourly = pd.Series(by_row, index=pd.DatetimeIndex(wall)).dropna().resample("h").mean()
    grid = pd.date_range(hourly.index.min(), hourly.index.max(), freq="h")
    local = grid.tz_localize(timezone, ambiguous=np.full(len(grid), True), nonexistent="NaT")
    shifts: list[int] = []
    for change in grid[np.asarray(local.isna())].normalize().unique():
        before, after = (
            _profile(hourly, change + pd.Timedelta(days=first), change + pd.Timedelta(days=last))
            for first, last in ((-14, -1), (1, 15))
        )
        if before is None or after is None:
            continue
        errors = {shift: float(np.sum((np.roll(before, shift) - after) ** 2)) for shift in (-1, 0)}
        shifts.append(min(errors, key=lambda shift: errors[shift]))
    return None if not shifts else -1 if -2 * sum(shifts) > len(shifts) else 0


def _profile(hourly: pd.Series, first: pd.Timestamp, last: pd.Timestamp) -> npt.NDArray[np.float64] | None:
    """(24,) steps of the mean working day, scaled; None with less than a week."""
    times = pd.DatetimeIndex(hourly.index)
    chosen = np.asarray((times >= first) & (times <= last) & (times.day_of_week < 5))
    if chosen.sum() < 5 * 24:
        return None
    steps = np.diff(hourly[chosen].groupby(times[chosen].hour).mean().to_numpy(), append=np.nan)
    steps[-1] = 0.0
    spread = float(np.std(steps))
    return steps / spread if spread and len(steps) == 24 else None


def stamp_of(wall: pd.Series, header: str, step: pd.Timedelta, *, span: bool, has_24: bool) -> tuple[str, str, bool]:
    """Whether a stamp begins or ends its unit, why, and whether that is sure."""
    if span:
        return "beginning", "a cell names both ends", True
    if has_24:
        return "ending", "24:00 is the end of a day", True
    if re.search(_ENDING, spaced(header), re.IGNORECASE):
        return "ending", f"the column is called {header!r}", True
    known = wall.dropna()
    first, last = known.min(), known.max()
    midnight = pd.Timedelta(0)
    if (first - first.normalize()) == step and ((last - last.normalize()) == midnight or step < _HOUR):
        return "ending", f"it begins at {first:%H:%M} and ends at {last:%H:%M}", False
    return "beginning", f"it begins at {first:%H:%M}", False
