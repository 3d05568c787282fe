"""Windows, delivery days and deadlines, over every kind of clock change."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridahead.core.time import (
    Deadline,
    Mtu,
    TimeRange,
    days_between,
    delivery_days,
    delivery_range,
    is_southern,
    lasting,
    now,
    zone_info,
)


def utc(text):
    return pd.Timestamp(text, tz="UTC")


def test_a_window_is_half_open_and_in_utc():
    time_range = TimeRange(pd.Timestamp("2025-01-01 00:00", tz="Europe/Berlin"), pd.Timestamp("2025-01-01T01:00Z"))
    assert time_range.start == utc("2024-12-31 23:00")
    assert str(time_range.start.tz) == "UTC"
    assert list(time_range.times(Mtu.PT60M)) == [utc("2024-12-31 23:00"), utc("2025-01-01 00:00")]
    assert str(time_range) == "[2024-12-31T23:00Z, 2025-01-01T01:00Z)"


@pytest.mark.parametrize(
    ("mtu", "count", "last"), [("PT15M", 8, "00:45"), ("PT30M", 4, "00:30"), ("PT60M", 2, "00:00")]
)
def test_the_times_of_a_window_are_the_starts_of_its_units(mtu, count, last):
    times = TimeRange(utc("2024-12-31 23:00"), utc("2025-01-01 01:00")).times(Mtu(mtu))
    assert len(times) == count
    assert times[-1] == utc(f"2025-01-01 {last}")


def test_a_window_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match=r"needs a time zone; end=2025-01-02"):
        TimeRange(utc("2025-01-01"), pd.Timestamp("2025-01-02"))


@pytest.mark.parametrize("end", ["2025-01-01", "2024-12-31"])
def test_a_window_that_does_not_end_after_it_starts_is_refused(end):
    with pytest.raises(ValueError, match="must end after it starts"):
        TimeRange(utc("2025-01-01"), utc(end))


@pytest.mark.parametrize(("mtu", "minutes", "per_hour"), [("PT15M", 15, 4), ("PT30M", 30, 2), ("PT60M", 60, 1)])
def test_a_market_time_unit_knows_its_length(mtu, minutes, per_hour):
    unit = Mtu(mtu)
    assert unit.delta == pd.Timedelta(minutes=minutes)
    assert unit.per_hour == per_hour
    assert Mtu.from_delta(pd.Timedelta(minutes=minutes)) is unit


def test_a_length_that_is_no_market_time_unit_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="PT15M, PT30M, PT60M"):
        Mtu.from_delta(pd.Timedelta(minutes=20))


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        ("Europe/Berlin", "2025-01-15", "2025-01-14 23:00", 24),
        ("Europe/Berlin", "2025-03-30", "2025-03-29 23:00", 23),
        ("Europe/Berlin", "2025-03-31", "2025-03-30 22:00", 24),
        ("Europe/Berlin", "2025-10-26", "2025-10-25 22:00", 25),
        ("Europe/Berlin", "2025-10-27", "2025-10-26 23:00", 24),
        # Half an hour off the UTC hours, and no clock change at all.
        ("Asia/Kolkata", "2025-05-01", "2025-04-30 18:30", 24),
        # Half an hour off, southern hemisphere: the long day is in April, the short one in October.
        ("Australia/Adelaide", "2025-04-06", "2025-04-05 13:30", 25),
        ("Australia/Adelaide", "2025-10-05", "2025-10-04 14:30", 23),
        # Havana skips 00:00–01:00 and, in November, goes from 01:00 back to 00:00: two midnights.
        ("America/Havana", "2025-03-08", "2025-03-08 05:00", 24),
        ("America/Havana", "2025-03-09", "2025-03-09 05:00", 23),
        ("America/Havana", "2025-11-01", "2025-11-01 04:00", 24),
        ("America/Havana", "2025-11-02", "2025-11-02 04:00", 25),
        # Cairo skips 00:00–01:00 on a Friday and, in October, goes from 24:00 of Thursday back to 23:00.
        ("Africa/Cairo", "2025-04-25", "2025-04-24 22:00", 23),
        ("Africa/Cairo", "2025-10-30", "2025-10-29 21:00", 25),
    ],
)
def test_a_delivery_day_runs_from_local_midnight_to_local_midnight(zone, day, start, hours):
    time_range = delivery_range(dt.date.fromisoformat(day), zone)
    assert time_range.start == utc(start)
    assert time_range.end - time_range.start == pd.Timedelta(hours=hours)
    assert set(delivery_days(time_range.times(Mtu.PT15M), zone)) == {pd.Timestamp(day)}


@settings(max_examples=150, deadline=None)
@given(
    day=st.dates(dt.date(2015, 1, 1), dt.date(2035, 12, 31)),
    zone=st.sampled_from(["Europe/Berlin", "America/Havana", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_delivery_days_follow_one_another_without_gap_or_overlap(day, zone):
    today, tomorrow = delivery_range(day, zone), delivery_range(day + dt.timedelta(days=1), zone)
    assert today.end == tomorrow.start
    # Lord Howe moves its clocks by half an hour.
    assert (today.end - today.start) / pd.Timedelta(hours=1) in (23, 23.5, 24, 24.5, 25)


def test_the_delivery_day_of_an_instant_is_its_local_date():
    instants = pd.DatetimeIndex(["2025-03-29T22:59Z", "2025-03-29T23:00Z", "2025-03-30T21:59Z", "2025-03-30T22:00Z"])
    days = delivery_days(instants, "Europe/Berlin")
    assert [day.strftime("%d") for day in days] == ["29", "30", "30", "31"]


def test_days_between_includes_both_ends():
    days = days_between(dt.date(2024, 2, 28), dt.date(2024, 3, 1))
    assert days == [dt.date(2024, 2, 28), dt.date(2024, 2, 29), dt.date(2024, 3, 1)]
    assert days_between(dt.date(2024, 3, 1), dt.date(2024, 2, 28)) == []


@pytest.mark.parametrize(
    ("deadline", "day", "instant"),
    [
        # 29 March is still winter time, 30 March summer time by eleven o'clock.
        ("D-1T1100[Europe/Berlin]", "2025-03-30", "2025-03-29 10:00"),
        ("D-1T1100[Europe/Berlin]", "2025-03-31", "2025-03-30 09:00"),
        ("D-1T1100[Europe/Berlin]", "2025-10-26", "2025-10-25 09:00"),
        ("D-1T1100[Europe/Berlin]", "2025-10-27", "2025-10-26 10:00"),
        ("D-2T0930[Europe/Berlin]", "2025-03-31", "2025-03-29 08:30"),
        ("D-0T0600[Europe/London]", "2025-07-01", "2025-07-01 05:00"),
        ("D-1T1100[Asia/Kolkata]", "2025-05-01", "2025-04-30 05:30"),
        # 02:30 does not exist on 30 March and is read as 03:30; on 26 October the first of the two counts.
        ("D-1T0230[Europe/Berlin]", "2025-03-31", "2025-03-30 01:30"),
        ("D-1T0230[Europe/Berlin]", "2025-10-27", "2025-10-26 00:30"),
        ("D-1T1200[America/Havana]", "2025-11-03", "2025-11-02 17:00"),
    ],
)
def test_a_deadline_is_a_wall_clock_time_before_the_delivery_day(deadline, day, instant):
    assert Deadline.parse(deadline).for_delivery(dt.date.fromisoformat(day)) == utc(instant)


@pytest.mark.parametrize(
    ("issue_time", "day"),
    [
        ("2025-12-30 09:59:59", "2025-12-31"),  # a second before 11:00 in Berlin
        ("2025-12-30 10:00:00", "2025-12-31"),  # at the deadline
        ("2025-12-30 10:00:01", "2026-01-01"),  # too late for the 31st
        ("2025-12-30 23:30:00", "2026-01-01"),  # half past midnight on the 31st in Berlin
        ("2025-03-29 10:00:00", "2025-03-30"),
        ("2025-03-30 09:00:00", "2025-03-31"),  # summer time since the night
        ("2025-03-30 09:30:00", "2025-04-01"),
        ("2025-10-26 09:30:00", "2025-10-27"),  # winter time since the night
        ("2025-10-26 10:00:01", "2025-10-28"),
    ],
)
def test_an_issue_time_belongs_to_the_first_delivery_day_whose_deadline_is_not_past(issue_time, day):
    deadline = Deadline.parse("D-1T1100[Europe/Berlin]")
    assert deadline.delivery_day(utc(issue_time)) == dt.date.fromisoformat(day)


def test_in_a_doubled_hour_the_deadline_is_past_after_its_first_occurrence():
    deadline = Deadline.parse("D-1T0230[Europe/Berlin]")
    assert deadline.delivery_day(utc("2025-10-26 00:30")) == dt.date(2025, 10, 27)
    assert deadline.delivery_day(utc("2025-10-26 01:15")) == dt.date(2025, 10, 28)  # 02:15 for the second time


@settings(max_examples=150, deadline=None)
@given(
    minutes=st.integers(0, 3 * 365 * 24 * 60),
    text=st.sampled_from(
        ["D-1T1100[Europe/Berlin]", "D-1T0230[Europe/Berlin]", "D-0T0000[Asia/Kolkata]", "D-2T2359[America/Havana]"]
    ),
)
def test_no_earlier_delivery_day_could_still_be_met(minutes, text):
    deadline, issue_time = Deadline.parse(text), utc("2024-01-01") + pd.Timedelta(minutes=minutes)
    day = deadline.delivery_day(issue_time)
    assert deadline.for_delivery(day) >= issue_time
    assert deadline.for_delivery(day - dt.timedelta(days=1)) < issue_time


def test_a_deadline_is_written_as_it_is_read():
    assert str(Deadline.parse(" D-1T09:30[Europe/Berlin] ")) == "D-1T0930[Europe/Berlin]"
    assert Deadline.parse("D-1T0930[Europe/Berlin]") == Deadline(1, dt.time(9, 30), "Europe/Berlin")


@pytest.mark.parametrize("text", ["11:00", "D-1T1100", "D+1T1100[Europe/Berlin]", "D-1T9:30[Europe/Berlin]", ""])
def test_what_is_no_deadline_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match=r"write it like 'D-1T1100\[Europe/Berlin\]'"):
        Deadline.parse(text)


def test_an_hour_that_no_clock_shows_is_refused():
    with pytest.raises(ValueError, match="hour must be in"):
        Deadline.parse("D-1T2500[Europe/Berlin]")


@pytest.mark.parametrize("name", ["Europe/Berlim", "", "../../etc/passwd"])
def test_an_unknown_time_zone_is_refused_with_an_example(name):
    with pytest.raises(ValueError, match="use an IANA name such as 'Europe/Berlin'"):
        zone_info(name)


def test_now_is_utc_to_the_microsecond():
    assert now().unit == "us"
    assert str(now().tz) == "UTC"
    assert abs(now() - pd.Timestamp.now("UTC")) < pd.Timedelta(seconds=10)


@pytest.mark.parametrize(
    ("timezone", "country", "expected"),
    [
        ("Europe/Berlin", "DE", False),
        ("Australia/Brisbane", None, True),
        ("Africa/Johannesburg", None, True),
        ("America/Sao_Paulo", None, True),
        ("Asia/Singapore", None, False),
        ("Pacific/Galapagos", None, True),
        ("UTC", "AU", True),
        ("UTC", None, False),
        ("NZ", None, True),
        ("Europe/Dublin", None, False),
    ],
)
def test_a_time_zone_tells_its_hemisphere(timezone, country, expected):
    assert is_southern(timezone, country) is expected


def test_an_unknown_time_zone_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="unknown time zone 'Europe/Berln'; did you mean 'Europe/Berlin'"):
        zone_info("Europe/Berln")


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (1 / 3, "20 min"),
        (7, "7 h"),
        (9.5, "9.5 h"),
        (71, "71 h"),
        (72, "3 days"),
        (9_600, "400 days"),
        (25_268, "2.9 years"),
    ],
)
def test_an_age_is_told_in_the_unit_that_a_person_would_use(hours, told):
    assert lasting(pd.Timedelta(hours=hours)) == told


def test_a_range_that_spans_instants_holds_the_first_and_the_last_and_so_much_around():
    first, last = pd.Timestamp("2025-01-01T00:00Z"), pd.Timestamp("2025-01-01T05:00Z")
    span = TimeRange.spanning(pd.Series([last, first]))
    assert (span.start, span.end) == (first, pd.Timestamp("2025-01-01T05:00:00.000001Z"))
    assert list(span.times(Mtu.PT60M)) == list(pd.date_range(first, last, freq="h"))
    around = TimeRange.spanning(pd.Series([first]), around=pd.Timedelta(days=1))
    assert (around.start, around.end) == (first - pd.Timedelta(days=1), first + pd.Timedelta(days=1, microseconds=1))


def test_a_unit_has_its_length_in_microseconds():
    assert [mtu.microseconds for mtu in (Mtu.PT15M, Mtu.PT30M, Mtu.PT60M)] == [900e6, 1800e6, 3600e6]
