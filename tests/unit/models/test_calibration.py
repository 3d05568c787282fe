"""Calibration: under every level what so many outturns lie below, the median included, and never beyond its bounds."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from builders.windows import windows_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import norm

from gridahead.core.grid import ZONES, Series
from gridahead.core.time import Deadline, Mtu
from gridahead.features.windows import WindowSpec
from gridahead.models.calibration import (
    AS_MONTHS,
    FURTHEST,
    LASTING,
    MONTHS_DIFFER,
    NEAREST,
    as_it_is,
    calibrate,
    calibration_on,
    fit_calibration,
    in_doubt,
    scores_of,
    units_of_block,
)

LEVELS = (0.1, 0.5, 0.9)
SEVEN = (0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95)
Z = NormalDist().inv_cdf(0.9)
"""1.2816: the score of the level 0.9."""


def unit_answer(count, horizon):
    """Quantiles −1, 0, 1 everywhere."""
    return np.broadcast_to(np.array([-1.0, 0.0, 1.0], np.float32), (count, horizon, 3))


def fitted(answer, target, levels=LEVELS, units=6):
    return fit_calibration(answer, target.astype(np.float32), np.ones(target.shape, bool), levels, units)


# -- the score of an outturn ------------------------------------------------------------------------------------------


def test_scores_by_hand():
    answer = np.broadcast_to([-2.0, 0.0, 4.0], (6, 3))
    outturn = np.array([-2.0, -1.0, 0.0, 1.0, 4.0, 8.0])
    # On a straight line: half-way to P10 is half of its score, beyond P90 the line goes on.
    np.testing.assert_allclose(scores_of(answer, outturn, LEVELS), [-Z, -Z / 2, 0, Z / 4, Z, 2 * Z], rtol=1e-12)


def test_a_score_is_no_further_out_than_five():
    answer = np.broadcast_to([-1.0, 0.0, 1.0], (2, 3))
    assert scores_of(answer, np.array([-1e6, 1e6]), LEVELS).tolist() == [-5.0, 5.0]


def test_where_quantiles_coincide_an_outturn_at_them_is_half_way_and_one_beyond_far_out():
    answer = np.broadcast_to([0.0, 0.0, 0.0], (3, 3))
    low, at, high = scores_of(answer, np.array([-1.0, 0.0, 1.0]), LEVELS)
    assert (low, at, high) == (-5.0, pytest.approx(-Z / 2), 5.0)


def test_the_scores_of_a_calibrated_forecast_are_standard_normal():
    rng = np.random.default_rng(1)
    mean, spread = rng.normal(0, 3, 40_000), rng.uniform(0.5, 2, 40_000)
    answer = mean[:, None] + spread[:, None] * norm.ppf(SEVEN)
    told = scores_of(answer.astype(np.float32), rng.normal(mean, spread), SEVEN)
    expected = norm.cdf(np.linspace(-3, 3, 13))
    np.testing.assert_allclose((told[:, None] < np.linspace(-3, 3, 13)).mean(axis=0), expected, atol=0.01)


# -- from outturns to scores ------------------------------------------------------------------------------------------


def test_a_calibration_by_hand():
    # One block, one month of 20 days of one unit. Outturns are in turn 0.4 below and 0.6 above the median, so that
    # scores are −0.4 Z and 0.6 Z: location is off by Z / 10, and both spreads are half of what they should be.
    assert (AS_MONTHS, MONTHS_DIFFER, LASTING.tolist(), NEAREST) == (2.0, 0.3, [0.1, 0.6, 0.6], 0.2)
    # A single month has the usual variance, 0.3² = 0.09, and 20 days 30 / 20 of it, 0.135: location is believed by
    # 0.1² / (0.1² + 0.135) = 2 / 29, spread by 0.36 / (0.36 + 0.135) = 8 / 11. The block goes as far again from there.
    location = Z / 10 * (1 - (27 / 29) ** 2)
    spread = 1 - (1 - (3 / 11) ** 2) / 2
    found = fitted(unit_answer(20, 1), np.resize([-0.4, 0.6], (20, 1)))
    np.testing.assert_allclose(found, [[location - spread * Z, location, location + spread * Z]], rtol=1e-6)


def test_publishing_by_hand():
    answer = np.array([[[6.0, 10.0, 14.0]]], np.float32)
    # P10 from the score −Z / 2, half-way between P10 and P50; P50 from Z / 4; P90 from 2 Z, beyond P90 on its line.
    scores = np.array([[-Z / 2, Z / 4, 2 * Z]])
    np.testing.assert_allclose(calibrate(answer, scores, LEVELS, 6), [[[8.0, 11.0, 18.0]]], rtol=1e-6)
    np.testing.assert_allclose(calibrate(answer, as_it_is(LEVELS), LEVELS, 6), answer, rtol=1e-6)


def test_a_single_level_is_published_as_it_is_said():
    answer = np.array([[[6.0], [7.0]]], np.float32)
    np.testing.assert_array_equal(calibrate(answer, as_it_is((0.5,)), (0.5,), 6), answer)


DAYS = 2_000
"""So many that the prior days move no level by more than 0.3 of a point."""


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("right", lambda rng, shape: rng.normal(0, 1, shape)),
        ("biased", lambda rng, shape: rng.normal(0.6, 1, shape)),
        ("too wide", lambda rng, shape: rng.normal(0, 0.6, shape)),
        ("too narrow", lambda rng, shape: rng.normal(0, 1.5, shape)),
        ("skewed", lambda rng, shape: rng.exponential(1, shape) - 1),
        ("biased and too narrow", lambda rng, shape: rng.normal(-0.4, 1.2, shape)),
    ],
)
def test_so_many_outturns_lie_below_every_level_as_it_says(name, error):
    """On days beside those of the calibration, the median included; a day is four units of one block."""
    rng = np.random.default_rng(9)

    def sample() -> tuple[np.ndarray, np.ndarray]:
        centre, spread = rng.normal(0, 3, (DAYS, 4)), rng.uniform(0.5, 2, (DAYS, 4))
        answer = (centre[..., None] + spread[..., None] * norm.ppf(SEVEN)).astype(np.float32)
        return answer, centre + spread * error(rng, (DAYS, 4))

    scores, (fresh, outturn) = fitted(*sample(), SEVEN), sample()
    said = calibrate(fresh, scores, SEVEN, 6)
    below = (outturn[..., None] <= said).mean(axis=(0, 1))
    # 8,000 outturns in each sample: three deviations of their difference are 0.024 at most; the prior days pull 0.005.
    np.testing.assert_allclose(below, SEVEN, atol=0.03)
    if name != "right":
        assert np.abs((outturn[..., None] <= fresh).mean(axis=(0, 1)) - SEVEN).max() > 0.05, "it was right before"


def test_with_very_many_days_it_is_what_the_quantiles_of_the_probability_integral_transform_say():
    """An independent way: the level at which the raw forecast has the outturn, from the normal distribution itself."""
    rng = np.random.default_rng(3)
    levels = tuple(np.linspace(0.02, 0.98, 49).tolist())
    outturn = rng.normal(0.3, 1.3, (60_000, 1))
    answer = np.broadcast_to(norm.ppf(levels), (60_000, 1, 49)).astype(np.float32)
    transform = norm.cdf(outturn.ravel())
    expected = norm.ppf(np.quantile(transform, levels))
    found = fitted(answer, outturn, levels)[0]
    inner = slice(5, -5)  # beyond, the bound of the score holds
    np.testing.assert_allclose(found[inner], expected[inner], atol=0.01)
    # And what is published under a level is the same quantile of the outturns.
    said = calibrate(answer[:1], found[None], levels, 6)[0, 0]
    np.testing.assert_allclose(said[inner], np.quantile(outturn, levels)[inner], atol=0.02)


# -- few days, and bad ones -------------------------------------------------------------------------------------------


def test_without_a_single_outturn_nothing_is_changed():
    nothing = np.full((5, 7), np.nan)
    found = fitted(unit_answer(5, 7), nothing)
    np.testing.assert_array_equal(found, np.repeat(as_it_is(LEVELS), 2, axis=0))
    none = fit_calibration(unit_answer(5, 7), np.zeros((5, 7), np.float32), np.zeros((5, 7), bool), LEVELS, 6)
    np.testing.assert_array_equal(none, found)


def test_the_more_days_the_more_they_say():
    away = [
        np.abs(fitted(unit_answer(days, 1), np.full((days, 1), 0.8)) - as_it_is(LEVELS))[0, 1]
        for days in (1, 5, 20, 100, 3_000)
    ]
    assert np.all(np.diff(away) > 0)
    assert away[0] < 0.1
    assert away[-1] == pytest.approx(0.8 * Z, rel=0.05)


def test_a_level_is_published_from_no_further_than_a_score_of_one():
    assert FURTHEST == 1.0
    for error in (-1e5, 1e5):
        found = fitted(unit_answer(5_000, 2), np.full((5_000, 2), error))
        np.testing.assert_allclose(found, as_it_is(LEVELS) + np.sign(error) * FURTHEST)


@pytest.mark.parametrize("days", [1, 30, 88, 270])
def test_levels_keep_apart_where_the_days_of_the_calibration_would_let_them_coincide(days):
    """Every outturn is the same: without the days of the prior, all levels would be published from one score.

    88 days of biased networks once made P50, P60 and P70 of a year coincide.
    """
    levels = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
    answer = np.broadcast_to(np.array(norm.ppf(levels), np.float32) * 1_000, (days, 24, 11))
    scores = fitted(answer, np.full((days, 24), 700.0), levels)
    own = np.diff(norm.ppf(levels))
    assert (np.diff(scores, axis=1) > 0.01 * own).all()
    assert (np.diff(calibrate(answer, scores, levels, 6), axis=-1) > 0).all()


def test_a_bias_of_the_days_of_the_calibration_moves_levels_together_and_leaves_no_skew():
    """The network that serves has lost the bias of the days that calibrated: its levels must still be usable."""
    levels = (0.1, 0.4, 0.5, 0.6, 0.9)
    rng = np.random.default_rng(6)
    answer = np.broadcast_to(np.array(norm.ppf(levels), np.float32), (88, 24, 5))
    scores = fitted(answer, rng.normal(0.5, 1, (88, 24)), levels)
    shift = scores - as_it_is(levels)
    assert (shift > 0).all()
    # A shift, and the same for all levels within the noise of 88 days: not a stretch of one side.
    assert np.ptp(shift, axis=1).max() < 0.35


@settings(max_examples=100, deadline=None)
@given(
    answer=hnp.arrays(np.float32, (12, 7, 7), elements=st.floats(-1000, 1000, width=32, allow_subnormal=False)).map(
        lambda a: np.sort(a, axis=-1)
    ),
    target=hnp.arrays(
        np.float32, (12, 7), elements=st.floats(-3000, 3000, width=32, allow_subnormal=False) | st.just(float("nan"))
    ),
)
def test_whatever_the_days_say_levels_rise_and_stay_within_their_bounds(answer, target):
    scores = fitted(answer, target, SEVEN, 3)
    assert scores.shape == (3, 7)
    assert (np.diff(scores, axis=-1) > 0).all()
    assert np.abs(scores - as_it_is(SEVEN)).max() <= FURTHEST + 1e-12
    said = calibrate(answer, scores, SEVEN, 3)
    assert said.shape == answer.shape
    assert (np.diff(said, axis=-1) >= 0).all()


# -- by lead time ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "mtu", "units"),
    [("load", Mtu.PT60M, 6), ("load", Mtu.PT30M, 12), ("wind", Mtu.PT15M, 24), ("solar", Mtu.PT15M, 288)],
)
def test_a_block_is_six_hours_of_lead_time_but_all_of_it_for_the_sun(quantity, mtu, units):
    spec = WindowSpec(Series("DE", quantity), ZONES["DE"], mtu, Deadline.parse("D-1T1100[Europe/Berlin]"), 14)
    assert units_of_block(spec) == units


@pytest.mark.parametrize("units", [6, 24])
def test_every_block_of_lead_time_is_calibrated_by_its_own_errors(units):
    """Errors grow with the block: 0.8, 1.2 and 1.6 times as wide as said."""
    horizon, rng = 3 * units, np.random.default_rng(2)
    width = np.array([0.8, 1.2, 1.6])[np.arange(horizon) // units]
    answer = np.broadcast_to(np.array(norm.ppf(LEVELS), np.float32), (2_000, horizon, 3))
    scores = fitted(answer, width * rng.normal(0, 1, (2_000, horizon)), units=units)
    np.testing.assert_allclose(scores[:, 2], Z * np.array([0.8, 1.2, 1.6]), rtol=0.05)
    np.testing.assert_allclose(scores[:, 0], -Z * np.array([0.8, 1.2, 1.6]), rtol=0.05)
    said = calibrate(answer[:2], scores, LEVELS, units)
    np.testing.assert_allclose(said[0, ::units, 2], scores[:, 2], rtol=1e-5)
    assert (said == said[:, np.arange(horizon) // units * units]).all(), "a block is calibrated as one"


def test_a_block_that_is_known_on_few_days_takes_what_all_say():
    target = np.full((400, 12), np.nan)
    target[:, :6] = 0.5
    target[:2, 6:] = -3.0
    first, second = fitted(unit_answer(400, 12), target)
    assert abs(second[1] - first[1]) < 0.2
    target[:, 6:] = -0.5
    first, second = fitted(unit_answer(400, 12), target)
    assert second[1] < first[1] - 0.5


def test_only_chosen_units_with_an_outturn_count():
    target = np.random.default_rng(3).normal(size=(50, 12)).astype(np.float32)
    chosen = np.ones(target.shape, bool)
    plain = fit_calibration(unit_answer(50, 12), target, chosen, LEVELS, 6)
    wild = np.concatenate([target, np.full((50, 1), np.nan), np.full((50, 1), 1e9)], axis=1).astype(np.float32)
    masks = np.concatenate([chosen, np.ones((50, 1), bool), np.zeros((50, 1), bool)], axis=1)
    found = fit_calibration(unit_answer(50, 14), wild, masks, LEVELS, 6)
    np.testing.assert_array_equal(found[:2], plain)


def test_a_horizon_beyond_the_last_block_is_published_as_the_last_block():
    scores = np.array([[-Z, 0.0, Z], [-Z, 0.0, Z / 2]])
    found = calibrate(unit_answer(1, 25), scores, LEVELS, 6)[0, :, 2]
    np.testing.assert_allclose(found, [1.0] * 6 + [0.5] * 19, rtol=1e-6)


# -- which units count ------------------------------------------------------------------------------------------------


def test_a_night_without_sun_is_no_interval_to_calibrate():
    outturn = np.array([[0.0, 0.0, 500.0, np.nan]])
    median = np.array([[1.0, 80.0, 0.0, 0.0]])
    assert in_doubt(outturn, median, 0.0).tolist() == [[False, True, True, True]]
    assert in_doubt(outturn, median, None).all()


def test_delivery_days_calibrate_and_not_the_hours_before_them():
    windows = windows_of(np.full((60, 192), 10.0), target=50.4)
    answer = np.broadcast_to(np.array([49.0, 50.0, 51.0], np.float32), (*windows.target.shape, 3))
    plain = calibration_on(answer, windows, LEVELS)
    wild = replace(windows, target=np.where(windows.delivery, windows.target, np.float32(60)))
    np.testing.assert_array_equal(calibration_on(answer, wild, LEVELS), plain)
    assert plain.shape == (7, 3)
    assert (plain[2:, 1] > 0.2).all()


def test_what_stands_in_padding_calibrates_nothing():
    """Load is bounded below: whether there is doubt is told by the largest outturn, and padding holds none."""
    windows = windows_of(np.full((60, 192), 10.0), target=np.where(np.arange(60) % 3, 50.4, 0.0)[:, None])
    shorter = replace(windows, delivery=windows.delivery & (np.arange(37) < 36))
    answer = np.broadcast_to(np.array([49.0, 50.0, 51.0], np.float32), (*windows.target.shape, 3))
    padded = np.array(windows.target)
    padded[:, 36] = 1e9
    plain, wild = (calibration_on(answer, replace(shorter, target=each), LEVELS) for each in (windows.target, padded))
    np.testing.assert_array_equal(plain, wild)
