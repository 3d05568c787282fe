"""Dates in the forms that people type."""

import datetime as dt

import pandas as pd
import pytest

from gridahead.api import Lab
from gridahead.core.dates import parse_day, parse_instant
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

TODAY = dt.date(2025, 3, 1)


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-05",
        "2025-1-5",
        "2025/01/05",
        "2025.1.5",
        "20250105",
        "5 Jan 2025",
        "5 January 2025",
        "05-Jan-2025",
        "5. jan 2025",
        "Jan 5, 2025",
        "january 5th 2025",
        "5.1.2025",
        "05.01.2025",
        " 2025-1-5 ",
    ],
)
def test_a_day_is_read_in_the_forms_that_people_type(text):
    assert parse_day(text, TODAY) == dt.date(2025, 1, 5)


@pytest.mark.parametrize("text", ["13/1/2025", "1/13/2025", "13-01-2025", "13.01.2025"])
def test_a_day_that_can_be_no_month_settles_the_order(text):
    assert parse_day(text, TODAY) == dt.date(2025, 1, 13)


def test_yesterday_today_and_tomorrow_are_counted_from_today():
    days = [parse_day(text, TODAY) for text in ("yesterday", "Today", "tomorrow")]
    assert days == [dt.date(2025, 2, 28), dt.date(2025, 3, 1), dt.date(2025, 3, 2)]


@pytest.mark.parametrize("text", ["05/01/2025", "5/1/2025", "05-01-2025"])
def test_what_may_be_two_days_is_refused_and_each_of_the_ways_out_works(text):
    with pytest.raises(ValueError, match="may be 5 January 2025 or 1 May 2025") as caught:
        parse_day(text, TODAY)
    ways = str(caught.value).partition("write ")[2].split(" or ")
    assert [parse_day(way, TODAY) for way in ways] == [dt.date(2025, 1, 5), dt.date(2025, 5, 1)]


def test_the_same_day_and_month_are_one_day():
    assert parse_day("05/05/2025", TODAY) == dt.date(2025, 5, 5)


@pytest.mark.parametrize("text", ["2025-02-30", "31 Foo 2025", "5/1/25", "soon", "", "2025-13-01", "5 Jan", "1/2025"])
def test_what_is_no_day_is_refused_by_name(text):
    with pytest.raises(ValueError, match=r"is no day") as caught:
        parse_day(text, TODAY)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "timezone", "meant"),
    [
        ("2025-12-30T11:00+01:00", None, "2025-12-30T10:00Z"),
        ("2025-12-30 11:00 +0100", None, "2025-12-30T10:00Z"),
        ("2025-12-30T10:00Z", "Europe/Berlin", "2025-12-30T10:00Z"),
        ("2025-12-30T10:00:30 utc", None, "2025-12-30T10:00:30Z"),
        ("2025-12-30 11:00", "Europe/Berlin", "2025-12-30T10:00Z"),
        ("30 Dec 2025 9:00", "Europe/Berlin", "2025-12-30T08:00Z"),
        ("2025-12-30", "Europe/Berlin", "2025-12-29T23:00Z"),
        ("2025-12-30Z", None, "2025-12-30T00:00Z"),
        ("2025-03-30 02:30", "Europe/Berlin", "2025-03-30T01:00Z"),
        ("2025-10-26 02:30", "Europe/Berlin", "2025-10-26T00:30Z"),
        ("2025-12-30T10:00:00.250001+00:00", None, "2025-12-30T10:00:00.250001Z"),
        ("2025-12-30T10:00:00.5Z", None, "2025-12-30T10:00:00.500Z"),
        ("2025-12-30T1000Z", None, "2025-12-30T10:00Z"),
        ("20251230T100030Z", None, "2025-12-30T10:00:30Z"),
    ],
)
def test_an_instant_has_its_offset_or_that_of_the_zone(text, timezone, meant):
    assert parse_instant(text, timezone) == pd.Timestamp(meant)


def test_an_instant_without_any_offset_is_refused_and_the_ways_out_work():
    with pytest.raises(ValueError, match="needs an offset") as caught:
        parse_instant("30 Dec 2025 11:00")
    ways = str(caught.value).partition("such as ")[2].split(" or ")
    assert [parse_instant(way) for way in ways] == [
        pd.Timestamp("2025-12-30T10:00Z"),
        pd.Timestamp("2025-12-30T11:00Z"),
    ]


def test_in_python_as_at_the_command_line_a_day_that_may_be_two_is_refused(tmp_path):
    lab = Lab(Workspace(Settings.model_validate({"data_folder": tmp_path})))
    with pytest.raises(ValueError, match="05/06/2025"):
        lab.observations("DE/load", as_of="05/06/2025")


@pytest.mark.parametrize("text", ["2025-12-30T25:00Z", "2025-12-30T11:60Z", "05/01/2025 11:00Z", "T11:00Z", "11:00"])
def test_what_is_no_instant_is_refused(text):
    with pytest.raises(ValueError, match=r"is no|may be"):
        parse_instant(text, "UTC")


def test_the_holdout_may_be_written_as_a_text():
    settings = Settings.model_validate({"data_folder": "data", "training": {"holdout_start": "2025-1-5"}})
    assert settings.training.holdout_start == dt.date(2025, 1, 5)
