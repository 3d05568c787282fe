"""Small made-up batches and networks for the tests of the training."""

import numpy as np
import torch

from gridahead.features.scaling import Inputs
from gridahead.models.network.network import Network, NetworkConfig
from gridahead.settings.training import TrainingSettings
from gridahead.training.batch import Batch

LEVELS = (0.1, 0.5, 0.9)
N, S, E, H, D = 48, 8, 4, 6, 3
GRU = NetworkConfig("gru", E, D, LEVELS, 8, 6, 1, 0.3, "direct")


def inputs_of(n=N, seed=6):
    """Random inputs."""
    rng = np.random.default_rng(seed)
    return Inputs(
        rng.normal(size=(n, S, E)).astype(np.float32),
        rng.normal(size=(n, H, D)).astype(np.float32),
        np.zeros((n, 0), np.float32),
        np.full(n, H),
    )


def batch_of(target, n=N, seed=6):
    """Random inputs, every unit of which counts."""
    targets = np.broadcast_to(target, (n, H)).astype(np.float32)
    return Batch.of(inputs_of(n, seed), targets, np.ones((n, H), bool), 0.0)


def settings_of(**changes):
    """Settings for a training of a second."""
    return TrainingSettings.model_validate({"quantiles": LEVELS, "epochs": 5, "batch_size": 16, **changes})


def network_of(config=GRU, seed=0):
    """An untrained network."""
    torch.manual_seed(seed)
    return Network(config)
