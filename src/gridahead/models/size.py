"""How large networks are, so that different kinds can be compared at the same size."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import torch

from gridahead.models.network import Network, NetworkConfig


def parameters(config: NetworkConfig) -> int:
    """The number of weights of a network."""
    with torch.random.fork_rng(devices=[]):  # building one draws its weights; nobody else shall notice
        return sum(weights.numel() for weights in Network(config).parameters())


def equal_size(config: NetworkConfig, to: NetworkConfig) -> NetworkConfig:
    """The config with the encoder's width, a multiple of its heads, that comes nearest to the size of another network.

    The width stays at one multiple where all else alone is larger than the other network.
    """
    wanted, step = parameters(to), config.heads
    nearest = replace(config, hidden=step)
    for width in count(2 * step, step):
        wider = replace(config, hidden=width)
        if abs(parameters(wider) - wanted) >= abs(parameters(nearest) - wanted):
            return nearest
        nearest = wider
    raise AssertionError("a wider network is larger")  # pragma: no cover
