"""What the calendar says, in the zone's local time."""

import numpy as np
import pandas as pd
import pytest

from gridahead.core.grid import ZONES
from gridahead.core.vintages import micros
from gridahead.features.calendar import CALENDAR_FEATURES, DAY_FEATURES, HOUR_FEATURES, calendar

DE = ZONES["DE"]
GERMANS = 84_358_845


def features(*instants, zone=DE):
    values = calendar(micros(pd.DatetimeIndex(list(instants))), zone)
    return pd.DataFrame(values, columns=CALENDAR_FEATURES)


def test_yesterday_and_tomorrow_know_the_holiday():
    share = np.float32(26_836_293 / GERMANS)
    found = features("2025-01-05T12:00Z", "2025-01-06T12:00Z", "2025-01-07T12:00Z")
    assert found["holiday"].tolist() == pytest.approx([0, share, 0])
    assert found["holiday_tomorrow"].tolist() == pytest.approx([share, 0, 0])
    assert found["holiday_yesterday"].tolist() == pytest.approx([0, 0, share])


def test_the_weekday_is_that_of_local_time():
    # In Berlin Monday, 6 January begins at 23:00 UTC of Sunday; in summer a day begins at 22:00 UTC.
    found = features("2025-01-05T22:59Z", "2025-01-05T23:00Z", "2025-07-06T21:59Z", "2025-07-06T22:00Z")
    weekdays = found[[name for name in DAY_FEATURES if name.startswith("weekday")]]
    assert weekdays.idxmax(axis=1).tolist() == ["weekday_sun", "weekday_mon"] * 2
    assert (weekdays.sum(axis=1) == 1).all()


def test_the_hour_is_that_of_local_time():
    # 06:00 and 18:00 local are a quarter and three quarters of a day.
    found = features("2025-01-06T05:00Z", "2025-01-06T17:00Z", "2025-07-06T04:00Z", "2025-07-05T22:00Z")
    assert found["hour_sin1"].tolist() == pytest.approx([1, -1, 1, 0], abs=1e-6)
    assert found["hour_cos1"].tolist() == pytest.approx([0, 0, 0, 1], abs=1e-6)
    assert found["hour_cos2"].tolist() == pytest.approx([-1, -1, -1, 1], abs=1e-6)


def test_quarter_hours_are_told_apart():
    found = features("2025-01-06T04:45Z")
    assert found["hour_sin1"].iloc[0] == pytest.approx(np.sin(2 * np.pi * 5.75 / 24), abs=1e-6)


def test_both_hours_of_a_doubled_hour_look_alike():
    found = features("2025-10-26T00:30Z", "2025-10-26T01:30Z")
    pd.testing.assert_series_equal(found.iloc[0], found.iloc[1], check_names=False)


def test_christmas_eve_and_new_years_eve_are_marked_and_no_other_day():
    days = pd.date_range("2025-01-01T12:00Z", "2025-12-31T12:00Z", freq="D")
    marked = features(*days)["christmas_or_new_year_eve"].to_numpy()
    assert [f"{day:%m-%d}" for day in days[marked == 1]] == ["12-24", "12-31"]


def test_the_year_begins_on_its_first_day():
    found = features("2025-01-01T12:00Z")
    assert found[["year_sin1", "year_cos1"]].to_numpy().tolist() == [[0.0, 1.0]]


def test_the_features_stand_in_the_order_of_their_names():
    assert calendar(micros(pd.DatetimeIndex(["2025-01-01T00:00Z"])), DE).shape == (1, len(CALENDAR_FEATURES))
    assert (*DAY_FEATURES, *HOUR_FEATURES) == CALENDAR_FEATURES
    assert calendar(micros(pd.DatetimeIndex(["2025-01-01T00:00Z"])), DE).dtype == np.float32
