"""The main verb on a lake in memory: which day it takes, and what it says of every hour of it."""

import datetime as dt
import io

import numpy as np
import pandas as pd
import pytest
from builders.rows import LOAD
from builders.serving import DAY, fill, issued, last_week, ready, serve, stored, values_of, workspace_in_memory

from gridahead.core.grid import Series
from gridahead.core.runs import DEGRADED, FULL
from gridahead.operate.forecast import forecast

FINLAND = Series("FI", "load")
BERLIN = "Europe/Berlin"


def test_one_zone_is_forecast_hour_by_hour_and_handed_out(tmp_path):
    workspace = ready(tmp_path)
    published = forecast(workspace, LOAD, issued(workspace))
    rows = stored(workspace)
    assert np.array_equal(values_of(rows), last_week(LOAD, DAY, BERLIN))
    assert rows["valid_time"].min() == pd.Timestamp("2025-03-18T23:00Z")
    assert set(rows["rung"]) == {FULL} and set(rows["model_version"]) == {"1"}
    said = published.manifest
    assert (said["run_id"], said["delivery_day"], said["suspect_inputs"]) == ("run-1", str(DAY), None)
    table = pd.read_csv(io.BytesIO(published.csv))
    assert np.array_equal(table.filter(regex=r"^P\d").to_numpy(), last_week(LOAD, DAY, BERLIN))
    latest = workspace.settings.published_folder / LOAD.slug / "latest.csv"
    assert latest.read_bytes() == published.csv


def test_every_zone_is_forecast_in_its_own_day_from_its_own_data(tmp_path):
    workspace = ready(tmp_path, "DE", "FI")
    forecast(workspace, LOAD, issued(workspace))
    assert stored(workspace, FINLAND).empty
    assert not (workspace.settings.published_folder / FINLAND.slug).exists()
    before = stored(workspace)
    forecast(workspace, FINLAND, issued(workspace, FINLAND))
    pd.testing.assert_frame_equal(stored(workspace), before)
    values = stored(workspace, FINLAND)
    assert values["valid_time"].min() == pd.Timestamp("2025-03-18T22:00Z")
    expected = last_week(FINLAND, DAY, "Europe/Helsinki")
    assert np.array_equal(values_of(values), expected)


@pytest.mark.parametrize(
    ("day", "hours"), [(dt.date(2025, 3, 30), 23), (dt.date(2025, 10, 26), 25), (dt.date(2025, 4, 6), 24)]
)
def test_days_on_which_the_clocks_change_have_their_hours_and_those_a_week_later_all_of_theirs(tmp_path, day, hours):
    workspace = ready(tmp_path, day=day)
    published = forecast(workspace, LOAD, issued(workspace, day=day))
    rows = stored(workspace)
    found = values_of(rows)
    expected = last_week(LOAD, day, BERLIN)
    if day == dt.date(2025, 4, 6):  # a week before there was no hour from two to three: the one after it counts
        expected[2] += 100
    assert len(found) == len(pd.read_csv(io.BytesIO(published.csv))) == hours
    assert np.array_equal(found, expected)
    assert rows["valid_time"].drop_duplicates().diff().dropna().eq(pd.Timedelta(hours=1)).all()
    local = rows["valid_time"].dt.tz_convert(BERLIN)
    assert {stamp.date() for stamp in local} == {day}


def test_without_an_issue_time_it_is_the_newest_day_that_has_complete_inputs(tmp_path):
    workspace = ready(tmp_path, until=pd.Timestamp("2025-03-18T09:00Z"))
    assert forecast(workspace, LOAD).manifest["delivery_day"] == str(DAY)
    fill(workspace, LOAD, DAY, until=pd.Timestamp("2025-03-18T15:00Z"))  # the next deadline is to come
    assert forecast(workspace, LOAD).manifest["delivery_day"] == str(DAY)


@pytest.mark.parametrize(("late_after_hours", "missing"), [(6, "newest value of DE/load is 7 h old"), (8, "")])
def test_data_that_are_late_are_told_as_late_and_forecast_from_all_the_same(tmp_path, late_after_hours, missing):
    workspace = workspace_in_memory(tmp_path, "DE", late_after_hours=late_after_hours)
    serve(workspace, LOAD)
    fill(workspace, LOAD, DAY, until=issued(workspace) - pd.Timedelta(hours=7))
    published = forecast(workspace, LOAD, issued(workspace))
    rung = DEGRADED if missing else FULL
    assert (published.manifest["rung"], published.manifest["missing"]) == (rung, missing)
    rows = stored(workspace)
    assert set(rows["rung"]) == {rung} and set(rows["missing"]) == {missing}
    found = values_of(stored(workspace))
    assert np.array_equal(found, last_week(LOAD, DAY, BERLIN))


def test_what_becomes_known_after_the_issue_time_changes_nothing(tmp_path):
    workspace, poisoned = ready(tmp_path / "a"), ready(tmp_path / "b", until=pd.Timestamp("2025-03-18T10:00Z"))
    late = workspace.lake.observations.read()
    late = late.assign(value=1.0, available_at=issued(poisoned) + pd.Timedelta(seconds=1), batch="feedfeedfeedfeed")
    poisoned.lake.observations.append(late)
    made = [forecast(one, LOAD, issued(one)).manifest for one in (workspace, poisoned)]
    assert made[0].keys() == made[1].keys()
    assert {name for name in made[0] if made[0][name] != made[1][name]} == {"made_at", "published_at"}
