"""Small networks, one call each."""

import numpy as np
import torch

from gridahead.models.network.network import Network, NetworkConfig

LEVELS = (0.1, 0.5, 0.9)
N, S, E, H, D = 4, 8, 7, 13, 5


def config_of(cell="lstm", **changes):
    plain = {
        "encoder_features": E,
        "decoder_features": D,
        "levels": LEVELS,
        "hidden": 8,
        "decoder_hidden": 12,
        "dropout": 0.3,
    }
    return NetworkConfig(**{"cell": cell, **plain, **changes})


def network_of(cell="lstm", seed=1, **changes):
    torch.manual_seed(seed)
    return Network(config_of(cell, **changes))


def inputs_of(config, seed=2):
    """Encoder, decoder and static inputs that the config asks for, and horizons that are as long as the batch."""
    noise = torch.Generator().manual_seed(seed)
    shapes = (N, S, config.encoder_features), (N, H, config.decoder_features), (N, config.static_features)
    return (*(torch.randn(shape, generator=noise) for shape in shapes), torch.full((N,), H))


def assert_near(found, expected, rtol=1e-5, atol=1e-6):
    """Tensors equal up to rounding; torch's own check imports for seconds."""
    np.testing.assert_allclose(found.detach().numpy(), expected.detach().numpy(), rtol=rtol, atol=atol)
