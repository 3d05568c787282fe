"""The seasonal normal is made of like days of the years before, and of nothing that became known later."""

import datetime as dt

import pandas as pd
import pytest
from builders.rows import LOAD, measured
from builders.serving import workspace_in_memory

from gridahead.core.time import Mtu
from gridahead.reading.normal import seasonal_normal

NOW = pd.Timestamp("2025-05-20T00:00Z")


@pytest.fixture
def workspace(tmp_path):
    """Two years in which a working day has 1 000 MW and its hour of the wall clock, a Saturday 500, a Sunday 100."""
    workspace = workspace_in_memory(tmp_path, "DE")
    times = pd.date_range("2023-01-01", "2025-05-19", freq="h", tz="Europe/Berlin", inclusive="left")
    base = pd.Series(times.dayofweek).map({5: 500.0, 6: 100.0}).fillna(1_000.0).to_numpy()
    workspace.lake.observations.append(measured(LOAD, times.tz_convert("UTC"), base + times.hour))
    return workspace


@pytest.mark.parametrize(("day", "base"), [("2025-05-20", 1_000), ("2025-05-24", 500), ("2025-05-25", 100)])
def test_a_day_is_compared_with_days_of_its_kind(workspace, day, base):
    normal = seasonal_normal(workspace, LOAD, dt.date.fromisoformat(day), Mtu.PT60M, NOW)
    assert normal["median"].tolist() == [base + hour for hour in range(24)]
    assert (normal["low"] <= normal["median"]).all()
    assert (normal["median"] <= normal["high"]).all()


def test_holidays_are_compared_with_sundays(workspace):
    normal = seasonal_normal(workspace, LOAD, dt.date(2025, 5, 1), Mtu.PT60M, NOW)
    assert normal["low"].iloc[0] == 100  # the holidays among them had the load of a working day
    assert normal["high"].iloc[0] == 1_000


@pytest.mark.parametrize(("day", "hours"), [("2025-03-30", 23), ("2025-10-26", 25)])
def test_a_day_on_which_clocks_change_has_the_hours_of_its_wall_clock(workspace, day, hours):
    normal = seasonal_normal(workspace, LOAD, dt.date.fromisoformat(day), Mtu.PT60M, NOW)
    local = pd.DatetimeIndex(normal["valid_time"]).tz_convert("Europe/Berlin")
    assert len(normal) == hours
    assert normal["median"].tolist() == [100 + hour for hour in local.hour]


def test_units_are_those_that_are_asked_for(workspace):
    normal = seasonal_normal(workspace, LOAD, dt.date(2025, 5, 20), Mtu.PT15M, NOW)
    assert normal["median"].tolist() == [1_000 + hour for hour in range(24) for _ in range(4)]


def test_what_became_known_later_does_not_count(workspace):
    early = pd.Timestamp("2024-01-01T00:00Z")
    assert len(seasonal_normal(workspace, LOAD, dt.date(2024, 5, 21), Mtu.PT60M, early)) == 24
    assert seasonal_normal(workspace, LOAD, dt.date(2024, 5, 21), Mtu.PT60M, early - pd.Timedelta(days=300)).empty


def test_a_leap_day_is_compared_with_the_days_around_the_28th(workspace):
    assert len(seasonal_normal(workspace, LOAD, dt.date(2024, 2, 29), Mtu.PT60M, NOW)) == 24


def test_without_enough_days_before_there_is_no_normal(workspace, tmp_path):
    assert seasonal_normal(workspace, LOAD, dt.date(2023, 5, 20), Mtu.PT60M, NOW).empty
    empty = workspace_in_memory(tmp_path / "other", "DE")
    assert seasonal_normal(empty, LOAD, dt.date(2025, 5, 20), Mtu.PT60M, NOW).empty
