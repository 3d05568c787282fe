"""Calibration: quantiles that cover what they promise, in every block of lead time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import norm

from gridahead.features.windows import WindowSpec
from gridahead.grid import ZONES, Series
from gridahead.models.calibration import (
    FEWEST,
    calibrate,
    calibration_factors,
    fit_factors,
    in_doubt,
    stretch,
    units_of_block,
)
from gridahead.timeline import Deadline, Mtu

LEVELS = (0.1, 0.5, 0.9)
NINE = hnp.arrays(np.float32, (3, 9), elements=st.floats(-1000, 1000, width=32, allow_subnormal=False)).map(
    lambda a: np.sort(a, axis=-1)
)
FACTORS = hnp.arrays(np.float32, 9, elements=st.floats(0, 8, width=32, allow_subnormal=False))


def unit_answer(count, horizon):
    """Quantiles −1, 0, 1 everywhere."""
    return np.broadcast_to(np.array([-1.0, 0.0, 1.0], np.float32), (count, horizon, 3))


# -- stretching -----------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(answer=NINE, factors=FACTORS)
def test_stretching_keeps_the_order_and_the_median(answer, factors):
    found = stretch(answer, factors)
    assert found.shape == answer.shape
    assert (np.diff(found, axis=-1) >= 0).all()
    np.testing.assert_array_equal(found[..., 4], answer[..., 4])


def test_stretching_by_hand():
    answer = np.array([[6.0, 8.0, 10.0, 11.0, 14.0]], np.float32)
    # Distances 4, 2 | 1, 4 times 0.5, 3 | 2, 2: 8 − the outer 2 may not lie inside the inner 6.
    found = stretch(answer, np.array([0.5, 3.0, 1.0, 2.0, 2.0], np.float32))
    assert found.tolist() == [[4.0, 4.0, 10.0, 12.0, 18.0]]
    np.testing.assert_array_equal(stretch(answer, np.ones(5, np.float32)), answer)


# -- one set of factors ---------------------------------------------------------------------------------------------


def test_factors_by_hand():
    # Errors 1 … 9 and twice −1 … −9 … of a quantile 2 above and 1 below: the 0.9 quantile of errors / 2 is the factor.
    error = np.arange(11.0)  # the 0.9 quantile of 0 … 10 is 9
    answer = np.broadcast_to([-1.0, 0.0, 2.0], (11, 3))
    assert calibration_factors(answer, error, LEVELS).tolist() == [0.0, 1.0, 4.5]
    assert calibration_factors(answer, -error, LEVELS).tolist() == [9.0, 1.0, 0.0]


@pytest.mark.parametrize("too_wide", [0.4, 1.0, 2.5])
def test_calibrated_quantiles_cover_what_they_promise(too_wide):
    """Intervals of a normal sample, narrower or wider than the truth, cover within 2 % after calibration."""
    levels = (0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95)
    rng = np.random.default_rng(9)

    def sample():
        median = rng.normal(0, 3, 24_000)
        answer = median[..., None] + too_wide * norm.ppf(levels)
        return answer.astype(np.float32), (median + rng.normal(0, 1, median.shape)).astype(np.float32)

    factors = calibration_factors(*sample(), levels)
    np.testing.assert_allclose(np.delete(factors, 3), 1 / too_wide, rtol=0.08)
    assert factors[3] == 1.0
    fresh, outturn = sample()
    below = (outturn[..., None] <= stretch(fresh, factors)).mean(axis=0)
    np.testing.assert_allclose(below, levels, atol=0.02)


def test_calibration_of_a_skewed_error_stretches_each_side_by_its_own():
    # Outturns lie twice as far above the median as below it.
    side = np.random.default_rng(10).normal(0, 1, 96_000)
    target = np.where(side > 0, 2 * side, side).astype(np.float32)
    answer = np.broadcast_to(norm.ppf(LEVELS), (96_000, 3)).astype(np.float32)
    low, _, high = calibration_factors(answer, target, LEVELS)
    assert low == pytest.approx(1.0, rel=0.03)
    assert high == pytest.approx(2.0, rel=0.03)


# -- by lead time ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "mtu", "units"),
    [("load", Mtu.PT60M, 6), ("load", Mtu.PT30M, 12), ("wind", Mtu.PT15M, 24), ("solar", Mtu.PT15M, 288)],
)
def test_a_block_is_six_hours_of_lead_time_but_all_of_it_for_the_sun(quantity, mtu, units):
    spec = WindowSpec(Series("DE", quantity), ZONES["DE"], mtu, Deadline.parse("D-1T1100[Europe/Berlin]"), 14)
    assert units_of_block(spec) == units


@pytest.mark.parametrize("units", [6, 24])
def test_every_block_gets_the_factors_of_its_own_errors(units):
    # Errors grow with the block: in block b the outturns are −10 (b + 1) … 10 (b + 1), so the factor is 8 (b + 1).
    horizon = 3 * units
    block = np.arange(horizon) // units
    spread = np.tile(np.linspace(-10, 10, 101), units).reshape(units, 101)
    target = np.concatenate([spread * (b + 1) for b in range(3)]).T.astype(np.float32)
    chosen = np.ones(target.shape, bool)
    factors = fit_factors(unit_answer(101, horizon), target, chosen, LEVELS, units)
    np.testing.assert_allclose(factors, [[8.0, 1, 8], [16, 1, 16], [24, 1, 24]], rtol=1e-5)
    found = calibrate(unit_answer(2, horizon), factors, units)
    np.testing.assert_allclose(found[0, :, 2], 8.0 * (block + 1), rtol=1e-5)
    below = (target[..., None] <= calibrate(unit_answer(101, horizon), factors, units)).reshape(101, 3, -1, 3)
    np.testing.assert_allclose(below.mean(axis=(0, 2)), [[0.1, 0.5, 0.9]] * 3, atol=0.02)


def test_a_block_with_few_outturns_takes_the_factors_of_all():
    # Block 0 has 600 outturns of ±2, block 1 one less than enough of ±100: less than a tenth of all are above 2.
    target = np.full((100, 12), np.nan, np.float32)
    target[:, :6] = np.where(np.arange(100) % 2, 2, -2)[:, None]
    few = np.flatnonzero(np.isnan(target).ravel())[: FEWEST - 1]
    target.ravel()[few] = np.where(np.arange(len(few)) % 2, 100, -100)
    chosen, answer = np.ones(target.shape, bool), unit_answer(100, 12)
    assert fit_factors(answer, target, chosen, LEVELS, 6).tolist() == [[2.0, 1.0, 2.0]] * 2
    target.ravel()[np.flatnonzero(np.isnan(target).ravel())[0]] = 100  # now they are enough
    assert fit_factors(answer, target, chosen, LEVELS, 6).tolist() == [[2.0, 1.0, 2.0], [100.0, 1.0, 100.0]]


def test_only_chosen_units_with_an_outturn_count():
    target = np.random.default_rng(3).normal(size=(50, 12)).astype(np.float32)
    chosen = np.ones(target.shape, bool)
    plain = fit_factors(unit_answer(50, 12), target, chosen, LEVELS, 6)
    wild = np.concatenate([target, np.full((50, 1), np.nan), np.full((50, 1), 1e9)], axis=1).astype(np.float32)
    masks = np.concatenate([chosen, np.ones((50, 1), bool), np.zeros((50, 1), bool)], axis=1)
    found = fit_factors(unit_answer(50, 14), wild, masks, LEVELS, 6)
    np.testing.assert_array_equal(found[:2], plain)


def test_without_a_single_outturn_nothing_is_stretched():
    nothing = np.full((5, 7), np.nan, np.float32)
    factors = fit_factors(unit_answer(5, 7), nothing, np.ones((5, 7), bool), LEVELS, 6)
    assert factors.tolist() == [[1.0, 1.0, 1.0]] * 2


def test_a_horizon_beyond_the_last_block_takes_its_factors():
    factors = np.array([[2.0, 1, 2], [3, 1, 3]], np.float32)
    assert calibrate(unit_answer(1, 25), factors, 6)[0, :, 2].tolist() == [2.0] * 6 + [3.0] * 19
    assert calibrate(unit_answer(1, 5), factors[:1], 6)[0, :, 2].tolist() == [2.0] * 5


def test_a_night_without_sun_is_no_interval_to_calibrate():
    outturn = np.array([[0.0, 0.0, 500.0, np.nan]])
    median = np.array([[1.0, 80.0, 0.0, 0.0]])
    assert in_doubt(outturn, median, 0.0).tolist() == [[False, True, True, True]]
    assert in_doubt(outturn, median, None).all()
