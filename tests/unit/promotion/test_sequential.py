"""The test that may be asked every day."""

import numpy as np
import pandas as pd
import pytest

from gridahead.promotion.sequential import STAKES, block_means, days_to_see, e_process

DAYS = pd.date_range("2025-01-01", periods=40)


def test_a_block_is_a_week_and_two_days_between_blocks_are_left_out():
    values = pd.Series(np.arange(40.0), index=DAYS)
    # 0..6, 9..15, 18..24, 27..33; the fifth would be 36..42 and is not over.
    np.testing.assert_allclose(block_means(values), [3.0, 12.0, 21.0, 30.0])


def test_a_block_counts_from_the_day_on_which_it_is_over_and_is_not_changed_by_later_days():
    values = pd.Series(np.random.default_rng(0).normal(size=40), index=DAYS)
    assert [len(block_means(values[:days])) for days in (6, 7, 9, 15, 16)] == [0, 1, 1, 1, 2]
    np.testing.assert_array_equal(block_means(values[:20]), block_means(values)[:2])


def test_days_that_are_not_known_keep_their_place_and_a_block_of_three_days_decides_nothing():
    values = pd.Series(np.arange(40.0), index=DAYS)
    values.iloc[[0, 1]] = 3.0, np.nan
    values.iloc[9:13] = np.nan
    np.testing.assert_allclose(block_means(values), [(3 + 2 + 3 + 4 + 5 + 6) / 6, 21.0, 30.0])
    values.iloc[33] = np.nan
    assert block_means(values)[-1] == pytest.approx(np.mean([27, 28, 29, 30, 31, 32]))
    assert len(block_means(pd.Series(dtype=float))) == 0


def test_the_e_value_by_hand():
    found = e_process([0.1, -0.05])
    # (e^2x − 1) / (e^2x + 1) is tanh x.
    first = [1 + (np.exp(0.2 * stake) - 1) / (np.exp(0.2 * stake) + 1) for stake in (2, 4, 8, 16, 32)]
    second = [1 - (np.exp(0.1 * stake) - 1) / (np.exp(0.1 * stake) + 1) for stake in (2, 4, 8, 16, 32)]
    np.testing.assert_allclose(found, [np.mean(first), np.mean(np.multiply(first, second))])


def test_blocks_without_a_difference_leave_the_e_value_at_one_for_ever():
    np.testing.assert_array_equal(e_process(np.zeros(40)), np.ones(40))


def test_one_terrible_week_costs_no_more_than_a_bad_one_and_a_splendid_one_gains_no_more_than_double():
    assert e_process([2.0])[-1] <= 2
    assert e_process([-2.0])[-1] >= 0
    assert e_process([0.1] * 5 + [1e9])[-1] == pytest.approx(2 * e_process([0.1] * 5)[-1])


def test_equals_of_any_tails_exceed_what_is_needed_no_more_often_than_is_said():
    """On average over what may come, a bet on equals gains nothing: 1/α is reached with probability α at most."""
    draws = np.random.default_rng(0)
    for scatter in (draws.normal(0, 0.02, (2000, 40)), draws.standard_cauchy((2000, 40)) * 0.05):
        ever = np.mean([e_process(blocks).max() >= 20 for blocks in scatter])
        assert ever <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 2000)


def test_a_year_of_daily_looks_at_equals_whose_days_resemble_each_other_seldom_finds_a_difference():
    draws = np.random.default_rng(1)
    shocks = draws.normal(size=(1000, 400))
    for day in range(1, 400):
        shocks[:, day] = 0.3 * shocks[:, day - 1] + shocks[:, day]
    index = pd.date_range("2025-01-01", periods=365)
    years = [pd.Series(0.15 * one, index=index) for one in shocks[:, 35:]]
    # The e-value changes on the day on which a block is over, so its course holds every daily look.
    assert np.mean([e_process(block_means(one)).max() >= 80 for one in years]) <= 0.025


def test_the_days_needed_fall_with_the_gain_and_are_about_those_that_a_simulation_needs():
    draws = np.random.default_rng(2)
    blocks = draws.normal(0, 0.06, 200)
    told = [days_to_see(blocks, gain, 80) for gain in (0.02, 0.05, 0.1)]
    assert told[0] > told[1] > told[2]
    worlds = draws.normal(2 * 0.05 / 1.95, 0.06, (300, 200))
    needed = [9 * (np.argmax(e_process(one) >= 80) + 1) for one in worlds]
    assert np.median(needed) == pytest.approx(told[1], rel=0.25)


def test_of_one_block_no_days_are_told():
    assert np.isnan(days_to_see([0.1], 0.05, 80))
    assert len(STAKES) == 5
