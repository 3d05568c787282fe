"""One market time unit for rows of several: repeated, averaged, and known no earlier than their parts."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders.rows import DE, LOAD, day_ahead, hours, judged, measured, rows, rulings_on, together
from hypothesis import given, settings
from hypothesis import strategies as st

from gridahead.core.errors import LakeError
from gridahead.core.grid import BiddingZone, Series
from gridahead.core.resolution import at_mtu, forecasts_at, mtu_of
from gridahead.core.tables import RULINGS, VERDICTS, Rulings, Verdicts
from gridahead.core.time import Deadline, Mtu
from gridahead.core.vintages import as_of, readable
from gridahead.features.calendar import DAY_FEATURES
from gridahead.features.windows import WindowSpec, build_windows

BERLIN, KOLKATA, KATHMANDU = "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu"
T0 = pd.Timestamp("2025-10-01T00:00Z")
LATER = pd.Timestamp("2025-11-01T00:00Z")
MINUTE = pd.Timedelta(minutes=1)


def read(observations, instant=LATER):
    """Value by valid time, as read at an instant."""
    return as_of(observations, instant).set_index("valid_time")["value"]


def hourly(start, values):
    return measured(LOAD, hours(start, len(values)), values)


def quarters(start, values):
    return measured(LOAD, hours(start, len(values), Mtu.PT15M), values, mtu=Mtu.PT15M)


TWO_HOURS_THEN_QUARTERS = together(hourly(T0, [10.0, 20.0]), quarters("2025-10-01T02:00Z", [1.0, 2.0, 3.0, 6.0]))


def test_rows_of_one_unit_are_handed_through_untouched():
    observations = hourly(T0, [1.0, 2.0])
    assert at_mtu(observations, Mtu.PT60M, BERLIN) is observations


def test_an_hour_is_repeated_in_its_quarters_and_quarters_are_averaged_to_an_hour():
    fine = read(at_mtu(TWO_HOURS_THEN_QUARTERS, Mtu.PT15M, BERLIN))
    assert fine.tolist() == [10.0] * 4 + [20.0] * 4 + [1.0, 2.0, 3.0, 6.0]
    assert fine.index.equals(hours(T0, 12, Mtu.PT15M).rename("valid_time"))
    coarse = read(at_mtu(TWO_HOURS_THEN_QUARTERS, Mtu.PT60M, BERLIN))
    assert coarse.tolist() == [10.0, 20.0, 3.0]


def test_half_hours_are_made_of_both():
    halves = read(at_mtu(TWO_HOURS_THEN_QUARTERS, Mtu.PT30M, BERLIN))
    assert halves.tolist() == [10.0, 10.0, 20.0, 20.0, 1.5, 4.5]


def test_an_hour_of_which_a_quarter_is_missing_has_no_mean():
    three = quarters(T0, [1.0, 2.0, 3.0])
    assert read(at_mtu(three, Mtu.PT60M, BERLIN)).empty


def test_a_mean_is_known_when_its_last_quarter_is():
    made = at_mtu(quarters(T0, [1.0, 2.0, 3.0, 6.0]), Mtu.PT60M, BERLIN)
    # The last quarter ends at 01:00 and appears an hour later.
    assert read(made, T0 + 119 * MINUTE).empty
    assert read(made, T0 + 120 * MINUTE).tolist() == [3.0]


def test_a_revised_quarter_revises_the_mean_from_then_on():
    revision = rows(LOAD, hours(T0, 1, Mtu.PT15M), [5.0], T0 + 180 * MINUTE, mtu=Mtu.PT15M, availability="recorded")
    made = at_mtu(together(quarters(T0, [1.0, 2.0, 3.0, 6.0]), revision), Mtu.PT60M, BERLIN)
    assert read(made, T0 + 179 * MINUTE).tolist() == [3.0]
    assert read(made, T0 + 180 * MINUTE).tolist() == [4.0]


def test_a_quarter_that_is_withheld_takes_its_hour_along_and_gives_it_back_when_released():
    observations = quarters(T0, [1.0, 2.0, 3.0, 6.0])
    wrong = observations.iloc[[1]]
    verdicts = Verdicts(judged(wrong, known_at="2025-10-01T04:00Z"))
    rulings = Rulings(rulings_on(wrong, "release", "2025-10-01T05:00Z"))
    made = at_mtu(readable(observations, verdicts, rulings), Mtu.PT60M, BERLIN)
    told = {minutes: read(made, T0 + minutes * MINUTE).tolist() for minutes in (130, 239, 240, 299, 300)}
    assert told == {130: [3.0], 239: [3.0], 240: [], 299: [], 300: [3.0]}


def test_a_flag_on_one_quarter_is_one_on_its_hour():
    observations = quarters(T0, [1.0, 2.0, 3.0, 6.0])
    verdicts = Verdicts(judged(observations.iloc[[2]], "ramp", "flag", "2025-10-01T00:00Z"))
    flagged = readable(observations, verdicts, Rulings(RULINGS.empty()), flags=True)
    assert at_mtu(flagged, Mtu.PT60M, BERLIN)["flags"].iloc[-1] == "ramp"
    untold = readable(observations, Verdicts(VERDICTS.empty()), Rulings(RULINGS.empty()), flags=True)
    assert at_mtu(untold, Mtu.PT60M, BERLIN)["flags"].tolist() == [""]


def test_a_row_of_the_wanted_length_counts_before_what_is_made_of_another():
    both = together(hourly(T0, [10.0, 20.0]), quarters("2025-10-01T01:00Z", [1.0, 2.0, 3.0, 6.0]))
    assert read(at_mtu(both, Mtu.PT15M, BERLIN)).tolist() == [10.0] * 4 + [1.0, 2.0, 3.0, 6.0]
    assert read(at_mtu(both, Mtu.PT60M, BERLIN)).tolist() == [10.0, 20.0]


def test_until_it_is_known_what_was_made_of_the_other_length_is_read():
    late = rows(LOAD, hours(T0, 1, Mtu.PT15M), [7.0], T0 + 300 * MINUTE, mtu=Mtu.PT15M, availability="recorded")
    made = at_mtu(together(hourly(T0, [10.0]), late), Mtu.PT15M, BERLIN)
    assert read(made, T0 + 299 * MINUTE).tolist() == [10.0] * 4
    assert read(made, T0 + 300 * MINUTE).tolist() == [7.0, 10.0, 10.0, 10.0]


def test_hours_on_utc_are_cut_by_the_midnights_of_a_zone_that_is_half_an_hour_off():
    utc = hourly(T0, [10.0, 20.0])
    assert mtu_of(utc, LOAD, KOLKATA) is Mtu.PT30M
    assert read(at_mtu(utc, Mtu.PT30M, KOLKATA)).tolist() == [10.0, 10.0, 20.0, 20.0]
    # Whole local hours are made of the halves of two.
    local = read(at_mtu(utc, Mtu.PT60M, KOLKATA))
    assert local.to_dict() == {T0 + 30 * MINUTE: 15.0}


@pytest.mark.parametrize(
    ("timezone", "minute", "expected"),
    [
        (BERLIN, 0, Mtu.PT60M),
        (KOLKATA, 30, Mtu.PT60M),
        (KATHMANDU, 15, Mtu.PT60M),
        (KATHMANDU, 0, Mtu.PT15M),
        ("Australia/Lord_Howe", 0, Mtu.PT30M),
        ("Australia/Adelaide", 30, Mtu.PT60M),
    ],
)
def test_the_longest_unit_is_read_that_the_midnights_of_the_zone_do_not_cut(timezone, minute, expected):
    assert mtu_of(hourly(T0 + minute * MINUTE, [1.0, 2.0]), LOAD, timezone) is expected


def test_the_newest_value_says_at_which_unit_a_series_is_read():
    assert mtu_of(TWO_HOURS_THEN_QUARTERS, LOAD, BERLIN) is Mtu.PT15M
    back = together(quarters(T0, [1.0] * 4), hourly("2025-10-01T01:00Z", [2.0]))
    assert mtu_of(back, LOAD, BERLIN) is Mtu.PT60M


def test_a_series_without_rows_has_no_unit():
    with pytest.raises(LakeError, match=r"the lake has no DE/solar; `gridahead status` lists what it has"):
        mtu_of(TWO_HOURS_THEN_QUARTERS, Series("DE", "solar"), BERLIN)


def spec_of(mtu, zone=DE, **more):
    return WindowSpec(LOAD, zone, mtu, Deadline.parse(f"D-1T1100[{zone.timezone}]"), context_days=8, **more)


@pytest.mark.parametrize("mtu", [Mtu.PT15M, Mtu.PT60M])
def test_windows_across_a_change_are_those_of_a_series_that_had_the_unit_all_along(mtu):
    midnight = pd.Timestamp("2025-09-15", tz=BERLIN)
    change = pd.Timestamp("2025-10-01T00:00Z")
    times = hours(midnight, 25 * 24)
    values = np.arange(len(times), dtype=float)
    fine = pd.DatetimeIndex([time + n * 15 * MINUTE for time in times for n in range(4)])
    known = fine[-1] + pd.Timedelta(days=1)  # each hour at once, so that only the values can differ

    def told(at, numbers, unit):
        return rows(LOAD, at, numbers, at.floor("h") + pd.Timedelta(hours=2), mtu=unit)

    before, after = times < change, fine >= change
    mixed = together(
        told(times[before], values[before], Mtu.PT60M), told(fine[after], np.repeat(values, 4)[after], Mtu.PT15M)
    )
    whole = told(fine, np.repeat(values, 4), mtu) if mtu is Mtu.PT15M else told(times, values, mtu)
    days = [dt.date(2025, 9, 28), dt.date(2025, 10, 1), dt.date(2025, 10, 5)]
    ours, theirs = (build_windows(one, spec_of(mtu), days, outturn_as_of=known) for one in (mixed, whole))
    np.testing.assert_array_equal(ours.past, theirs.past)
    np.testing.assert_array_equal(ours.target, theirs.target)
    assert not np.isnan(ours.target[ours.delivery]).any()


def test_an_hourly_official_forecast_is_read_beside_quarter_hours_and_the_other_way_round():
    midnight = pd.Timestamp("2025-09-15", tz=BERLIN)
    load = quarters(midnight, np.arange(20 * 96.0))
    official = day_ahead(LOAD.official, hours(midnight, 20 * 24), np.arange(20 * 24.0))
    day = [dt.date(2025, 9, 30)]
    windows = build_windows(together(load, official), spec_of(Mtu.PT15M, use_official=True), day)
    assert windows.future[0, windows.delivery[0], 0].tolist() == [15.0 * 24 + n // 4 for n in range(96)]
    load = hourly(midnight, np.arange(20 * 24.0))
    official = day_ahead(LOAD.official, hours(midnight, 20 * 96, Mtu.PT15M), np.arange(20 * 96.0), mtu=Mtu.PT15M)
    windows = build_windows(together(load, official), spec_of(Mtu.PT60M, use_official=True), day)
    assert windows.future[0, windows.delivery[0], 0].tolist() == [15.0 * 96 + 4 * n + 1.5 for n in range(24)]


def test_windows_of_hours_on_utc_in_a_half_hour_zone_hold_every_half_hour():
    india = BiddingZone("DE", KOLKATA, "IN")
    observations = hourly("2025-09-10T00:00Z", np.arange(25 * 24.0))
    windows = build_windows(observations, spec_of(Mtu.PT30M, india, use_official=False), [dt.date(2025, 9, 25)])
    day = windows.target[0][windows.delivery[0]]
    # The 25th begins at 18:30 UTC of the 24th: the second half of hour 14 × 24 + 18.
    assert day.tolist() == [14 * 24 + 18 + (n + 1) // 2 for n in range(48)]
    assert windows.past.shape == (1, 8 * 48, 1 + len(DAY_FEATURES))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_is_made_for_an_instant_reads_nothing_that_came_later(data):
    values = data.draw(st.lists(st.floats(-1e3, 1e3), min_size=8, max_size=8))
    observations = quarters(T0, values)
    late = data.draw(st.lists(st.integers(0, 7), unique=True))
    for n in late:
        at = observations["available_at"].iloc[n] + data.draw(st.integers(1, 300)) * MINUTE
        time = pd.DatetimeIndex([observations["valid_time"].iloc[n]])
        revised = rows(LOAD, time, [data.draw(st.floats(-1e3, 1e3))], at, mtu=Mtu.PT15M, availability="recorded")
        observations = together(observations, revised)
    instant = T0 + data.draw(st.integers(0, 600)) * MINUTE
    poisoned = observations.assign(value=observations["value"].where(observations["available_at"] <= instant, 1e6))
    told, expected = (read(at_mtu(one, Mtu.PT60M, BERLIN), instant) for one in (poisoned, observations))
    pd.testing.assert_series_equal(told, expected)
    newest = as_of(observations, instant)
    by_hour = newest.groupby(newest["valid_time"].dt.floor("h"))["value"].agg(["mean", "size"])
    pd.testing.assert_series_equal(
        told, by_hour.loc[by_hour["size"] == 4, "mean"].rename("value"), check_index_type=False
    )


def forecasts(start, values, mtu, issue_time="2025-09-30T09:00Z"):
    return pd.DataFrame({"valid_time": hours(start, len(values), mtu), "value_mw": values}).assign(
        run="live",
        zone="DE",
        quantity="load",
        model="gru",
        issue_time=pd.Timestamp(issue_time),
        quantile=0.5,
        mtu=str(mtu),
        model_version="1",
        rung="full",
        data_hash="0",
        made_at=pd.Timestamp(issue_time),
    )


def test_forecasts_of_both_units_are_brought_to_one():
    both = pd.concat([forecasts(T0, [8.0], Mtu.PT60M), forecasts("2025-10-01T01:00Z", [1.0, 2, 3, 6], Mtu.PT15M)])
    fine = forecasts_at(both, Mtu.PT15M, BERLIN).sort_values("valid_time")
    assert fine["value_mw"].tolist() == [8.0] * 4 + [1.0, 2.0, 3.0, 6.0]
    assert set(fine["mtu"]) == {"PT15M"}
    coarse = forecasts_at(both, Mtu.PT60M, BERLIN)
    assert coarse["value_mw"].tolist() == [8.0, 3.0]
    assert coarse["valid_time"].tolist() == [T0, T0 + 60 * MINUTE]


def test_what_was_forecast_before_adaptation_is_brought_along():
    quarters = forecasts(T0, [1.0, 2, 3, 6], Mtu.PT15M).assign(unadapted_mw=[2.0, 4.0, 6.0, 12.0])
    coarse = forecasts_at(quarters, Mtu.PT60M, BERLIN)
    assert coarse[["value_mw", "unadapted_mw"]].to_numpy().tolist() == [[3.0, 6.0]]
    assert forecasts_at(coarse, Mtu.PT15M, BERLIN)["unadapted_mw"].tolist() == [6.0] * 4


def test_an_hour_of_which_a_quarter_was_not_forecast_is_none():
    three = forecasts(T0, [1.0, 2.0, 3.0], Mtu.PT15M)
    assert forecasts_at(three, Mtu.PT60M, BERLIN).empty


def test_a_spec_keeps_its_own_unit_whatever_the_lake_has_now():
    hourly_spec = spec_of(Mtu.PT60M)
    observations = quarters(pd.Timestamp("2025-09-15", tz=BERLIN), np.arange(20 * 96.0))
    windows = build_windows(observations, replace(hourly_spec), [dt.date(2025, 9, 30)])
    assert windows.target[0][windows.delivery[0]][0] == 15 * 96 + 1.5
