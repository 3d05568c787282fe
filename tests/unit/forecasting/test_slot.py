"""A slot: which day is due on a date, when it is late, and as of when it is forecast."""

import dataclasses
import datetime as dt

import pandas as pd
import pytest
from builders.forecasts import BERLIN, ELEVEN
from builders.rows import LOAD
from builders.windows import SPEC

from gridahead.core.errors import SettingsError
from gridahead.core.time import Deadline
from gridahead.forecasting.slot import due_day, slot_of

NOON = Deadline.parse("D-1T1200[Europe/Brussels]")
DAY = dt.date(2025, 3, 19)


def slot(asked, closure=NOON):
    return slot_of(LOAD, BERLIN, ELEVEN, closure, pd.Timestamp(asked))


@pytest.mark.parametrize(
    ("deadline", "at", "day"),
    [
        ("D-1T1100[Europe/Berlin]", "2025-03-18T08:00Z", "2025-03-19"),
        ("D-1T1100[Europe/Berlin]", "2025-03-18T16:00Z", "2025-03-19"),
        ("D-1T1100[Europe/Berlin]", "2025-03-18T23:30Z", "2025-03-20"),
        ("D-2T1100[Europe/Berlin]", "2025-03-18T16:00Z", "2025-03-20"),
        # It is the 19th already in Sydney, and still the 17th in Los Angeles.
        ("D-1T1100[Australia/Sydney]", "2025-03-18T14:00Z", "2025-03-20"),
        ("D-1T1000[America/Los_Angeles]", "2025-03-18T04:00Z", "2025-03-18"),
    ],
)
def test_due_is_the_day_whose_deadline_is_on_the_date_of_the_deadlines_own_clock(deadline, at, day):
    assert str(due_day(Deadline.parse(deadline), pd.Timestamp(at))) == day


@pytest.mark.parametrize(
    ("published_at", "minutes"),
    [
        ("2025-03-18T09:00Z", None),
        ("2025-03-18T10:10Z", None),
        ("2025-03-18T10:10:01Z", 10),
        ("2025-03-18T12:00Z", 120),
    ],
)
def test_late_is_what_is_out_more_than_minutes_after_its_deadline(published_at, minutes):
    late = slot("2025-03-18T10:00Z").late_by(pd.Timestamp(published_at))
    assert (None if late is None else late // pd.Timedelta(minutes=1)) == minutes


def test_what_is_out_after_its_gate_has_closed_is_late_however_near_the_deadline_is():
    soon = slot("2025-03-18T10:00Z", Deadline.parse("D-1T1105[Europe/Berlin]"))
    assert soon.late_by(pd.Timestamp("2025-03-18T10:05Z")) is None
    assert soon.late_by(pd.Timestamp("2025-03-18T10:06Z")) == pd.Timedelta(minutes=6)


@pytest.mark.parametrize(
    ("changes", "asked", "issued"),
    [
        ({}, "2025-03-18T08:00Z", "2025-03-18T08:00Z"),
        ({}, "2025-03-18T10:40Z", "2025-03-18T10:00Z"),
        ({"issued_until": NOON}, "2025-03-18T10:40Z", "2025-03-18T10:40Z"),
        ({"issued_until": NOON}, "2025-03-18T11:01Z", "2025-03-18T10:00Z"),
        ({"intraday": True}, "2025-03-19T20:00Z", "2025-03-19T20:00Z"),
    ],
)
def test_a_late_forecast_reads_what_is_known_by_then_only_if_the_model_has_learnt_it(changes, asked, issued):
    late = slot_of(LOAD, BERLIN, ELEVEN, NOON, pd.Timestamp(asked), DAY)
    assert late.issue_time(dataclasses.replace(SPEC, **changes)) == pd.Timestamp(issued)


def test_a_day_that_is_over_is_refused_with_an_issue_time_that_is_not():
    with pytest.raises(SettingsError, match=r"after the end of the delivery day 2025-03-19; .*2025-03-18T10:00Z"):
        slot_of(LOAD, BERLIN, ELEVEN, NOON, pd.Timestamp("2025-03-20T00:00Z"), DAY)
