"""The Transformer encoder: every segment of the context looks at every other one.

It reads the same windows as the recurrent encoder and hands its states to the same decoders and head.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from gridahead.models.determinism import unfused_attention

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
            *(_PreNormLayer(hidden, heads, dropout) for _ in range(layers)),
            nn.LayerNorm(hidden),
        )

    def forward(self, segments: Tensor) -> Tensor:
        """States, (N, S, hidden), of segments (N, S, E)."""
        entered: Tensor = self.entry(segments)
        with unfused_attention():
            states: Tensor = self.layers(entered + positions(*entered.shape[1:]).to(entered))
        return states


class _PreNormLayer(nn.TransformerEncoderLayer):
    """Torch's layer, which computes in operation as in training.

    Torch's own `forward`, and that of its attention, take a fused kernel when no gradient is asked for. It sums in
    another order, so that a network would answer otherwise than it was judged; torch has only a switch for the whole
    process to turn it off. The same sums are called here by name.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__(width, heads, 2 * width, dropout, activation="gelu", batch_first=True, norm_first=True)

    def forward(self, values: Tensor) -> Tensor:  # type: ignore[override]  # no masks: all segments see each other
        """States, (N, S, width), of values (N, S, width)."""
        values = values + self.dropout1(self._attended(self.norm1(values)))
        return values + self._ff_block(self.norm2(values))

    def _attended(self, values: Tensor) -> Tensor:
        """What each segment takes from all of them, (N, S, width)."""
        own, steps = self.self_attn, values.transpose(0, 1)  # functional attention has the steps first
        attended, _ = functional.multi_head_attention_forward(
            steps,
            steps,
            steps,
            own.embed_dim,
            own.num_heads,
            own.in_proj_weight,
            own.in_proj_bias,
            bias_k=None,
            bias_v=None,
            add_zero_attn=False,
            dropout_p=own.dropout,
            out_proj_weight=own.out_proj.weight,
            out_proj_bias=own.out_proj.bias,
            training=self.training,
            need_weights=False,
        )
        return attended.transpose(0, 1)


def positions(count: int, width: int) -> Tensor:
    """Sines and cosines of a segment's distance to the issue time, (count, width); the newest segment has distance 0.

    Source: Vaswani et al. (2017), "Attention is all you need", section 3.5.
    """
    distance = torch.arange(count - 1, -1, -1, dtype=torch.float32)
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(_LONGEST_WAVE) / width))
    angle = distance[:, None] * rate
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :width]
