"""GEFCom2014: what a task may see, the layout of the windows, the power curve, the official score."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from gefcom2014_wind import check_score, competition, forecast, means
from wind_farms import DAY, LEVELS, Farms, Task, known_for, own_history, score, task_of
from wind_power import BLOCK, expected_power
from wind_trees import AROUND, forecast_by_trees, rows_of, shifted
from wind_views import MARGIN, VIEWS, WINDOW, batch_of, by_hour, features_of

from gridahead.core.errors import ModelError


@pytest.fixture
def farms():
    """Forty days of two farms from 2012-09-01 on: task 1 begins on the thirtieth day."""
    rng = np.random.default_rng(0)
    times = pd.date_range("2012-09-01 01:00", periods=40 * DAY, freq="h", tz="UTC")
    wind = rng.normal(0, 5, (len(times), 2, 4)).astype(np.float32)
    power = np.clip(np.hypot(wind[..., 2], wind[..., 3]) / 15, 0, 1).astype(np.float32)
    power[100:110, 1] = np.nan
    return Farms(times, power, wind)


TASK = Task(1, 30, 35)


def test_a_task_is_a_calendar_month(farms):
    assert task_of(farms, 1) == Task(1, 30, 61)
    assert farms.times[task_of(farms, 1).hours][0] == pd.Timestamp("2012-10-01 01:00", tz="UTC")


def test_a_task_sees_no_power_of_its_month_and_nothing_after_it(farms):
    known = known_for(farms, TASK)
    assert np.isnan(known.power[30 * DAY :]).all()
    assert np.array_equal(known.power[: 30 * DAY], farms.power[: 30 * DAY], equal_nan=True)
    assert len(known.times) == len(known.power) == len(known.wind) == 35 * DAY


@pytest.mark.parametrize("view", VIEWS)
def test_the_future_changes_no_window(farms, view):
    power, wind = farms.power.copy(), farms.wind.copy()
    power[30 * DAY :], wind[35 * DAY :] = 0.99, 99
    poisoned = replace(farms, power=power, wind=wind)
    days = np.arange(35)
    clean, other = (
        batch_of(known, features_of(known), view, days)
        for known in (known_for(each, TASK) for each in (farms, poisoned))
    )
    assert all(torch.equal(one, two) for one, two in zip(clean.tensors(), other.tensors(), strict=True))
    assert clean.weight.sum() == 30 * DAY * 2 - 10


@pytest.mark.parametrize("view", VIEWS)
def test_an_answer_that_is_the_target_is_the_power_of_the_days(farms, view):
    batch = batch_of(farms, features_of(farms), view, np.arange(3, 9))
    power = farms.power[3 * DAY : 9 * DAY]
    answer = by_hour(batch.target[..., None], view, 2)[..., 0]
    known = ~np.isnan(power)
    assert np.allclose(answer[known], power[known], atol=1e-6)


def test_a_window_of_a_farm_has_its_own_wind_first_and_half_a_day_around(farms):
    batch = batch_of(farms, features_of(farms), "farm", np.array([3, 4]))
    time_range = batch.decoder[3]  # second day, second farm
    assert batch.static[3].tolist() == [0, 1]
    assert time_range.shape[0] == WINDOW
    assert time_range[0, 0] * 4 == pytest.approx(float(farms.wind[4 * DAY - MARGIN, 1, 0]), abs=1e-5)
    assert time_range[MARGIN, 2] * 6 == pytest.approx(float(farms.wind[4 * DAY, 1, 2]), abs=1e-5)
    assert batch.weight[3, :MARGIN].sum() == batch.weight[3, MARGIN + DAY :].sum() == 0


def test_a_power_curve_is_the_mean_of_other_days_at_such_wind():
    day = np.arange(40 * DAY) // DAY
    blowing = day % 2 == 0
    u, v = np.where(blowing, 10.0, 1.0).astype(np.float32), np.zeros(len(day), np.float32)
    power = np.where(blowing, 0.8, 0.1).astype(np.float32)
    power[3::7] = np.nan
    assert np.allclose(expected_power(u, v, power, day), np.where(blowing, 0.8, 0.1), atol=0.01)


def test_a_power_curve_does_not_know_the_answer():
    rng = np.random.default_rng(1)
    day = np.arange(60 * DAY) // DAY
    u, v = rng.normal(0, 5, (2, len(day))).astype(np.float32)
    power = rng.uniform(0, 1, len(day)).astype(np.float32)
    changed = power.copy()
    own = day // BLOCK == 4
    changed[own] = 1.0 - changed[own]
    before, after = (expected_power(u, v, each, day) for each in (power, changed))
    # The prior of rare winds is the mean of all power: it moves a little, the curve itself not at all.
    assert np.abs(before - after)[own].max() < 0.02
    assert np.abs(before - after)[~own].max() > 0.02


def test_the_score_is_the_mean_pinball_loss_over_levels(farms):
    task = Task(1, 0, 1)
    short = np.repeat(farms.power[task.hours][..., None] - 0.1, len(LEVELS), axis=-1)
    assert score(short, farms, task) == pytest.approx(0.05)  # 0.1 times the mean level


def test_a_score_that_is_not_the_official_one_stops_the_benchmark(farms):
    task = task_of(farms, 1)
    ours = score(own_history(known_for(farms, task), task)[: 10 * DAY], farms, task)
    published = pd.DataFrame({"Task1": {"Benchmark - Wind": ours}})
    check_score(replace(farms), published, [])
    with pytest.raises(ModelError, match="task 1"):
        check_score(_whole(farms), published + 0.01, [1])


def _whole(farms):
    """Until the end of October."""
    more = 21 * DAY
    times = pd.date_range(farms.times[0], periods=len(farms.times) + more, freq="h")
    return Farms(times, np.pad(farms.power, ((0, more), (0, 0))), np.pad(farms.wind, ((0, more), (0, 0), (0, 0))))


def test_competitors_are_ranked_by_their_mean_over_the_tasks_that_count(farms):
    names = ["Benchmark - Wind", *(f"team {place}" for place in range(7))]
    published = pd.DataFrame({f"Task{k}": np.arange(8) / 100 for k in range(1, 16)}, index=names)
    published.loc["team 0", "Task9"] = np.nan
    rows = competition(published, _whole(farms), [4])
    assert [row.model for row in rows] == [*(f"team {place}" for place in range(1, 6)), "Benchmark - Wind"]
    assert means(rows)[0].value == pytest.approx(0.02)


@pytest.mark.parametrize("view", VIEWS)
def test_a_forecast_of_a_month_has_rising_quantiles_within_bounds(farms, view):
    answer = forecast(known_for(farms, TASK), TASK, view, seed=0, epochs=1)
    assert answer.shape == (5 * DAY, 2, 99)
    assert (np.diff(answer, axis=-1) >= 0).all()
    assert answer.min() >= 0
    assert answer.max() <= 1


def test_trees_see_no_power_of_their_month_and_nothing_after_it(farms):
    power, wind = farms.power.copy(), farms.wind.copy()
    power[30 * DAY :], wind[35 * DAY :] = 0.99, 99
    poisoned = replace(farms, power=power, wind=wind)
    clean, other = (forecast_by_trees(known_for(each, TASK), TASK, 20) for each in (farms, poisoned))
    assert clean.tobytes() == other.tobytes()
    assert clean.shape == (5 * DAY, 2, len(LEVELS))
    assert (np.diff(clean, axis=-1) >= 0).all() and clean.min() >= 0 and clean.max() <= 1
    assert score(clean, farms, TASK) < score(own_history(known_for(farms, TASK), TASK), farms, TASK)


def test_a_row_is_told_the_wind_of_the_hours_around_and_whose_it_is(farms):
    features = features_of(farms)
    rows = rows_of(farms, features)
    width = features.farms.shape[-1]
    for place, by in enumerate(AROUND):
        speed = rows[50, 1, width + 2 * place]
        assert speed == features.farms[50 + by, 1, 5]
    assert rows[50, :, -1].tolist() == [0, 1]
    assert shifted(features.farms, -3)[0].tolist() == features.farms[0].tolist()
