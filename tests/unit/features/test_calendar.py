"""What the calendar says, in the zone's local time."""

import numpy as np
import pandas as pd
import pytest

from gridahead.core.grid import ZONES, BiddingZone
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


SPECIAL = ["work_lost", "work_lost_after_day_off", "work_lost_before_day_off", "bridge"]


@pytest.mark.parametrize(
    ("day", "found"),
    [
        ("2025-05-29", [1, 0, 0, 0]),  # Ascension, a Thursday
        ("2025-05-30", [0, 0, 0, 1]),  # Friday after it
        ("2025-04-18", [1, 0, 1, 0]),  # Good Friday
        ("2025-04-21", [1, 1, 0, 0]),  # Easter Monday
        ("2025-12-26", [1, 1, 1, 0]),  # a Friday between Christmas Day and a Saturday
        ("2026-10-03", [0, 0, 0, 0]),  # German Unity, a Saturday: nobody works less
        ("2025-07-09", [0, 0, 0, 0]),
    ],
)
def test_a_holiday_on_a_weekday_is_work_lost_and_a_day_between_days_off_a_bridge(day, found):
    values = features(f"{day}T10:00Z")[SPECIAL]
    assert values.to_numpy()[0].tolist() == pytest.approx(found, abs=1e-6)


def test_a_holiday_of_some_is_work_lost_for_them_only():
    # Epiphany 2026, a Tuesday, in three states, and the Monday before it.
    share = 26_836_293 / GERMANS
    found = features("2026-01-06T10:00Z", "2026-01-05T10:00Z")[["work_lost", "bridge"]].to_numpy()
    np.testing.assert_allclose(found, [[share, 0], [0, share]], rtol=1e-5)


def test_where_friday_is_free_a_holiday_on_it_takes_no_work():
    # Labour Day 2026 is a Friday; in Egypt that is the weekend. 2 May is a Saturday: the weekend of both.
    egypt = BiddingZone("EGY", "Africa/Cairo", "EG")
    assert features("2026-05-01T10:00Z")["work_lost"].item() == 1.0
    assert features("2026-05-01T10:00Z", zone=egypt)["work_lost"].item() == 0.0


def test_the_turn_of_the_year_is_a_wave_over_days_of_work():
    days = pd.date_range("2025-12-20T10:00Z", "2026-01-10T10:00Z", freq="D")
    found = features(*days).set_index(days.strftime("%m-%d"))
    wave, later = found["turn_of_year"], found["turn_of_year_later"]
    # 24 December is the first of 14 days, 31 December the eighth; waves are over fifteenths.
    assert wave["12-24"] == pytest.approx(np.sin(np.pi / 15), abs=1e-6)
    assert wave["12-31"] == pytest.approx(np.sin(np.pi * 8 / 15), abs=1e-6)
    assert later["12-31"] == pytest.approx(np.sin(2 * np.pi * 8 / 15), abs=1e-6)
    share = 26_836_293 / GERMANS
    assert wave["01-06"] == pytest.approx(np.sin(np.pi * 14 / 15) * (1 - share), abs=1e-6)
    # Neither on the days before and after, nor on holidays, weekends and the bridge day after New Year.
    for day in ("12-22", "12-23", "12-25", "12-26", "12-27", "12-28", "01-01", "01-02", "01-03", "01-07", "01-09"):
        assert (wave[day], later[day]) == (0, 0)


def test_the_year_begins_on_its_first_day():
    found = features("2025-01-01T12:00Z")
    assert found[["year_sin1", "year_cos1"]].to_numpy().tolist() == [[0.0, 1.0]]


def test_the_features_stand_in_the_order_of_their_names():
    assert calendar(micros(pd.DatetimeIndex(["2025-01-01T00:00Z"])), DE).shape == (1, len(CALENDAR_FEATURES))
    assert (*DAY_FEATURES, *HOUR_FEATURES) == CALENDAR_FEATURES
    assert calendar(micros(pd.DatetimeIndex(["2025-01-01T00:00Z"])), DE).dtype == np.float32
