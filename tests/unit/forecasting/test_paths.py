"""The paths of a forecast: its quantiles in every unit, in the order of the errors of days that have been."""

import datetime as dt
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from builders.forecasts import forecast_of
from builders.rows import LOAD, day_ahead, measured, together

from gridahead.core.grid import Series
from gridahead.core.time import Mtu, delivery_range
from gridahead.core.vintages import micros
from gridahead.forecasting.history import History
from gridahead.forecasting.paths import (
    OFFICIAL_ERRORS,
    PATHS,
    WEEKLY_CHANGES,
    Paths,
    Template,
    draw,
    figures_of_paths,
    ordered,
    parquet_of,
    template_of,
    wide_of,
)

BERLIN = "Europe/Berlin"
DAY = dt.date(2025, 3, 19)
DUE = pd.Timestamp("2025-03-18T10:00Z")
LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def times_before(day=DAY, days=150, mtu=Mtu.PT60M):
    start, end = (
        (pd.Timestamp(day) - pd.Timedelta(days=days)).tz_localize(BERLIN),
        pd.Timestamp(day).tz_localize(BERLIN),
    )
    return pd.date_range(start, end + pd.Timedelta(days=1), freq=mtu.delta, inclusive="left").tz_convert("UTC")


def known(seed=3, official=True, days=150, mtu=Mtu.PT60M):
    times = times_before(days=days, mtu=mtu)
    noise = np.random.default_rng(seed).normal(0, 1_000, len(times)).cumsum() / 10
    outturn = measured(LOAD, times, 50_000 + noise, mtu=mtu)
    return together(outturn, day_ahead(LOAD.official, times, 50_000.0, mtu=mtu)) if official else outturn


def template(rows, day=DAY, issued=DUE, mtu=Mtu.PT60M):
    return template_of(History.of(rows, LOAD, BERLIN, mtu, day, issued))


def errors_of(count, units, seed=1):
    return np.random.default_rng(seed).normal(0, 1, (count, units)).cumsum(axis=1)


def quantiles_of(units):
    spread = np.array([1.0, 2.0, 3.0, 4.0, 4.5, 5.0, 6.0, 8.0, 10.0, 14.0, 20.0])
    return 100.0 * np.arange(1, units + 1)[:, None] + spread


@pytest.mark.parametrize("days", [14, 37, PATHS])
def test_as_many_paths_lie_below_each_quantile_as_its_level_says(days):
    quantiles = quantiles_of(24)
    paths = ordered(quantiles, LEVELS, errors_of(days, 24))
    below = (paths[:, :, None] < quantiles[None]).sum(axis=0)
    assert (below == np.round(PATHS * np.array(LEVELS))).all()


def test_values_lie_on_straight_lines_over_the_normal_distribution_and_beyond_the_outermost_level():
    # Of a normal forecast with mean 10 and standard deviation 2 they are those of that distribution, in the tails too.
    normal = NormalDist(10, 2)
    paths = ordered(np.tile([normal.inv_cdf(level) for level in LEVELS], (3, 1)), LEVELS, errors_of(PATHS, 3))
    expected = [normal.inv_cdf((n + 0.5) / PATHS) for n in range(PATHS)]
    np.testing.assert_allclose(np.sort(paths, axis=0), np.tile(np.array(expected)[:, None], 3))


def test_the_paths_have_the_order_of_the_errors_at_every_hour():
    errors = errors_of(PATHS, 24)
    paths = ordered(quantiles_of(24), LEVELS, errors)
    assert (np.argsort(paths, axis=0) == np.argsort(errors, axis=0)).all()


def test_of_fewer_days_than_paths_each_is_followed_several_times_by_neighbours():
    errors = errors_of(20, 24)
    paths = ordered(quantiles_of(24), LEVELS, errors)
    ranks = np.argsort(np.argsort(paths, axis=0), axis=0)
    assert (ranks // 5 == np.argsort(np.argsort(errors, axis=0), axis=0)[np.arange(PATHS) % 20]).all()


def test_no_path_is_beyond_what_physics_allows_and_by_night_all_are_nothing():
    quantiles = np.vstack([np.zeros((2, 11)), np.linspace(0, 1, 11)[None], 100 + quantiles_of(1)])
    paths = ordered(quantiles, LEVELS, errors_of(PATHS, 4), low=0.0)
    assert (paths[:, :2] == 0).all() and paths.min() == 0 and (paths[:, 3] > 0).all()


def test_the_template_is_the_errors_of_the_official_forecast_on_the_newest_whole_days():
    rows = known()
    found = template(rows)
    assert found.kind == OFFICIAL_ERRORS and len(found.days) == PATHS
    # At 11:00 the day before is half over, and the one before that is whole.
    assert found.days[:2] == (dt.date(2025, 3, 17), dt.date(2025, 3, 16))
    own = rows[(rows["quantity"] == "load")].set_index("valid_time")["value"]
    first = delivery_range(found.days[0], BERLIN).times(Mtu.PT60M)
    np.testing.assert_allclose(found.errors[0], own[first].to_numpy() - 50_000)


def test_without_an_official_forecast_it_is_the_changes_since_the_week_before():
    rows = known(official=False)
    found = template(rows)
    own = rows.set_index("valid_time")["value"]
    first = delivery_range(found.days[0], BERLIN).times(Mtu.PT60M)
    assert found.kind == WEEKLY_CHANGES
    np.testing.assert_allclose(found.errors[0], own[first].to_numpy() - own[first - pd.Timedelta(days=7)].to_numpy())


def test_of_two_weeks_there_are_paths_and_of_less_there_are_none():
    assert template(known(days=16)) is not None and template(known(days=14)) is None


def test_what_came_after_the_issue_time_changes_nothing():
    rows, poison = known(), known(seed=9)
    late = poison.assign(value=-1e6, available_at=DUE + pd.Timedelta(seconds=1))
    before, after = template(rows), template(together(rows, late))
    assert before.days == after.days and np.array_equal(before.errors, after.errors)
    paths = [draw(forecast_of(str(DAY), levels=LEVELS), one, BERLIN) for one in (before, after)]
    assert parquet_of(paths[0]) == parquet_of(paths[1])


def test_an_hour_without_outturn_is_drawn_as_a_straight_line_and_a_day_with_many_is_left_out():
    rows = known()
    local = pd.DatetimeIndex(rows["valid_time"]).tz_convert(BERLIN)
    one_hour = (local.date == dt.date(2025, 3, 17)) & (local.hour == 5)
    half_a_day = (local.date == dt.date(2025, 3, 16)) & (local.hour < 12)
    found = template(rows[~(one_hour | half_a_day)])
    assert found.days[:2] == (dt.date(2025, 3, 17), dt.date(2025, 3, 15))
    assert found.errors[0, 5] == pytest.approx((found.errors[0, 4] + found.errors[0, 6]) / 2)


@pytest.mark.parametrize(
    ("day", "mtu", "units"),
    [("2025-03-30", Mtu.PT60M, 23), ("2025-10-26", Mtu.PT60M, 25), ("2025-10-26", Mtu.PT15M, 100)],
)
def test_days_of_23_and_25_hours_have_paths_and_an_hour_that_comes_twice_is_alike(day, mtu, units):
    found = Template((DAY,) * 50, errors_of(50, 24), OFFICIAL_ERRORS)
    paths = draw(forecast_of(day, levels=LEVELS, mtu=mtu), found, BERLIN)
    assert paths.drawn.shape == (PATHS, units) and np.isfinite(paths.drawn).all()
    if units == 25:
        assert (np.argsort(paths.drawn[:, 2]) == np.argsort(paths.drawn[:, 3])).all()


def test_the_file_gives_the_paths_back_with_the_days_that_they_follow():
    found = template(known())
    paths = draw(forecast_of(str(DAY), levels=LEVELS), found, BERLIN)
    content = parquet_of(paths)
    wide = wide_of(content)
    assert np.array_equal(wide.to_numpy().T, paths.drawn) and np.array_equal(wide.columns, np.arange(1, PATHS + 1))
    assert wide.attrs["follows"][1] == found.days[0] and len(content) < 20_000


def test_what_a_day_may_come_to_by_hand():
    # Path n is n − ½ in the first hour and 100 less as much in the second.
    values = np.arange(PATHS)[:, None] + np.array([0.5, 0.5])
    values[:, 1] = values[::-1, 1]
    template_of_two = Template((DAY, DAY - dt.timedelta(days=1)), np.zeros((2, 24)), OFFICIAL_ERRORS)
    paths = Paths(
        micros(pd.date_range("2025-03-19", periods=2, freq="h", tz="UTC")), values.astype("f4"), template_of_two
    )
    told = figures_of_paths(paths, (0.1, 0.5, 0.9), Mtu.PT60M, "load")
    # The two hours mirror each other: the sum is always 100, the higher of the two is from 50.5 to 99.5, twice each.
    assert told["mean"] == {"0.1": 50.0, "0.5": 50.0, "0.9": 50.0} and set(told["energy"].values()) == {100.0}
    assert told["peak"] == {"0.1": 55.0, "0.5": 75.0, "0.9": 95.0}
    assert told["lowest"] == {"0.1": 5.0, "0.5": 25.0, "0.9": 45.0}
    assert told["peak_at"] == {"2025-03-19T00:00:00+00:00": 0.5, "2025-03-19T01:00:00+00:00": 0.5}
    assert told["follows"] == "errors of the official forecast on 2 days from 2025-03-18 to 2025-03-19"
    assert "energy" not in figures_of_paths(paths, (0.1, 0.5, 0.9), Mtu.PT60M, "price")


def test_paths_of_several_series_follow_the_same_days():
    other = known(seed=5).assign(zone="FR")
    here, there = template(known()), template_of(History.of(other, Series("FR", "load"), BERLIN, Mtu.PT60M, DAY, DUE))
    assert there is not None and here.days == there.days
