"""Intervals from resampled days: against SciPy where days are independent, and against the truth where they are not."""

import numpy as np
import pytest
import scipy.stats

from gridahead.evaluation.bootstrap import (
    block_length,
    bootstrap_difference,
    bootstrap_mean,
    bootstrap_ratio,
    resampled_days,
)

RNG = np.random.default_rng(5)


def similar_days(count, days, memory=0.6):
    shocks = RNG.normal(size=(count, days))
    for day in range(1, days):
        shocks[:, day] += memory * shocks[:, day - 1]
    return shocks


def test_with_blocks_of_one_day_it_is_the_ordinary_bootstrap_of_scipy():
    losses = RNG.gamma(4, 300, 200)
    theirs = scipy.stats.bootstrap([losses], np.mean, method="percentile", rng=1, n_resamples=4000).confidence_interval
    ours = bootstrap_mean(losses, block=1)
    assert ours.value == losses.mean()
    assert ours.low == pytest.approx(theirs.low, rel=0.01)
    assert ours.high == pytest.approx(theirs.high, rel=0.01)


def test_blocks_are_consecutive_days_of_the_promised_mean_length_and_go_round():
    drawn = resampled_days(days=50, block=7, repetitions=2000, seed=0)
    follows = (np.diff(drawn, axis=1) % 50) == 1
    # A block ends with probability 1/7; one time in fifty the next one happens to begin where the last one ended.
    assert follows.mean() == pytest.approx(6 / 7 + 1 / 7 / 50, abs=0.005)
    assert np.bincount(drawn.ravel()).min() > 0.9 * 2000, "every day is drawn equally often"


def test_intervals_hold_the_truth_where_days_resemble_their_neighbours_and_narrow_ones_do_not():
    worlds = similar_days(60, 250)

    def held(block):
        intervals = [bootstrap_mean(world, block=block) for world in worlds]
        return np.mean([one.low <= 0 <= one.high for one in intervals])

    assert held(block=None) > 0.8
    assert held(block=1) < 0.75, "days taken for independent ones"


def test_two_models_keep_their_days_in_common():
    hard = np.exp(similar_days(1, 365)[0])
    first, second = 0.95 * hard, hard * RNG.uniform(0.99, 1.01, 365)
    paired = bootstrap_difference(first, second)
    alone = bootstrap_mean(first)
    assert paired.high - paired.low < 0.1 * (alone.high - alone.low)
    ratio = bootstrap_ratio(first, second)
    assert ratio.value == pytest.approx(0.95, abs=0.005)
    assert ratio.high - ratio.low < 0.01


def test_days_that_either_lacks_are_left_out():
    first, second = np.arange(1.0, 41), np.arange(41.0, 1, -1)
    first[3], second[10] = np.nan, np.nan
    kept = np.delete(np.arange(40), [3, 10])
    assert bootstrap_difference(first, second).value == pytest.approx((first - second)[kept].mean())
    assert bootstrap_ratio(first, second).value == pytest.approx(first[kept].sum() / second[kept].sum())


def test_the_same_seed_draws_the_same_days():
    losses = RNG.gamma(4, 300, 60)
    assert bootstrap_mean(losses, seed=3) == bootstrap_mean(losses, seed=3)
    assert bootstrap_mean(losses, seed=3) != bootstrap_mean(losses, seed=4)


def test_fewer_than_two_blocks_have_no_interval():
    assert np.isnan(bootstrap_mean([1.0] * 13).low)
    assert bootstrap_mean([1.0] * 13).value == 1.0
    assert np.isnan(bootstrap_mean([]).value)


def test_a_block_is_a_week_and_more_in_long_periods():
    assert block_length(90) == 7
    assert block_length(1000) == pytest.approx(10)


def test_shapes_and_shares_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="shapes differ"):
        bootstrap_ratio([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="cannot cover"):
        bootstrap_mean([1.0] * 30, share=1.0)
