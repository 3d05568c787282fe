"""What MLflow serves says what the model says, to the last bit."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_rows import LOAD
from made_windows import SPEC, made_load, made_windows

from gridahead.features.scaling import Scaler
from gridahead.grid import Series
from gridahead.models.bundle import TrainedModel
from gridahead.models.network import Network, NetworkConfig
from gridahead.training.registry import signature
from gridahead.training.served_model import ServedModel

LEVELS = (0.1, 0.5, 0.9)


def windows_of(quantity):
    """Windows of a made-up series, by day only where it lives on the sun."""
    rows = made_load()
    rows["quantity"] = rows["quantity"].str.replace(LOAD.quantity, quantity)
    if quantity == "solar":
        rows["value"] = rows["value"].where(rows["valid_time"].dt.hour.between(6, 18), 0.0)
    return made_windows(spec=replace(SPEC, series=Series("DE", quantity)), observations=rows)


@pytest.mark.parametrize("quantity", ["load", "solar"])
def test_tensors_are_answered_like_windows(quantity):
    torch.manual_seed(0)
    windows = windows_of(quantity)
    scaler = Scaler.fit(windows, "reference")
    inputs = scaler.inputs(windows, "day")
    config = NetworkConfig("lstm", inputs.encoder.shape[-1], inputs.decoder.shape[-1], LEVELS, 8, 6)
    ones = np.ones((1, len(LEVELS)), np.float32)
    model = TrainedModel("lstm", windows.spec, scaler, LEVELS, config, (Network(config).eval(),), ones)
    served = ServedModel()
    served.model = model
    asked = {name: getattr(windows, name) for name in signature(model).inputs.input_names()}
    assert served.predict(None, asked).tobytes() == model.predict(windows).tobytes()
