"""Planted leaks on the way to a fit: a scaler that has seen the days that judge, an outturn as its own forecast."""

import datetime as dt
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from builders.rows import LOAD, day_ahead, measured, together
from builders.windows import FIRST, SPEC, made_load, made_windows

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.operate import train as training
from gridahead.settings.model import Settings
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.fit import fit
from gridahead.training.split import cut, split
from gridahead.workspace import Workspace

SETTINGS = TrainingSettings(
    epochs=1, quantiles=(0.1, 0.5, 0.9), refit=False, batch_size=16, validation_days=20, device="cpu"
)
OBSERVATIONS = made_load(100)
TRAIN = made_windows(10, 70, observations=OBSERVATIONS)
VALIDATION = made_windows(71, 90, observations=OBSERVATIONS)


def fitted(validation, anchor):
    torch.set_num_threads(1)
    days = [FIRST + dt.timedelta(days=n) for n in range(10, 91)]
    parts = cut(TRAIN.followed_by(validation), days, SETTINGS)
    assert (len(parts.train), len(parts.validation)) == (61, 20)
    config = ModelSettings(cell="gru", hidden=4, decoder_hidden=4, members=1, anchor=anchor)
    return fit("gru", parts, config, SETTINGS, lambda epoch: None).model


def test_the_scaler_and_the_weights_have_seen_training_windows_only():
    """Guard: `Scaler.fit(parts.train, …)` in `training.fit`.

    The validation windows are a thousand times as large. They calibrate, and would choose among epochs and anchors if
    there were several; nothing else of the model may change by a bit, whatever it is anchored on.
    """
    arrays = {name: getattr(VALIDATION, name) for name in ("past", "future", "target")}
    poisoned = replace(VALIDATION, **{name: array * np.float32(1000) for name, array in arrays.items()})
    for anchor in ("week", "level", "linear"):
        honest, other = fitted(VALIDATION, anchor), fitted(poisoned, anchor)
        for field in fields(honest.scaler):
            mine, others = (getattr(model.scaler, field.name) for model in (honest, other))
            if field.name == "linear" and mine is not None:
                assert all(getattr(mine, n.name).tobytes() == getattr(others, n.name).tobytes() for n in fields(mine))
            else:
                assert mine == others, f"{field.name} of the scaler anchored on {anchor}"
        weights, others = (model.members[0].state_dict() for model in (honest, other))
        assert all(torch.equal(weights[name], others[name]) for name in weights)
        assert not np.array_equal(honest.calibration, other.calibration), "the poison was not read at all"


def test_nothing_is_fitted_where_the_official_forecast_is_the_outturn():
    """Guard: `refuse_leaks` in `training.split.cut`, through which every fit goes."""
    truth = OBSERVATIONS[OBSERVATIONS["quantity"] == "load"]
    times, values = truth["valid_time"].array, truth["value"].to_numpy()
    leak = together(measured(LOAD, times, values), day_ahead(LOAD.official, times, values))
    split(OBSERVATIONS, SPEC, SETTINGS)
    with pytest.raises(ModelError, match="DE/load: has inputs that know what is to be forecast"):
        split(leak, SPEC, SETTINGS)


def test_a_shared_network_is_not_fitted_where_one_of_its_series_has_the_outturn_as_its_forecast(tmp_path, monkeypatch):
    """Guard: `refuse_leaks` in `training.split.cut`, through which `train_shared` takes the windows of every series."""
    wind = Series("DE", "wind")
    truth = OBSERVATIONS[OBSERVATIONS["quantity"] == "load"]
    times, values = truth["valid_time"].array, truth["value"].to_numpy()
    group = {"name": "together", "model": "gru", "series": [str(LOAD), str(wind)]}
    said = {
        "data_folder": tmp_path,
        "series": [{"series": str(one), "deadline": str(SPEC.deadline)} for one in (LOAD, wind)],
        "shared": [group],
        "training": SETTINGS.model_dump() | {"context_days": SPEC.context_days},
    }
    workspace = Workspace(Settings.model_validate(said))
    leak = together(measured(wind, times, values), day_ahead(wind.official, times, values))
    workspace.lake.observations.append(together(OBSERVATIONS, leak))

    monkeypatch.setattr(training, "fit_shared_in_worker", lambda *_given, **_named: pytest.fail("it was fitted"))
    with pytest.raises(ModelError, match="DE/wind: has inputs that know what is to be forecast"):
        training.train_shared(workspace, workspace.settings.shared[0])
