"""The matrix cell of the xLSTM: a memory of contents under keys, which a query reads, and gates that forget.

    C(t) = f C(t−1) + i v kᵀ,    n(t) = f n(t−1) + i k,    h(t) = o ⊙ C q / max(|n·q|, 1)

with i = exp(…) and f = σ(…), one of each a head. No step waits for the output of the one before: so many steps are
computed at once, as attention whose weights fade, and only what they leave in the memory is handed on. A step alone is
the same with one of them.

Source: Beck et al. (2024), "xLSTM: extended long short-term memory", section 2.3 and appendix A.3. The cell alone,
without the projections, the convolution and the norms that its authors build around it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from gridahead.models.network.open_cell import OpenCell
from gridahead.settings.networks import HEADS

AT_ONCE = 64
"""Steps: work and memory grow with them in a chunk, and only with the number of chunks beyond it."""


class Memory(NamedTuple):
    """What is handed on, in units of exp(scale): the true memory may grow beyond all that a number can hold."""

    scale: Tensor
    """m, (N, heads): the largest exponent of all that is in it, −∞ where nothing is."""
    keys: Tensor
    """n, (N, heads, d)"""
    contents: Tensor
    """C, (N, heads, d, d): of values by keys."""


class MLSTM(OpenCell):
    """The state is the outputs beside the memory. The width is a multiple of the heads."""

    def __init__(self, features: int, hidden: int, heads: int = HEADS) -> None:
        state = 2 * hidden + heads + hidden * (hidden // heads)
        super().__init__(features, hidden, width=4 * hidden + 2 * heads, state=state)
        self.heads = heads
        with torch.no_grad():
            # Forget gates begin open, each head with a time of its own, as in the program of the source.
            self.entry.bias[-heads:] = torch.linspace(3, 6, heads)

    def nothing(self, entered: Tensor) -> Tensor:
        """An empty memory."""
        state = super().nothing(entered)
        state[:, self.hidden_size : self.hidden_size + self.heads] = -torch.inf
        return state

    def run(self, entered: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs (N, T, hidden) and the last state (N, K)."""
        memory, outputs = self._memory(state), []
        for steps in torch.split(entered, AT_ONCE, dim=1):
            shown, memory = self._chunk(steps, memory)
            outputs.append(shown)
        last = [outputs[-1][:, -1], *(part.flatten(1) for part in memory)]
        return torch.cat(outputs, dim=1), torch.cat(last, dim=-1)

    def kept(self, entered: Tensor, before: Tensor) -> Tensor:
        """What the forget gate of every head says, (N, T, heads)."""
        return entered[..., -self.heads :].sigmoid()

    def _memory(self, state: Tensor) -> Memory:
        hidden, width = self.hidden_size, self.hidden_size // self.heads
        _, scale, keys, contents = torch.split(state, [hidden, self.heads, hidden, hidden * width], dim=1)
        return Memory(scale, keys.view(-1, self.heads, width), contents.view(-1, self.heads, width, width))

    def _chunk(self, entered: Tensor, before: Memory) -> tuple[Tensor, Memory]:
        """Outputs (N, T, hidden) of T steps and what they leave in the memory."""
        *parts, show, gates = torch.split(entered, [self.hidden_size] * 4 + [2 * self.heads], dim=-1)
        query, key, value = (part.reshape(*part.shape[:2], self.heads, -1).transpose(1, 2) for part in parts)
        key = key / math.sqrt(key.shape[-1])
        write, forget = gates.transpose(1, 2).chunk(2, dim=1)  # (N, heads, T)
        weights, share, scale = _weights(write, forget, before.scale)
        fit = query @ key.transpose(-1, -2) * weights
        read = fit @ value + share * (query @ before.contents.transpose(-1, -2))
        size = fit.sum(-1, keepdim=True) + share * (query @ before.keys[..., None])
        shown = read / torch.maximum(size.abs(), (-scale[..., None]).exp())

        left = key * weights[..., -1, :, None]
        memory = Memory(
            scale[..., -1],
            share[..., -1, :] * before.keys + left.sum(-2),
            share[..., -1, :, None] * before.contents + value.transpose(-1, -2) @ left,
        )
        return show.sigmoid() * shown.transpose(1, 2).flatten(2), memory


def _weights(write: Tensor, forget: Tensor, before: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How much each step reads of each step up to it and of the memory before them all, in units of exp(scale).

    Of what a step wrote is left its input gate times all forget gates in between. Outputs and true memory are the same
    for every scale: no gradient goes through it.

    Args:
        write: (N, heads, T) exponents of the input gates.
        forget: (N, heads, T) of the forget gates, before the sigmoid.
        before: (N, heads) scale of the memory.

    Returns:
        (N, heads, T, T) of each step by steps, (N, heads, T, 1) of the memory, and (N, heads, T) the scale.
    """
    passed = logsigmoid(forget).cumsum(-1)
    exponents = passed[..., :, None] - passed[..., None, :] + write[..., None, :]
    later = torch.ones_like(exponents[0, 0], dtype=torch.bool).triu(1)
    exponents = exponents.masked_fill(later, -torch.inf)
    carried = passed + before[..., None]
    scale = torch.maximum(exponents.amax(-1), carried).detach()
    return (exponents - scale[..., None]).exp(), (carried - scale).exp()[..., None], scale
