"""The Transformer encoder: every segment of the context looks at every other one.

It reads the same windows as the recurrent encoder and hands its states to the same decoders and head.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

# Torch's fused inference sums in another order than training does; a network answers alike in both without it.
torch.backends.mha.set_fastpath_enabled(False)

_LONGEST_WAVE = 10_000.0
"""Segments; from the source of the positions, far above any context."""


class TransformerEncoder(nn.Module):
    """Pre-norm layers, (N, S, E) → states (N, S, hidden).

    Source: Xiong et al. (2020), "On layer normalization in the Transformer architecture": with the norm first it
    trains without a warm-up of its own.
    """

    def __init__(self, features: int, hidden: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.entry = nn.Linear(features, hidden)
        # A layer each, not nn.TransformerEncoder: that begins with copies of one and the same layer.
        self.layers = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(
                    hidden, heads, 2 * hidden, dropout, activation="gelu", batch_first=True, norm_first=True
                )
                for _ in range(layers)
            ),
            nn.LayerNorm(hidden),
        )

    def forward(self, segments: Tensor) -> Tensor:
        """States, (N, S, hidden), of segments (N, S, E)."""
        entered: Tensor = self.entry(segments)
        states: Tensor = self.layers(entered + positions(*entered.shape[1:]).to(entered))
        return states


def positions(count: int, width: int) -> Tensor:
    """Sines and cosines of a segment's distance to the issue time, (count, width); the newest segment has distance 0.

    Source: Vaswani et al. (2017), "Attention is all you need", section 3.5.
    """
    distance = torch.arange(count - 1, -1, -1, dtype=torch.float32)
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(_LONGEST_WAVE) / width))
    angle = distance[:, None] * rate
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :width]
