"""The regression on experts: a ridge regression on the days that are known, hour by hour, and nothing beyond them."""

import json

import numpy as np
import pytest
from builders.windows import made_load, made_windows

from gridahead.models.kalman import UNSURE, KalmanRegression, by_step, by_unit

K, N, U, LAG = 3, 40, 4, 2
DRAWS = np.random.default_rng(5)
TRUTH = 1_000 + 100 * DRAWS.standard_normal((N, U))
SAYS = TRUTH + 50 + 30 * DRAWS.standard_normal((K, N, U))
"""Each 50 MW too high in the mean, so that no weighted mean of them is right."""
BEGUN = KalmanRegression.begun(SAYS)


def test_it_begins_as_the_plain_mean():
    answers, _ = BEGUN.followed(SAYS, np.full((N, U), np.nan), LAG)
    np.testing.assert_allclose(answers, SAYS.mean(axis=0), rtol=1e-12)


def test_of_an_hour_it_is_the_ridge_regression_on_the_days_that_are_known():
    answers, learnt = BEGUN.followed(SAYS, TRUTH, LAG)
    mean = SAYS.mean(axis=0)
    for unit in range(U):
        features = [np.ones(N), *(SAYS[:, :, unit] - mean[:, unit]), mean[:, unit] - mean.mean()]
        table = np.stack(features, axis=1) / np.array([1, *(SAYS - mean).std(axis=(1, 2)), mean.std()])
        for days, found in ((N - LAG, answers[-1, unit]), (N, None)):
            known, off = table[:days], (TRUTH - mean)[:days, unit]
            expected = np.linalg.solve(known.T @ known + np.eye(K + 2) / UNSURE, known.T @ off)
            if found is None:
                np.testing.assert_allclose(learnt.coefficients[unit], expected, rtol=1e-7)
            else:
                assert found == pytest.approx(mean[-1, unit] + table[-1] @ expected, rel=1e-9)


def test_what_all_have_in_common_is_corrected_and_a_mean_could_not():
    answers, _ = BEGUN.followed(SAYS, TRUTH, LAG)
    late = slice(20, None)
    assert abs((answers - TRUTH)[late].mean()) < 15
    assert (SAYS - TRUTH)[:, late].mean() > 40


@pytest.mark.parametrize("day", [0, 11, N - 1])
def test_an_answer_knows_no_outturn_that_was_not_known(day):
    poisoned = TRUTH.copy()
    poisoned[day:] = 1e9
    (clean, _), (answers, _) = (BEGUN.followed(SAYS, of, LAG) for of in (TRUTH, poisoned))
    assert answers[: day + LAG].tobytes() == clean[: day + LAG].tobytes()
    assert day + LAG >= N or not np.array_equal(answers[day + LAG], clean[day + LAG])


def test_to_go_on_is_to_have_gone_through_all():
    _, half = BEGUN.followed(SAYS[:, :15], TRUTH[:15], LAG)
    _, whole = BEGUN.followed(SAYS, TRUTH, LAG)
    _, rest = half.followed(SAYS[:, 15:], TRUTH[15:], LAG)
    assert rest.coefficients.tobytes() == whole.coefficients.tobytes()
    assert rest.covariance.tobytes() == whole.covariance.tobytes()


def test_where_a_forecast_or_the_outturn_is_missing_nothing_is_learnt_and_without_a_forecast_nothing_said():
    says, outturn = SAYS.copy(), TRUTH.copy()
    says[1, 7, 2], outturn[9, 1] = np.nan, np.nan
    answers, _ = BEGUN.followed(says, outturn, LAG)
    assert np.argwhere(np.isnan(answers)).tolist() == [[7, 2]]
    outturn[7, 2] = -1e9
    again, _ = BEGUN.followed(says, outturn, LAG)
    assert again.tobytes() == answers.tobytes()


def test_forecasts_that_never_differ_are_counted_in_nothing():
    same = np.broadcast_to(np.full((N, U), 5.0), (K, N, U))
    answers, _ = KalmanRegression.begun(same).followed(same, np.full((N, U), 7.0), LAG)
    assert answers[-1] == pytest.approx(7.0, abs=0.7)


def test_a_file_keeps_every_bit():
    _, learnt = BEGUN.followed(SAYS, TRUTH, LAG)
    again = KalmanRegression.from_dict(json.loads(json.dumps(learnt.to_dict())))
    for name in ("scales", "coefficients", "covariance"):
        assert getattr(again, name).tobytes() == getattr(learnt, name).tobytes()
    assert again.centre == learnt.centre


@pytest.mark.parametrize(("first", "length"), [(80, 23), (291, 25)])
def test_the_hours_of_a_delivery_day_are_counted_from_its_first_one(first, length):
    windows = made_windows(first, first + 5, observations=made_load(first + 6))
    day = windows.delivery.sum(axis=1).tolist().index(length)
    counted = np.broadcast_to(np.arange(windows.target.shape[1], dtype=float), windows.target.shape)
    found = by_unit(counted[None], windows.delivery, 24)[0]
    begins = windows.delivery[day].argmax()
    np.testing.assert_array_equal(found[day, : min(length, 24)], begins + np.arange(min(length, 24)))
    assert np.isnan(found[day, length:]).all()
    back = by_step(found, windows.delivery)
    known = ~np.isnan(back)
    np.testing.assert_array_equal(back[known], counted[known])
    assert known.sum(axis=1)[day] == min(length, 24) and not known[~windows.delivery].any()
