"""Ridge and gradient boosting: the same windows, quantiles that rise, and a fair fit."""

import datetime as dt
import sys
from dataclasses import replace

import numpy as np
import pytest
from builders.windows import FIRST, SPEC, made_load, made_windows

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.features.scaling import Scaler
from gridahead.models.calibration import calibration_on
from gridahead.models.tabular import TABULAR
from gridahead.settings.training import TrainingSettings
from gridahead.training import tabular
from gridahead.training.split import cut
from gridahead.training.tabular import fit_tabular

LEVELS = (0.1, 0.5, 0.9)
ROWS = made_load(days=90)
TRAINING = TrainingSettings(quantiles=LEVELS, context_days=8, validation_days=20)
PARTS = cut(made_windows(12, 74, observations=ROWS), [FIRST + dt.timedelta(days=n) for n in range(12, 75)], TRAINING)
TEST = made_windows(75, 88, observations=ROWS)


@pytest.fixture(scope="module", params=TABULAR)
def fitted(request):
    with pytest.MonkeyPatch.context() as patch:  # a fold is a training more, and few trees see noon
        patch.setattr(tabular, "MOST_TREES", 60)
        return fit_tabular(request.param, PARTS, LEVELS, ("official",) if request.param == "lightgbm" else None)


def test_quantiles_rise_along_the_last_axis(fitted):
    predicted = fitted.predict(TEST)
    assert predicted.shape == (*TEST.target.shape, 3)
    assert (np.diff(predicted[TEST.within], axis=-1) >= 0).all()
    assert np.isnan(predicted[~TEST.within]).all()


def test_it_corrects_an_official_forecast_that_is_wrong_at_noon(fitted):
    # The made-up official forecast is 2 000 MW too high for six hours of the day: 500 MW on average, and its noise.
    official = np.abs(TEST.official_ahead - TEST.target)[TEST.delivery].mean()
    ours = np.abs(fitted.predict(TEST)[..., 1] - TEST.target)[TEST.delivery].mean()
    assert official > 700
    assert ours < 0.8 * official


def test_it_reads_nothing_but_the_windows(fitted):
    # No outturn of the horizon may be a feature: another one changes nothing.
    other = replace(TEST, target=np.full_like(TEST.target, np.nan))
    assert fitted.predict(other).tobytes() == fitted.predict(TEST).tobytes()


def test_every_unit_is_a_row_of_finite_features():
    rows = Scaler.fit(PARTS.train).rows(TEST)
    assert rows.shape[:2] == TEST.target.shape
    assert np.isfinite(rows).all()


def test_windows_with_other_features_than_those_that_were_learnt_are_refused_with_the_way_out(fitted):
    longer = made_windows(75, 76, replace(SPEC, context_days=9), ROWS)
    with pytest.raises(ModelError, match="train"):
        fitted.predict(longer)


def test_lightgbm_that_cannot_be_loaded_is_an_error_with_the_way_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(ModelError, match=r"cannot be loaded.*apt install libgomp1.*models = "):
        fit_tabular("lightgbm", PARTS, LEVELS)


def test_it_is_calibrated_on_what_regressions_say_of_days_that_they_have_not_learnt(fitted):
    """As networks are: the model that serves has learnt the judged days, and knows them too well."""
    knows = fitted.uncalibrated(PARTS.judged)
    assert fitted.calibration.tolist() != calibration_on(knows, PARTS.judged, LEVELS).tolist()
    assert fitted.scaler.to_dict() == Scaler.fit(PARTS.windows, fitted.scaler.anchor).to_dict()


def test_another_outturn_of_the_judged_days_changes_what_serves():
    target = PARTS.windows.target.copy()
    target[PARTS.judging[-1]] += 5_000
    other = replace(PARTS, windows=replace(PARTS.windows, target=target))
    one, two = (fit_tabular("ridge", parts, LEVELS, ("week",)) for parts in (PARTS, other))
    assert one.uncalibrated(TEST).tobytes() != two.uncalibrated(TEST).tobytes()


@pytest.mark.parametrize(
    ("name", "quantity", "reads_a_regression"),
    [("ridge", "load", True), ("lightgbm", "load", False), ("lightgbm", "price", True)],
)
def test_trees_learn_what_a_regression_leaves_of_prices_alone(monkeypatch, name, quantity, reads_a_regression):
    class AskedError(Exception):
        pass

    def asked(_name, anchors, *_more):
        raise AskedError(anchors)

    monkeypatch.setattr(tabular, "_best", asked)
    rows = ROWS.assign(quantity=ROWS["quantity"].str.replace("load", quantity))
    spec = replace(PARTS.windows.spec, series=Series("DE", quantity))
    windows = made_windows(12, 20, spec=spec, observations=rows)
    parts = replace(PARTS, windows=windows, days=tuple(windows.days), begin=6, judging=(slice(7, 9),))
    with pytest.raises(AskedError) as caught:
        fit_tabular(name, parts, LEVELS)
    assert ("linear" in caught.value.args[0]) is reads_a_regression
