"""Sequential aggregation: which expert counts for how much, level by level and day by day."""

from statistics import NormalDist

import numpy as np
import pytest

from gridahead.core.quantiles import pinball_losses
from gridahead.models.aggregation import aggregated, weighted

LEVELS = (0.1, 0.5, 0.9)
PLAIN = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
N, H, LAG = 90, 24, 2
DRAWS = np.random.default_rng(8)
OUTTURN = (1_000 + 100 * DRAWS.standard_normal((N, H))).astype(np.float32)


def expert(off=0.0, spread=100.0):
    """A normal forecast around 1,000 MW whose location is so far off, a number or (N,) [MW]."""
    off = np.broadcast_to(off, (N,))[:, None, None]
    return np.broadcast_to(1_000 + off + spread * PLAIN, (N, H, 3)).astype(np.float32)


def equal(count):
    """The same weight for everyone."""
    return np.full((count, 3), 1 / count)


def loss(answers, first=0):
    """The mean pinball loss from a day on [MW]."""
    return pinball_losses(OUTTURN[first:, :, None] - answers[first:], LEVELS).mean()


GOOD, BAD = expert(), expert(150.0)


def test_the_weights_of_the_second_day_can_be_worked_out_by_hand():
    # The mean of 10 and 20 is 15 and too high: a little more of the first expert would have gained 0.5 · 5 = 2.5 MW,
    # of the other lost as much. The largest gain is 2.5, so the rate is 1 / 5: the logarithms are moved by ±0.5.
    answers = np.array([10, 20], np.float32)[:, None, None, None] * np.ones((1, 2, 1, 1), np.float32)
    outturn = np.full((2, 1), 10, np.float32)
    means, weights = aggregated(answers, outturn, np.full((2, 1), 0.5), (0.5,), lag=1)
    share = 1 / (1 + np.exp(-1))
    np.testing.assert_allclose(weights[:, 0], [share, 1 - share], rtol=1e-5)
    np.testing.assert_allclose(means[:, 0, 0], [15, 10 * share + 20 * (1 - share)], rtol=1e-5)


def test_until_an_outturn_is_known_the_weights_are_those_that_one_began_with():
    prior = np.array([[0.2, 0.5, 0.7], [0.8, 0.5, 0.3]])
    means, _ = aggregated(np.stack([GOOD, BAD]), OUTTURN, prior, LEVELS, LAG)
    expected = prior[0] * GOOD[:LAG] + prior[1] * BAD[:LAG]
    np.testing.assert_allclose(means[:LAG], expected, rtol=1e-5)
    assert not np.allclose(means[LAG], prior[0] * GOOD[LAG] + prior[1] * BAD[LAG])


def test_weights_go_to_the_expert_that_is_right():
    for answers, best in (((GOOD, BAD), 0), ((BAD, expert(-400), GOOD), 2)):
        _, weights = aggregated(np.stack(answers), OUTTURN, equal(len(answers)), LEVELS, LAG)
        np.testing.assert_allclose(weights.sum(axis=0), 1)
        assert (weights[best] > 0.75).all()


def test_each_level_has_weights_of_its_own():
    low, high = GOOD.copy(), GOOD.copy()
    low[..., 2] += 200  # right about the low quantile only
    high[..., 0] -= 200
    _, weights = aggregated(np.stack([low, high]), OUTTURN, equal(2), LEVELS, LAG)
    assert weights[0, 0] > 0.9 and weights[1, 2] > 0.9
    assert weights[0, 1] == pytest.approx(0.5)  # in the median both are the same


def test_the_mean_is_never_much_worse_than_the_best_expert_of_a_season():
    changing = expert(np.where(np.arange(N) < 45, 0, 200)), expert(np.where(np.arange(N) < 45, 200, 0))
    chance = [expert(DRAWS.normal(0, 150, N)) for _ in range(6)]
    for answers in ((GOOD, BAD), (GOOD, *[expert(off) for off in (-300, -100, 100, 300, 1_000)]), chance, changing):
        means, _ = aggregated(np.stack(answers), OUTTURN, equal(len(answers)), LEVELS, LAG)
        assert loss(means) < 1.1 * min(loss(one) for one in answers)


def test_who_was_right_a_season_ago_is_left_for_who_is_right_now():
    early, late = expert(np.where(np.arange(N) < 45, 0, 200)), expert(np.where(np.arange(N) < 45, 200, 0))
    means, weights = aggregated(np.stack([early, late]), OUTTURN, equal(2), LEVELS, LAG)
    assert (weights[1] > 0.6).all()
    assert loss(means, 75) < 0.7 * loss(early, 75)


def test_an_expert_that_says_nothing_leaves_the_weights_of_the_others_over():
    prior = np.array([0.5, 0.3, 0.2])[:, None] * np.ones(3)
    answers = np.stack([GOOD, BAD, expert(-50)])
    answers[0, 0, 5] = np.nan
    answers[:, 1, 7] = np.nan
    means, weights = aggregated(answers, OUTTURN, prior, LEVELS, LAG)
    np.testing.assert_allclose(means[0, 5], (0.3 * BAD[0, 5] + 0.2 * answers[2, 0, 5]) / 0.5, rtol=1e-5)
    np.testing.assert_allclose(means[0, 4], np.tensordot([0.5, 0.3, 0.2], answers[:, 0, 4], axes=1), rtol=1e-5)
    assert np.isnan(means[1, 7]).all()  # nobody says anything
    assert np.isnan(means).sum() == 3 and not np.isnan(weights).any()
    assert np.isnan(weighted(answers[:, 1], prior)[7]).all()


def test_what_nobody_was_asked_for_changes_no_weight():
    answers, outturn = np.stack([GOOD, BAD]), OUTTURN.copy()
    outturn[:, 12:] = np.nan
    noise = answers.copy()
    noise[:, :, 12:] = [[[[-1e6, 0, 1e6]]]]
    expected = aggregated(answers, outturn, equal(2), LEVELS, LAG)
    means, weights = aggregated(noise, outturn, equal(2), LEVELS, LAG)
    np.testing.assert_array_equal(weights, expected[1])
    np.testing.assert_array_equal(means[:, :12], expected[0][:, :12])
    nothing = aggregated(answers, np.full_like(outturn, np.nan), equal(2), LEVELS, LAG)
    np.testing.assert_allclose(nothing[1], 0.5)


@pytest.mark.parametrize("lag", [1, 2, 3])
def test_an_outturn_counts_from_the_day_on_for_which_it_is_known(lag):
    answers = np.stack([GOOD, BAD, expert(-50)])
    means, _ = aggregated(answers, OUTTURN, equal(3), LEVELS, lag)
    for day in (0, 40):
        poisoned = OUTTURN.copy()
        poisoned[day] = 1e6
        found, _ = aggregated(answers, poisoned, equal(3), LEVELS, lag)
        np.testing.assert_array_equal(found[: day + lag], means[: day + lag])
        assert not np.array_equal(found[day + lag], means[day + lag])


def test_days_to_come_change_nothing():
    answers = np.stack([GOOD, BAD])
    whole, _ = aggregated(answers, OUTTURN, equal(2), LEVELS, LAG)
    part, _ = aggregated(answers[:, :30], OUTTURN[:30], equal(2), LEVELS, LAG)
    np.testing.assert_array_equal(whole[:30], part)


def test_in_another_order_the_experts_have_the_same_weights():
    answers, prior = np.stack([GOOD, BAD, expert(-50)]), np.array([0.2, 0.3, 0.5])[:, None] * np.ones(3)
    means, weights = aggregated(answers, OUTTURN, prior, LEVELS, LAG)
    order = [2, 0, 1]
    again, moved = aggregated(answers[order], OUTTURN, prior[order], LEVELS, LAG)
    np.testing.assert_allclose(moved, weights[order], rtol=1e-9)
    np.testing.assert_allclose(again, means, rtol=1e-6)
    np.testing.assert_array_equal(aggregated(answers, OUTTURN, prior, LEVELS, LAG)[1], weights)


def test_one_expert_alone_is_as_it_is_and_quantiles_rise_whoever_counts():
    means, weights = aggregated(BAD[None], OUTTURN, np.ones((1, 3)), LEVELS, LAG)
    np.testing.assert_allclose(means, BAD, rtol=1e-6)
    np.testing.assert_allclose(weights, 1)
    crossing = np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])
    means, _ = aggregated(np.stack([expert(300), GOOD, expert(-300)]), OUTTURN, crossing, LEVELS, LAG)
    assert (np.diff(means, axis=-1) >= 0).all()


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_the_unit_does_not_matter(unit):
    answers = np.stack([GOOD, BAD])
    _, weights = aggregated(answers, OUTTURN, equal(2), LEVELS, LAG)
    scaled = (answers.astype(float) * unit).astype(np.float32), (OUTTURN.astype(float) * unit).astype(np.float32)
    np.testing.assert_allclose(aggregated(*scaled, equal(2), LEVELS, LAG)[1], weights, atol=2e-3)
