"""The ensemble: its weights, its calibration, and that it serves like one model."""

import time
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
import torch
from builders.rows import LOAD, together
from builders.windows import SPEC, made_load, made_windows

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.features.official import official_quantiles
from gridahead.features.scaling import Scaler
from gridahead.models.bundle import TrainedModel
from gridahead.models.calibration import as_it_is
from gridahead.models.ensemble import Ensemble, combine, fit_weights
from gridahead.models.network.network import Network, NetworkConfig
from gridahead.models.storage import load

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
WINDOWS = made_windows()
TRUTH = made_windows(20, 29)


def model_of(name="lstm", seed=0, levels=LEVELS, windows=WINDOWS, anchor="official"):
    """A model that has learnt nothing but its scales."""
    torch.manual_seed(seed)
    scaler = Scaler.fit(windows, anchor)
    inputs = scaler.inputs(windows, "day")
    config = NetworkConfig(name, inputs.encoder.shape[-1], inputs.decoder.shape[-1], levels, 8, 6)
    return TrainedModel(name, windows.spec, scaler, levels, config, (Network(config).eval(),), as_it_is(levels))


def combined(models, windows):
    """Weighted and calibrated on what the models themselves say of the windows."""
    return combine("ensemble", tuple(models), [model.uncalibrated(windows) for model in models], windows)


PLAIN = as_it_is(LEVELS)
ONE, OTHER = model_of(), model_of("gru", seed=1)


# -- weights --------------------------------------------------------------------------------------------------------


def test_a_model_that_knows_the_outturn_gets_all_the_weight():
    rng = np.random.default_rng(0)
    target = rng.normal(size=500).astype(np.float32)
    right = np.repeat(target[:, None], 3, axis=1)
    wrong = right + 5 + rng.normal(size=(500, 1)).astype(np.float32)
    np.testing.assert_allclose(fit_weights(np.stack([wrong, right]), target, (0.1, 0.5, 0.9)), [0, 1], atol=1e-3)


def test_errors_of_opposite_sign_cancel_with_the_weights_that_a_reader_can_work_out():
    # 1 too high and 3 too low: three quarters of the first and one quarter of the second are right.
    target = np.linspace(-1, 1, 50, dtype=np.float32)
    answers = np.stack([target + 1, target - 3])[..., None]
    np.testing.assert_allclose(fit_weights(answers, target, (0.5,)), [0.75, 0.25], atol=1e-3)


def test_no_other_weights_are_better():
    rng, levels = np.random.default_rng(1), np.array((0.05, 0.25, 0.5, 0.75, 0.95))
    spread = np.array([NormalDist().inv_cdf(level) for level in levels])
    target = rng.normal(size=2_000)
    answers = np.stack([(target + rng.normal(scale=s, size=2_000))[:, None] + s * spread for s in (0.5, 1.0, 2.0)])

    def loss(weights):
        error = target[:, None] - np.tensordot(weights, answers, axes=1)
        return np.maximum(levels * error, (levels - 1) * error).mean()

    grid = [np.array([a, b, 1 - a - b]) for a in np.linspace(0, 1, 41) for b in np.linspace(0, 1 - a, 41)]
    found = fit_weights(answers.astype(np.float32), target.astype(np.float32), tuple(levels))
    assert found.sum() == pytest.approx(1, abs=1e-6)
    assert (found >= 0).all()
    assert loss(found) <= min(map(loss, grid)) + 1e-5
    assert loss(found) < min(loss(one) for one in np.eye(3))


def test_a_year_of_quarter_hours_takes_less_than_two_seconds():
    rng = np.random.default_rng(2)
    target = rng.normal(size=270 * 96).astype(np.float32)
    answers = np.sort(rng.normal(size=(5, len(target), 11)), axis=-1).astype(np.float32)
    begun = time.process_time()
    fit_weights(answers, target, tuple(np.linspace(0.05, 0.95, 11)))
    assert time.process_time() - begun < 2


# -- the official forecast with its own quantiles ---------------------------------------------------------------------


def with_official_quantiles(first=20, last=29, below=300.0):
    """The same load, and an official P10 and P90 that lie so far from the outturn [MW]."""
    rows = made_load()
    told = rows[rows["quantity"] == LOAD.official.quantity]
    truth = rows[rows["quantity"] == LOAD.quantity].set_index("valid_time")["value"].loc[told["valid_time"]].to_numpy()
    quantiles = [
        told.assign(quantity=name, value=truth + away) for name, away in (("load_p10", -below), ("load_p90", below))
    ]
    right = rows.assign(value=rows["value"].where(rows["quantity"] != LOAD.official.quantity))
    right.loc[rows["quantity"] == LOAD.official.quantity, "value"] = truth
    spec = replace(SPEC, future_covariates=(Series("DE", "load_p10"), Series("DE", "load_p90")))
    return made_windows(first, last, spec, together(right, *quantiles))


def test_an_official_forecast_that_is_right_gets_half_of_the_weight_and_its_share_of_the_rest():
    windows = with_official_quantiles()
    wrong = [model_of(cell, windows=windows, anchor="week") for cell in ("lstm", "gru")]
    mixed = combined(wrong, windows)
    assert mixed.official == pytest.approx((1 + 1 / 3) / 2, abs=0.02)
    assert sum(mixed.weights) == pytest.approx(1)


def test_the_official_forecast_is_one_more_in_the_mean():
    windows = with_official_quantiles()
    one = model_of(windows=windows)
    told = official_quantiles(windows, LEVELS)
    assert told is not None
    expected = 0.75 * one.predict(windows) + 0.25 * told
    np.testing.assert_allclose(Ensemble("e", (one,), (1.0,), PLAIN, 0.25).predict(windows), expected, rtol=1e-5)


def test_where_the_official_quantiles_are_not_known_the_models_are_alone():
    windows = with_official_quantiles()
    windows.future[:, 20, 1] = np.nan
    one = model_of(windows=windows)
    answer = Ensemble("e", (one,), (1.0,), PLAIN, 0.25).predict(windows)
    np.testing.assert_array_equal(answer[:, 20], one.predict(windows)[:, 20])


def test_where_the_models_say_nothing_will_be_produced_the_official_forecast_does_not_lift_it():
    windows = with_official_quantiles()
    wind = replace(windows.spec, series=Series("DE", "wind"))
    mixed = Ensemble("e", (replace(ONE, spec=wind),), (1.0,), PLAIN, 0.25)
    told = replace(windows, spec=replace(wind, future_covariates=(Series("DE", "wind_p10"), Series("DE", "wind_p90"))))
    low = np.zeros((*windows.target.shape, len(LEVELS)), np.float32)
    low[..., 3:] = 40.0
    mean = mixed.mean([low], told)
    np.testing.assert_array_equal(mean[..., :3], 0)
    official = official_quantiles(told, LEVELS)
    assert official is not None
    np.testing.assert_allclose(mean[..., 3:], 30 + 0.25 * official[..., 3:], rtol=1e-5)


def test_an_official_forecast_whose_quantiles_nobody_has_seen_yet_is_no_member():
    windows = with_official_quantiles()
    windows.future[..., 1] = np.nan
    assert combined((model_of(windows=windows),), windows).official == 0


def test_an_official_forecast_without_quantiles_is_no_member():
    assert combined((ONE, OTHER), TRUTH).official == 0


def test_the_weight_of_the_official_forecast_is_kept(tmp_path):
    windows = with_official_quantiles()
    mixed = combined((model_of(windows=windows),), windows)
    mixed.save(tmp_path)
    assert load(tmp_path).predict(windows).tobytes() == mixed.predict(windows).tobytes()


# -- the ensemble ---------------------------------------------------------------------------------------------------


def test_the_answer_is_the_weighted_mean_of_every_quantile():
    mixed = Ensemble("ensemble", (ONE, OTHER), (0.25, 0.75), PLAIN)
    expected = 0.25 * ONE.predict(TRUTH) + 0.75 * OTHER.predict(TRUTH)
    np.testing.assert_allclose(mixed.predict(TRUTH), expected, rtol=1e-5)
    assert (np.diff(mixed.predict(TRUTH), axis=-1) >= 0).all()


def test_the_combination_covers_better_what_it_promises_on_the_windows_of_its_calibration():
    wide = made_windows(1, 29)
    # Around a forecast whose location is right: of a location that one month tells of, little is believed.
    models = (model_of(anchor="official_corrected"), model_of("gru", seed=1, anchor="official_corrected"))
    mixed = combined(models, wide)
    counted, off = wide.delivery & ~np.isnan(wide.target), {}
    for name, model in (("plain", replace(mixed, calibration=PLAIN)), ("mixed", mixed)):
        off[name] = np.abs((wide.target[..., None] <= model.predict(wide))[counted].mean(axis=0) - LEVELS).max()
    assert off["mixed"] < 0.7 * off["plain"]


def test_the_combination_is_calibrated_once_whatever_its_models_are_calibrated_by():
    """A member that was calibrated by itself would be calibrated twice."""
    odd = replace(ONE, calibration=PLAIN + 0.8)
    assert odd.predict(TRUTH).tobytes() != ONE.predict(TRUTH).tobytes()
    assert (
        combined((odd, OTHER), TRUTH).predict(TRUTH).tobytes() == combined((ONE, OTHER), TRUTH).predict(TRUTH).tobytes()
    )


def test_weights_and_calibration_come_from_the_answers_that_are_given_and_not_from_the_models_that_serve():
    answers = [model.uncalibrated(TRUTH) for model in (ONE, OTHER)]
    exact = np.repeat(TRUTH.target[..., None], len(LEVELS), axis=-1)
    mixed = combine("ensemble", (ONE, OTHER), [exact, answers[1]], TRUTH)
    assert mixed.weights[0] == pytest.approx(0.75, abs=0.01), "half-way between all and a half"
    assert mixed.models == (ONE, OTHER)


def test_it_has_what_serving_asks_of_a_model():
    mixed = combined((ONE, OTHER), TRUTH)
    assert (mixed.spec, mixed.quantiles, mixed.known_share) == (ONE.spec, LEVELS, ONE.known_share)
    assert mixed.label == "DE/load ensemble"


def test_saved_and_loaded_it_predicts_the_same_bits(tmp_path):
    mixed = combined((ONE, OTHER), TRUTH)
    mixed.save(tmp_path)
    loaded = load(tmp_path)
    assert isinstance(loaded, Ensemble)
    assert loaded.predict(TRUTH).tobytes() == mixed.predict(TRUTH).tobytes()
    assert [model.name for model in loaded.models] == ["lstm", "gru"]


def test_the_bundle_of_one_model_is_read_as_one(tmp_path):
    ONE.save(tmp_path)
    assert isinstance(load(tmp_path), TrainedModel)


@pytest.mark.parametrize("damage", ["0/weights.safetensors", "model.json"])
def test_a_damaged_bundle_says_what_to_do(tmp_path, damage):
    combined((ONE, OTHER), TRUTH).save(tmp_path)
    (tmp_path / damage).write_text("{}")
    with pytest.raises(ModelError, match="train again"):
        load(tmp_path)


def test_models_that_answer_for_something_else_are_refused():
    later = replace(OTHER, spec=replace(SPEC, context_days=9))
    fewer = model_of(levels=(0.1, 0.5, 0.9))
    for other in (later, fewer):
        with pytest.raises(ModelError, match="DE/load ensemble: cannot average DE/load lstm and"):
            combined((ONE, other), TRUTH)
