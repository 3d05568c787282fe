"""Means over comparable days, by hand: which days count for which, whatever is around them."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders.rows import DE, LOAD, measured
from builders.windows import C, H, windows_of

from gridahead.core.grid import BiddingZone
from gridahead.core.time import Deadline, Mtu, days_between
from gridahead.features.anchors import anchored
from gridahead.features.comparable import FORGOTTEN_DAYS, alike, comparable_mean, special_days
from gridahead.features.scaling import Scaler
from gridahead.features.windows import WindowSpec, build_windows

SPEC = WindowSpec(LOAD, DE, Mtu.PT60M, Deadline.parse("D-1T1100[Europe/Berlin]"), context_days=14, use_official=False)
ASCENSION = dt.date(2025, 5, 29)
"""A Thursday; there is no other holiday in the two weeks before it, nor in the week after it."""


def load_by_day(weekend, special=(), zone=DE):
    """A load that is the same all day long: 1 MW, and other values on some weekdays and days, for four weeks."""
    begin, end = ASCENSION - dt.timedelta(days=20), ASCENSION + dt.timedelta(days=9)
    times = pd.date_range(begin, end, freq="h", tz=zone.timezone)
    by_day = {day: dict(special).get(day, weekend.get(day.weekday(), 1.0)) for day in days_between(begin, end)}
    return measured(LOAD, times.tz_convert("UTC"), np.array([by_day[day] for day in times.date]))


def german_load():
    """1 on working days, 2 on Saturdays, 3 on Sundays, 4 on Ascension Day, 5 on the bridge day after it."""
    return load_by_day({5: 2.0, 6: 3.0}, {ASCENSION: 4.0, ASCENSION + dt.timedelta(days=1): 5.0})


def of_day(day, observations=None, spec=SPEC):
    """The window of a day, and the mean that each of its units has."""
    windows = build_windows(german_load() if observations is None else observations, spec, [day])
    return windows, comparable_mean(windows, windows.target_past[..., None])[0, windows.delivery[0], 0]


def test_a_holiday_is_compared_with_days_of_rest_and_a_working_day_with_working_days():
    windows, mean = of_day(ASCENSION)
    np.testing.assert_allclose(mean, 3.0, atol=0.02)  # Sundays; what other kinds count is next to nothing
    for day in (ASCENSION + dt.timedelta(days=4), ASCENSION - dt.timedelta(days=1)):
        np.testing.assert_allclose(of_day(day)[1], 1.0, atol=0.02)
    np.testing.assert_allclose(of_day(ASCENSION + dt.timedelta(days=2))[1], 2.0, atol=0.03)
    assert not special_days(windows).any()


@pytest.mark.parametrize("anchor", ["week", "profile", "recent", "level"])
def test_an_anchor_beside_others_is_what_it_is_alone_and_days_of_another_kind_have_comparable_ones(anchor):
    days = [ASCENSION + dt.timedelta(days=n) for n in range(-2, 8)]
    windows = build_windows(german_load(), SPEC, days)
    told = anchored(windows, anchor, 7.0)
    for row in range(len(days)):
        alone = windows.alone(row)
        assert np.array_equal(anchored(alone, anchor, 7.0)[0], told[row, : alone.target.shape[1]])
    if anchor == "week":
        np.testing.assert_allclose(told[2][windows.delivery[2]], 3.0, atol=0.02)  # Ascension Day: as on Sundays
        np.testing.assert_allclose(told[9][windows.delivery[9]], 1.0, atol=0.02)  # the Thursday after it: as on others
    if anchor == "level":
        assert (told == 7.0).all()


def test_what_is_not_known_is_the_next_simplest_and_the_level_at_last():
    windows = build_windows(german_load(), SPEC, [ASCENSION + dt.timedelta(days=5)])
    without_week = replace(windows, past=windows.past.copy())
    without_week.past[:, -7 * 24 : -7 * 24 + 3, 0] = np.nan  # the first three units of the horizon a week before
    told = anchored(without_week, "week", 7.0)[0]
    assert np.array_equal(told[:3], anchored(without_week, "profile", 7.0)[0, :3])
    assert np.array_equal(told[3:], anchored(windows, "week", 7.0)[0, 3:])
    nothing = replace(windows, past=np.full_like(windows.past, np.nan))
    assert (anchored(nothing, "week", 7.0) == 7.0).all()


def test_a_bridge_day_is_compared_with_working_days_and_none_of_them_with_it():
    _, mean = of_day(ASCENSION + dt.timedelta(days=1))
    np.testing.assert_allclose(mean, 1.0, atol=0.02)
    windows, _ = of_day(ASCENSION + dt.timedelta(days=4))
    monday = alike(windows, range(1, windows.spec.context_days + 1))[:, 0, -1]
    # Sunday, Saturday, Friday the bridge day, Ascension Day, Wednesday, Tuesday, Monday; those of the week before.
    assert monday.round(3).tolist() == [0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1]
    # Its deadline is at 11:00 on Sunday: two whole days of the context are special.
    assert special_days(windows).sum() == 48


def test_newer_days_and_the_same_weekday_count_more():
    """On a Thursday, with the load of one former working day 1 and of all others 0, the mean is that day's weight."""
    windows = windows_of(np.zeros((1, C)), target=0.0)
    kinds = np.zeros((7, 7), np.float32)
    np.fill_diagonal(kinds, 1)
    weekday = lambda ago: kinds[(3 - ago) % 7]  # noqa: E731
    windows.future[0, 13:, :7] = weekday(0)
    for unit in range(C):  # the horizon begins at 11:00 on the day before
        windows.past[0, unit, 1:8] = weekday(1 + (C - unit + 12) // 24)
    weights = {ago: np.exp(-ago / FORGOTTEN_DAYS) * (2 if ago == 7 else 1) for ago in range(2, 9)}
    weights = {ago: weight for ago, weight in weights.items() if ago not in (4, 5)}  # Sunday and Saturday
    hour = H - 1  # 23:00: that of yesterday is not past yet, and the nearest earlier stands for it
    past = np.zeros((1, C, 1), np.float32)
    past[0, C + hour - 7 * 24] = 1.0
    twice = weights[2] + np.exp(-1 / FORGOTTEN_DAYS)
    expected = weights[7] / (sum(weights.values()) - weights[2] + twice)
    assert comparable_mean(windows, past)[0, hour, 0] == pytest.approx(expected, rel=0.01)


def test_what_is_not_known_does_not_count_and_of_nothing_there_is_no_mean():
    windows = windows_of(np.zeros((1, C)), target=0.0)
    past = np.full((1, C, 2), np.nan, np.float32)
    past[0, -24:, 0] = 7.0
    mean = comparable_mean(windows, past)
    np.testing.assert_allclose(mean[0, :, 0], 7.0)
    assert np.isnan(mean[..., 1]).all()
    assert not np.isnan(Scaler.fit(windows, "week").inputs(windows, "day").decoder).any()


def test_last_week_is_no_anchor_where_it_was_a_day_of_another_kind():
    by_day = {}
    for ago in (0, 1, 7, 8):
        windows, _ = of_day(ASCENSION + dt.timedelta(days=ago), german_load())
        by_day[ago] = anchored(windows, "week", 0.0)[0, windows.delivery[0]]
    np.testing.assert_allclose(by_day[0], 3.0, atol=0.02)
    np.testing.assert_allclose(by_day[1], 1.0, err_msg="for a bridge day the Friday of last week")
    np.testing.assert_allclose(by_day[7], 1.0, atol=0.02)
    np.testing.assert_allclose(by_day[8], 1.0, atol=0.02)


def test_friday_is_the_day_of_rest_where_it_is_free():
    egypt = BiddingZone("DE", "Africa/Cairo", "EG")
    spec = replace(SPEC, zone=egypt, deadline=Deadline.parse("D-1T1100[Africa/Cairo]"))
    observations = load_by_day({4: 2.0, 5: 3.0}, zone=egypt)
    for day, mean in ((dt.date(2025, 5, 30), 2.0), (dt.date(2025, 5, 31), 3.0), (dt.date(2025, 6, 1), 1.0)):
        np.testing.assert_allclose(of_day(day, observations, spec)[1], mean, atol=0.03)


@pytest.mark.parametrize(("day", "hours"), [(dt.date(2025, 3, 30), 23), (dt.date(2025, 10, 26), 25)])
def test_quarter_hours_of_a_day_on_which_clocks_change_have_a_mean_each(day, hours):
    times = pd.date_range(day - dt.timedelta(days=20), day + dt.timedelta(days=2), freq="15min", tz="Europe/Berlin")
    spec = replace(SPEC, mtu=Mtu.PT15M)
    load = measured(LOAD, times.tz_convert("UTC"), np.full(len(times), 5.0), mtu=Mtu.PT15M)
    mean = of_day(day, load, spec)[1]
    assert mean.shape == (4 * hours,)
    np.testing.assert_allclose(mean, 5.0, rtol=1e-6)


def test_nothing_that_is_later_than_the_issue_time_reaches_a_mean():
    observations = german_load()
    poisoned = observations.copy()
    issued = SPEC.deadline.for_delivery(ASCENSION)
    poisoned.loc[poisoned["available_at"] > issued, "value"] = 1e6
    plain, read = (of_day(ASCENSION, each) for each in (observations, poisoned))
    np.testing.assert_array_equal(plain[1], read[1])
    scaler = Scaler.fit(plain[0], "week")
    np.testing.assert_array_equal(scaler.rows(plain[0]), scaler.rows(read[0]))
