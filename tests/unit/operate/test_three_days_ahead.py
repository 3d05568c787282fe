"""A series that is due three days before its delivery day: what is published, pointed at, shown and scored."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from builders.operation import newest, operated
from builders.rows import LOAD, rows
from builders.web import ask

from gridahead.core.runs import LIVE
from gridahead.core.time import delivery_range
from gridahead.forecasting.pointers import LATEST, TODAY, pointed_at
from gridahead.operate.catch_up import catch_up
from gridahead.operate.due import due
from gridahead.operate.forecast import forecast
from gridahead.operate.score import score_published
from gridahead.reading.card import card

BERLIN, DEADLINE = "Europe/Berlin", "D-3T1100[Europe/Berlin]"


def pointed(workspace, clock):
    """The delivery days of latest and today."""
    found = pointed_at(workspace.settings.published_place, LOAD, clock())
    return tuple(None if issue is None else issue.manifest["delivery_day"] for issue in (found[LATEST], found[TODAY]))


def official(workspace, lead, error):
    """An official forecast of a week in March that was published at ten so many days before each day."""
    start = delivery_range(dt.date(2025, 3, 17), BERLIN).start
    times = pd.date_range(start, periods=24 * 14, freq="h").tz_convert("UTC")
    local = times.tz_convert(BERLIN)
    appeared = (local.tz_localize(None).normalize() - pd.Timedelta(days=lead) + pd.Timedelta(hours=10)).tz_localize(
        BERLIN
    )
    load = 50_000.0 + 10 * local.dayofyear + 100 * local.hour
    workspace.lake.observations.append(rows(LOAD.official, times, load + error, appeared))


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Five days are published from the 18th on, each three days ahead, and one of them again on the day before."""
    workspace, clock = operated(tmp_path_factory.mktemp("ahead"), "2025-03-18T10:00Z", deadline=DEADLINE)
    for lead, error in ((3, 300.0), (1, 100.0)):
        official(workspace, lead, error)
    for day in range(18, 23):
        clock.set(f"2025-03-{day}T10:00Z")
        forecast(workspace, LOAD)
    clock.set("2025-03-23T08:00Z")
    forecast(workspace, LOAD, day=dt.date(2025, 3, 24))
    return workspace, clock


def test_it_is_due_for_the_third_day_until_the_end_of_the_day_and_caught_up_with(tmp_path):
    workspace, clock = operated(tmp_path, "2025-03-18T09:59Z", deadline=DEADLINE)
    assert due(workspace, clock()) == []
    clock.set("2025-03-18T22:30Z")
    assert [str(slot.day) for slot in due(workspace, clock())] == ["2025-03-21"]
    assert str(due(workspace, clock())[0].gate_closure) == "2025-03-18 23:00:00+00:00"
    catch_up(workspace)
    issue = newest(workspace, "2025-03-21")
    assert issue is not None and issue.lead_days == 3 and issue.in_time
    clock.set("2025-03-20T09:00Z")
    # Of the 22nd nothing came in time: that is made up for, and not published as if it had been.
    assert due(workspace, clock()) == []
    assert [str(day) for done in catch_up(workspace).done.values() for day in done.backfilled] == ["2025-03-22"]
    assert newest(workspace, "2025-03-22") is None


def test_the_latest_is_what_was_due_last_and_today_is_the_day_that_runs(published):
    workspace, clock = published
    clock.set("2025-03-22T11:00Z")
    assert pointed(workspace, clock) == ("2025-03-25", "2025-03-22")
    clock.set("2025-03-23T05:00Z")  # before its deadline
    assert pointed(workspace, clock) == ("2025-03-25", "2025-03-23")
    clock.set("2025-03-25T11:00Z")  # nothing has come since
    assert pointed(workspace, clock) == ("2025-03-25", "2025-03-25")


def test_a_page_shows_the_official_forecast_of_the_same_lead_and_says_how_far_ahead(published):
    workspace, clock = published
    clock.set("2025-03-23T08:30Z")
    found = card(workspace, LOAD)
    assert [str(one.day) for one in found.shown] == [f"2025-03-{day}" for day in (25, 24, 23, 22, 21)]
    for shown in found.shown:
        load = 50_000.0 + 10 * pd.Timestamp(shown.day).dayofyear + 100 * np.arange(24)
        np.testing.assert_allclose(shown.official, load + 300.0)
    for path in ("/", "/series/DE/load"):
        page = ask(workspace, path).text
        assert "three days ahead" in page, path
    assert "<h1>Forecasts: Tue 25 Mar 2025</h1>" in ask(workspace, "/").text


def test_the_api_says_how_many_days_ahead(published):
    workspace, _ = published
    said = ask(workspace, "/api/v1/series/DE/load/forecast").json()
    assert (said["delivery_day"], said["lead_days"]) == ("2025-03-25", 3)
    np.testing.assert_allclose(said["official"][0], 50_000 + 840 + 300)


def test_scores_are_of_the_lead_and_compare_with_the_official_forecast_of_it(published):
    workspace, clock = published
    # Asked again on the day before, the model for three days ahead has read nothing that came since.
    again = newest(workspace, "2025-03-24")
    assert again is not None and str(again.at("issue_time")) == "2025-03-21 10:00:00+00:00"
    clock.set("2025-03-26T10:00Z")
    scores = score_published(workspace, LOAD).scores
    whole = scores[(scores["run"] == LIVE) & scores["lead"].isna() & (scores["metric"] == "mae")]
    mae = whole.set_index("model")["value"]
    # Last week is ten megawatts a day lower. The official forecast errs by 300 three days ahead, by 100 a day ahead.
    assert mae["published"] == pytest.approx(70.0)
    assert mae["official"] == pytest.approx(300.0)
    leads = scores.loc[scores["run"].eq(LIVE) & scores["lead"].notna(), "lead"]
    assert set(leads.astype(int)) == set(range(61, 85))
