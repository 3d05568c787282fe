"""What a network computes, and what the machine could: matrix products counted by formula, against the best sgemm."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gridahead.models.network.network import Network
from gridahead.training.batch import Batch

SIDE = {"cpu": 2048, "cuda": 8192}
"""Of the square matrices whose product is the peak: larger ones are not faster on either."""
GATES = {"RNN_TANH": 1, "GRU": 3, "LSTM": 4}


def step_flops(network: Network, batch: Batch) -> float:
    """Floating-point operations in matrix products of a training step, a window; element-wise work counts nothing.

    A product (R, I) × (I, O) costs 2·R·I·O. A step has it three times: forwards, for the gradient of the weights, and
    for the gradient of the inputs. Inputs that are data have no gradient, so there it is twice:

        linear layer over R rows              6·R·I·O, of data 4·R·I·O, part by part where it has several
        recurrent layer, T steps, g gates     2·T·g·hidden·(3·I + 3·hidden), the first of an encoder (2·I + 3·hidden)

    with g = 1 (rnn), 3 (gru), 4 (lstm), and twice all that in both directions.
    """
    counted: list[float] = []

    def linear(layer: nn.Module, given: tuple[Any, ...], _answer: object) -> None:
        assert isinstance(layer, nn.Linear)
        counted.extend(2.0 * (3 if part.requires_grad else 2) * part.numel() * layer.out_features for part in given)

    def recurrent(layer: nn.Module, given: tuple[Any, ...], _answer: object) -> None:
        assert isinstance(layer, nn.RNNBase)
        steps, learnt = given[0].shape[0] * given[0].shape[1], 3 if given[0].requires_grad else 2
        width = GATES[layer.mode] * layer.hidden_size * (2 if layer.bidirectional else 1)
        counted.append(2.0 * steps * width * (learnt * layer.input_size + 3 * layer.hidden_size))

    hooks = [
        layer.register_forward_hook(linear if isinstance(layer, nn.Linear) else recurrent)
        for layer in network.modules()
        if isinstance(layer, nn.Linear | nn.RNNBase)
    ]
    network(batch.encoder, batch.decoder, batch.static, batch.length)
    for hook in hooks:
        hook.remove()
    return sum(counted) / len(batch)


def peak_flops(device: torch.device) -> float:
    """Floating-point operations a second of a large matrix product in float32 on this device, now.

    On a CPU torch has two libraries for it: one behind `mm`, the other behind its fused recurrent layers. Which one is
    faster depends on who made the CPU; the peak is the faster.
    """
    side = SIDE[device.type]
    left, right = (torch.randn(side, side, device=device) for _ in range(2))
    seconds = [_seconds(device, torch.mm, left, right)]
    if device.type == "cpu" and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        seconds.append(_seconds(device, torch.nn.functional.linear, left.to_mkldnn(), right.to_mkldnn()))
    return 2.0 * side**3 / min(seconds)


def _seconds(device: torch.device, product: Callable[[Tensor, Tensor], Tensor], left: Tensor, right: Tensor) -> float:
    """How long a product takes, the second time."""
    for _ in range(2):
        begun = time.perf_counter()
        product(left, right)
        if device.type == "cuda":
            torch.cuda.synchronize()
    return time.perf_counter() - begun
