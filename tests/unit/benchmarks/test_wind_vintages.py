"""GEFCom2012: what was known at an issue time, by vintages of the weather."""

import numpy as np
import pandas as pd
import pytest
from gefcom2012_wind import expectation
from wind_inputs import LEVELS, inputs_of
from wind_vintages import (
    CONTEXT,
    HORIZON,
    competition_issues,
    farms_of,
    training_issues,
    windows_at,
)

from gridahead.core.vintages import micros

START = pd.Timestamp("2009-07-01", tz="UTC")


def power_and_forecasts():
    """Twelve days of two farms; the wind of farm f issued at the i-th time for lead h is 100·i + h + f/10."""
    stamps = pd.date_range("2009-07-01", periods=12 * 24, freq="h")
    power = pd.DataFrame({"wp1": np.arange(288) / 1000, "wp2": np.arange(288) / 500}, index=stamps)
    power["usage"] = "Training"
    power.iloc[121:169, 2] = "PrivateTest"
    issues = pd.date_range("2009-07-01", periods=20, freq="12h")
    keys = pd.MultiIndex.from_product([range(20), range(1, 49), (1, 2)], names=["i", "hors", "farm"]).to_frame(
        index=False
    )
    value = 100 * keys["i"] + keys["hors"] + keys["farm"] / 10
    rows = keys.assign(issue=issues[keys["i"]], u=value, v=-value, ws=value)
    return power, rows


def at(hours):
    return micros(pd.DatetimeIndex([START + pd.Timedelta(hours=each) for each in hours]))


def test_the_newest_forecast_issued_by_then_is_read_and_the_one_before():
    windows = windows_at(farms_of(*power_and_forecasts()), at([120]))  # the issue number 10
    assert windows.weather[0, :, 1, 0] == pytest.approx(1000 + np.arange(1, 49) + 0.2)
    assert windows.before[0, :36, 0, 2] == pytest.approx(900 + 12 + np.arange(1, 37) + 0.1)
    assert windows.before[0, 36:, 0, 2] == pytest.approx(windows.weather[0, 36:, 0, 2])  # it reaches no further


def test_the_context_ends_at_the_issue_time_and_the_target_begins_an_hour_later():
    windows = windows_at(farms_of(*power_and_forecasts()), at([120]))
    assert windows.past[0, :, 0] == pytest.approx(np.arange(120 - CONTEXT + 1, 121) / 1000)
    assert windows.target[0, :, 0] == pytest.approx(np.arange(121, 169) / 1000)
    assert windows.recent[0, -1, 0, 0] == pytest.approx(900 + 12 + 0.1)  # of hour 120 the newest is 12 hours old


def test_no_later_vintage_and_no_later_power_is_read():
    power, forecasts = power_and_forecasts()
    clean = windows_at(farms_of(power, forecasts), at([120]))
    power, forecasts = power_and_forecasts()
    power.iloc[121:, :2] = 9.0
    forecasts.loc[forecasts["i"] > 10, ["u", "v", "ws"]] = 1e6
    poisoned = windows_at(farms_of(power, forecasts), at([120]))
    for name in ("past", "recent", "weather", "before"):
        assert np.array_equal(getattr(clean, name), getattr(poisoned, name)), name
    assert (poisoned.target == 9).all()


def test_power_curves_learn_from_no_window_but_those_that_are_learnt():
    power, forecasts = power_and_forecasts()
    issues = training_issues(farms_of(power, forecasts), START + pd.Timedelta(days=10))
    learnt = np.arange(len(issues)) < 4
    clean = inputs_of(windows_at(farms_of(power, forecasts), issues), learnt)
    last = int((issues[3] - at([0])[0]) / 3.6e9) + HORIZON
    power, forecasts = power_and_forecasts()
    power.iloc[last + 1 :, :2] = 0.9
    poisoned = inputs_of(windows_at(farms_of(power, forecasts), issues), learnt)
    assert np.array_equal(clean.batch.decoder.numpy(), poisoned.batch.decoder.numpy())
    assert not np.array_equal(clean.target, poisoned.target)


def test_training_windows_end_before_what_is_held_out():
    farms = farms_of(*power_and_forecasts())
    issues = training_issues(farms, START + pd.Timedelta(days=10))
    assert issues[0] == at([36])[0]
    assert issues[-1] == at([192])[0]
    assert set(np.diff(issues)) == {12 * 3_600_000_000}


def test_the_competition_issued_in_the_hour_before_what_it_withheld():
    assert competition_issues(farms_of(*power_and_forecasts())).tolist() == at([120]).tolist()


def test_inputs_have_one_window_an_issue_time_and_farm():
    windows = windows_at(farms_of(*power_and_forecasts()), at([120, 132]))
    inputs = inputs_of(windows, np.array([True, False]))
    assert inputs.farm.tolist() == [0, 1, 0, 1]
    assert inputs.last == pytest.approx([0.12, 0.24, 0.132, 0.264])
    assert inputs.target[1] == pytest.approx(np.arange(121, 169) / 500)
    assert inputs.batch.decoder[3, 0, 0] == pytest.approx((1101 + 0.2) / 4)
    assert inputs.rows(np.array([False, True])).last == pytest.approx([0.132, 0.264])
    table, scaled = inputs.table()
    assert len(table) == len(scaled) == 4 * HORIZON
    assert inputs.power(scaled)[:HORIZON] == pytest.approx(np.arange(121, 169) / 1000, abs=1e-6)


def test_the_mean_of_a_distribution_weighs_its_quantiles_by_the_levels_they_stand_for():
    assert expectation(np.full(len(LEVELS), 0.7)) == pytest.approx(0.7)
    assert expectation(np.array(LEVELS)) == pytest.approx(0.5)
    # 0.05 stands for the levels from 0 to 0.075.
    assert expectation(np.eye(len(LEVELS))[0]) == pytest.approx(0.075)
