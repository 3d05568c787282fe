"""What is special about a day, as an analyst has to know it."""

import datetime as dt

from gridahead.core.grid import ZONES
from gridahead.web.special_days import special_days


def test_holidays_have_their_name_and_clock_changes_their_hours():
    days = [dt.date(2025, month, day) for month, day in ((3, 30), (10, 26), (10, 31), (11, 1), (11, 3), (12, 25))]
    found = special_days(days, ZONES["DE"])
    assert found[dt.date(2025, 3, 30)] == "clock change, 23 hours"
    assert found[dt.date(2025, 10, 26)] == "clock change, 25 hours"
    assert found[dt.date(2025, 12, 25)] == "Christmas Day"
    assert dt.date(2025, 11, 3) not in found


def test_a_holiday_of_a_part_says_of_how_many():
    """Reformation Day is none in the south and west of Germany; All Saints' Day is one there."""
    (found,) = special_days([dt.date(2025, 10, 31)], ZONES["DE"]).values()
    assert found.startswith("Reformation Day, a holiday for ")


def test_a_zone_without_a_country_has_no_holidays():
    assert special_days([dt.date(2025, 12, 25)], ZONES["MISO"]) in ({}, {dt.date(2025, 12, 25): "Christmas Day"})
