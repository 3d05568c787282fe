"""Drawn issue times and silent sources: by hand, blind to the future, and apart from the folds that they judge."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders.windows import SPEC, made_load

from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, days_between, delivery_range
from gridahead.features.windows import build_windows
from gridahead.models.conditions import incomplete, usual_age_of
from gridahead.settings.training import TrainingSettings
from gridahead.training.conditions import views
from gridahead.training.drawn import drawn_windows
from gridahead.training.split import split

UNTIL = replace(SPEC, issued_until=Deadline.parse("D-1T1200[Europe/Berlin]"))
HOURLY = replace(UNTIL, intraday=True)
ROWS = made_load(110)
SETTINGS = TrainingSettings(quantiles=(0.1, 0.5, 0.9), context_days=8, validation_days=40)
DAYS = days_between(dt.date(2025, 1, 20), dt.date(2025, 3, 10))
"""No clock changes in between."""


def drawn_of(spec, rows=ROWS, days=DAYS):
    return drawn_windows(rows, spec, days, judged_from=days[0])


def test_issue_times_are_drawn_between_deadline_and_gate_closure_and_hour_by_hour_where_asked_for():
    assert drawn_of(SPEC) == {}
    (late,) = drawn_of(UNTIL).values()
    hours = (late.windows.issue_time - [micros(SPEC.deadline.for_delivery(day)) for day in late.days]) / 3.6e9
    assert (hours > 0).all()
    assert (hours < 1).all()
    hourly = drawn_of(HOURLY)
    starts = np.array([micros(delivery_range(day, "Europe/Berlin").start) for day in DAYS])
    before = (starts - hourly["late"].windows.issue_time) / 3.6e9
    within = (hourly["intraday"].windows.issue_time - starts) / 3.6e9
    assert 0 <= before.min() < 2 < 11 < before.max() < 13
    assert 0 < within.min() < 2 < 22 < within.max() < 24


def test_a_drawn_window_is_what_is_built_for_that_issue_time_and_units_delivered_are_no_target():
    copies = drawn_of(HOURLY)["intraday"]
    day, row = DAYS[7], 7
    one = copies.windows.alone(row)
    at = pd.Timestamp(one.issue_time[0], unit="us", tz="UTC")
    by_hand = build_windows(ROWS, HOURLY, [day], issue_times=[at])
    assert np.array_equal(one.past, by_hand.past, equal_nan=True)
    assert np.array_equal(one.future, by_hand.future, equal_nan=True)
    delivery = delivery_range(day, "Europe/Berlin")
    begun = int((at - delivery.start) / pd.Timedelta(hours=1))
    assert one.target.shape == (1, 24 - begun)
    assert one.delivery.all()
    assert one.valid_time[0, 0] == micros(delivery.start) + begun * 3_600_000_000
    assert one.skipped.tolist() == [13 + begun]
    # The newest outturn ended at least an hour ago.
    newest = ROWS[(ROWS["quantity"] == "load") & (ROWS["available_at"] <= at)].iloc[-1]
    known = np.flatnonzero(~np.isnan(one.target_past[0]))[-1]
    assert one.target_past[0, known] == np.float32(newest["value"])


def micros(at):
    return int(at.value // 1000)


@pytest.mark.parametrize("issued", ["late", "intraday"])
def test_a_poisoned_future_changes_nothing_that_is_read_at_a_drawn_issue_time(issued):
    plain = drawn_of(HOURLY, days=DAYS[:12])[issued].windows
    for row in (0, 5, 11):
        at = pd.Timestamp(plain.issue_time[row], unit="us", tz="UTC")
        poisoned = ROWS.copy()
        poisoned.loc[poisoned["available_at"] > at, "value"] = 1e9
        other = drawn_of(HOURLY, Observations(poisoned), DAYS[:12])[issued].windows
        assert np.array_equal(other.past[row], plain.past[row], equal_nan=True)
        assert np.array_equal(other.future[row], plain.future[row], equal_nan=True)


def test_what_is_drawn_for_a_day_does_not_depend_on_other_days():
    many, few = drawn_of(HOURLY)["intraday"], drawn_of(HOURLY, days=DAYS[20:30])["intraday"]
    assert many.windows.issue_time[20:30].tolist() == few.windows.issue_time.tolist()


def test_a_split_learns_copies_of_the_days_it_learns_and_of_no_others():
    parts = split(ROWS, HOURLY, SETTINGS)
    everything = parts.everything()
    assert [len(copies) for copies in everything.later] == [len(copies.days) for copies in parts.later]
    assert [len(copies) for copies in everything.silent] == [len(copies.days) for copies in parts.silent]
    assert everything.as_they_were == (everything.daily, *everything.later)
    silent, hourly, others, _ = everything.silent
    assert silent.days == others.days == everything.daily.days
    assert hourly.days == everything.later[-1].days, "the delivery day itself is learnt without inputs too"
    assert not np.array_equal(silent.past, others.past, equal_nan=True), "each copy lacks something else"
    for windows in everything.later:
        assert not incomplete(windows, usual_age_of(parts.windows), parts.windows.known_share()).any()
    assert all(
        np.isnan(window.past).sum() + np.isnan(window.future).sum() > 5 for window in map(silent.alone, range(5))
    )
    for fold in range(parts.folds):
        lesson = parts.without(parts.spans(fold))
        learnt = set(lesson.daily.days)
        for copies in (*lesson.later, *lesson.silent):
            assert set(copies.days) <= learnt
        judged = {day for first, last in parts.spans(fold) for day in days_between(first, last)}
        assert not judged & learnt
    to_stop = parts.to_stop()
    assert set().union(*(copies.days for copies in (*to_stop.as_they_were, *to_stop.silent))) == set(to_stop.daily.days)


def test_views_are_of_the_judged_days_one_by_one():
    parts = split(ROWS, HOURLY, SETTINGS)
    seen = [*views(parts)]
    assert all(view.windows.days == parts.judged.days for view in seen)
    # Five ages with and without an official forecast, twice; complete at the deadline is no view, late is one.
    assert len(seen) == (2 * 5 - 1) + 1 + 2 * 5
    assert [view.issued for view in seen if view.is_complete] == ["late", "intraday"]


def test_other_drawn_windows_are_another_fingerprint():
    assert split(ROWS, UNTIL, SETTINGS).fingerprint() != split(ROWS, SPEC, SETTINGS).fingerprint()
    assert split(ROWS, UNTIL, SETTINGS).fingerprint() == split(ROWS, UNTIL, SETTINGS).fingerprint()
