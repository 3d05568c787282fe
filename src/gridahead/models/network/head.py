"""The quantile head: what was decoded becomes quantiles that cannot cross."""

from __future__ import annotations

import math
from statistics import NormalDist

import torch
from torch import Tensor, nn

from gridahead.models.network.layers import Dropout, Joint

START_SPREAD = 0.63
"""Of a network that has learnt nothing, where 1 is the spread of the anchor's errors. It soon nearly halves those:
begun at 1, the default LSTM was 0.6 % worse on the validation days of German load (pinball, three seeds)."""


class QuantileHead(nn.Module):
    """A small network from what was decoded and is known of a unit to the quantiles of its target."""

    spacing: Tensor

    def __init__(self, features: int, width: int, levels: tuple[float, ...], dropout: float) -> None:
        super().__init__()
        self.entry = Joint(features, width)
        self.layers = nn.Sequential(nn.GELU(), Dropout(dropout), nn.Linear(width, len(levels)))
        self.register_buffer("spacing", START_SPREAD * normal_spacing(levels), persistent=False)

    def forward(self, *parts: Tensor) -> Tensor:
        """Quantiles (N, H, Q), rising along Q.

        Args:
            parts: of each unit, (N, H, I) each; their widths sum to the number of features.
        """
        return non_crossing(self.layers(self.entry(*parts)), self.spacing)


def normal_spacing(levels: tuple[float, ...]) -> Tensor:
    """The distance of each quantile of a unit normal to its neighbour towards the median, (Q,); 0 at the median.

    Steps in these proportions begin with the shape of a normal error, for 3 levels as for 99.
    """
    quantiles = torch.tensor([NormalDist().inv_cdf(level) for level in levels], dtype=torch.float64)
    middle, steps = len(levels) // 2, quantiles.diff()
    return torch.cat([steps[:middle], steps.new_zeros(1), steps[middle:]]).float()


def non_crossing(raw: Tensor, spacing: Tensor) -> Tensor:
    """Quantiles that cannot cross: the median, and positive steps away from it on both sides.

    Args:
        raw: (..., Q) unbounded, Q odd.
        spacing: (Q,) length of each step where raw is 0.

    Returns:
        (..., Q), rising.
    """
    middle = raw.shape[-1] // 2
    steps = spacing / math.log(2) * nn.functional.softplus(raw)  # softplus(0) = ln 2
    median = raw[..., middle : middle + 1]
    above = median + steps[..., middle + 1 :].cumsum(-1)
    below = median - steps[..., :middle].flip(-1).cumsum(-1).flip(-1)
    return torch.cat([below, median, above], dim=-1)
