"""The trained model: what it answers, and a bundle that predicts the same bits after a round trip."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from builders.rows import LOAD
from builders.windows import SPEC, WITHOUT_REFERENCE, made_windows

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.time import Mtu
from gridahead.features.scaling import Scaler
from gridahead.models.bundle import TrainedModel
from gridahead.models.calibration import as_it_is, calibration_on
from gridahead.models.network.network import Network, NetworkConfig

LEVELS = (0.1, 0.5, 0.9)
WINDOWS = made_windows()


def model_of(
    windows=WINDOWS,
    *,
    cell="gru",
    members=2,
    calibration=(-1.5, 0.1, 1.1),
    segment="day",
    normalise="series",
    static=(),
    **pieces,
):
    scaler = Scaler.fit(windows, normalise=normalise)
    inputs = scaler.inputs(windows, segment, static)
    config = NetworkConfig(
        cell,
        inputs.encoder.shape[-1],
        inputs.decoder.shape[-1],
        LEVELS,
        hidden=8,
        decoder_hidden=8,
        dropout=0.3,
        static_features=len(static),
        **pieces,
    )
    torch.manual_seed(4)
    networks = tuple(Network(config).eval() for _ in range(members))
    return TrainedModel("gru", windows.spec, scaler, LEVELS, config, networks, np.array([calibration]), segment, static)


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


def test_static_features_tell_the_series_of_shared_weights_apart():
    one = model_of(static=(1.0, 0.0))
    other = replace(one, static=(0.0, 1.0))
    assert not np.allclose(one.raw(WINDOWS), other.raw(WINDOWS))


def test_every_block_of_lead_time_is_published_from_scores_of_its_own():
    model, plain = model_of(), as_it_is(LEVELS)
    by_lead = replace(model, calibration=np.concatenate([plain, plain * [[1, 1, 2]]]))
    plain = replace(model, calibration=plain).predict(WINDOWS)
    width, wider = (found[..., 2] - found[..., 1] for found in (plain, by_lead.predict(WINDOWS)))
    np.testing.assert_allclose(wider[:, :6], width[:, :6], rtol=1e-3)
    np.testing.assert_allclose(wider[:, 6:], 2 * width[:, 6:], rtol=1e-3)


def shifted(windows, constant, factor=1.0):
    """Load and official forecast changed alike, in the context and ahead, and with them the error of the one."""
    other = replace(windows, past=windows.past.copy(), future=windows.future.copy())
    other.past[..., :2] = factor * other.past[..., :2] + constant
    other.future[..., :1] = factor * other.future[..., :1] + constant
    other.future[..., -1] *= factor
    return other


@pytest.mark.parametrize("segment", ["day", "hour"])
def test_under_instance_normalisation_a_constant_added_to_the_load_is_added_to_the_forecast(segment):
    model = model_of(normalise="instance", segment=segment)
    plain, raised = (model.predict(windows) for windows in (WINDOWS, shifted(WINDOWS, 20_000)))
    np.testing.assert_allclose(raised - plain, 20_000, atol=0.5)
    by_series = model_of(normalise="series", segment=segment)
    moved = by_series.predict(shifted(WINDOWS, 20_000)) - by_series.predict(WINDOWS)
    assert np.abs(moved - 20_000).max() > 50, "by series it is not: or this test could not fail"


def test_under_instance_normalisation_twice_the_load_is_twice_the_forecast():
    model = model_of(normalise="instance")
    plain, doubled = (model.predict(windows) for windows in (WINDOWS, shifted(WINDOWS, 0, factor=2)))
    np.testing.assert_allclose(doubled, 2 * plain, rtol=1e-5)


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


@pytest.mark.parametrize(
    "pieces",
    [
        {"cell": "rnn", "layers": 2, "layer_norm": True},
        {"cell": "lstm", "decoder": "attention", "segment": "hour"},
        {"cell": "gru", "decoder": "recurrent", "bidirectional": True, "static": (0.5, 1.0)},
        {"cell": "lstm", "decoder": "recursive", "normalise": "instance"},
        {"cell": "transformer", "segment": "unit", "bptt_steps": 3},
        {"cell": "slstm", "layers": 2, "layer_norm": True, "decoder": "recurrent"},
        {"cell": "mlstm", "segment": "hour", "decoder": "recurrent", "bidirectional": True},
        {"cell": "mingru", "decoder": "recursive"},
        {"cell": "minlstm", "segment": "hour", "bptt_steps": 3},
    ],
    ids=lambda pieces: pieces["cell"] + " " + pieces.get("decoder", "direct"),
)
def test_a_bundle_that_was_saved_and_loaded_predicts_the_same_bits(tmp_path, pieces):
    model = model_of(**pieces)
    model = model.calibrated(model.uncalibrated(WINDOWS), WINDOWS)
    model.save(tmp_path / "bundle")
    loaded = TrainedModel.load(tmp_path / "bundle")
    assert loaded.predict(WINDOWS).tobytes() == model.predict(WINDOWS).tobytes()
    assert (loaded.spec, loaded.scaler, loaded.config) == (model.spec, model.scaler, model.config)
    assert (loaded.name, loaded.quantiles) == (model.name, model.quantiles)
    assert (loaded.segment, loaded.static) == (model.segment, model.static)


def test_a_bundle_keeps_the_weights_of_its_linear_anchor(tmp_path):
    model = replace(model_of(), scaler=Scaler.fit(WINDOWS, "linear"))
    model.save(tmp_path / "bundle")
    loaded = TrainedModel.load(tmp_path / "bundle")
    assert loaded.predict(WINDOWS).tobytes() == model.predict(WINDOWS).tobytes()
    assert loaded.scaler.linear is not None


def test_a_calibrated_model_covers_better_what_it_promises():
    wide, raw = made_windows(1, 29), model_of(calibration=tuple(as_it_is(LEVELS)[0]))
    model = raw.calibrated(raw.uncalibrated(wide), wide)
    assert model.calibration.shape == (7, 3)  # 37 hours
    off = [
        np.abs((wide.target[..., None] <= one.predict(wide))[wide.delivery].mean(axis=0) - LEVELS).max()
        for one in (raw, model)
    ]
    assert off[1] < 0.85 * off[0], "of a location that one month tells of, little is believed"


def test_what_is_uncalibrated_does_not_hear_of_the_calibration():
    one, other = model_of(), model_of(calibration=(-2.0, -0.5, 0.5))
    assert one.uncalibrated(WINDOWS).tobytes() == other.uncalibrated(WINDOWS).tobytes()
    assert one.predict(WINDOWS).tobytes() != other.predict(WINDOWS).tobytes()
    raw = one.uncalibrated(WINDOWS)
    assert one.calibrated(raw, WINDOWS).calibration.tolist() == calibration_on(raw, WINDOWS, LEVELS).tolist()


def test_a_bundle_keeps_its_covariates_and_the_holidays_of_its_zone(tmp_path):
    spec = replace(SPEC, past_covariates=(Series("DE", "solar"),), future_covariates=(LOAD.official,))
    model = replace(model_of(), spec=spec)
    model.save(tmp_path)
    assert TrainedModel.load(tmp_path).spec == spec


def test_a_bundle_holds_no_pickle(tmp_path):
    model_of().save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "weights.safetensors"]
    json.loads((tmp_path / "model.json").read_text())
    weights = (tmp_path / "weights.safetensors").read_bytes()
    # safetensors: the length of a JSON header, the header, then nothing but numbers.
    length = int.from_bytes(weights[:8], "little")
    header = json.loads(weights[8 : 8 + length])
    assert len(weights) == 8 + length + max(entry["data_offsets"][1] for entry in header.values() if "dtype" in entry)


@pytest.mark.parametrize("damage", ["missing", "torn", "other version", "no json"])
def test_a_bundle_that_cannot_be_read_is_a_model_error(tmp_path, damage):
    model_of().save(tmp_path)
    about, weights = tmp_path / "model.json", tmp_path / "weights.safetensors"
    if damage == "missing":
        weights.unlink()
    elif damage == "torn":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif damage == "other version":
        about.write_text(json.dumps({**json.loads(about.read_text()), "config": {"cell": "lstm", "gates": 8}}))
    else:
        about.write_text("{")
    with pytest.raises(ModelError, match=r"is no bundle that this version can read .*train again"):
        TrainedModel.load(tmp_path)
