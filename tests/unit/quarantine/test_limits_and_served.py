"""Which limits the gate judges by, when they are learnt again, and what was served for the hours that it judges."""

from typing import Any

import pandas as pd
import pytest
from builders.rows import LOAD, WIND_SOLAR, hours, measured

from gridahead.core.tables import FORECASTS, LIMITS
from gridahead.core.time import TimeRange
from gridahead.quarantine import limits as limits_module
from gridahead.quarantine.limits import limits_for, relearn
from gridahead.quarantine.served_intervals import served_intervals
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

DAY = hours("2025-01-01T00:00Z", 24)
NOW = pd.Timestamp("2025-06-01T00:00Z")


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    entry = {"series": "DE/load", "deadline": "D-1T1100[Europe/Berlin]"}
    return Workspace(Settings.model_validate({"data_folder": tmp_path, "series": [entry]}))


def taught(workspace, days: float, age_days: float = 0, series=LOAD):
    until = pd.Timestamp("2025-01-01T00:00Z")
    row = {"zone": series.zone, "quantity": series.quantity, "name": "ramp", "value": 1.0}
    row |= {"learned_from": until - pd.Timedelta(days=days), "learned_until": until}
    row |= {"learned_at": NOW - pd.Timedelta(days=age_days)}
    workspace.lake.limits.append(LIMITS.check(pd.DataFrame([row])))


def test_ten_years_are_not_judged_by_what_a_day_has_taught(workspace):
    taught(workspace, days=1)
    taught(workspace, days=400, series=WIND_SOLAR)
    hour = measured(LOAD, DAY[:1], [1.0])
    assert set(limits_for(workspace.lake, hour)["quantity"]) == {"load", "wind_solar"}
    week = measured(LOAD, hours("2025-01-01T00:00Z", 168), range(168))
    assert set(limits_for(workspace.lake, week)["quantity"]) == {"wind_solar"}


@pytest.mark.parametrize(
    ("days", "age_days", "again"),
    [(400, 1, False), (400, 29, False), (400, 31, True), (2, 0.5, False), (2, 1.5, True), (None, 0, True)],
    ids=["fresh", "a month", "older than a month", "young", "grown by half", "never learnt"],
)
def test_limits_are_learnt_again_when_they_are_old_or_the_history_has_grown(
    workspace, monkeypatch, days, age_days, again
):
    workspace.lake.observations.append(measured(LOAD, DAY, range(24)))
    if days is not None:
        taught(workspace, days, age_days)
    asked = []

    def learn(history, *_):
        asked.append(len(history))
        return LIMITS.empty()

    monkeypatch.setattr(limits_module, "learn", learn)
    relearn(workspace, [LOAD], NOW)
    assert asked == ([24] if again else [])


def forecast(issue_time: str, low: float, run: str = "live", model: str = "lstm"):
    rows = [(time, level, low + 1_000 * level) for time in DAY for level in (0.1, 0.5, 0.9)]
    about: dict[str, Any] = {"run": run, "zone": "DE", "quantity": "load", "model": model}
    about |= {
        "issue_time": pd.Timestamp(issue_time),
        "mtu": "PT60M",
        "model_version": "3",
        "rung": "full",
        "data_hash": "ab",
        "made_at": NOW,
    }
    return FORECASTS.check(pd.DataFrame(rows, columns=["valid_time", "quantile", "value_mw"]).assign(**about))


def test_the_newest_forecast_before_each_hour_is_what_was_served_with_its_outermost_quantiles(workspace):
    for made in (
        forecast("2024-12-31T10:00Z", 50_000.0),
        forecast("2025-01-01T06:30Z", 60_000.0),
        forecast("2024-12-31T12:00Z", 9.0, run="backtest/cli"),
    ):
        workspace.lake.forecasts.append(made)
    intervals = served_intervals(workspace, [LOAD, WIND_SOLAR], TimeRange(DAY[5], DAY[9]))
    assert intervals is not None
    served = intervals.set_index("valid_time")
    assert list(served.index) == list(DAY[5:9])
    assert served["low"].tolist() == [50_100.0, 50_100.0, 60_100.0, 60_100.0]
    assert served["high"].tolist() == [50_900.0, 50_900.0, 60_900.0, 60_900.0]
    assert served["forecast"].iloc[0] == "lstm v3, issued 2024-12-31 10:00 UTC, live"


def test_nothing_served_is_none(workspace):
    assert served_intervals(workspace, [LOAD], TimeRange(DAY[0], DAY[9])) is None
    workspace.lake.forecasts.append(forecast("2025-01-05T10:00Z", 1.0))  # issued after its hours
    assert served_intervals(workspace, [LOAD], TimeRange(DAY[0], DAY[9])) is None
