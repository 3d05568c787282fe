"""Paths of past forecasts are drawn by what was known then; issues of the same units jump by what they differ."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from builders.forecasts import ELEVEN, forecast_of
from builders.rows import DE, LOAD, day_ahead, measured, together
from builders.scores import forecasts, outturn

from gridahead.core.tables import FORECASTS, Forecasts
from gridahead.core.time import Mtu, delivery_range
from gridahead.evaluation.drawn import drawer_of
from gridahead.evaluation.multivariate import energy_score, variogram_score
from gridahead.evaluation.slices import breakdown
from gridahead.forecasting.history import History
from gridahead.forecasting.paths import draw, template_of

BERLIN, LEVELS = "Europe/Berlin", (0.1, 0.5, 0.9)
DAYS = ("2025-03-29", "2025-03-30")  # the second has 23 hours


def known():
    end = delivery_range(dt.date(2025, 3, 30), BERLIN).end
    times = pd.date_range(end - pd.Timedelta(days=170), end, freq="h", inclusive="left")
    noise = np.random.default_rng(2).normal(0, 300, len(times)).cumsum() / 5
    return together(measured(LOAD, times, 50_000 + noise), day_ahead(LOAD.official, times, 50_000.0))


def figures(rows, observations, **given):
    newest = observations[observations["quantity"] == "load"][["valid_time", "value"]]
    table = breakdown(rows, newest, DE, **given)
    return table[table["by"] == "none"].set_index("metric")["value"]


@pytest.fixture(scope="module")
def observations():
    return known()


@pytest.fixture(scope="module")
def rows():
    return Forecasts(pd.concat([forecast_of(day, levels=LEVELS) for day in DAYS], ignore_index=True))


def test_their_scores_are_those_of_the_paths_that_operation_would_have_drawn(observations, rows):
    found = figures(rows, observations, drawer=drawer_of(observations, LOAD, BERLIN, Mtu.PT60M))
    by_hand = []
    for name in DAYS:
        day = dt.date.fromisoformat(name)
        history = History.of(observations, LOAD, BERLIN, Mtu.PT60M, day, ELEVEN.for_delivery(day))
        template = template_of(history)
        assert template is not None
        paths = draw(forecast_of(name, levels=LEVELS), template, BERLIN).drawn.astype(float)
        own = observations[observations["quantity"] == "load"].set_index("valid_time")["value"]
        truth = own[delivery_range(day, BERLIN).times(Mtu.PT60M)].to_numpy()
        by_hand.append((energy_score(paths, truth), variogram_score(paths, truth)))
    assert found[["energy_score", "variogram_score"]].tolist() == pytest.approx(np.mean(by_hand, axis=0), rel=1e-5)


def test_what_came_after_the_issue_time_changes_no_path(observations, rows):
    issued = rows["issue_time"].min()
    late = observations[observations["available_at"] <= issued]
    poison = late.assign(value=1e6, available_at=rows["issue_time"].max() + pd.Timedelta(seconds=1))
    found = [
        figures(rows, observations, drawer=drawer_of(one, LOAD, BERLIN, Mtu.PT60M))["variogram_score"]
        for one in (observations, together(observations, poison))
    ]
    assert found[0] == found[1]


def test_without_a_drawer_or_quantiles_or_history_they_have_no_scores(observations, rows):
    assert "energy_score" not in figures(rows, observations)
    drawer = drawer_of(observations, LOAD, BERLIN, Mtu.PT60M)
    assert "energy_score" not in figures(Forecasts(rows[rows["quantile"] == 0.5]), observations, drawer=drawer)
    short = drawer_of(observations[observations["valid_time"] > "2025-03-20"], LOAD, BERLIN, Mtu.PT60M)
    assert "energy_score" not in figures(rows, observations, drawer=short)


def issue_of(hours, values):
    issued = pd.Timestamp("2025-12-30T10:00Z") + pd.Timedelta(hours=hours)
    return forecasts(values, levels=LEVELS, issued=issued, made=issued)


def test_issues_of_the_same_units_jump_from_each_to_the_next():
    first, second, third = ([[8.0, 10.0, 12.0]] * 2, [[9.0, 12.0, 15.0]] * 2, [[9.0, 11.0, 14.0]] * 2)
    every = Forecasts(FORECASTS.check(pd.concat([issue_of(0, first), issue_of(3, second), issue_of(9, third)])))
    table = breakdown(every, outturn([10.0, 11.0]), DE).set_index(["by", "slice", "metric"])["value"]
    # The median goes up by 2 and down by 1; the bounds by 1 and 3, and by 0 and 1.
    assert table["none", "all", "jump"] == pytest.approx(1.5)
    assert table["none", "all", "jump_80"] == pytest.approx((1 + 3 + 0 + 1) / 4)
    # The later two have missed the two outturns by 2 and 1, and by 1 and 0.
    assert table["none", "all", "jump_share"] == pytest.approx(1.5 / 1.0)
    assert table["lead", "10", "jump"] == pytest.approx(2.0) and table["lead", "4", "jump"] == pytest.approx(1.0)


def test_of_one_issue_there_is_no_jump_and_where_the_newest_alone_are_scored_all_are_asked():
    one, other = issue_of(0, [[8.0, 10.0, 12.0]] * 2), issue_of(3, [[9.0, 12.0, 15.0]] * 2)
    newest, every = (Forecasts(FORECASTS.check(rows)) for rows in (other, pd.concat([one, other])))
    assert not breakdown(newest, outturn([10.0, 11.0]), DE)["metric"].str.startswith("jump").any()
    found = breakdown(newest, outturn([10.0, 11.0]), DE, issues=every).set_index(["by", "metric"])["value"]
    assert found["none", "jump"] == pytest.approx(2.0) and found["none", "mae"] == pytest.approx(1.5)
