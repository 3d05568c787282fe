"""The decoders: from what is known ahead and what the encoder remembers to one state a unit of the horizon.

Three answer for all units at once, each window from its own horizon: what a batch pads it with reaches no answer. The
recursive one goes from unit to unit and reads its own answer: the classical way, here to be compared with.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gridahead.models.network.cells import recurrent_layer
from gridahead.models.network.layers import Dropout, Joint
from gridahead.settings.networks import Cell


class DirectDecoder(nn.Module):
    """The same small network for every unit of the horizon."""

    def __init__(self, features: int, context: int, width: int, dropout: float) -> None:
        super().__init__()
        self.width = width
        self.entry = Joint(features + context, 2 * width)
        self.layers = nn.Sequential(nn.GELU(), Dropout(dropout), nn.Linear(2 * width, width), nn.GELU())

    def forward(self, known: Tensor, context: Tensor, states: Tensor, length: Tensor) -> Tensor:
        """(N, H, width) of known (N, H, D) and context (N, W); states and lengths are not needed."""
        decoded: Tensor = self.layers(self.entry(known, context))
        return decoded


class RecurrentDecoder(nn.Module):
    """A recurrent layer over the known future, forwards, or another one besides from the end of each horizon back."""

    def __init__(self, cell: Cell, features: int, context: int, width: int, *, bidirectional: bool) -> None:
        super().__init__()
        self.width = 2 * width if bidirectional else width
        self.forwards = recurrent_layer(cell, features + context, width)
        self.backwards = recurrent_layer(cell, features + context, width) if bidirectional else None

    def forward(self, known: Tensor, context: Tensor, states: Tensor, length: Tensor) -> Tensor:
        """(N, H, width) of known (N, H, D), context (N, W) and lengths (N,); the encoder's states are not needed."""
        decoded: Tensor = self.forwards(beside(known, context))[0]
        if self.backwards is None:
            return decoded
        order = reversal(length, known.shape[1])
        back: Tensor = self.backwards(beside(_ordered(known, order), context))[0]
        return torch.cat([decoded, _ordered(back, order)], dim=-1)


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

    def forward(self, known: Tensor, context: Tensor, states: Tensor, length: Tensor) -> Tensor:
        """(N, H, width) of known (N, H, D), context (N, W) and the states of the encoder (N, S, hidden)."""
        attended, _ = self.attention(self.query(known, context), states, states, need_weights=False)
        decoded: Tensor = self.direct(torch.cat([known, attended], dim=-1), context, states, length)
        return decoded


class RecursiveDecoder(nn.Module):
    """One unit after the other; each reads the answer for the unit before.

    In training it may read the truth instead (teacher forcing), or either by chance (scheduled sampling: Bengio et al.
    2015, "Scheduled sampling for sequence prediction with recurrent neural networks"). Gradients pass through what is
    fed back, so that a free run learns what its own errors lead to.
    """

    def __init__(self, cell: Cell, features: int, context: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.layer = recurrent_layer(cell, features + context + 1, width)

    def forward(
        self,
        known: Tensor,
        context: Tensor,
        answer: Callable[[Tensor, Tensor], Tensor],
        truth: Tensor | None,
        sampling: float,
    ) -> Tensor:
        """Quantiles, (N, H, Q).

        Args:
            known: (N, H, D)
            context: (N, W)
            answer: the head, from (N, T, width) and the known of the same units to quantiles.
            truth: (N, H) to be taught with, None for a free run.
            sampling: how often the truth is read, from 1.0 (always) to 0.0 (never).
        """
        units, count = beside(known, context), len(known)
        fed = units.new_zeros(count, 1, 1)  # before the first unit: no difference to the anchor
        if truth is not None:
            truth = truth[..., None]
            if sampling >= 1:  # what is read is known beforehand: one pass over all units
                read = torch.cat([fed, truth[:, :-1]], dim=1)
                return answer(self.layer(torch.cat([units, read], dim=-1))[0], known)
        state, answers = None, []
        for unit in range(units.shape[1]):
            step = slice(unit, unit + 1)
            decoded, state = self.layer(torch.cat([units[:, step], fed], dim=-1), state)
            answers.append(answer(decoded, known[:, step]))  # (N, 1, Q)
            fed = answers[-1][..., answers[-1].shape[-1] // 2][:, None]
            if truth is not None:
                taught = torch.rand(count, 1, 1, device=fed.device) < sampling
                fed = torch.where(taught, truth[:, step], fed)
        return torch.cat(answers, dim=1)


def reversal(length: Tensor, horizon: int) -> Tensor:
    """Where each unit of a horizon is found when it is read from its end, (N, H); padding stays behind it.

    It is its own inverse. Read so, a backward pass begins at the last unit of each horizon, however long the batch is.

    Args:
        length: (N,) units of each horizon.
        horizon: H.
    """
    return (length[:, None] - 1 - torch.arange(horizon, device=length.device)) % horizon


def _ordered(values: Tensor, order: Tensor) -> Tensor:
    """Values (N, H, K) in another order (N, H) of their units."""
    return values.gather(1, order[..., None].expand_as(values))


def beside(known: Tensor, context: Tensor) -> Tensor:
    """The context next to every unit of the horizon, (N, H, D + W)."""
    return torch.cat([known, context[:, None].expand(-1, known.shape[1], -1)], dim=-1)
