"""Runs of the lake by name, and which forecast of an hour is the newest."""

import pandas as pd
import pytest
from builders.forecasts import forecast_of

from gridahead.core.runs import HOLDOUT, LIVE, REFERENCE_WORDS, REFERENCES, backtest_name, backtest_run, is_backtest
from gridahead.core.tables import FORECASTS
from gridahead.core.vintages import newest_forecasts


def test_a_backtest_has_one_name_with_and_without_the_prefix_of_its_run():
    assert backtest_run("holdout") == HOLDOUT == "backtest/holdout"
    assert backtest_name(HOLDOUT) == backtest_name("holdout") == "holdout"
    assert is_backtest(HOLDOUT) and not is_backtest(LIVE)


def test_every_reference_has_words():
    assert set(REFERENCE_WORDS) == set(REFERENCES)


def test_the_newest_forecast_of_an_hour_was_issued_last_and_made_last():
    day, early = "2026-01-10", pd.Timestamp("2026-01-08T00:00Z")
    first = forecast_of(day, level=1.0, issue_time=early, made_at=early)
    again = forecast_of(day, level=2.0, made_at=early)
    last = forecast_of(day, level=3.0, made_at=early + pd.Timedelta(hours=1))
    newest = newest_forecasts(pd.concat([last, first, again]))
    assert newest.loc[newest["quantile"] == 0.5, "value_mw"].min() == 3.0
    assert len(newest) == len(last)
    by_issue = newest_forecasts(pd.concat([last, first, again]), ["issue_time", "valid_time"])
    assert sorted(by_issue.loc[by_issue["quantile"] == 0.5].groupby("issue_time")["value_mw"].min()) == [1.0, 3.0]


def test_levels_of_an_older_forecast_are_not_mixed_in():
    """Guard: quantiles of two makings may cross; a forecast with fewer levels than the one before replaces it whole."""
    older = forecast_of("2026-01-10", levels=(0.01, 0.5, 0.99), made_at=pd.Timestamp("2026-01-01T00:00Z"))
    newer = forecast_of("2026-01-10", levels=(0.5,), made_at=pd.Timestamp("2026-01-02T00:00Z"))
    assert set(newest_forecasts(pd.concat([newer, older]))["quantile"]) == {0.5}


@pytest.mark.parametrize("key", [("valid_time",), ("model", "issue_time", "valid_time")])
def test_no_forecasts_have_no_newest(key):
    assert list(newest_forecasts(FORECASTS.empty(), key).columns) == FORECASTS.names
