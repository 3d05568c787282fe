"""The corrected official forecast: by hand, against a slow account of the same in pandas, and blind to the future."""

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders.long import first_of
from builders.rows import DE, LOAD, day_ahead, measured, rows, together

from gridahead.core.grid import BiddingZone, Series
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu, days_between, delivery_range
from gridahead.features.corrected import corrected
from gridahead.features.windows import WindowSpec, build_windows

ELEVEN = Deadline.parse("D-1T1100[Europe/Berlin]")
SPEC = WindowSpec(LOAD, DE, Mtu.PT60M, ELEVEN, context_days=3)
FIRST = pd.Timestamp("2025-01-06", tz="Europe/Berlin")
DAY = dt.date(2025, 2, 20)


def times(days=50, start=FIRST):
    """The hours of so many days."""
    return pd.date_range(start, start + pd.DateOffset(days=days), freq="h", inclusive="left").tz_convert("UTC")


def on_day(when, back):
    """Which of the instants are on the day so many days before `DAY`."""
    return when.tz_convert("Europe/Berlin").date == DAY - dt.timedelta(days=back)


def ladder(when):
    """Errors that are another on each of 28 days on end, 20 MW apart around 0: no error is far from their median."""
    return 20.0 * (np.arange(len(when)) // 24 * 11 % 28 - 13.5)


def observed(errors, when=None):
    """An official forecast of 50 GW that appears at 10:00 on the day before, and an outturn with these errors [MW]."""
    when = times() if when is None else when
    return together(
        measured(LOAD, when, 50_000.0 + errors), day_ahead(LOAD.official, when, np.full(len(when), 50_000.0))
    )


def correction(observations, day=DAY, spec=SPEC):
    """What is added to the official forecast in the delivery day, (U,) [MW]."""
    windows = build_windows(observations, spec, [day])
    after = corrected(windows, observations)
    inside = windows.delivery[0]
    assert np.array_equal(windows.future[0, ~inside], after.future[0, ~inside], equal_nan=True)
    return (after.future[0, inside, 0] - windows.future[0, inside, 0]).astype(float)


def test_it_adds_the_mean_error_of_the_same_local_hour():
    when = times()
    hour = when.tz_convert("Europe/Berlin").hour.to_numpy()
    np.testing.assert_allclose(correction(observed(100.0 * hour)), 100.0 * np.arange(24))


def test_the_days_are_d_2_to_d_29():
    # At 11:00 on the day before, that day is not over. The mean of 28 rungs of the ladder is 0.
    when = times()
    for back, counts in ((1, False), (2, True), (29, True), (30, False)):
        moved = correction(observed(ladder(when) + 112 * on_day(when, back)))
        np.testing.assert_allclose(moved, 4.0 if counts else 0.0, atol=0.01)


def test_days_older_than_six_weeks_do_not_count_even_where_newer_ones_are_missing():
    # The day before is not over, of D-2 to D-20 nothing was measured, and from D-21 on each day errs by 100 MW more.
    when = times(60, pd.Timestamp("2024-12-28", tz="Europe/Berlin"))
    local = pd.DatetimeIndex(when.tz_convert("Europe/Berlin").date)
    back = (pd.Timestamp(DAY) - local).days.to_numpy()
    whole = observed(100.0 * (back - 20), when)
    gone = (whole["quantity"] == "load") & whole["valid_time"].isin(when[(back >= 2) & (back <= 20)])
    # Six weeks before the window begins, at the deadline on the day before, D-43 is half over: D-42 is the oldest.
    np.testing.assert_allclose(correction(Observations(whole[~gone])), (100 + 2_200) / 2, atol=0.01)


def test_errors_are_clipped_at_three_median_absolute_deviations_from_their_median():
    # 14 errors of −100, 13 of +100 and one of 9 GW: the median is 0, half-way from −100 to 100. The median absolute
    # deviation is 100, so that 9,000 counts as 300: the mean is (−1,400 + 1,300 + 300) / 28.
    when, errors = times(), np.zeros(len(times()))
    for back in range(2, 30):
        errors[on_day(when, back)] = -100.0 if back < 16 else 100.0
    errors[on_day(when, 29)] = 9_000.0
    np.testing.assert_allclose(correction(observed(errors)), 200 / 28, atol=0.01)


def test_with_fewer_than_seven_known_days_the_official_forecast_stays():
    begins = FIRST + pd.DateOffset(days=10)
    for known, expected in ((6, 0.0), (7, 500.0)):
        day = (begins + pd.DateOffset(days=known + 1)).date()
        when = times(20, begins)
        np.testing.assert_allclose(correction(observed(np.full(len(when), 500.0), when), day), expected)


def test_a_day_that_is_not_known_whole_does_not_count_and_the_next_older_one_does():
    when = times()
    errors = ladder(when) + np.where(on_day(when, 30), 112.0, 0.0)
    whole = observed(errors)
    noon = pd.Timestamp(DAY - dt.timedelta(days=5), tz="Europe/Berlin") + pd.Timedelta(hours=12)
    lacks = Observations(whole[~((whole["quantity"] == "load") & (whole["valid_time"] == noon))])
    late = whole.assign(
        available_at=whole["available_at"].where(
            (whole["quantity"] != "load") | (whole["valid_time"] != noon), pd.Timestamp("2025-03-01", tz="UTC")
        )
    )
    five, thirty = (errors[on_day(when, back)][0] for back in (5, 30))
    for one in (lacks, Observations(late)):
        np.testing.assert_allclose(correction(one) - correction(whole), (thirty - five) / 28, atol=0.01)


def test_past_errors_are_of_the_forecast_as_it_was_read_at_the_same_lead():
    # A better forecast replaces each one at 20:00 on the day before; a forecast of 11:00 never saw it.
    when = times()
    early = observed(np.full(len(when), 400.0))
    better = day_ahead(LOAD.official, when, np.full(len(when), 50_400.0), hour=20)
    both = together(early, better)
    np.testing.assert_allclose(correction(both), 400.0)
    read = Deadline.parse("D-0T0000[Europe/Berlin]")
    windows = build_windows(both, SPEC, [DAY], issue_times=[read.for_delivery(DAY)])
    after = corrected(windows, both, read, np.array([ELEVEN.for_delivery(DAY).value // 1000]))
    np.testing.assert_allclose(after.future[0, windows.delivery[0], 0], 50_400.0)


def test_the_outturn_is_that_of_the_vintage_known_at_the_issue_time():
    when = times()
    first = observed(np.full(len(when), 400.0))
    before = when < pd.Timestamp("2025-02-16", tz="UTC")
    revised_in_time = rows(LOAD, when[before], 50_100.0, pd.Timestamp("2025-02-18", tz="UTC"))
    revised_late = rows(LOAD, when, 90_000.0, ELEVEN.for_delivery(DAY) + pd.Timedelta(microseconds=1))
    known = correction(together(first, revised_in_time))
    assert known.max() < 300
    np.testing.assert_array_equal(correction(together(first, revised_in_time, revised_late)), known)


def test_nothing_that_came_after_the_issue_time_is_read():
    draws = np.random.default_rng(5)
    clean = observed(draws.normal(300, 200, len(times())))
    days = days_between(dt.date(2025, 2, 1), dt.date(2025, 2, 24))
    for day in days:
        late = clean["available_at"] > ELEVEN.for_delivery(day)
        poisoned = Observations(clean.assign(value=clean["value"].where(~late, 1e9)))
        np.testing.assert_array_equal(correction(clean, day), correction(poisoned, day))
    together_ = corrected(build_windows(clean, SPEC, days), clean)
    alone = [corrected(build_windows(clean, SPEC, [day]), clean) for day in days]
    for row, one in enumerate(alone):
        np.testing.assert_array_equal(together_.future[row], one.future[0])


def test_what_windows_hold_is_what_the_official_forecast_is_corrected_by_at_their_deadline():
    draws = np.random.default_rng(6)
    observations = observed(draws.normal(300, 200, len(times())))
    windows = build_windows(observations, SPEC, days_between(dt.date(2025, 2, 1), dt.date(2025, 2, 24)))
    inside, after = windows.delivery, corrected(windows, observations)
    np.testing.assert_allclose(windows.corrected_ahead[inside], after.official_ahead[inside], rtol=1e-6)
    assert np.abs(windows.corrected_ahead - windows.official_ahead)[inside].min() > 50
    before = windows.within & ~inside
    np.testing.assert_array_equal(windows.corrected_ahead[before], windows.official_ahead[before])
    assert not np.isnan(windows.future[..., -1]).any(), "what is padded is corrected by nought"


def test_windows_that_hold_the_correction_know_nothing_of_the_future():
    draws = np.random.default_rng(7)
    clean = observed(draws.normal(300, 200, len(times())))
    for day in (dt.date(2025, 2, 10), DAY):
        late = clean["available_at"] > ELEVEN.for_delivery(day)
        poisoned = Observations(clean.assign(value=clean["value"].where(~late, 1e9)))
        of_clean, of_poisoned = (build_windows(one, SPEC, [day]) for one in (clean, poisoned))
        np.testing.assert_array_equal(of_clean.future, of_poisoned.future)


def test_all_that_a_correction_counts_lies_in_the_days_that_a_window_reads():
    draws = np.random.default_rng(9)
    whole = observed(draws.normal(300, 200, len(times(60))), times(60))
    first = delivery_range(DAY - dt.timedelta(days=SPEC.days_read), "Europe/Berlin").start
    read = Observations(whole[whole["valid_time"] >= first])
    of_whole, of_read = (build_windows(one, SPEC, [DAY]) for one in (whole, read))
    np.testing.assert_array_equal(of_whole.future, of_read.future)
    assert SPEC.days_read == 42 + 1 + 1 + 1
    assert replace(SPEC, use_official=False).days_read == SPEC.context_days + 2
    assert replace(SPEC, context_days=60).days_read == 60 + 2


def test_where_nothing_was_published_there_is_nothing_to_correct():
    clean = observed(np.full(len(times()), 400.0))
    noon = pd.Timestamp(DAY, tz="Europe/Berlin") + pd.Timedelta(hours=12)
    holed = Observations(clean[~((clean["quantity"] == "load_official") & (clean["valid_time"] == noon))])
    windows = corrected(build_windows(holed, SPEC, [DAY]), holed)
    assert np.isnan(windows.future[0, windows.delivery[0], 0]).nonzero()[0].tolist() == [12]


def test_without_any_outturn_the_official_forecast_stays():
    official = day_ahead(LOAD.official, times(), np.full(len(times()), 50_000.0))
    np.testing.assert_array_equal(correction(official), np.zeros(24))


PLACES = [
    ("Europe/Berlin", Mtu.PT60M, 2025, (3, 30), (10, 26)),
    ("Australia/Lord_Howe", Mtu.PT30M, 2025, (10, 5), (4, 6)),
    ("America/Havana", Mtu.PT60M, 2025, (3, 9), (11, 2)),
    ("Europe/Berlin", Mtu.PT15M, 2025, (3, 30), (10, 26)),
    ("America/St_Johns", Mtu.PT30M, 2025, (3, 9), (11, 2)),
    ("Asia/Kathmandu", Mtu.PT60M, 2025, (3, 30), (10, 26)),
    ("Pacific/Chatham", Mtu.PT15M, 2025, (9, 28), (4, 6)),
]  # at Havana the clocks change at midnight


@pytest.mark.parametrize(("timezone", "mtu", "year", "spring", "autumn"), first_of(PLACES, 3))
def test_it_is_what_a_slow_account_by_local_time_gives_also_when_clocks_change(timezone, mtu, year, spring, autumn):
    zone, series = BiddingZone("X", timezone), Series("X", "load")
    spec = WindowSpec(series, zone, mtu, Deadline.parse(f"D-1T1100[{timezone}]"), context_days=1)
    draws = np.random.default_rng(1)
    for month, number in (spring, autumn):
        change = dt.date(year, month, number)
        start = delivery_range(change - dt.timedelta(days=34), timezone).start
        when = pd.date_range(start, delivery_range(change + dt.timedelta(days=4), timezone).start, freq=mtu.delta)
        when = when[:-1]
        official = 1_000 + draws.normal(0, 50, len(when))
        begins = when - pd.Timedelta(days=5)
        observations = together(
            measured(series, when, official + draws.standard_t(3, len(when)) * 100, mtu=mtu),
            rows(series.official, when, official, begins, mtu=mtu),
        )
        days = days_between(change - dt.timedelta(days=1), change + dt.timedelta(days=3))
        windows = build_windows(observations, spec, days)
        after = corrected(windows, observations)
        for row, day in enumerate(days):
            inside = windows.delivery[row]
            slow = slow_account(observations, spec, day)
            np.testing.assert_allclose(after.future[row, inside, 0], slow, rtol=1e-6, err_msg=str(day))


def slow_account(observations, spec, day):
    """The same by pandas, one local time of day after the other."""
    timezone, issued = spec.zone.timezone, spec.deadline.for_delivery(day)
    measured_, official = (
        observations[observations["quantity"] == quantity].set_index("valid_time")
        for quantity in ("load", "load_official")
    )
    known = measured_[measured_["available_at"] <= issued]["value"]
    found: list[Any] = []
    for back in range(1, 40):
        units = delivery_range(day - dt.timedelta(days=back), timezone).times(spec.mtu)
        if len(found) < 28 and units.isin(known.index).all():
            error = known[units] - official["value"][units]
            found.append(error.groupby(units.tz_convert(timezone).strftime("%H:%M")).apply(list))
    answer = []
    for unit in delivery_range(day, timezone).times(spec.mtu):
        at = unit.tz_convert(timezone).strftime("%H:%M")
        errors = pd.Series([error for one in found for error in one.get(at, [])])
        deviation = (errors - errors.median()).abs().median()
        clipped = errors.clip(errors.median() - 3 * deviation, errors.median() + 3 * deviation)
        enough = sum(at in one for one in found) >= 7
        answer.append(official["value"][unit] + (clipped.mean() if enough else 0.0))
    return answer
