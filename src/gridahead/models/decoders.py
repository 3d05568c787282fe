"""The decoders: from what is known ahead and what the encoder remembers to one state a unit of the horizon.

Three answer for all units at once. The recursive one goes from unit to unit and reads its own answer: the classical
way, here to be compared with.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gridahead.config import Cell
from gridahead.models.cells import recurrent_layer
from gridahead.models.layers import Dropout, Joint


class DirectDecoder(nn.Module):
    """The same small network for every unit of the horizon."""

    def __init__(self, features: int, context: int, width: int, dropout: float) -> None:
        super().__init__()
        self.width = width
        self.entry = Joint(features + context, 2 * width)
        self.layers = nn.Sequential(nn.GELU(), Dropout(dropout), nn.Linear(2 * width, width), nn.GELU())

    def forward(self, known: Tensor, context: Tensor, states: Tensor) -> Tensor:
        """(N, H, width) of known (N, H, D), context (N, W) and the states of the encoder, which it does not need."""
        decoded: Tensor = self.layers(self.entry(known, context))
        return decoded


class RecurrentDecoder(nn.Module):
    """A recurrent layer over the known future, forwards or in both directions."""

    def __init__(self, cell: Cell, features: int, context: int, width: int, *, bidirectional: bool) -> None:
        super().__init__()
        self.width = 2 * width if bidirectional else width
        self.layer = recurrent_layer(cell, features + context, width, bidirectional=bidirectional)

    def forward(self, known: Tensor, context: Tensor, states: Tensor) -> Tensor:
        """(N, H, width) of known (N, H, D), context (N, W) and the states of the encoder, which it does not need."""
        decoded: Tensor = self.layer(beside(known, context))[0]
        return decoded


class AttentionDecoder(nn.Module):
    """Every unit of the horizon looks for what it needs in all states of the encoder, then decodes directly.

    Source: Vaswani et al. (2017), "Attention is all you need", section 3.2.
    """

    def __init__(self, features: int, context: int, hidden: int, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.query = Joint(features + context, width)
        self.attention = nn.MultiheadAttention(width, heads, kdim=hidden, vdim=hidden, batch_first=True)
        self.direct = DirectDecoder(features + width, context, width, dropout)
        self.width = self.direct.width

    def forward(self, known: Tensor, context: Tensor, states: Tensor) -> Tensor:
        """(N, H, width) of known (N, H, D), context (N, W) and the states of the encoder (N, S, hidden)."""
        found, _ = self.attention(self.query(known, context), states, states, need_weights=False)
        decoded: Tensor = self.direct(torch.cat([known, found], dim=-1), context, states)
        return decoded


class RecursiveDecoder(nn.Module):
    """One unit after the other; each reads the answer for the unit before.

    In training it may read the truth instead (teacher forcing), or either by chance (scheduled sampling: Bengio et al.
    2015, "Scheduled sampling for sequence prediction with recurrent neural networks"). Gradients pass through what is
    fed back, so that a free run learns what its own errors lead to.
    """

    def __init__(self, cell: Cell, features: int, context: int, width: int, outputs: int) -> None:
        super().__init__()
        self.width, self.outputs = width, outputs
        self.layer = recurrent_layer(cell, features + context + outputs, width)

    def forward(
        self,
        known: Tensor,
        context: Tensor,
        answer: Callable[[Tensor, Tensor], Tensor],
        truth: Tensor | None,
        sampling: float,
    ) -> Tensor:
        """Quantiles, (N, H × outputs, Q).

        Args:
            known: (N, H, D)
            context: (N, W)
            answer: the head, from (N, T, width) and the known of the same units to quantiles.
            truth: (N, H × outputs) to be taught with, None for a free run.
            sampling: how often the truth is read, from 1.0 (always) to 0.0 (never).
        """
        seen, count = beside(known, context), len(known)
        fed = seen.new_zeros(count, 1, self.outputs)  # before the first unit: no difference to the anchor
        if truth is not None:
            truth = truth.view(count, -1, self.outputs)
            if sampling >= 1:  # what is read is known beforehand: one pass over all units
                read = torch.cat([fed, truth[:, :-1]], dim=1)
                return answer(self.layer(torch.cat([seen, read], dim=-1))[0], known)
        state, answers = None, []
        for unit in range(seen.shape[1]):
            here = slice(unit, unit + 1)
            decoded, state = self.layer(torch.cat([seen[:, here], fed], dim=-1), state)
            answers.append(answer(decoded, known[:, here]))  # (N, outputs, Q)
            fed = answers[-1][..., answers[-1].shape[-1] // 2][:, None]
            if truth is not None:
                taught = torch.rand(count, 1, 1, device=fed.device) < sampling
                fed = torch.where(taught, truth[:, here], fed)
        return torch.cat(answers, dim=1)


def beside(known: Tensor, context: Tensor) -> Tensor:
    """The context next to every unit of the horizon, (N, H, D + W)."""
    return torch.cat([known, context[:, None].expand(-1, known.shape[1], -1)], dim=-1)
