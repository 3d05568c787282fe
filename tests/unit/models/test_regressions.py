"""Ridge regressions as arrays: what scikit-learn's pipeline says, to the bit."""

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
def test_it_answers_as_the_pipeline_of_scikit_learn_to_the_bit(count):
    assert RidgeRegression.of(FITTED).predict(ROWS[:count]).tobytes() == FITTED.predict(ROWS[:count]).tobytes()


def test_a_constant_feature_is_no_division_by_nought():
    rows = ROWS.copy()
    rows[:, 3] = 8.0
    fitted = make_pipeline(StandardScaler(), Ridge(10.0)).fit(rows, rows[:, 0])
    assert RidgeRegression.of(fitted).predict(rows).tobytes() == fitted.predict(rows).tobytes()


def test_saved_and_loaded_it_is_one_for_all_levels_and_answers_the_same(tmp_path):
    ridge = RidgeRegression.of(FITTED)
    save_regressions(tmp_path, (ridge,) * 3)
    loaded = load_regressions(tmp_path, "ridge", 3)
    assert [path.name for path in tmp_path.iterdir()] == ["ridge.safetensors"]
    assert len(loaded) == 3
    assert all(one.predict(ROWS).tobytes() == ridge.predict(ROWS).tobytes() for one in loaded)
