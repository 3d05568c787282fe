"""Ridge regressions as arrays: what scikit-learn's pipeline says, and of each row the same whatever is beside it."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gridahead.models.regressions import RidgeRegression, load_regressions, save_regressions

RNG = np.random.default_rng(9)
ROWS = (50 + 7 * RNG.normal(size=(900, 120))).astype(np.float32)
TARGET = (3 * ROWS[:, 0] + RNG.normal(size=900)).astype(np.float32)
FITTED = make_pipeline(StandardScaler(), Ridge(10.0)).fit(ROWS, TARGET)


@pytest.mark.parametrize("count", [1, 37, 900])
def test_it_answers_as_the_pipeline_of_scikit_learn(count):
    np.testing.assert_allclose(RidgeRegression.of(FITTED).predict(ROWS[:count]), FITTED.predict(ROWS[:count]), 1e-6)


@pytest.mark.parametrize("count", [1, 2, 37, 511])
def test_what_it_says_of_a_row_does_not_depend_on_the_rows_beside_it(count):
    ridge, chosen = RidgeRegression.of(FITTED), np.random.default_rng(count).permutation(len(ROWS))[:count]
    assert ridge.predict(ROWS[chosen]).tobytes() == ridge.predict(ROWS)[chosen].tobytes()


def test_a_constant_feature_is_no_division_by_nought():
    rows = ROWS.copy()
    rows[:, 3] = 8.0
    fitted = make_pipeline(StandardScaler(), Ridge(10.0)).fit(rows, rows[:, 0])
    np.testing.assert_allclose(RidgeRegression.of(fitted).predict(rows), fitted.predict(rows), 1e-6)


def test_saved_and_loaded_it_is_one_for_all_levels_and_answers_the_same(tmp_path):
    ridge = RidgeRegression.of(FITTED)
    save_regressions(tmp_path, (ridge,) * 3)
    loaded = load_regressions(tmp_path, "ridge", 3)
    assert [path.name for path in tmp_path.iterdir()] == ["ridge.safetensors"]
    assert len(loaded) == 3
    assert all(one.predict(ROWS).tobytes() == ridge.predict(ROWS).tobytes() for one in loaded)
