"""A small untrained model on an anchor, for tests of what is done with models."""

import torch

from gridahead.features.scaling import Scaler
from gridahead.models.bundle import TrainedModel
from gridahead.models.calibration import as_it_is
from gridahead.models.network import Network, NetworkConfig

LEVELS = (0.1, 0.5, 0.9)


def model_on(anchor, windows):
    """A GRU of two members with random weights."""
    scaler = Scaler.fit(windows, anchor)
    inputs = scaler.inputs(windows, "day")
    config = NetworkConfig(
        "gru", inputs.encoder.shape[-1], inputs.decoder.shape[-1], LEVELS, hidden=8, decoder_hidden=8
    )
    torch.manual_seed(4)
    networks = tuple(Network(config).eval() for _ in range(2))
    return TrainedModel("gru", windows.spec, scaler, LEVELS, config, networks, as_it_is(LEVELS))
