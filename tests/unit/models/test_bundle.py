"""The trained model: calibration, and a bundle that predicts the same bits after a round trip."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from made_rows import LOAD
from made_windows import SPEC, WITHOUT_REFERENCE, made_windows
from scipy.stats import norm

from gridahead.errors import ModelError
from gridahead.features.scaling import Scaler
from gridahead.grid import Series
from gridahead.models.bundle import TrainedModel, calibration_factors, stretch
from gridahead.models.recurrent import NetworkConfig, RecurrentNetwork
from gridahead.timeline import Mtu

LEVELS = (0.1, 0.5, 0.9)
WINDOWS = made_windows()


def model_of(windows=WINDOWS, *, cell="gru", members=2, calibration=(1.25, 1.0, 0.75)):
    scaler = Scaler.fit(windows)
    inputs = scaler.inputs(windows)
    config = NetworkConfig(
        cell, inputs.encoder.shape[-1], inputs.decoder.shape[-1], len(LEVELS), 8, 6, 1, 0.3, "direct"
    )
    torch.manual_seed(4)
    networks = tuple(RecurrentNetwork(config).eval() for _ in range(members))
    return TrainedModel("gru", windows.spec, scaler, LEVELS, config, networks, np.array(calibration, np.float32))


# -- stretching and calibration -------------------------------------------------------------------------------------

NINE = hnp.arrays(np.float32, (3, 9), elements=st.floats(-1000, 1000, width=32, allow_subnormal=False)).map(
    lambda a: np.sort(a, axis=-1)
)
FACTORS = hnp.arrays(np.float32, 9, elements=st.floats(0, 8, width=32, allow_subnormal=False))


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


@pytest.mark.parametrize("too_wide", [0.4, 1.0, 2.5])
def test_calibrated_quantiles_cover_what_they_promise(too_wide):
    """Intervals of a normal sample, narrower or wider than the truth, cover within 2 % after calibration."""
    levels = (0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95)
    rng = np.random.default_rng(9)

    def sample():
        median = rng.normal(0, 3, (1000, 24))
        answer = median[..., None] + too_wide * norm.ppf(levels)
        return answer.astype(np.float32), (median + rng.normal(0, 1, median.shape)).astype(np.float32)

    answer, target = sample()
    factors = calibration_factors(answer, target, np.ones(target.shape, bool), levels)
    np.testing.assert_allclose(np.delete(factors, 3), 1 / too_wide, rtol=0.08)
    assert factors[3] == 1.0
    fresh, outturn = sample()
    below = (outturn[..., None] <= stretch(fresh, factors)).mean(axis=(0, 1))
    np.testing.assert_allclose(below, levels, atol=0.02)


def test_calibration_of_a_skewed_error_stretches_each_side_by_its_own():
    levels = (0.1, 0.5, 0.9)
    rng = np.random.default_rng(10)
    # Outturns lie twice as far above the median as below it.
    side = rng.normal(0, 1, (4000, 24))
    target = np.where(side > 0, 2 * side, side).astype(np.float32)
    answer = np.broadcast_to(norm.ppf(levels), (4000, 24, 3)).astype(np.float32)
    low, _, high = calibration_factors(answer, target, np.ones(target.shape, bool), levels)
    assert low == pytest.approx(1.0, rel=0.03)
    assert high == pytest.approx(2.0, rel=0.03)


def test_calibration_counts_only_the_chosen_units_that_have_an_outturn():
    levels = (0.1, 0.5, 0.9)
    answer = np.broadcast_to(np.array([-1.0, 0.0, 1.0], np.float32), (50, 4, 3))
    target = np.linspace(-2, 2, 200).reshape(50, 4).astype(np.float32)
    chosen = np.ones((50, 4), bool)
    plain = calibration_factors(answer, target, chosen, levels)
    wild = np.concatenate([target, np.full((50, 1), np.nan), np.full((50, 1), 1e9)], axis=1).astype(np.float32)
    masks = np.concatenate([chosen, np.ones((50, 1), bool), np.zeros((50, 1), bool)], axis=1)
    wide = np.concatenate([answer, answer[:, :2]], axis=1)
    np.testing.assert_array_equal(calibration_factors(wide, wild, masks, levels), plain)


def test_without_a_single_outturn_nothing_is_stretched():
    answer = np.broadcast_to(np.array([-1.0, 0.0, 1.0], np.float32), (5, 4, 3))
    factors = calibration_factors(answer, np.full((5, 4), np.nan, np.float32), np.ones((5, 4), bool), (0.1, 0.5, 0.9))
    assert factors.tolist() == [1.0, 1.0, 1.0]


# -- prediction -----------------------------------------------------------------------------------------------------


def test_a_prediction_is_a_rising_quantile_for_every_unit_of_the_horizon():
    predicted = model_of().predict(WINDOWS)
    assert predicted.shape == (*WINDOWS.target.shape, 3)
    assert (np.diff(predicted, axis=-1) >= 0).all()
    assert not np.isnan(predicted).any()


def test_members_are_averaged():
    model = model_of(members=2)
    alone = [replace(model, members=(member,)).raw(WINDOWS) for member in model.members]
    np.testing.assert_allclose(model.raw(WINDOWS), (alone[0] + alone[1]) / 2, rtol=1e-5, atol=1e-6)


def test_load_is_never_forecast_below_nought():
    windows = replace(WINDOWS, past=WINDOWS.past.copy(), future=WINDOWS.future.copy())
    windows.past[..., :2] -= 60_000
    windows.future[..., 0] -= 60_000
    assert model_of().predict(windows).min() == 0.0


SOLAR, WIND = Series("DE", "solar"), Series("DE", "wind")


@pytest.mark.parametrize(
    "spec",
    [
        WITHOUT_REFERENCE,
        replace(SPEC, past_covariates=(SOLAR,)),
        replace(SPEC, mtu=Mtu.PT30M),
        replace(SPEC, series=SOLAR),  # of the same shape, and all the same not what it has learnt
    ],
    ids=["without the official forecast", "with a covariate more", "half hours", "another series"],
)
def test_windows_of_another_make_are_refused_with_the_way_out(spec):
    with pytest.raises(ModelError, match=r"DE/load gru: was trained on .* train it again with `gridahead train`"):
        model_of().predict(made_windows(spec=spec))


def test_one_covariate_in_the_place_of_another_is_refused():
    model = model_of(made_windows(spec=replace(SPEC, past_covariates=(SOLAR,))))
    with pytest.raises(ModelError, match=r"DE/solar in PT60M, the windows hold .* DE/wind in PT60M"):
        model.predict(made_windows(spec=replace(SPEC, past_covariates=(WIND,))))


# -- on disk --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_bundle_that_was_saved_and_loaded_predicts_the_same_bits(tmp_path, cell):
    model = model_of(cell=cell).calibrated(WINDOWS)
    model.save(tmp_path / "bundle")
    loaded = TrainedModel.load(tmp_path / "bundle")
    assert loaded.predict(WINDOWS).tobytes() == model.predict(WINDOWS).tobytes()
    assert (loaded.spec, loaded.scaler, loaded.config) == (model.spec, model.scaler, model.config)
    assert (loaded.name, loaded.quantiles) == (model.name, model.quantiles)


def test_a_bundle_keeps_its_covariates_and_the_holidays_of_its_zone(tmp_path):
    spec = replace(SPEC, past_covariates=(Series("DE", "solar"),), future_covariates=(LOAD.reference,))
    model = replace(model_of(), spec=spec)
    model.save(tmp_path)
    assert TrainedModel.load(tmp_path).spec == spec


def test_a_bundle_holds_no_pickle(tmp_path):
    model_of().save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle.json", "weights.safetensors"]
    json.loads((tmp_path / "bundle.json").read_text())
    weights = (tmp_path / "weights.safetensors").read_bytes()
    # safetensors: the length of a JSON header, the header, then nothing but numbers.
    length = int.from_bytes(weights[:8], "little")
    header = json.loads(weights[8 : 8 + length])
    assert len(weights) == 8 + length + max(entry["data_offsets"][1] for entry in header.values() if "dtype" in entry)


@pytest.mark.parametrize("damage", ["missing", "torn", "other version", "no json"])
def test_a_bundle_that_cannot_be_read_is_a_model_error(tmp_path, damage):
    model_of().save(tmp_path)
    about, weights = tmp_path / "bundle.json", tmp_path / "weights.safetensors"
    if damage == "missing":
        weights.unlink()
    elif damage == "torn":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif damage == "other version":
        about.write_text(json.dumps({**json.loads(about.read_text()), "config": {"cell": "lstm", "heads": 8}}))
    else:
        about.write_text("{")
    with pytest.raises(ModelError, match=r"is no bundle that this version can read .*train again"):
        TrainedModel.load(tmp_path)
