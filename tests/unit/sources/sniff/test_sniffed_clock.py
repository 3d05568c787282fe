from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gridahead.sources.sniff.clock import clock_in, clock_of, clock_of_periods, stamp_of

HOUR = pd.Timedelta(hours=1)


def local(start: str, end: str, timezone: str) -> pd.Series:
    """Wall times of every hour."""
    times = pd.date_range(pd.Timestamp(start, tz="UTC"), pd.Timestamp(end, tz="UTC"), freq="h").tz_convert(timezone)
    return pd.Series(times.tz_localize(None))


def ones(wall: pd.Series) -> pd.Series:
    return pd.Series(1.0, index=wall.index)


@pytest.mark.parametrize(
    "timezone", ["Europe/Berlin", "Europe/London", "Europe/Helsinki", "America/New_York", "Australia/Sydney"]
)
@pytest.mark.parametrize(("start", "end"), [("2024-03-01", "2024-04-15"), ("2024-10-01", "2024-11-15")])
def test_local_time_is_known_by_the_hour_that_clocks_skip_or_repeat(timezone: str, start: str, end: str) -> None:
    wall = local(start, end, timezone)
    assert clock_of(wall, ones(wall), None, None, HOUR).timezone == timezone
    assert clock_of(wall, ones(wall), timezone, None, HOUR).sure


@pytest.mark.parametrize("timezone", ["Europe/Berlin", "America/New_York"])
def test_labels_that_are_the_beginning_and_an_hour_more_show_local_time_as_well(timezone: str) -> None:
    wall = local("2024-10-01", "2024-11-15", timezone) + HOUR
    assert clock_of(wall, ones(wall), timezone, None, HOUR).timezone == timezone


def test_a_file_with_every_hour_once_is_in_utc() -> None:
    wall = local("2024-03-01", "2024-11-15", "UTC")
    found = clock_of(wall, ones(wall), "Europe/Paris", None, HOUR)
    assert (found.timezone, found.sure) == ("UTC", True)


def test_a_skipped_hour_that_is_kept_without_value_is_one_that_clocks_skip() -> None:
    wall = pd.Series(pd.date_range("2024-03-30", periods=72, freq="h"))
    values = ones(wall).where(wall != pd.Timestamp("2024-03-31 02:00"))
    assert clock_of(wall, values, "Europe/Paris", None, HOUR).timezone == "Europe/Paris"


def test_days_of_24_hours_that_follow_local_clocks_are_told_from_utc_by_the_course_of_the_day() -> None:
    wall = pd.Series(pd.date_range("2024-03-10", "2024-04-20", freq="h"))
    values = pd.Series([100.0 + (40 if 7 <= hour < 20 else 0) for hour in wall.dt.hour])
    found = clock_of(wall, values, "Europe/Madrid", None, HOUR)
    assert (found.timezone, found.skipped_hour, found.repeated_hour) == ("Europe/Madrid", "drop", "first")
    assert not found.sure


def test_a_file_that_begins_at_local_midnight_in_utc_is_in_utc() -> None:
    wall = pd.Series(pd.date_range("2024-01-01 23:00", periods=48, freq="h"))
    assert clock_of(wall, ones(wall), "Europe/Berlin", None, HOUR).timezone == "UTC"


def test_without_a_clock_change_the_local_time_of_the_zone_is_a_guess() -> None:
    wall = pd.Series(pd.date_range("2024-01-01", periods=48, freq="h"))
    found = clock_of(wall, ones(wall), "Europe/Berlin", None, HOUR)
    assert (found.timezone, found.sure) == ("Europe/Berlin", False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HourUTC", "UTC"),
        ("MTU (CET/CEST)", "Europe/Berlin"),
        ("Zeit (MEZ)", "+01:00"),
        ("tz: Europe/Paris", "Europe/Paris"),
        ("time", None),
    ],
)
def test_the_clock_that_a_header_names_is_taken(text: str, expected: str | None) -> None:
    assert clock_in(text) == expected


def test_stamps_that_begin_after_one_step_and_end_at_midnight_end_their_units() -> None:
    ending = pd.Series(pd.date_range("2024-01-01 01:00", "2024-01-03 00:00", freq="h"))
    assert stamp_of(ending, "time", HOUR, span=False, has_24=False)[0] == "ending"
    assert stamp_of(ending - HOUR, "time", HOUR, span=False, has_24=False)[0] == "beginning"
    assert stamp_of(ending - HOUR, "Zeit bis", HOUR, span=False, has_24=False)[0] == "ending"
    assert stamp_of(ending - HOUR, "time", HOUR, span=False, has_24=True)[0] == "ending"


@pytest.mark.parametrize(
    ("timezone", "usual", "long_day"),
    [("Europe/London", 48, "2025-10-26"), ("America/New_York", 24, "2025-11-02"), ("Europe/Berlin", 96, "2025-10-26")],
)
def test_days_of_25_hours_tell_the_clock_of_periods(timezone, usual, long_day):
    days = pd.date_range(pd.Timestamp(long_day) - pd.Timedelta(days=3), periods=7)
    counts = [usual + usual // 24 * (str(day.date()) == long_day) for day in days]
    dates = pd.Series(np.repeat(days, counts))
    periods = pd.Series(np.concatenate([np.arange(1, count + 1) for count in counts]))
    assert clock_of_periods(dates, periods) == timezone
    alike = periods <= usual
    assert clock_of_periods(dates[alike], periods[alike]) is None
