"""In mode live a forecast is of the day that is due, whenever the run begins; a slip of the pen is refused."""

import datetime as dt

import pandas as pd
import pytest
from builders.operation import newest, operated
from builders.rows import LOAD
from builders.serving import stored

from gridahead.core.errors import PublicationError, SettingsError
from gridahead.core.grid import Series
from gridahead.operate.forecast import forecast, refresh
from gridahead.operate.reproduce import reproduce


def said(published):
    """Delivery day, issue time and by how much it is late [min]."""
    return tuple(published.manifest[name] for name in ("delivery_day", "issue_time", "late"))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2025-03-18T06:12:40Z", ("2025-03-19", "2025-03-18T06:12:00+00:00", None)),
        ("2025-03-18T10:00:40Z", ("2025-03-19", "2025-03-18T10:00:00+00:00", None)),
        # The model has not learnt to be asked later than its deadline.
        ("2025-03-18T10:40:40Z", ("2025-03-19", "2025-03-18T10:00:00+00:00", 40.7)),
        ("2025-03-18T20:00:00Z", ("2025-03-19", "2025-03-18T10:00:00+00:00", 600.0)),
        ("2025-03-29T20:00:00Z", ("2025-03-30", "2025-03-29T10:00:00+00:00", 600.0)),
    ],
)
def test_without_an_issue_time_it_is_of_the_day_that_is_due_as_of_now_or_the_deadline(tmp_path, at, expected):
    workspace, _ = operated(tmp_path, at)
    assert said(forecast(workspace, LOAD)) == expected


def test_where_the_model_has_learnt_every_hour_a_late_one_is_as_of_now_and_made_again_to_the_bit(tmp_path):
    workspace, _ = operated(tmp_path, "2025-03-18T12:40Z", intraday=True)
    published = forecast(workspace, LOAD)
    assert said(published) == ("2025-03-19", "2025-03-18T12:40:00+00:00", 160.0)
    assert reproduce(workspace, str(published.manifest["forecast_id"])).differences == ()


def test_an_issue_time_after_the_deadline_is_of_the_day_that_was_due_not_of_the_one_after(tmp_path):
    workspace, _ = operated(tmp_path, "2025-03-18T12:30Z")
    published = forecast(workspace, LOAD, pd.Timestamp("2025-03-18T12:24Z"))
    assert said(published) == ("2025-03-19", "2025-03-18T10:00:00+00:00", 150.0)


def test_an_issue_time_to_come_is_refused_and_following_the_advice_works(tmp_path):
    workspace, clock = operated(tmp_path, "2025-03-18T10:00Z")
    with pytest.raises(SettingsError, match=r"DE/load: the issue time 2025-03-24 10:00 UTC is 6 days from now.*now"):
        forecast(workspace, LOAD, pd.Timestamp("2025-03-24T10:00Z"))
    assert not workspace.settings.published_folder.exists()
    assert forecast(workspace, LOAD, clock()).manifest["delivery_day"] == "2025-03-19"
    assert forecast(workspace, LOAD, clock() + pd.Timedelta(minutes=4)).manifest["delivery_day"] == "2025-03-19"


@pytest.mark.parametrize("at", ["2025-03-18T10:00:30Z", "2025-03-18T15:00Z", "2025-03-19T02:00Z"])
def test_a_scheduled_run_is_of_the_day_that_was_due_then_whenever_it_begins(tmp_path, at):
    workspace, _ = operated(tmp_path, at)
    published = forecast(workspace, LOAD, scheduled=pd.Timestamp("2025-03-18T10:00Z"))
    assert said(published)[:2] == ("2025-03-19", "2025-03-18T10:00:00+00:00")


def test_a_scheduled_run_of_a_day_that_is_over_publishes_nothing(tmp_path):
    workspace, _ = operated(tmp_path, "2025-03-20T00:00Z")
    with pytest.raises(PublicationError, match=r"day 2025-03-19 of the run that was due .* is over; `gridahead catch"):
        forecast(workspace, LOAD, scheduled=pd.Timestamp("2025-03-18T10:00Z"))
    assert newest(workspace, "2025-03-19") is None


def test_a_day_can_be_named_even_one_that_is_over(tmp_path):
    workspace, clock = operated(tmp_path, "2025-03-18T12:00Z")
    named = forecast(workspace, LOAD, day=dt.date(2025, 3, 18))
    assert said(named)[:2] == ("2025-03-18", "2025-03-17T10:00:00+00:00")
    over = forecast(workspace, LOAD, day=dt.date(2025, 3, 17))
    assert said(over)[:2] == ("2025-03-17", "2025-03-16T10:00:00+00:00")
    tomorrow = forecast(workspace, LOAD, clock(), day=dt.date(2025, 3, 19))
    assert tomorrow.manifest["delivery_day"] == "2025-03-19"


def test_two_zones_are_of_one_day_by_their_own_clocks(tmp_path):
    workspace, _ = operated(tmp_path, "2025-03-18T22:30Z", "DE", "FI")
    # It is 23:30 on the 18th in Berlin and 00:30 on the 19th in Helsinki.
    days = [forecast(workspace, series).manifest["delivery_day"] for series in (LOAD, Series("FI", "load"))]
    assert days == ["2025-03-19", "2025-03-20"]


def test_a_refresh_is_of_the_day_that_runs(tmp_path):
    workspace, clock = operated(tmp_path, "2025-03-18T10:00Z")
    forecast(workspace, LOAD)
    clock.set("2025-03-19T13:05Z")
    assert refresh(workspace, LOAD).manifest["delivery_day"] == "2025-03-19"
    assert len(stored(workspace)["issue_time"].unique()) == 1, "the model has not learnt to be asked then"
