"""What kind of day a day is, from calendars that anyone can look up."""

import datetime as dt
from collections import Counter

import pandas as pd
import pytest

from gridahead.core.grid import ZONES, BiddingZone
from gridahead.core.vintages import micros
from gridahead.features.calendar import DAY_FEATURES, calendar
from gridahead.features.day_kinds import (
    day_kind,
    day_kinds,
    day_of_rest,
    holiday_share,
    off_share,
    weekend,
)

DE = ZONES["DE"]
GERMANS = 84_358_845
EGYPT = BiddingZone("EGY", "Africa/Cairo", "EG")


def on(day, zone=DE):
    return holiday_share(dt.date.fromisoformat(day), zone)


def test_epiphany_is_a_holiday_in_three_of_the_sixteen_states():
    # BW 11 280 257, BY 13 369 393, ST 2 186 643 inhabitants.
    assert on("2025-01-06") == pytest.approx((11_280_257 + 13_369_393 + 2_186_643) / GERMANS)


def test_reformation_day_is_a_holiday_in_the_nine_northern_and_eastern_states():
    inhabitants = [2_573_135, 684_864, 1_892_122, 1_628_378, 8_140_242, 4_086_152, 2_186_643, 2_953_270, 2_126_846]
    assert on("2025-10-31") == pytest.approx(sum(inhabitants) / GERMANS)


@pytest.mark.parametrize(
    ("day", "share"),
    [("2025-01-01", 1.0), ("2025-04-21", 1.0), ("2025-10-03", 1.0), ("2025-12-25", 1.0), ("2025-07-14", 0.0)],
)
def test_a_national_holiday_is_everybodys(day, share):
    assert on(day) == pytest.approx(share)


def test_the_holidays_are_those_of_the_zone():
    assert on("2025-07-14", ZONES["FR"]) == 1.0
    assert on("2025-10-03", ZONES["FR"]) == 0.0
    assert on("2025-07-14", BiddingZone("XX", "UTC")) == 0.0


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2025-05-29", "holiday"),  # Ascension, a Thursday
        ("2025-05-30", "bridge_day"),
        ("2025-05-28", "near_holiday"),
        ("2025-05-31", "weekend"),
        ("2025-12-24", "turn_of_year"),
        ("2025-12-27", "turn_of_year"),  # a Saturday
        ("2026-01-01", "holiday"),
        ("2026-01-02", "bridge_day"),  # a Friday
        ("2025-04-19", "near_holiday"),  # the Saturday between Good Friday and Easter
        ("2025-11-19", "working_day"),  # a holiday in one small state is none
        ("2025-07-06", "weekend"),
    ],
)
def test_a_day_is_the_first_kind_that_holds(day, kind):
    assert day_kind(dt.date.fromisoformat(day), DE) == kind


def test_germany_had_so_many_of_each_kind_in_2025():
    days = pd.date_range("2025-01-01", "2025-12-31", tz="Europe/Berlin")
    # New Year, Good Friday, Easter Monday, Labour Day, Ascension, Whit Monday, Corpus Christi and All Saints (for more
    # than half of the people), Unity, Christmas twice; the Fridays after Labour Day, Ascension and Corpus Christi.
    counts = Counter(day_kinds(days, DE))
    assert (counts["holiday"], counts["bridge_day"]) == (11, 3)
    # 24 December to 6 January but for the holidays.
    assert counts["turn_of_year"] == 14 - 3
    assert sum(counts.values()) == 365


def test_a_weekend_is_that_of_the_country():
    assert (weekend(DE), day_of_rest(DE)) == (frozenset({5, 6}), 6)
    assert (weekend(EGYPT), day_of_rest(EGYPT)) == (frozenset({4, 5}), 4)
    friday, sunday = dt.date(2025, 9, 19), dt.date(2025, 9, 21)
    assert day_kind(friday, EGYPT) == "weekend" and day_kind(sunday, EGYPT) == "working_day"
    assert off_share(friday, EGYPT) == 1.0 and off_share(sunday, EGYPT) == 0.0


def bridge_share(day, zone):
    """What models read of a day."""
    return calendar(micros(pd.DatetimeIndex([pd.Timestamp(day, tz=zone.timezone)])), zone)[
        0, DAY_FEATURES.index("bridge")
    ]


def test_a_bridge_is_as_wide_as_the_holiday_is_kept():
    # Epiphany 2026 was a Tuesday: Monday before it is a bridge day in three states.
    share = 26_836_293 / GERMANS
    assert bridge_share(dt.date(2026, 1, 5), DE) == pytest.approx(share)
    assert bridge_share(dt.date(2026, 1, 12), DE) == 0.0
    assert bridge_share(dt.date(2026, 1, 4), DE) == 0.0, "on a Sunday nobody works"


def test_a_zone_without_a_calendar_of_holidays_has_working_days_and_weekends_only():
    nowhere = BiddingZone("XX", "UTC")
    days = pd.date_range("2025-01-01", "2025-12-31", tz="UTC")
    assert set(day_kinds(days, nowhere)) == {"weekend", "working_day"}


def test_kinds_are_told_for_every_instant_in_local_time():
    # In Berlin 1 May begins at 22:00 UTC of 30 April, a Wednesday.
    times = pd.DatetimeIndex(["2025-04-30T21:59Z", "2025-04-30T22:00Z"]).tz_convert("Europe/Berlin")
    assert list(day_kinds(times, DE)) == ["near_holiday", "holiday"]
    assert list(day_kinds(times[:0], DE)) == []
