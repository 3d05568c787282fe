"""The metrics against scikit-learn and against hand calculations."""

from typing import Any

import numpy as np
import pytest
import sklearn.metrics

from gridahead.evaluation import metrics

RNG = np.random.default_rng(7)
TRUTH = RNG.normal(50_000, 8_000, 500)
POINT = TRUTH + RNG.normal(300, 1_500, 500)
LEVELS = np.array([0.1, 0.5, 0.9])
QUANTILES = POINT[:, None] + np.array([-2_000.0, 0.0, 2_000.0])

EXACT: dict[str, Any] = {"rel": 1e-12, "abs": 1e-9}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (metrics.mae, sklearn.metrics.mean_absolute_error),
        (metrics.rmse, sklearn.metrics.root_mean_squared_error),
        (metrics.mape, sklearn.metrics.mean_absolute_percentage_error),
    ],
)
def test_point_metrics_agree_with_scikit_learn(ours, theirs):
    assert ours(POINT, TRUTH) == pytest.approx(theirs(TRUTH, POINT), **EXACT)


def test_pinball_is_the_mean_over_levels_of_scikit_learns_loss():
    expected = np.mean(
        [
            sklearn.metrics.mean_pinball_loss(TRUTH, QUANTILES[:, number], alpha=level)
            for number, level in enumerate(LEVELS)
        ]
    )
    assert metrics.pinball(QUANTILES, LEVELS, TRUTH) == pytest.approx(expected, **EXACT)


def test_pinball_by_hand_has_no_factor_two():
    # e = 10 − 8 = 2 above the 0.9 quantile costs 1.8; e = 10 − 14 = −4 below it costs 0.4.
    assert metrics.pinball([[8.0], [14.0]], [0.9], [10.0, 10.0]) == pytest.approx(1.1, **EXACT)
    assert metrics.pinball([[8.0]], [0.5], [10.0]) == pytest.approx(metrics.mae([8.0], [10.0]) / 2, **EXACT)


def test_point_metrics_by_hand():
    forecast, outturn = [11.0, 8.0, 33.0], [10.0, 10.0, 30.0]
    assert metrics.mae(forecast, outturn) == pytest.approx(2.0, **EXACT)
    assert metrics.rmse(forecast, outturn) == pytest.approx(np.sqrt(14 / 3), **EXACT)
    assert metrics.bias(forecast, outturn) == pytest.approx(2 / 3, **EXACT)
    assert metrics.mape(forecast, outturn) == pytest.approx((0.1 + 0.2 + 0.1) / 3, **EXACT)
    assert metrics.wape(forecast, outturn) == pytest.approx(6 / 50, **EXACT)


def test_coverage_counts_a_tie_with_a_bound_half_and_width_is_their_distance():
    lower, upper = [0.0, 0.0, 0.0, 0.0], [10.0, 10.0, 10.0, 30.0]
    assert list(metrics.inside(lower, upper, [0.0, 10.0, 10.1, 0.1])) == [0.5, 0.5, 0.0, 1.0]
    assert metrics.coverage(lower, upper, [0.0, 10.0, 10.1, -0.1]) == pytest.approx(0.25, **EXACT)
    assert metrics.width(lower, upper) == pytest.approx(15.0, **EXACT)


def test_a_night_without_any_spread_says_nothing_of_coverage():
    # Two nights, then a day of which two outturns are inside and one is above.
    lower, upper, outturn = [0.0, 0.0, 10.0, 10.0, 10.0], [0.0, 0.0, 20.0, 20.0, 20.0], [0.0, 5.0, 12.0, 18.0, 30.0]
    assert metrics.coverage(lower, upper, outturn) == pytest.approx(2 / 3, **EXACT)
    assert np.isnan(metrics.coverage([0.0], [0.0], [0.0]))


def test_only_pairs_where_both_exist_count():
    forecast, outturn = [1.0, np.nan, 3.0, 4.0], [2.0, 2.0, np.nan, 8.0]
    assert metrics.mae(forecast, outturn) == pytest.approx(2.5, **EXACT)
    assert metrics.bias(forecast, outturn) == pytest.approx(-2.5, **EXACT)
    assert metrics.wape(forecast, outturn) == pytest.approx(5 / 10, **EXACT)
    assert metrics.coverage(forecast, [9.0] * 4, outturn) == pytest.approx(1.0, **EXACT)
    assert metrics.pinball([[1.0], [np.nan]], [0.5], [2.0, 2.0]) == pytest.approx(0.5, **EXACT)


def test_a_zero_outturn_has_no_percentage_but_counts_in_wape():
    assert metrics.mape([1.0, 5.0], [0.0, 10.0]) == pytest.approx(0.5, **EXACT)
    assert metrics.wape([1.0, 5.0], [0.0, 10.0]) == pytest.approx(0.6, **EXACT)


@pytest.mark.parametrize("metric", [metrics.mae, metrics.rmse, metrics.bias, metrics.mape, metrics.wape, metrics.width])
def test_without_a_pair_the_score_is_nan_and_nobody_is_warned(metric, recwarn):
    assert np.isnan(metric([], []))
    assert np.isnan(metric([np.nan], [1.0]))
    assert not recwarn.list


def test_interval_scores_without_a_pair_are_nan():
    assert np.isnan(metrics.coverage([], [], []))
    assert np.isnan(metrics.pinball(np.zeros((0, 3)), LEVELS, []))


def test_shapes_that_do_not_fit_are_refused_rather_than_broadcast():
    with pytest.raises(ValueError, match="shapes differ"):
        metrics.mae([1.0, 2.0], [[1.0], [2.0]])
    with pytest.raises(ValueError, match="shapes differ"):
        metrics.coverage([1.0, 2.0], [1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="by levels"):
        metrics.pinball([1.0, 2.0], [0.5], [1.0, 2.0])
