"""Two clocks: what was known when, and what a delivery adds."""

import numpy as np
import pandas as pd
import pytest
from builders.rows import LOAD, WIND_SOLAR, hours, judged, measured, rows, rulings_on, together
from hypothesis import given, settings
from hypothesis import strategies as st

from gridahead.core.grid import Series
from gridahead.core.resolution import at_mtu
from gridahead.core.tables import JUDGED, OBSERVATIONS, RULINGS, VERDICTS, Observations
from gridahead.core.time import Mtu, TimeRange
from gridahead.core.vintages import (
    FOREVER,
    READ_UNTIL,
    Vintages,
    accepted,
    as_of,
    frozen,
    identities,
    micros,
    readable,
    ruled,
    unseen,
)

HOUR = pd.Timedelta(hours=1)
NO_ROWS = Observations(OBSERVATIONS.empty())
T0, T1 = pd.Timestamp("2025-01-01T00:00Z"), pd.Timestamp("2025-01-01T01:00Z")


def at(text):
    return pd.Timestamp(f"2025-01-{text}Z")


def vintage(valid_time, value, available_at, availability="assumed"):
    return rows(LOAD, pd.DatetimeIndex([valid_time]), [value], available_at, availability=availability)


THREE = together(
    vintage(T0, 10.0, at("01T02:00")),
    vintage(T0, 11.0, at("03T09:00"), "recorded"),
    vintage(T1, 20.0, at("01T03:00")),
)


@pytest.mark.parametrize(
    ("instant", "known"),
    [
        ("01T01:59", {}),
        ("01T02:00", {T0: 10.0}),
        ("01T03:00", {T0: 10.0, T1: 20.0}),
        ("03T08:59", {T0: 10.0, T1: 20.0}),
        ("03T09:00", {T0: 11.0, T1: 20.0}),
    ],
)
def test_as_of_gives_the_newest_vintage_that_was_there(instant, known):
    found = as_of(THREE, at(instant))
    assert dict(zip(found["valid_time"], found["value"], strict=True)) == known


def test_as_of_does_not_depend_on_the_order_of_the_rows():
    backwards = THREE.iloc[::-1]
    pd.testing.assert_frame_equal(as_of(backwards, at("09T00:00")), as_of(THREE, at("09T00:00")))


def test_as_of_keeps_series_apart():
    wind = THREE.assign(quantity="wind", value=THREE["value"] + 100)
    found = as_of(together(THREE, wind), at("09T00:00"))
    assert found[["quantity", "value"]].to_numpy().tolist() == [
        ["load", 11.0],
        ["load", 20.0],
        ["wind", 111.0],
        ["wind", 120.0],
    ]


# -- what a delivery adds -------------------------------------------------------------------------------------------

SEEN_AT = at("05T12:00")


def test_into_an_empty_lake_everything_is_new_and_keeps_its_own_clock():
    arrived = together(vintage(T0, 10.0, at("01T02:00")), vintage(T1, 20.0, at("01T03:00")))
    new = unseen(arrived, NO_ROWS, SEEN_AT)
    pd.testing.assert_frame_equal(new, arrived)


def test_an_equal_value_adds_nothing():
    arrived = vintage(T0, 10.0, at("01T02:00"))
    assert unseen(arrived, arrived, SEEN_AT).empty


def test_a_changed_value_is_a_revision_recorded_when_we_saw_it():
    held = vintage(T0, 10.0, at("01T02:00"))
    new = unseen(vintage(T0, 10.5, at("01T02:00")), held, SEEN_AT)
    assert new[["value", "availability"]].to_numpy().tolist() == [[10.5, "recorded"]]
    assert new["available_at"].tolist() == [SEEN_AT]
    known = together(held, new)
    assert as_of(known, at("05T11:59"))["value"].tolist() == [10.0]
    assert as_of(known, SEEN_AT)["value"].tolist() == [10.5]


def test_only_what_changed_is_added():
    held = together(vintage(T0, 10.0, at("01T02:00")), vintage(T1, 20.0, at("01T03:00")))
    arrived = together(vintage(T0, 10.0, at("01T02:00")), vintage(T1, 21.0, at("01T03:00")))
    new = unseen(arrived, held, SEEN_AT)
    assert new[["valid_time", "value"]].to_numpy().tolist() == [[T1, 21.0]]


def test_a_revision_taken_back_is_a_third_vintage():
    held = together(vintage(T0, 10.0, at("01T02:00")), vintage(T0, 11.0, at("03T09:00"), "recorded"))
    new = unseen(vintage(T0, 10.0, at("01T02:00")), held, SEEN_AT)
    assert new[["value", "available_at"]].to_numpy().tolist() == [[10.0, SEEN_AT]]


def test_recorded_vintages_are_kept_with_the_clock_of_the_source():
    held = vintage(T0, 10.0, at("01T02:00"))
    told = vintage(T0, 12.0, at("04T07:00"), "recorded")
    new = unseen(told, held, SEEN_AT)
    pd.testing.assert_frame_equal(new, told)
    assert unseen(told, together(held, told), SEEN_AT).empty


def test_an_official_forecast_that_changes_before_it_counts_as_known_is_not_lost():
    # Assumed for 10:00, already downloaded at 09:00, and again at 09:30 with another value.
    valid_time, assumed = at("02T12:00"), at("01T10:00")
    held = vintage(valid_time, 10.0, assumed)
    arrived = vintage(valid_time, 10.5, assumed)
    known = together(held, unseen(arrived, held, at("01T09:30")))
    assert as_of(known, at("01T11:00"))["value"].tolist() == [10.5]
    assert unseen(arrived, known, at("01T09:45")).empty


def test_a_first_value_that_its_source_dates_by_when_it_came_was_seen():
    """And once held, the same value in a later answer says nothing new."""
    arrived = together(vintage(T0, 10.0, SEEN_AT), vintage(T1, 20.0, at("01T03:00")))
    new = unseen(arrived, NO_ROWS, SEEN_AT)
    assert list(new["availability"]) == ["recorded", "assumed"]
    assert list(new["available_at"]) == [SEEN_AT, at("01T03:00")]
    assert unseen(vintage(T0, 10.0, SEEN_AT + pd.Timedelta(hours=1)), new, SEEN_AT + pd.Timedelta(hours=1)).empty


def test_what_was_to_be_there_and_is_only_now_came_when_we_saw_it():
    """Followed since 1 January 02:00; three values come on the 5th, one of them of before."""
    arrived = together(
        vintage(T0 - HOUR, 9.0, at("01T01:00")),
        vintage(T0, 10.0, at("01T02:00")),
        vintage(T1, 20.0, at("01T03:00")),
        vintage(at("05T12:00"), 30.0, at("05T14:00")),
    )
    new = unseen(arrived, NO_ROWS, SEEN_AT, {LOAD: at("01T02:00")})
    assert new["availability"].tolist() == ["assumed", "assumed", "recorded", "assumed"]
    assert new["available_at"].tolist() == [at("01T01:00"), at("01T02:00"), SEEN_AT, at("05T14:00")]
    assert unseen(arrived, new, SEEN_AT + HOUR, {LOAD: at("01T02:00")}).empty
    assert unseen(arrived, NO_ROWS, SEEN_AT, {WIND_SOLAR: at("01T02:00")}).equals(arrived)
    assert unseen(arrived.iloc[:0], NO_ROWS, SEEN_AT, {LOAD: at("01T02:00")}).empty


@settings(max_examples=25, deadline=None)
@given(
    before=st.lists(st.sampled_from([1.0, 2.0, 3.0]), min_size=4, max_size=4),
    after=st.lists(st.sampled_from([1.0, 2.0, 3.0]), min_size=4, max_size=4),
)
def test_the_same_delivery_twice_adds_nothing_and_the_newest_vintage_is_what_came_last(before, after):
    times = hours("2025-01-01T00:00Z", 4)
    held = measured(LOAD, times, before)
    arrived = measured(LOAD, times, after)
    new = unseen(arrived, held, SEEN_AT)
    assert len(new) == sum(a != b for a, b in zip(before, after, strict=True))
    known = together(held, new) if len(new) else held
    assert unseen(arrived, known, SEEN_AT + pd.Timedelta(hours=1)).empty
    assert as_of(known, at("30T00:00"))["value"].tolist() == after


# -- the gate's verdicts --------------------------------------------------------------------------------------------


NOTHING = (VERDICTS.empty(), RULINGS.empty())


def test_a_quarantined_vintage_is_left_out_and_its_other_vintages_stay():
    assert accepted(THREE, judged(THREE.iloc[[1]]), RULINGS.empty())["value"].tolist() == [10.0, 20.0]
    pd.testing.assert_frame_equal(accepted(THREE, *NOTHING), THREE)


def test_what_is_only_flagged_is_read():
    assert len(accepted(THREE, judged(THREE, severity="flag"), RULINGS.empty())) == 3


def test_a_released_row_is_read_again_and_a_rejected_one_never_the_newest_ruling_counts():
    verdicts = judged(THREE)
    release, reject = rulings_on(THREE.iloc[[1]], "release"), rulings_on(THREE.iloc[[1]], "reject", "2025-02-03T00:00Z")
    assert accepted(THREE, verdicts, release)["value"].tolist() == [11.0]
    both = pd.concat([reject, release])
    assert accepted(THREE, verdicts, both).empty
    assert accepted(THREE, VERDICTS.empty(), reject)["value"].tolist() == [10.0, 20.0]


def test_what_can_be_read_is_as_its_table_declares():
    verdicts = judged(THREE.iloc[[0]], "ramp", "flag")
    for found in (readable(THREE, verdicts, RULINGS.empty(), flags=flags) for flags in (False, True)):
        pd.testing.assert_frame_equal(JUDGED.check(found), found)
        assert set(found["flags"]) == ({"", "ramp"} if found["flags"].any() else {""})
    pd.testing.assert_frame_equal(readable(NO_ROWS, *NOTHING), JUDGED.empty())


def test_flags_travel_on_the_rows_until_a_person_says_that_they_are_right():
    def flags(verdicts, rulings):
        found = readable(THREE, verdicts, rulings, flags=True)
        return found[found[READ_UNTIL] == FOREVER]["flags"].tolist()

    verdicts = pd.concat([judged(THREE.iloc[:2], "ramp", "flag"), judged(THREE.iloc[[1]], "flat", "flag")])
    assert flags(verdicts, RULINGS.empty()) == ["ramp", "flat,ramp", ""]
    assert flags(verdicts, rulings_on(THREE.iloc[[0]], "release")) == ["", "flat,ramp", ""]
    assert flags(*NOTHING) == ["", "", ""]


# -- what was said of a row, and when -------------------------------------------------------------------------------


def read_at(text, verdicts, rulings=None):
    """What was read of the first hour at an instant: from the frame and from the grid, which say the same."""
    found = readable(THREE, verdicts, RULINGS.empty() if rulings is None else rulings)
    known = as_of(found, at(text)).set_index("valid_time")["value"].get(T0, np.nan)
    grid = Vintages.of(found, TimeRange(T0, at("01T03:00")), Mtu.PT60M)
    (on_grid,) = grid.as_of(micros(pd.DatetimeIndex([at(text)])), micros(pd.DatetimeIndex([T0]))[None])
    np.testing.assert_array_equal(on_grid, [known])
    return known


def test_a_verdict_hides_a_row_from_no_issue_time_before_it_was_known():
    verdicts = judged(THREE.iloc[[1]], known_at="2025-01-06T00:00Z")  # the revision of 3 January, doubted on the 6th
    said = {"02T00:00": 10.0, "03T09:00": 11.0, "05T23:59": 11.0, "06T00:00": 10.0, "30T00:00": 10.0}
    assert {text: read_at(text, verdicts) for text in said} == said


def test_where_no_older_vintage_is_there_nothing_is_read_any_more():
    verdicts = judged(THREE.iloc[:2], known_at="2025-01-06T00:00Z")
    assert read_at("05T23:59", verdicts) == 11.0 and np.isnan(read_at("06T00:00", verdicts))


def test_a_row_is_released_and_rejected_for_issue_times_from_the_ruling_on():
    verdicts = judged(THREE.iloc[[1]], known_at="2025-01-03T09:00Z")
    rulings = pd.concat(
        [
            rulings_on(THREE.iloc[[1]], "release", "2025-01-08T00:00Z"),
            rulings_on(THREE.iloc[[1]], "reject", "2025-01-10T00:00Z"),
        ]
    )
    said = {"03T09:00": 10.0, "07T23:59": 10.0, "08T00:00": 11.0, "09T23:59": 11.0, "10T00:00": 10.0}
    assert {text: read_at(text, verdicts, rulings) for text in said} == said


def test_a_ruling_stands_above_later_verdicts():
    release = rulings_on(THREE.iloc[[1]], "release", "2025-01-04T00:00Z")
    assert read_at("20T00:00", judged(THREE.iloc[[1]], known_at="2025-01-06T00:00Z"), release) == 11.0


def test_a_flag_is_on_a_row_from_when_it_was_known_and_splits_no_vintage_of_the_grid():
    verdicts = judged(THREE.iloc[[0, 2]], "ramp", "flag", known_at="2025-01-06T00:00Z")
    found = readable(THREE, verdicts, RULINGS.empty(), flags=True)
    assert as_of(found, at("02T00:00"))["flags"].tolist() == ["", ""]
    assert as_of(found, at("06T00:00"))["flags"].tolist() == ["", "ramp"]  # the revision of the first hour has none
    assert Vintages.of(found, TimeRange(T0, at("01T03:00")), Mtu.PT60M).value.shape == (3, 2)


def test_what_was_read_at_an_instant_can_be_read_ever_after():
    verdicts = judged(THREE.iloc[[1]], known_at="2025-01-06T00:00Z")
    then = frozen(readable(THREE, verdicts, RULINGS.empty()), at("05T00:00"))
    assert as_of(then, at("20T00:00"))["value"].tolist() == [11.0, 20.0]
    assert frozen(THREE, at("02T00:00"))["value"].tolist() == [10.0, 20.0]


def test_nothing_can_be_said_of_no_rows():
    for flags in (False, True):
        found = readable(NO_ROWS, *NOTHING, flags=flags)
        assert found.empty and as_of(found, at("20T00:00")).empty and frozen(found, at("20T00:00")).empty
        Vintages.of(found, TimeRange(T0, at("01T03:00")), Mtu.PT60M)


SAID = st.tuples(
    st.integers(0, 5), st.sampled_from(["quarantine", "flag", "release", "reject"]), st.integers(0, 30)
)  # which row, what, in which hour


def told(drawn, held):
    """Verdicts and rulings on rows of a frame."""
    verdicts, rulings = [VERDICTS.empty()], [RULINGS.empty()]
    for row, what, hour in drawn:
        instant, one = str(T0 + hour * HOUR), held.iloc[[row % len(held)]]
        if what in ("release", "reject"):
            rulings.append(rulings_on(one, what, instant))
        else:
            verdicts.append(judged(one, "ramp", what, known_at=instant))
    return (
        VERDICTS.check(pd.concat(verdicts).drop_duplicates(VERDICTS.key)),
        RULINGS.check(pd.concat(rulings).drop_duplicates(RULINGS.key)),
    )


TWO_ZONES = together(
    rows(LOAD, hours(str(T0), 3).repeat(2), range(6), pd.DatetimeIndex([T0 + n * HOUR for n in (2, 9, 3, 4, 5, 20)])),
    rows(LOAD, hours(str(T0), 3), range(6, 9), T0 + 4 * HOUR).assign(zone="FR"),
)


@settings(max_examples=60, deadline=None)
@given(drawn=st.lists(SAID, max_size=12), hour=st.integers(0, 31), poison=st.lists(SAID, max_size=12))
def test_what_is_read_at_an_instant_is_what_was_known_then_whatever_comes_later(drawn, hour, poison):
    instant = T0 + hour * HOUR
    verdicts, rulings = told(drawn, TWO_ZONES)
    found = as_of(readable(TWO_ZONES, verdicts, rulings, flags=True), instant)
    # The same from the definition: take away what was not known, then what was condemned.
    known = TWO_ZONES[TWO_ZONES["available_at"] <= instant]
    said, known_rulings = verdicts[verdicts["known_at"] <= instant], rulings[rulings["decided_at"] <= instant]
    released, rejected = (identities(known).isin(ruled(known_rulings, one)) for one in ("release", "reject"))
    condemned, flagged = (
        identities(known).isin(identities(said[said["severity"] == one])) & ~released for one in ("quarantine", "flag")
    )
    expected = as_of(known.assign(flags=np.where(flagged, "ramp", ""))[~condemned & ~rejected], instant)
    columns = ["zone", "valid_time", "available_at", "value", "flags"]
    pd.testing.assert_frame_equal(found[columns], expected[columns], check_dtype=False)
    # Poison the future.
    later = TWO_ZONES.assign(
        value=TWO_ZONES["value"].where(TWO_ZONES["available_at"] <= instant, -1e9),
    )
    more, later_rulings = told([(row, what, hour + 1 + at) for row, what, at in poison], TWO_ZONES)
    more = VERDICTS.check(pd.concat([verdicts, more]).drop_duplicates(VERDICTS.key))
    rulings = RULINGS.check(pd.concat([rulings, later_rulings]).drop_duplicates(RULINGS.key))
    again = as_of(readable(later, more, rulings, flags=True), instant)
    pd.testing.assert_frame_equal(again[columns], found[columns])


# -- many issue times at once ---------------------------------------------------------------------------------------


def test_vintages_lie_on_a_grid_sorted_by_availability():
    grid = Vintages.of(THREE.iloc[::-1], TimeRange(T0, at("01T03:00")), Mtu.PT60M)
    np.testing.assert_array_equal(grid.value, [[10.0, 11.0], [20.0, np.nan], [np.nan, np.nan]])
    assert grid.read_from[1, 1] == np.iinfo(np.int64).max


def test_what_is_off_the_grid_or_outside_the_window_is_not_known():
    off = together(THREE, vintage(at("01T00:30"), 99.0, at("01T02:00")), vintage(at("02T00:00"), 98.0, at("02T02:00")))
    grid = Vintages.of(off, TimeRange(T0, at("01T03:00")), Mtu.PT60M)
    asked = micros(pd.DatetimeIndex([at("01T00:00"), at("01T00:30"), at("02T00:00"), T0 - pd.Timedelta(hours=1)]))
    found = grid.as_of(micros(pd.DatetimeIndex([at("20T00:00")])), asked[None])
    np.testing.assert_array_equal(found, [[11.0, np.nan, np.nan, np.nan]])


def test_vintages_of_no_rows_know_nothing():
    grid = Vintages.of(OBSERVATIONS.empty(), TimeRange(T0, at("01T03:00")), Mtu.PT60M)
    assert np.isnan(grid.as_of(micros(pd.DatetimeIndex([T1])), micros(pd.DatetimeIndex([T0]))[None])).all()


VINTAGE = st.tuples(st.integers(0, 11), st.integers(0, 40), st.floats(-1e5, 1e5, allow_subnormal=False))


@settings(max_examples=50, deadline=None)
@given(
    drawn=st.lists(VINTAGE, min_size=1, max_size=40, unique_by=lambda one: one[:2]),
    issued=st.lists(st.integers(-1, 41), min_size=1, max_size=5),
    mtu=st.sampled_from(list(Mtu)),
)
def test_the_grid_and_the_frame_answer_the_same(drawn, issued, mtu):
    step, time_range = mtu.delta, TimeRange(T0, T0 + 12 * mtu.delta)
    valid, lag, value = (list(part) for part in zip(*drawn, strict=True))
    frame = rows(
        LOAD,
        pd.DatetimeIndex([T0 + n * step for n in valid]),
        value,
        pd.DatetimeIndex([T0 + n * step for n in lag]),
        mtu=mtu,
    )
    issue_times = pd.DatetimeIndex([T0 + n * step for n in issued])
    times = time_range.times(mtu)
    asked = np.tile(micros(times), (len(issued), 1))
    found = Vintages.of(frame, time_range, mtu).as_of(micros(issue_times), asked)
    for answer, issue_time in zip(found, issue_times, strict=True):
        expected = as_of(frame, issue_time).set_index("valid_time")["value"].reindex(times)
        np.testing.assert_array_equal(answer, expected.to_numpy())


def test_an_hour_and_its_quarters_revise_nothing_of_each_other():
    hour = measured(LOAD, hours(T0, 1), [10.0])
    quarters = measured(LOAD, hours(T0, 4, Mtu.PT15M), [10.0, 11.0, 12.0, 13.0], mtu=Mtu.PT15M)
    for arrived, known in ((quarters, hour), (hour, quarters)):
        told = unseen(arrived, known, at("05T00:00"))
        pd.testing.assert_frame_equal(told, arrived)


def test_an_hour_and_a_quarter_that_are_known_from_the_same_instant_are_two_rows():
    hour = rows(LOAD, hours(T0, 1), [10.0], at("01T00:00"))
    quarter = rows(LOAD, hours(T0, 1, Mtu.PT15M), [11.0], at("01T00:00"), mtu=Mtu.PT15M)
    told = unseen(quarter, hour, at("05T00:00"))
    assert told["available_at"].tolist() == [at("01T00:00") + pd.Timedelta(microseconds=1)]
    assert unseen(quarter, together(hour, told), at("06T00:00")).empty


# -- withdrawals ----------------------------------------------------------------------------------------------------

GONE = vintage(T0, np.nan, at("04T08:00"), "recorded")
BACK = vintage(T0, 12.0, at("06T08:00"), "recorded")


@pytest.mark.parametrize(
    ("instant", "known"),
    [
        ("02T00:00", {T0: 10.0, T1: 20.0}),
        ("03T09:00", {T0: 11.0, T1: 20.0}),
        ("04T08:00", {T1: 20.0}),
        ("06T08:00", {T0: 12.0, T1: 20.0}),
    ],
)
def test_a_withdrawn_value_is_known_until_it_was_withdrawn_and_once_it_is_back(instant, known):
    every = together(THREE, GONE, BACK)
    nothing = VERDICTS.empty(), RULINGS.empty()
    for rows_read in (every, readable(every, *nothing), readable(every, *nothing, flags=True)):
        found = as_of(rows_read, at(instant))
        assert dict(zip(found["valid_time"], found["value"], strict=True)) == known
        grid = Vintages.of(rows_read, TimeRange(T0, T1 + HOUR), Mtu.PT60M)
        (on_grid,) = grid.as_of(micros(pd.DatetimeIndex([at(instant)])), micros(pd.DatetimeIndex([T0, T1]))[None])
        np.testing.assert_array_equal(on_grid, [known.get(T0, np.nan), known[T1]])


@pytest.mark.parametrize(
    ("gone", "mtu", "known"), [("PT15M", Mtu.PT60M, 10.0), ("PT15M", Mtu.PT15M, np.nan), ("PT60M", Mtu.PT15M, 40.0)]
)
def test_a_withdrawal_ends_the_row_of_its_own_length_alone(gone, mtu, known):
    """An hour of 10 MW and its first quarter of 40 MW begin at one instant, and one of them is withdrawn."""
    quarter = vintage(T0, 40.0, at("02T00:00")).assign(mtu="PT15M")
    every = together(vintage(T0, 10.0, at("01T02:00")), quarter, GONE.assign(mtu=gone))
    read = readable(every, VERDICTS.empty(), RULINGS.empty())
    for rows_read in (every, read):
        assert as_of(rows_read, at("05T00:00"))["value"].tolist() == [10.0 if gone == "PT15M" else 40.0]
    one = at_mtu(read, mtu, "UTC")
    found = as_of(one[one["valid_time"] == T0], at("05T00:00"))["value"].tolist()
    assert found == [known] or (np.isnan(known) and found == [])


def test_what_is_withdrawn_comes_back_by_no_release_and_no_verdict_on_a_later_vintage():
    every = together(THREE, GONE)
    verdicts, released = judged(THREE.iloc[[1]], known_at="2025-01-03T10:00Z"), rulings_on(THREE.iloc[[1]], "release")
    read = readable(every, verdicts, released)
    assert as_of(read, at("03T12:00"))["value"].tolist() == [10.0, 20.0]
    assert as_of(read, at("05T00:00"))["value"].tolist() == [20.0]
    assert as_of(read, pd.Timestamp("2025-03-01T00:00Z"))["value"].tolist() == [20.0]
    assert accepted(every, verdicts, released)["value"].tolist() == [20.0]


def test_a_missing_value_withdraws_only_what_is_held_of_the_same_file():
    held = together(vintage(T0, 10.0, at("01T02:00")).assign(batch="mine"), vintage(T1, 20.0, at("01T03:00")))
    arrived = together(*(vintage(time, np.nan, at("01T02:00")) for time in (T0, T1, T1 + HOUR)))
    (new,) = unseen(arrived, held, SEEN_AT, before={"mine"}).to_dict("records")
    assert (new["valid_time"], new["available_at"], new["availability"]) == (T0, SEEN_AT, "recorded")
    assert np.isnan(new["value"])
    assert len(unseen(arrived, held, SEEN_AT)) == 2
    assert unseen(arrived, together(held, Observations(pd.DataFrame([new]))), SEEN_AT + HOUR, before={"mine"}).empty


def test_a_void_row_counts_as_never_there():
    void = THREE.iloc[[2]].assign(availability="void", value=np.nan)
    rows_read = pd.concat([THREE.iloc[:2], void], ignore_index=True)
    assert as_of(rows_read, at("09T00:00"))["value"].tolist() == [11.0]
    assert readable(rows_read, VERDICTS.empty(), RULINGS.empty())["value"].tolist() == [10.0, 11.0]
    again = vintage(T1, 20.0, at("01T03:00"))
    assert len(unseen(again, rows_read, SEEN_AT)) == 1


# -- runs of a forecast ------------------------------------------------------------------------------------------------

OF_RUNS = Series("DE", "temperature")
NOON = pd.Timestamp("2025-01-08T12:00Z")


def run_of(available: str, *values: float, begin: str = "2025-01-08T12:00Z"):
    """Hours from noon as a run says that was there at an instant; assumed, as nobody has seen it come."""
    return rows(OF_RUNS, hours(begin, len(values)), values, pd.Timestamp(available))


def test_runs_whose_availability_is_assumed_are_vintages_of_their_own_in_whatever_order_they_come():
    """Also where a run says the same as the next one: at 08:00 it was the only one that was there."""
    early, late = run_of("2025-01-08T07:00Z", 1.0, 2.0), run_of("2025-01-08T10:00Z", 1.0, 3.0)
    retrieved = pd.Timestamp("2026-01-01T00:00Z")
    for first, second in ((early, late), (late, early)):
        held = unseen(first, run_of("2025-01-08T07:00Z"), retrieved)
        lake = together(held, unseen(second, held, retrieved))
        for instant, expected in (("2025-01-08T08:00Z", [1.0, 2.0]), ("2025-01-08T11:00Z", [1.0, 3.0])):
            assert as_of(lake, pd.Timestamp(instant)).sort_values("valid_time")["value"].tolist() == expected
        assert unseen(second, lake, retrieved).empty
        assert set(lake["availability"]) == {"assumed"}


def test_another_value_of_the_same_run_is_a_revision_of_when_it_was_seen():
    held = run_of("2025-01-08T07:00Z", 1.0)
    (seen,) = unseen(run_of("2025-01-08T07:00Z", 5.0), held, NOON)["available_at"]
    assert seen == NOON


def test_a_measured_value_of_another_lag_is_a_revision_and_no_vintage():
    """It was there after its unit: nothing tells that it is of another forecast."""
    held = rows(LOAD, hours("2025-01-08T12:00Z", 1), [1.0], pd.Timestamp("2025-01-08T14:00Z"))
    other = rows(LOAD, hours("2025-01-08T12:00Z", 1), [2.0], pd.Timestamp("2025-01-08T13:00Z"))
    (seen,) = unseen(other, held, pd.Timestamp("2025-01-09T00:00Z"))["available_at"]
    assert seen == pd.Timestamp("2025-01-09T00:00Z")
