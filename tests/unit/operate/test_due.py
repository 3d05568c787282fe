"""What should be out and is not: from its deadline until its gate closes it is due, after that it is missed."""

import datetime as dt

import pandas as pd
import pytest
from builders.operation import operated
from builders.rows import LOAD

from gridahead.core.grid import Series
from gridahead.operate.due import due, missed
from gridahead.operate.forecast import forecast


def told(slots):
    return [(str(slot.series), str(slot.day), f"{slot.asked:%d %H:%M}") for slot in slots]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2025-03-18T09:59Z", []),
        # In winter 11:00 in Berlin is 10:00 UTC; the gate closes an hour later.
        ("2025-03-18T10:00Z", [("DE/load", "2025-03-19", "18 10:00")]),
        ("2025-03-18T10:09:59Z", [("DE/load", "2025-03-19", "18 10:00")]),
        ("2025-03-18T10:41:30Z", [("DE/load", "2025-03-19", "18 10:41")]),
        ("2025-03-18T11:00Z", []),
        # Since 30 March it is 09:00 UTC.
        ("2025-03-29T10:30Z", [("DE/load", "2025-03-30", "29 10:30")]),
        ("2025-03-30T09:30Z", [("DE/load", "2025-03-31", "30 09:30")]),
        ("2025-03-30T10:00Z", []),
    ],
)
def test_a_slot_is_due_from_its_deadline_until_the_gate_closes(tmp_path, at, expected):
    workspace, clock = operated(tmp_path, at)
    assert told(due(workspace, clock())) == expected


def test_what_is_out_is_not_due_and_what_was_issued_early_is_not_it(tmp_path):
    workspace, clock = operated(tmp_path, "2025-03-18T08:00Z")
    forecast(workspace, LOAD)
    clock.set("2025-03-18T10:20Z")
    assert told(due(workspace, clock())) == [("DE/load", "2025-03-19", "18 10:20")]
    forecast(workspace, LOAD)
    assert due(workspace, clock()) == []


def test_in_mode_demo_nothing_is_due_or_missed(tmp_path):
    workspace, clock = operated(tmp_path, "2025-03-18T10:20Z")
    workspace.settings.__dict__["mode"] = "demo"
    assert due(workspace, clock()) == [] == missed(workspace, clock())


@pytest.mark.parametrize(
    ("deadline", "closure", "at", "days"),
    [
        # Two days ahead: at 13:30 in Berlin on Tuesday Thursday is due, until Wednesday's noon.
        ("D-2T1300[Europe/Berlin]", "D-1T1200[Europe/Berlin]", "2025-03-18T12:30Z", ["2025-03-20"]),
        ("D-2T1300[Europe/Berlin]", "D-1T1200[Europe/Berlin]", "2025-03-18T10:30Z", ["2025-03-19"]),
        # A deadline by the clock of New York for a day by that of Berlin: 05:00 there is 09:00 UTC in its summer.
        ("D-1T0500[America/New_York]", "D-1T1200[Europe/Brussels]", "2025-03-18T08:59Z", []),
        ("D-1T0500[America/New_York]", "D-1T1200[Europe/Brussels]", "2025-03-18T09:00Z", ["2025-03-19"]),
        # 01:00 of the day before in Sydney is 14:00 UTC of two days before.
        ("D-1T0100[Australia/Sydney]", "D-1T1200[Australia/Sydney]", "2025-03-17T14:00Z", ["2025-03-19"]),
        # On the delivery day itself.
        ("D-0T0600[Europe/Berlin]", "D-0T1000[Europe/Berlin]", "2025-03-19T06:00Z", ["2025-03-19"]),
    ],
)
def test_deadlines_of_other_days_and_clocks_are_due_when_they_say(tmp_path, deadline, closure, at, days):
    workspace, clock = operated(tmp_path, at, deadline=deadline, gate_closure=closure)
    assert [str(slot.day) for slot in due(workspace, clock())] == days


def test_two_zones_have_deadlines_of_their_own(tmp_path):
    workspace, clock = operated(tmp_path, "2025-03-18T09:30Z", "DE", "FI")
    # 11:00 in Helsinki was half an hour ago, 11:00 in Berlin is to come.
    assert told(due(workspace, clock())) == [("FI/load", "2025-03-19", "18 09:30")]
    forecast(workspace, Series("FI", "load"))
    clock.set("2025-03-18T10:30Z")
    assert told(due(workspace, clock())) == [("DE/load", "2025-03-19", "18 10:30")]


def test_missed_is_what_was_not_out_in_time_since_the_first_day_that_was(tmp_path):
    workspace, clock = operated(tmp_path, "2025-03-18T12:00Z")
    assert missed(workspace, clock()) == [], "nothing has been published yet: operation has not begun"
    clock.set("2025-03-18T10:00Z")
    forecast(workspace, LOAD)
    clock.set("2025-03-20T12:00Z")
    assert [str(slot.day) for slot in missed(workspace, clock())] == ["2025-03-20", "2025-03-21"]
    forecast(workspace, LOAD)
    assert [str(slot.day) for slot in missed(workspace, clock())] == ["2025-03-20", "2025-03-21"], "that came too late"
    (first, *_) = missed(workspace, clock())
    assert first.asked == first.deadline == pd.Timestamp("2025-03-19T10:00Z")


def test_missed_goes_back_two_weeks_and_no_further(tmp_path):
    workspace, clock = operated(tmp_path, "2025-03-18T10:00Z")
    forecast(workspace, LOAD)
    clock.set("2025-05-18T12:00Z")
    days = [slot.day for slot in missed(workspace, clock())]
    assert days[0] == dt.date(2025, 5, 19) - dt.timedelta(days=15) and days[-1] == dt.date(2025, 5, 19)
