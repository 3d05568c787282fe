"""Published forecasts are found by what a reader says, and as of when."""

import datetime as dt

import pandas as pd
import pytest
from builders.operation import operated
from builders.rows import LOAD

from gridahead.core.errors import PublicationError
from gridahead.operate.correct import Change, correct, withdraw_correction
from gridahead.operate.forecast import forecast
from gridahead.reading.issues import all_issues, find_issue, issues

DAYS = [dt.date(2025, 3, day) for day in (19, 20, 21)]


@pytest.fixture
def published(tmp_path):
    """The 19th to the 21st, each issued at 11:00 of the day before; it is 12:00 on the 20th in Berlin."""
    workspace, clock = operated(tmp_path, "2025-03-18T10:00Z")
    for day in (18, 19, 20):
        clock.set(f"2025-03-{day}T10:00Z")
        forecast(workspace, LOAD)
    clock.set("2025-03-20T11:00Z")
    return workspace, clock


def days_of(found):
    return [str(issue.manifest["delivery_day"]) for issue in found]


def test_the_newest_day_comes_first_and_one_issue_a_day(published):
    workspace, _ = published
    assert days_of(issues(workspace, LOAD)) == ["2025-03-21", "2025-03-20", "2025-03-19"]
    assert days_of(issues(workspace, LOAD, days=2)) == ["2025-03-21", "2025-03-20"]
    assert days_of(issues(workspace, LOAD, before=DAYS[2])) == ["2025-03-20", "2025-03-19"]


def test_as_of_an_instant_only_what_was_published_by_then_is_there(published):
    workspace, _ = published
    assert days_of(issues(workspace, LOAD, as_of=pd.Timestamp("2025-03-19T09:59Z"))) == ["2025-03-19"]
    assert days_of(issues(workspace, LOAD, as_of=pd.Timestamp("2025-03-19T10:00Z"))) == ["2025-03-20", "2025-03-19"]
    assert issues(workspace, LOAD, as_of=pd.Timestamp("2025-03-18T09:00Z")) == []


def test_latest_is_the_next_day_and_today_the_running_one(published):
    workspace, clock = published
    assert find_issue(workspace, LOAD).manifest["delivery_day"] == "2025-03-21"
    assert find_issue(workspace, LOAD, "today").manifest["delivery_day"] == "2025-03-20"
    clock.set("2025-03-21T12:00Z")
    assert find_issue(workspace, LOAD, "today").manifest["delivery_day"] == "2025-03-21"
    past = pd.Timestamp("2025-03-19T12:00Z")
    assert find_issue(workspace, LOAD, as_of=past).manifest["delivery_day"] == "2025-03-20"
    assert find_issue(workspace, LOAD, "today", as_of=past).manifest["delivery_day"] == "2025-03-19"


def test_a_forecast_is_found_by_id_issue_time_and_day(published):
    workspace, _ = published
    of_20th = find_issue(workspace, LOAD, day=DAYS[1])
    assert of_20th.manifest["delivery_day"] == "2025-03-20"
    for name in (of_20th.manifest["forecast_id"], "2025-03-19T10:00Z", "2025-03-19T11:00+01:00", "2025-03-19 10:00"):
        assert find_issue(workspace, LOAD, name).manifest["forecast_id"] == of_20th.manifest["forecast_id"]


@pytest.mark.parametrize("name", ["nonsense", "2025-03-19T10:01Z", "2025-03-19T99", "0123456789abcdef", "../.."])
def test_what_is_not_there_is_answered_with_what_is(published, name):
    workspace, _ = published
    newest = find_issue(workspace, LOAD)
    with pytest.raises(PublicationError, match=str(newest.manifest["forecast_id"])) as caught:
        find_issue(workspace, LOAD, name)
    assert repr(name) in str(caught.value)


def test_of_nothing_published_the_way_out_is_told(tmp_path):
    workspace, _ = operated(tmp_path, "2025-03-18T10:00Z")
    with pytest.raises(PublicationError, match="DE/load: no forecast: nothing is published of it; `gridahead forecast"):
        find_issue(workspace, LOAD)


def test_a_correction_stands_from_when_it_was_made_until_it_was_withdrawn(published):
    workspace, clock = published
    before = find_issue(workspace, LOAD).manifest["forecast_id"]
    clock.set("2025-03-20T12:00Z")
    correct(workspace, LOAD, DAYS[2], Change(factor=1.1), "strike", "ana")
    by_hand = find_issue(workspace, LOAD).manifest["forecast_id"]
    clock.set("2025-03-20T14:00Z")
    withdraw_correction(workspace, LOAD, DAYS[2], "no strike", "ana")
    then = {hour: issues(workspace, LOAD, 1, as_of=pd.Timestamp(f"2025-03-20T{hour}:30Z"))[0] for hour in (11, 13, 14)}
    assert [issue.manifest["forecast_id"] for issue in then.values()] == [before, by_hand, before]
    assert by_hand != before
    assert find_issue(workspace, LOAD, by_hand).manifest["rung"] == "by_hand"
    assert len(all_issues(workspace, LOAD, DAYS[2])) == 2
