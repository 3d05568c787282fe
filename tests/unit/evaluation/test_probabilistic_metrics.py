"""Scores of quantiles, intervals and scale against scoringrules and hand calculations."""

from typing import Any

import numpy as np
import pytest
import scoringrules as sr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from gridahead.evaluation import metrics

EXACT: dict[str, Any] = {"rel": 1e-12, "abs": 1e-9}
VALUES = st.floats(-1e5, 1e5, allow_nan=False, width=32)
EVEN = (np.arange(9) + 0.5) / 9
UNEVEN = np.array([0.05, 0.1, 0.2, 0.5, 0.6, 0.95])


@given(hnp.arrays(float, (7, 9), elements=VALUES), hnp.arrays(float, 7, elements=VALUES))
@settings(max_examples=50, deadline=None)
def test_crps_of_evenly_spread_levels_is_that_of_scoringrules(quantiles, outturn):
    expected = sr.crps_quantile(outturn, quantiles, EVEN, backend="numpy").mean()
    assert metrics.crps(quantiles, EVEN, outturn) == pytest.approx(expected, **EXACT)
    assert metrics.crps(quantiles, EVEN, outturn) == pytest.approx(
        2 * metrics.pinball(quantiles, EVEN, outturn), **EXACT
    )


@given(hnp.arrays(float, (7, 6), elements=VALUES), hnp.arrays(float, 7, elements=VALUES))
@settings(max_examples=50, deadline=None)
def test_crps_of_uneven_levels_weighs_the_quantile_scores_of_scoringrules_by_what_each_level_stands_for(
    quantiles, outturn
):
    # Half-way points: 0.075, 0.15, 0.35, 0.55, 0.775.
    weights = [0.075, 0.075, 0.2, 0.2, 0.225, 0.225]
    scores = [sr.quantile_score(outturn, quantiles[:, n], level, backend="numpy") for n, level in enumerate(UNEVEN)]
    expected = 2 * np.mean(np.transpose(scores) @ weights)
    assert metrics.crps(quantiles, UNEVEN, outturn) == pytest.approx(expected, **EXACT)


def test_crps_of_many_quantiles_of_a_normal_distribution_is_its_closed_form():
    levels = (np.arange(2000) + 0.5) / 2000
    outturn = np.array([-1.5, 0.0, 0.3, 2.0])
    quantiles = np.broadcast_to(3.0 + 2.0 * stats.norm.ppf(levels), (4, 2000))
    expected = sr.crps_normal(outturn, 3.0, 2.0, backend="numpy").mean()
    assert metrics.crps(quantiles, levels, outturn) == pytest.approx(expected, rel=1e-3)


def test_crps_of_the_median_alone_is_the_mean_absolute_error():
    assert metrics.crps([[8.0], [14.0]], [0.5], [10.0, 10.0]) == pytest.approx(3.0, **EXACT)


@pytest.mark.parametrize("levels", [[0.5, 0.5], [0.9, 0.1], [0.0, 0.5], [0.5, 1.0]])
def test_levels_that_do_not_rise_inside_0_and_1_are_refused(levels):
    with pytest.raises(ValueError, match="do not rise"):
        metrics.crps([[1.0, 2.0]], levels, [1.0])


@given(*3 * [hnp.arrays(float, 20, elements=VALUES)], st.floats(0.05, 0.95))
@settings(max_examples=50, deadline=None)
def test_the_interval_score_is_that_of_scoringrules(one, other, outturn, share):
    lower, upper = np.minimum(one, other), np.maximum(one, other)
    expected = np.mean(sr.interval_score(outturn, lower, upper, 1 - share, backend="numpy"))
    assert metrics.interval_score(lower, upper, outturn, share) == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_the_interval_score_by_hand():
    # Width 4; 3 below costs 2 / 0.2 * 3 = 30; inside costs nothing more; 1 above costs 10.
    assert metrics.interval_score([10.0] * 3, [14.0] * 3, [7.0, 12.0, 15.0], 0.8) == pytest.approx(4 + 40 / 3, **EXACT)
    with pytest.raises(ValueError, match="cannot promise"):
        metrics.interval_score([0.0], [1.0], [0.0], 1.0)


def test_reliability_is_the_share_below_each_quantile_and_a_tie_counts_half():
    quantiles = np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [1.0, np.nan]])
    observed = metrics.reliability(quantiles, [0.3, 0.7], [0.5, 1.0, 2.0, 9.0])
    np.testing.assert_allclose(observed, [1.5 / 3, 2.5 / 3])


def test_a_night_without_any_spread_says_nothing_of_reliability():
    # Levels 0.1 and 0.9 are equal in the first row: whatever the levels outside them do, it does not count.
    quantiles = np.array([[0.0, 5.0, 5.0, 5.0, 9.0], [0.0, 0.0, 4.0, 8.0, 9.0], [0.0, 2.0, 4.0, 8.0, 9.0]])
    observed = metrics.reliability(quantiles, [0.05, 0.1, 0.5, 0.9, 0.95], [5.0, 0.0, 6.0])
    np.testing.assert_allclose(observed, [0.5 / 2, 0.5 / 2, 1 / 2, 1.0, 1.0])
    np.testing.assert_allclose(metrics.reliability([[1.0], [3.0]], [0.5], [1.0, 2.0]), [0.75])


def test_ties_broken_by_chance_give_what_half_a_tie_gives():
    # A calibrated forecast of a series that is 0 in half of all cases, and uniform above it in the others.
    draws, levels = np.random.default_rng(0), np.arange(1, 10) / 10
    outturn = np.maximum(draws.uniform(-1, 1, 20_000), 0)
    quantiles = np.broadcast_to(np.maximum(2 * levels - 1, 0), (20_000, 9))
    observed = metrics.reliability(quantiles, levels, outturn)
    np.testing.assert_allclose(observed[levels > 0.55], levels[levels > 0.55], atol=0.02)
    np.testing.assert_allclose(observed[levels < 0.45], 0.25, atol=0.02)


def test_mase_by_hand_and_against_its_definition():
    # History 1, 4, 2, 8 with a season of 2: |2 − 1| and |8 − 4|, mean 2.5. Errors 1 and 4: 2.5.
    scale = metrics.naive_scale([1.0, 4.0, 2.0, 8.0], season=2)
    assert scale == pytest.approx(2.5, **EXACT)
    assert metrics.mase([11.0, 6.0], [10.0, 10.0], scale) == pytest.approx(1.0, **EXACT)
    assert np.isnan(metrics.mase([1.0], [1.0], metrics.naive_scale([1.0], season=2)))
    assert metrics.naive_scale([1.0, 4.0, np.nan, 8.0], season=2) == pytest.approx(4.0, **EXACT)


def test_skill_is_the_share_of_the_loss_that_is_saved():
    assert metrics.skill(75.0, 100.0) == pytest.approx(0.25, **EXACT)
    assert metrics.skill(150.0, 100.0) == pytest.approx(-0.5, **EXACT)
    assert np.isnan(metrics.skill(1.0, 0.0))


def test_what_is_missing_does_not_count():
    assert metrics.crps([[1.0], [np.nan]], [0.5], [2.0, 2.0]) == pytest.approx(1.0, **EXACT)
    assert metrics.interval_score([1.0, np.nan], [3.0, 3.0], [2.0, 2.0], 0.8) == pytest.approx(2.0, **EXACT)
    assert np.isnan(metrics.crps(np.zeros((0, 1)), [0.5], []))
