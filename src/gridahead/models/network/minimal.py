"""The minimal cells: GRU and LSTM whose gates look at the inputs alone, and no longer at the state.

So the gates of all steps are one product, and a unit's way through time is a weighted mean of what was written into it:

    h(t) = kept(t) ⊙ h(t−1) + (1 − kept(t)) ⊙ new(t),    new = W x + b

All weights lie between 0 and 1: nothing can overflow, over however many steps, and no logarithm is needed. The parallel
scan of the source is for GPUs: on one core it took 3 times as long as going from step to step at 14 steps and 25 times
at 336, as it reads and writes all steps log₂(T) times.

Source: Feng et al. (2024), "Were RNNs all we needed?", sections 3.1 and 3.2.
"""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from gridahead.models.network.open_cell import OpenCell


class MinimalCell(OpenCell):
    """What both have in common: the state is the outputs."""

    gates: int

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden, width=(self.gates + 1) * hidden, state=hidden)

    @abstractmethod
    def keeps(self, gates: tuple[Tensor, ...]) -> Tensor:
        """The share that is kept, (N, T, hidden), from what enters the gates."""

    def run(self, entered: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs (N, T, hidden) and the last one, from what enters and the one before."""
        *gates, new = entered.chunk(self.gates + 1, dim=-1)
        kept = self.keeps(tuple(gates))
        states = []
        for share, written in zip(kept.unbind(1), ((1 - kept) * new).unbind(1), strict=True):
            state = torch.addcmul(written, share, state)
            states.append(state)
        return torch.stack(states, dim=1), state

    def kept(self, entered: Tensor, before: Tensor) -> Tensor:
        """How much of each unit is kept in every step, (N, T, hidden); what it holds has no say in that."""
        return self.keeps(entered.chunk(self.gates + 1, dim=-1)[:-1])


class MinGRU(MinimalCell):
    """One gate, z: what is written."""

    gates = 1

    def keeps(self, gates: tuple[Tensor, ...]) -> Tensor:
        """1 − z, the complement of a sigmoid as the sigmoid of the negative."""
        return (-gates[0]).sigmoid()


class MinLSTM(MinimalCell):
    """A forget gate f that begins open, and an input gate i, which share the unit between them: f / (f + i)."""

    gates = 2

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden)
        with torch.no_grad():
            self.entry.bias[:hidden].fill_(1.0)

    def keeps(self, gates: tuple[Tensor, ...]) -> Tensor:
        """The quotient f / (f + i), by the logarithms of both: where both gates are shut, it would be 0 / 0."""
        forget, write = gates
        return (logsigmoid(forget) - logsigmoid(write)).sigmoid()
