"""Deadlines more than a day ahead: which vintage is read, of which days, and that nothing is known of those between."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders.rows import DE, LOAD, measured, rows, together

from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu
from gridahead.evaluation.references import reference_windows
from gridahead.features.anchors import anchored
from gridahead.features.corrected import corrected
from gridahead.features.rows import newest_days, same_hour
from gridahead.features.windows import WindowSpec, build_windows

BERLIN = "Europe/Berlin"
FIRST, DAYS = pd.Timestamp("2025-02-10", tz=BERLIN), 50
"""A Monday; clocks go forward on 30 March, the day 48."""
DAY = (FIRST + pd.DateOffset(days=40)).date()
SPEC = WindowSpec(LOAD, DE, Mtu.PT60M, Deadline.parse(f"D-3T0900[{BERLIN}]"), context_days=8)


def times() -> pd.DatetimeIndex:
    return pd.date_range(FIRST, FIRST + pd.DateOffset(days=DAYS), freq="h", inclusive="left").tz_convert("UTC")


def published(lead: int, values, hour: int = 8) -> Observations:
    """The official forecast of every day that was published so many days before it."""
    local = times().tz_convert(BERLIN).tz_localize(None).normalize()
    appeared = (local - pd.Timedelta(days=lead) + pd.Timedelta(hours=hour)).tz_localize(BERLIN)
    return rows(LOAD.official, times(), values, appeared)


def observed() -> Observations:
    """A load of 50 GW, and at 08:00 of each of six days before the delivery day a forecast that tells its own lead."""
    parts = [published(lead, np.full(len(times()), float(lead))) for lead in range(1, 7)]
    return together(measured(LOAD, times(), np.full(len(times()), 50_000.0)), *parts)


def test_the_delivery_day_is_read_in_the_vintage_of_its_lead_and_the_days_between_in_the_newest():
    windows = build_windows(observed(), SPEC, [DAY])
    ahead = windows.official_ahead[0]
    assert len(ahead) == 15 + 48 + 24
    # Issued at nine on the day of D-3, of which the forecast of D-4 is the newest: each day has that of its own lead.
    assert ahead.tolist() == [1.0] * 15 + [1.0] * 24 + [2.0] * 24 + [3.0] * 24
    assert windows.delivery[0].tolist() == [False] * 63 + [True] * 24


def test_the_context_is_read_in_the_vintage_of_the_same_lead_and_a_day_ahead_in_the_newest():
    context = build_windows(observed(), SPEC, [DAY]).official_past[0]
    assert context.tolist() == [3.0] * 192
    a_day_ahead = replace(SPEC, deadline=Deadline.parse(f"D-1T0900[{BERLIN}]"))
    later = together(observed(), published(0, np.full(len(times()), 0.5), hour=3))
    assert set(build_windows(later, a_day_ahead, [DAY]).official_past[0, :-24].tolist()) == {0.5}


def test_nothing_that_came_after_the_issue_time_changes_a_window():
    known, issued = observed(), SPEC.deadline.for_delivery(DAY)
    later = known["available_at"] > issued
    poisoned = Observations(known.assign(value=known["value"].where(~later, 1e9)))
    before, after = (build_windows(one, SPEC, [DAY]) for one in (known, poisoned))
    assert later.any()
    assert before.data_hash(0) == after.data_hash(0)
    known_part = corrected(before, known).official_ahead[before.delivery]
    np.testing.assert_array_equal(known_part, corrected(after, poisoned).official_ahead[after.delivery])


@pytest.mark.parametrize(("lead", "expected"), [(1, 49_999.0), (3, 49_997.0), (6, 49_994.0)])
def test_the_correction_is_the_error_of_the_forecast_of_the_same_lead(lead, expected):
    spec = replace(SPEC, deadline=Deadline.parse(f"D-{lead}T0900[{BERLIN}]"))
    windows = build_windows(observed(), spec, [DAY])
    moved = corrected(windows, observed()).official_ahead - windows.official_ahead
    np.testing.assert_allclose(moved[windows.delivery], expected)


def test_the_correction_ends_with_the_last_day_that_was_over_at_the_issue_time():
    known = observed()
    days = known["valid_time"].dt.tz_convert(BERLIN).dt.date
    moved = {}
    for back in (3, 4, 31, 32):
        wrong = (known["quantity"] == "load") & (days == DAY - dt.timedelta(days=back))
        changed = Observations(known.assign(value=known["value"] - 28.0 * wrong))
        # Beside 27 errors that are all the same one that differs is clipped: let them differ.
        ladder = (days - FIRST.date()).map(lambda span: span.days % 7 * 100.0) * (known["quantity"] == "load")
        both = [Observations(one.assign(value=one["value"] + ladder)) for one in (known, changed)]
        before, after = (corrected(build_windows(one, SPEC, [DAY]), one).official_ahead[0, -1] for one in both)
        moved[back] = round(float(before - after), 2)
    # 28 days from D-4: on D-3 itself the forecast is issued.
    assert moved == {3: 0.0, 4: 1.0, 31: 1.0, 32: 0.0}


def test_the_reference_is_the_official_forecast_of_the_same_lead_and_none_that_came_later():
    windows = reference_windows("official", observed(), SPEC, [DAY])
    assert set(windows.official_ahead[windows.delivery].tolist()) == {3.0}
    # One that came in the evening of the day of issue has that lead; one of the night after has another.
    evening = together(observed(), published(3, np.full(len(times()), 3.5), hour=20))
    night = together(evening, published(2, np.full(len(times()), 2.5), hour=1))
    windows = reference_windows("official", night, SPEC, [DAY])
    assert set(windows.official_ahead[windows.delivery].tolist()) == {3.5}
    known = observed()
    later_alone = Observations(known[~known["value"].isin([3.0, 4.0, 5.0, 6.0])])
    assert len(reference_windows("official", later_alone, SPEC, [DAY])) == 0


def test_a_day_of_23_hours_before_the_delivery_day_makes_the_horizon_an_hour_shorter():
    day = dt.date(2025, 3, 31)
    spec = replace(SPEC, deadline=Deadline.parse(f"D-2T0900[{BERLIN}]"))
    windows = build_windows(observed(), spec, [day, day - dt.timedelta(days=2)])
    assert windows.within.sum(axis=1).tolist() == [15 + 23 + 24, 15 + 24 + 24]
    assert windows.days == [day, day - dt.timedelta(days=2)]
    first = pd.Timestamp(windows.valid_time[0][windows.delivery[0]][0], unit="us", tz="UTC")
    assert str(first.tz_convert(BERLIN)) == "2025-03-31 00:00:00+02:00"
    assert windows.official_ahead[0, windows.within[0]].tolist() == [1.0] * (15 + 23) + [2.0] * 24


def test_a_week_ahead_last_week_is_the_same_weekday_which_may_be_two_weeks_ago():
    spec = replace(SPEC, deadline=Deadline.parse(f"D-7T0900[{BERLIN}]"), context_days=14)
    day_number = (times() - times()[0]) // pd.Timedelta(hours=24)
    windows = build_windows(
        measured(LOAD, times(), np.asarray(day_number, float)), replace(spec, use_official=False), [DAY]
    )
    week = anchored(windows, "week", 0.0)[0, windows.delivery[0]]
    # DAY is the day 40. Issued at nine on day 33, of which eight hours are known: the hour from eight to nine is not
    # published yet, but is past; what follows is of the Friday before.
    assert week[:7].tolist() == [33.0] * 7
    assert week[9:].tolist() == [26.0] * 15


def test_former_days_are_the_newest_that_are_past_at_the_deadline():
    assert [
        list(newest_days(replace(SPEC, deadline=Deadline.parse(f"D-{n}T0900[{BERLIN}]")), 3)) for n in (0, 1, 3, 7)
    ] == [
        [1, 2, 3],
        [1, 2, 3],
        [3, 4, 5],
        [7, 8],
    ]
    # At D-3 the same hour three days ago is past for the first hours of the day alone.
    values = np.arange(8 * 24, dtype=np.float32)[None, :, None]
    found = same_hour(values, SPEC, 3, 87)[0, :, 0]
    assert (found < 192).all()
    assert found[63 : 63 + 9].tolist() == list(np.arange(192 + 63, 192 + 72) - 72)
    assert found[72] == 192 + 72 - 96
