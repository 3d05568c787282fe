"""Ridge and gradient boosting: the same windows, quantiles that rise, and a fair fit."""

import sys

import numpy as np
import pytest
from made_windows import made_load, made_windows

from gridahead.errors import ModelError
from gridahead.features.scaling import Scaler
from gridahead.models.tabular import TABULAR, fit_tabular

LEVELS = (0.1, 0.5, 0.9)
ROWS = made_load(days=90)
TRAIN = made_windows(12, 59, observations=ROWS)
VALIDATION = made_windows(60, 74, observations=ROWS)
TEST = made_windows(75, 88, observations=ROWS)


@pytest.fixture(scope="module", params=TABULAR)
def fitted(request):
    return fit_tabular(request.param, TRAIN, VALIDATION, LEVELS)


def test_quantiles_rise_along_the_last_axis(fitted):
    predicted = fitted.predict(TEST)
    assert predicted.shape == (*TEST.target.shape, 3)
    assert (np.diff(predicted, axis=-1) >= 0).all()


def test_it_corrects_an_official_forecast_that_is_wrong_at_noon(fitted):
    # The made-up official forecast is 2 000 MW too high for six hours of the day: 500 MW on average, and its noise.
    official = np.abs(TEST.future[..., 0] - TEST.target)[TEST.delivery].mean()
    ours = np.abs(fitted.predict(TEST)[..., 1] - TEST.target)[TEST.delivery].mean()
    assert official > 700
    assert ours < 0.8 * official


def test_it_reads_nothing_but_the_windows(fitted):
    # No outturn of the horizon may be a feature: another one changes nothing.
    from dataclasses import replace

    other = replace(TEST, target=np.full_like(TEST.target, np.nan))
    assert np.array_equal(fitted.predict(other), fitted.predict(TEST))


def test_every_unit_is_a_row_of_finite_features():
    rows = Scaler.fit(TRAIN).rows(TEST)
    assert rows.shape[:2] == TEST.target.shape
    assert np.isfinite(rows).all()


def test_lightgbm_that_is_not_installed_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(ModelError, match=r"pip install -e '\.\[bench\]'"):
        fit_tabular("lightgbm", TRAIN, VALIDATION, LEVELS)
