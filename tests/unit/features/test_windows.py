"""Windows: alignment by hand, clock changes, and a future that may be poisoned without anyone noticing."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from builders.rows import DE, LOAD, WIND_SOLAR, day_ahead, hours, measured, rows, together
from hypothesis import given, settings
from hypothesis import strategies as st

from gridahead.core.grid import BiddingZone, Series
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu, delivery_range
from gridahead.features.calendar import CALENDAR_FEATURES, DAY_FEATURES
from gridahead.features.windows import WindowSpec, build_windows

ELEVEN = Deadline.parse("D-1T1100[Europe/Berlin]")
EVENING = Deadline.parse("D-1T1830[Europe/Berlin]")
DAY = dt.date(2025, 1, 20)


def spec_of(series=LOAD, deadline=ELEVEN, mtu=Mtu.PT60M, use_official=False, **more):
    return WindowSpec(series, DE, mtu, deadline, context_days=8, use_official=use_official, **more)


def counting(days=40, start="2025-01-06", mtu=Mtu.PT60M, series=LOAD):
    """0, 1, 2, … from a local midnight in Berlin."""
    count = days * 24 * mtu.per_hour
    return measured(series, hours(pd.Timestamp(start, tz="Europe/Berlin"), count, mtu), np.arange(count), mtu=mtu)


# -- alignment by hand ----------------------------------------------------------------------------------------------


def test_the_last_context_value_is_the_one_just_before_the_issue_time():
    windows = build_windows(counting(), spec_of(), [DAY])
    context = windows.past[0, :, 0]
    # Issued on 19 January at 11:00. 09:00–10:00 came out at 11:00: 13 days and 9 hours after the 6th, so value 321.
    # 10:00–11:00 comes out at 12:00: not known.
    assert np.isnan(context[-1])
    assert context[-2] == 13 * 24 + 9
    # Eight days before it is 11 January, 11:00.
    assert context[0] == 5 * 24 + 11
    assert np.array_equal(np.diff(context[:-1]), np.ones(190))
    assert windows.past.shape == (1, 192, 1 + len(DAY_FEATURES))


def test_the_target_stands_at_its_place_in_the_horizon():
    windows = build_windows(counting(), spec_of(), [DAY])
    # The horizon begins at 11:00 of the 19th, thirteen hours before the delivery day, and ends with it.
    assert windows.target.shape == (1, 37)
    assert windows.target[0].tolist() == [13 * 24 + 11 + n for n in range(37)]
    assert windows.delivery[0].tolist() == [False] * 13 + [True] * 24
    assert windows.target[0][windows.delivery[0]].tolist() == [14 * 24 + n for n in range(24)]
    first = pd.Timestamp(windows.valid_time[0, 13], unit="us", tz="Europe/Berlin")
    assert first == pd.Timestamp("2025-01-20", tz="Europe/Berlin")


def test_an_issue_time_inside_a_unit_begins_with_that_unit():
    issued = pd.Timestamp("2025-01-19 11:40", tz="Europe/Berlin")
    windows = build_windows(counting(), spec_of(), [DAY], issue_times=[issued])
    assert windows.target[0, 0] == 13 * 24 + 11
    assert windows.past[0, -2, 0] == 13 * 24 + 9
    assert windows.issue_time[0] == issued.value // 1000


@pytest.mark.parametrize(("mtu", "unknown"), [(Mtu.PT15M, 4), (Mtu.PT30M, 2), (Mtu.PT60M, 1)])
def test_shorter_units_align_alike(mtu, unknown):
    windows = build_windows(counting(mtu=mtu), spec_of(mtu=mtu), [DAY])
    a_day, context = 24 * mtu.per_hour, windows.past[0, :, 0]
    # Units that end by 10:00 are out at 11:00: one hour of them is missing before the issue time.
    newest = 13 * a_day + 10 * mtu.per_hour - 1
    assert np.isnan(context[-unknown:]).all()
    assert context[-unknown - 1] == newest
    assert context.shape == (8 * a_day,)
    assert windows.target[0, 0] == newest + 1 + unknown
    assert windows.delivery[0].sum() == a_day
    assert windows.target[0][windows.delivery[0]][0] == 14 * a_day


def test_in_a_half_hour_zone_the_hours_of_local_time_are_the_grid():
    kolkata = BiddingZone("IN", "Asia/Kolkata")
    series = Series("IN", "load")
    times = hours(pd.Timestamp("2025-01-06", tz="Asia/Kolkata"), 40 * 24)
    deadline = Deadline.parse("D-1T1100[Asia/Kolkata]")
    spec = WindowSpec(series, kolkata, Mtu.PT60M, deadline, context_days=8, use_official=False)
    windows = build_windows(measured(series, times, np.arange(len(times))), spec, [DAY])
    assert windows.past[0, -2, 0] == 13 * 24 + 9
    assert windows.target[0][windows.delivery[0]].tolist() == [14 * 24 + n for n in range(24)]


def test_calendar_features_stand_beside_the_values_they_belong_to():
    windows = build_windows(counting(), spec_of(), [DAY])
    monday = windows.spec.past_names.index("weekday_mon")
    # Monday, 13 January, begins 37 hours after the context does on Saturday at 11:00.
    assert windows.past[0, :, monday].tolist() == [float(37 <= n < 61) for n in range(192)]
    sunday_ahead = windows.spec.future_names.index("weekday_sun")
    assert windows.future[0, :, sunday_ahead].tolist() == [1.0] * 13 + [0.0] * 24
    assert windows.future.shape == (1, 37, len(CALENDAR_FEATURES))


def test_a_gap_stays_a_gap():
    observations = counting()
    holed = Observations(observations[observations["value"] != 300].reset_index(drop=True))
    context = build_windows(holed, spec_of(), [DAY]).past[0, :, 0]
    assert np.flatnonzero(np.isnan(context)).tolist() == [300 - 131, 191]


def test_outside_what_the_lake_has_everything_is_nan_and_nothing_fails():
    windows = build_windows(counting(days=3), spec_of(use_official=True), [DAY])
    assert np.isnan(windows.target).all()
    assert np.isnan(windows.past[..., :2]).all()
    assert not np.isnan(windows.past[..., 2:]).any()


# -- prices: the auction says tomorrow today ---------------------------------------------------------------------

PRICE = Series("DE", "price")


def auctioned(days=40):
    """0, 1, 2, … from a local midnight in Berlin, each day known at 13:00 on the day before."""
    times = hours(pd.Timestamp("2025-01-06", tz="Europe/Berlin"), days * 24)
    return day_ahead(PRICE, times, np.arange(days * 24), hour=13)


@pytest.mark.parametrize("issued", ["2025-01-19 00:00", "2025-01-19 11:00", "2025-01-19 12:59"])
def test_the_context_of_a_price_goes_on_to_midnight_and_its_horizon_begins_there(issued):
    windows = build_windows(auctioned(), spec_of(PRICE), [DAY], issue_times=[pd.Timestamp(issued, tz="Europe/Berlin")])
    # Until the auction of the 19th all of the 19th is known, and nothing of the 20th.
    assert windows.target_past[0].tolist() == [6 * 24 + n for n in range(192)]
    assert windows.target[0].tolist() == [14 * 24 + n for n in range(24)]
    assert windows.delivery.all()
    assert windows.skipped.tolist() == [0]


def test_days_between_the_deadline_of_a_price_and_its_delivery_are_part_of_the_horizon():
    spec = spec_of(PRICE, Deadline.parse("D-2T1100[Europe/Berlin]"))
    windows = build_windows(auctioned(), spec, [DAY])
    assert spec.units_before == 24
    assert windows.target_past[0, -1] == 13 * 24 - 1
    assert windows.delivery[0].tolist() == [False] * 24 + [True] * 24
    assert windows.skipped.tolist() == [0]


def test_prices_of_tomorrow_that_the_auction_has_not_said_change_nothing():
    rows = auctioned()
    known = rows["available_at"] <= ELEVEN.for_delivery(DAY)
    poisoned = Observations(rows.assign(value=rows["value"].where(known, 1e9)))
    before, after = (build_windows(one, spec_of(PRICE), [DAY]) for one in (rows, poisoned))
    assert before.data_hash(0) == after.data_hash(0)


def test_a_price_whose_clock_changes_has_a_horizon_of_23_hours():
    spring = dt.date(2025, 3, 30)
    windows = build_windows(auctioned(100), spec_of(PRICE), [spring])
    assert windows.valid_time.shape == (1, 23)
    assert windows.delivery.all()


# -- clock changes --------------------------------------------------------------------------------------------------


def test_delivery_days_have_23_24_and_25_hours():
    observations = together(counting(days=20, start="2025-03-15"), counting(days=20, start="2025-10-12"))
    days = [dt.date(2025, 3, 30), dt.date(2025, 3, 31), dt.date(2025, 10, 26), dt.date(2025, 10, 27)]
    windows = build_windows(observations, spec_of(), days)
    assert windows.delivery.sum(axis=1).tolist() == [23, 24, 25, 24]
    # 24 October, 11:00 in summer, to the 26th at 24:00 in winter time: 13 + 25 hours.
    assert windows.target.shape == (4, 38)
    for row, day in enumerate(days):
        time_range = delivery_range(day, "Europe/Berlin")
        chosen = windows.valid_time[row][windows.delivery[row]]
        assert chosen[0] == time_range.start.value // 1000
        assert chosen[-1] == time_range.end.value // 1000 - 3_600_000_000
    # Fifteen whole days before the short one, and from the issue time, thirteen hours on, it is delivery.
    assert windows.target[0][windows.delivery[0]].tolist() == [15 * 24 + n for n in range(23)]
    assert windows.delivery.argmax(axis=1).tolist() == [13, 13, 13, 13]


def test_a_long_day_has_a_hundred_quarter_hours():
    observations = counting(days=20, start="2025-10-12", mtu=Mtu.PT15M)
    windows = build_windows(observations, spec_of(mtu=Mtu.PT15M), [dt.date(2025, 10, 26)])
    assert windows.delivery.sum() == 100


# -- who sees the official forecast when ----------------------------------------------------------------------------


def official_seen(series, deadline, hour):
    times = hours(pd.Timestamp("2025-01-06", tz="Europe/Berlin"), 40 * 24)
    values = np.arange(len(times))
    observations = together(measured(series, times, values), day_ahead(series.official, times, values + 0.5, hour=hour))
    windows = build_windows(observations, spec_of(series, deadline, use_official=True), [DAY])
    return windows.future[0, :, 0], windows.delivery[0]


def test_at_eleven_the_official_load_forecast_of_tomorrow_is_there():
    seen, delivery = official_seen(LOAD, ELEVEN, hour=10)
    assert seen.tolist() == [13 * 24 + 11 + n + 0.5 for n in range(37)]
    assert delivery.sum() == 24


def test_at_eleven_the_official_wind_and_solar_forecast_of_tomorrow_is_not_there_but_todays_is():
    seen, delivery = official_seen(WIND_SOLAR, ELEVEN, hour=18)
    assert seen[~delivery].tolist() == [13 * 24 + 11 + n + 0.5 for n in range(13)]
    assert np.isnan(seen[delivery]).all()


def test_at_half_past_six_in_the_evening_it_is_there():
    seen, delivery = official_seen(WIND_SOLAR, EVENING, hour=18)
    assert seen[delivery].tolist() == [14 * 24 + n + 0.5 for n in range(24)]
    # From 18:00 on, so six hours of today.
    assert delivery.tolist() == [False] * 6 + [True] * 24


def test_covariates_stand_where_their_names_say():
    times = hours(pd.Timestamp("2025-01-06", tz="Europe/Berlin"), 40 * 24)
    past, ahead = Series("DE", "solar"), Series("DE", "temperature")
    observations = together(
        measured(LOAD, times, 1.0),
        day_ahead(LOAD.official, times, 2.0),
        day_ahead(ahead, times, 3.0),
        measured(past, times, 4.0),
    )
    spec = spec_of(use_official=True, past_covariates=(past,), future_covariates=(ahead,))
    windows = build_windows(observations, spec, [DAY])
    assert spec.past_names[:4] == ("DE/load", "DE/load_official", "DE/temperature", "DE/solar")
    assert spec.future_names[:2] == ("DE/load_official", "DE/temperature")
    assert windows.past[0, 0, :4].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert windows.future[0, 20, :2].tolist() == [2.0, 3.0]


# -- vintages -------------------------------------------------------------------------------------------------------


def test_a_context_holds_the_vintage_that_was_there_at_the_issue_time():
    observations = counting()

    def revision(value, revised, available_at):
        row = observations[observations["value"] == value]
        return Observations(row.assign(value=revised, available_at=pd.Timestamp(available_at), availability="recorded"))

    # The issue time is 10:00 UTC: the one revision is out at that very instant, the other a minute later.
    in_time, too_late = revision(320.0, 1320.0, "2025-01-19T10:00Z"), revision(319.0, 1319.0, "2025-01-19T10:01Z")
    windows = build_windows(together(observations, in_time, too_late), spec_of(), [DAY])
    assert windows.past[0, -4:-1, 0].tolist() == [319.0, 1320.0, 321.0]


def test_targets_may_be_read_as_of_an_instant():
    observations = counting()
    late = observations[observations["value"] == 340.0].assign(
        available_at=pd.Timestamp("2025-02-20T00:00Z"), value=9999.0, availability="recorded"
    )
    both = together(observations, Observations(late))
    place = 340 - 336
    newest = build_windows(both, spec_of(), [DAY])
    before = build_windows(both, spec_of(), [DAY], outturn_as_of=pd.Timestamp("2025-02-19T00:00Z"))
    # 03:00–04:00 of the 20th came out at 05:00 in Berlin.
    early = build_windows(both, spec_of(), [DAY], outturn_as_of=pd.Timestamp("2025-01-20T03:59Z"))
    delivered = newest.delivery[0]
    assert newest.target[0][delivered][place] == 9999.0
    assert before.target[0][delivered][place] == 340.0
    assert np.isnan(early.target[0][delivered]).tolist() == [n >= 3 for n in range(24)]


# -- poison the future ----------------------------------------------------------------------------------------------

_TIMES = hours("2025-03-14T23:00Z", 30 * 24)
_RNG = np.random.default_rng(11)
SOLAR, TEMPERATURE = Series("DE", "solar"), Series("DE", "temperature")
EVERYTHING = together(
    measured(LOAD, _TIMES, _RNG.normal(50, 5, len(_TIMES))),
    measured(LOAD, _TIMES[:400], _RNG.normal(50, 5, 400)).assign(
        available_at=lambda frame: frame["valid_time"] + pd.Timedelta(days=3), availability="recorded"
    ),
    day_ahead(LOAD.official, _TIMES, _RNG.normal(50, 5, len(_TIMES))),
    measured(SOLAR, _TIMES, _RNG.normal(9, 2, len(_TIMES))),
    day_ahead(TEMPERATURE, _TIMES, _RNG.normal(9, 2, len(_TIMES)), hour=0),
)
SPEC = spec_of(use_official=True, past_covariates=(SOLAR,), future_covariates=(TEMPERATURE,))
# Delivery days around the spring change, issued up to a day late or early, on no particular minute.
DAYS = st.integers(10, 27).map(lambda n: dt.date(2025, 3, 15) + dt.timedelta(days=n))
SHIFTS = st.integers(-24 * 60, 10 * 60)


def assert_same_inputs(one, other):
    assert one.past.tobytes() == other.past.tobytes()
    assert one.future.tobytes() == other.future.tobytes()
    assert one.data_hash(0) == other.data_hash(0)


@settings(max_examples=25, deadline=None)
@given(day=DAYS, shift=SHIFTS, garbage=st.sampled_from([-1e9, 0.0, 1e9, 7.7]))
def test_windows_do_not_see_the_future(day, shift, garbage):
    issued = ELEVEN.for_delivery(day) + pd.Timedelta(minutes=shift)
    clean = build_windows(EVERYTHING, SPEC, [day], issue_times=[issued])
    assert (~np.isnan(clean.past[..., :4])).any(axis=1).all(), "nothing was there to be seen"
    later = EVERYTHING["available_at"] > issued
    poisoned = Observations(EVERYTHING.assign(value=EVERYTHING["value"].where(~later, garbage)))
    assert_same_inputs(clean, build_windows(poisoned, SPEC, [day], issue_times=[issued]))
    dropped = Observations(EVERYTHING[~later].reset_index(drop=True))
    assert_same_inputs(clean, build_windows(dropped, SPEC, [day], issue_times=[issued]))


@settings(max_examples=15, deadline=None)
@given(day=DAYS, shift=SHIFTS, late=st.integers(1, 10**10))
def test_windows_do_not_see_later_revisions(day, shift, late):
    issued = ELEVEN.for_delivery(day) + pd.Timedelta(minutes=shift)
    clean = build_windows(EVERYTHING, SPEC, [day], issue_times=[issued])
    revisions = EVERYTHING.drop_duplicates(["quantity", "valid_time"]).assign(
        value=-4711.0, available_at=issued + pd.Timedelta(microseconds=late), availability="recorded"
    )
    revised = Observations(
        pd.concat([revisions, EVERYTHING]).drop_duplicates(["quantity", "valid_time", "available_at"], keep="last")
    )
    assert len(revised) > 1.9 * len(_TIMES) * 4
    assert_same_inputs(clean, build_windows(revised, SPEC, [day], issue_times=[issued]))


@settings(max_examples=10, deadline=None)
@given(days=st.lists(DAYS, min_size=2, max_size=5))
def test_training_windows_are_serving_windows(days):
    """Many days at once and each day alone read the same bits, whatever order the rows come in."""
    many = build_windows(EVERYTHING, SPEC, days)
    shuffled = Observations(EVERYTHING.sample(frac=1, random_state=3))
    for row, day in enumerate(days):
        alone = build_windows(shuffled, SPEC, [day])
        horizon = alone.target.shape[1]
        assert alone.past[0].tobytes() == many.past[row].tobytes()
        assert alone.future[0].tobytes() == many.future[row, :horizon].tobytes()
        np.testing.assert_array_equal(alone.target[0], many.target[row, :horizon])
        assert many.delivery[row].sum() == alone.delivery[0].sum()


def test_the_fingerprint_of_what_is_read_changes_with_a_single_value():
    issued = ELEVEN.for_delivery(DAY)
    observations = counting()
    clean = build_windows(observations, spec_of(), [DAY])
    seen = observations["value"] == 321.0
    assert observations.loc[seen, "available_at"].iloc[0] == issued
    changed = Observations(observations.assign(value=observations["value"].where(~seen, 321.5)))
    assert build_windows(changed, spec_of(), [DAY]).data_hash(0) != clean.data_hash(0)


def test_an_hour_of_another_grid_is_left_out():
    odd = rows(LOAD, pd.DatetimeIndex(["2025-01-18T12:20Z"]), [5.0], pd.Timestamp("2025-01-18T14:00Z"))
    clean, with_odd = (build_windows(each, spec_of(), [DAY]) for each in (counting(), together(counting(), odd)))
    assert_same_inputs(clean, with_odd)


def test_some_windows_may_be_chosen():
    windows = build_windows(counting(), spec_of(), [DAY, DAY + dt.timedelta(days=1), DAY + dt.timedelta(days=2)])
    chosen = windows.where(np.array([True, False, True]))
    assert len(chosen) == 2
    assert chosen.target[1].tobytes() == windows.target[2].tobytes()
    assert chosen.spec is windows.spec
