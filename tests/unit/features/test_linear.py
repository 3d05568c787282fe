"""The linear forecast: against scikit-learn, on a line it must find, and without an input that it leans on."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from gridahead.core.errors import ModelError
from gridahead.features.linear import FEWEST, PENALTY_FOR_ALL, LinearForecast

N, H, K = 400, 3, 4
RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(2, 3, (N, H, K)).astype(np.float32)
AHEAD = np.ones((N, H, 1), bool)
WITHIN = np.ones((N, H), bool)


def lines(*slopes):
    """A target that is linear in the rows, with other slopes at every unit."""
    return np.stack([ROWS[:, unit] @ np.array(slope) for unit, slope in enumerate(slopes)], axis=1).astype(np.float32)


def test_every_unit_finds_its_own_line():
    target = lines((1, 0, 0, 2), (0, 3, 0, 0), (0, 0, -1, 1)) + 5
    found = LinearForecast.fit(ROWS, target, AHEAD, WITHIN)(ROWS, AHEAD)
    assert np.abs(found - target).mean() < 0.1 * np.abs(target - target.mean()).mean()
    ends = found[:, 1] - ROWS[:, 1] @ np.array([0, 3, 0, 0])
    assert abs(ends.mean() - 5) < 0.05


def test_beyond_the_units_that_were_learnt_stands_the_ridge_regression_of_all_of_them():
    target = lines((1, 0, 0, 2), (0, 3, 0, 0), (0, 0, -1, 1)) + RANDOM.normal(size=(N, H)).astype(np.float32)
    longer = np.concatenate([ROWS, ROWS[:, :1]], axis=1)
    found = LinearForecast.fit(ROWS, target, AHEAD, WITHIN)(longer, np.ones((N, H + 1, 1), bool))[:, H]
    flat = ROWS.reshape(-1, K).astype(float)
    mean, spread = flat.mean(axis=0), flat.std(axis=0)
    judge = Ridge(PENALTY_FOR_ALL).fit((flat - mean) / spread, target.ravel())
    assert found == pytest.approx(judge.predict((longer[:, H] - mean) / spread), abs=1e-3)


def test_a_unit_with_too_few_outturns_follows_the_others():
    target = lines((1, 0, 0, 0), (1, 0, 0, 0), (-9, 0, 0, 0))
    target[FEWEST - 1 :, 2] = np.nan
    found = LinearForecast.fit(ROWS, target, AHEAD, WITHIN)
    assert (found.weights[2] == found.weights[-1]).all()
    assert (found.weights[1] != found.weights[-1]).any()


def test_without_an_input_that_was_usually_there_it_says_nothing():
    target = lines((1, 0, 0, 0), (1, 0, 0, 0), (1, 0, 0, 0))
    usual = AHEAD.copy()
    usual[:, 0] = False  # never known at the first unit
    fitted = LinearForecast.fit(ROWS, target, usual, WITHIN)
    now = usual.copy()
    now[7, 1] = False
    answer = fitted(ROWS, now)
    assert np.isnan(answer[7, 1])
    assert np.isnan(answer).sum() == 1


def test_an_input_is_required_by_the_windows_that_have_the_unit():
    """The last unit is one of long days only: that most windows are padded there says nothing of the input."""
    within, known = WITHIN.copy(), AHEAD.copy()
    within[20:, 2] = False
    known[20:, 2] = False
    target = lines((1, 0, 0, 0), (1, 0, 0, 0), (1, 0, 0, 0))
    target[20:, 2] = np.nan
    assert LinearForecast.fit(ROWS, target, known, within).required[2].all()
    assert not LinearForecast.fit(ROWS, target, known, WITHIN).required[2].any()


def test_rows_of_another_version_are_refused_with_the_way_out():
    learnt = LinearForecast.fit(ROWS, lines((1, 0, 0, 0), (1, 0, 0, 0), (1, 0, 0, 0)), AHEAD, WITHIN)
    with pytest.raises(ModelError, match="learnt on 4 features a unit, this version reads 3; train"):
        learnt(ROWS[..., :3], AHEAD)
