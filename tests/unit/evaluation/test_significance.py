"""The Diebold–Mariano test against SciPy, a hand calculation and what luck really does."""

import numpy as np
import pytest
import scipy.stats

from gridahead.evaluation.significance import diebold_mariano, steady_comparison

RNG = np.random.default_rng(11)


def test_on_independent_days_it_is_the_paired_t_test_of_scipy():
    first, second = RNG.gamma(4, 300, 365), RNG.gamma(4, 310, 365)
    expected = scipy.stats.ttest_rel(first, second)
    found = diebold_mariano(first, second, lags=0)
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-12)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-12)


def test_one_lag_by_hand():
    # d = 1, 2, 0, 3, 4: mean 2, deviations -1, 0, -2, 1, 2. Variance (1+0+4+1+4)/5 = 2; lag one (0+0-2+2)/5 = 0 with
    # weight 1/2, so 2. Statistic 2 / sqrt(2/5) times sqrt((5+1-4+2/5)/5) = 2 * sqrt(2.5) * sqrt(0.48).
    found = diebold_mariano([1, 2, 0, 3, 4], [0, 0, 0, 0, 0], lags=1)
    assert found.statistic == pytest.approx(2 * np.sqrt(2.5) * np.sqrt(0.48), rel=1e-12)
    # d = 1, 2, 3, 4, 5: variance 2, lag one (2+0+0+2)/5 = 0.8 with weight 1/2 on both sides, together 2.8.
    rising = diebold_mariano([1, 2, 3, 4, 5], [0, 0, 0, 0, 0], lags=1)
    assert rising.statistic == pytest.approx(3 / np.sqrt(2.8 / 5) * np.sqrt(0.48), rel=1e-12)


def test_swapping_the_models_turns_the_sign_and_keeps_p():
    first, second = RNG.gamma(4, 300, 100), RNG.gamma(4, 330, 100)
    there, back = diebold_mariano(first, second), diebold_mariano(second, first)
    assert there.statistic == pytest.approx(-back.statistic)
    assert there.p == pytest.approx(back.p)


def test_a_model_with_smaller_losses_has_a_negative_statistic():
    losses = RNG.gamma(4, 300, 365)
    found = diebold_mariano(losses * 0.9, losses)
    assert found.statistic < -10
    assert found.p < 1e-10


def test_models_of_equal_worth_seldom_differ_even_where_days_resemble_their_neighbours():
    def autocorrelated():
        shocks = RNG.normal(size=(400, 365))
        for day in range(1, 365):
            shocks[:, day] += 0.6 * shocks[:, day - 1]
        return shocks

    first, second = autocorrelated(), autocorrelated()

    def rejected(lags):
        return np.mean([diebold_mariano(*pair, lags=lags).p < 0.05 for pair in zip(first, second, strict=True)])

    assert rejected(lags=0) > 0.2, "neighbouring days taken for independent ones look significant"
    assert rejected(lags=7) < 0.12


def test_days_that_a_model_lacks_are_left_out():
    first, second = RNG.gamma(4, 300, 50), RNG.gamma(4, 330, 50)
    with_gap = first.copy()
    with_gap[[3, 20]] = np.nan
    assert diebold_mariano(with_gap, second) == diebold_mariano(np.delete(first, [3, 20]), np.delete(second, [3, 20]))


def test_too_few_days_or_no_difference_has_no_answer():
    assert np.isnan(diebold_mariano([1, 2, 3], [2, 2, 2]).p)
    assert np.isnan(diebold_mariano([1.0] * 30, [1.0] * 30).p)


def test_the_steady_comparison_by_hand():
    # Eight days, ν = int(0.4 * 4) = 1 wave: cos(π (t + ½) / 8).
    difference = np.array([1.0, 2.0, 0.0, 3.0, 4.0, 1.0, 2.0, 5.0])
    half = np.array([0.98078528, 0.83146961, 0.55557023, 0.19509032])
    wave = np.concatenate([half, -half[::-1]])
    weight = np.sqrt(2 / 8) * (wave @ difference)
    found = steady_comparison(difference, np.zeros(8))
    assert found.statistic == pytest.approx(difference.mean() / np.sqrt(weight**2 / 8), rel=1e-7)
    # Student's distribution with one degree of freedom is Cauchy's: p = 1 − 2 arctan(statistic) / π.
    assert found.p == pytest.approx(1 - 2 * np.arctan(found.statistic) / np.pi, rel=1e-7)


def test_the_steady_comparison_errs_as_often_as_it_says_where_days_resemble_their_neighbours():
    shocks = RNG.normal(size=(1000, 90))
    for day in range(1, 90):
        shocks[:, day] += 0.4 * shocks[:, day - 1]
    steady = np.mean([steady_comparison(one, 0 * one).p < 0.05 for one in shocks])
    ordinary = np.mean([diebold_mariano(one, 0 * one).p < 0.05 for one in shocks])
    assert steady < 0.075
    assert steady < ordinary


def test_the_one_sided_p_is_small_when_the_first_model_is_better():
    losses = RNG.gamma(4, 300, 200)
    better, worse = steady_comparison(0.9 * losses, losses), steady_comparison(losses, 0.9 * losses)
    assert better.p_better == pytest.approx(better.p / 2)
    assert better.p_better + worse.p_better == pytest.approx(1)


def test_the_steady_comparison_has_no_answer_without_days_or_variance():
    assert np.isnan(steady_comparison([1.0, 2.0], [0.0, 0.0]).p)
    assert np.isnan(steady_comparison([0.1] * 30, [0.3] * 30).p)
