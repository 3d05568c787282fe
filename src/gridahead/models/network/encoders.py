"""The recurrent encoder: what happened over the context, one state a segment."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gridahead.models.network.cells import recurrent_layer
from gridahead.models.network.layers import Dropout
from gridahead.settings.networks import RecurrentCell


class RecurrentEncoder(nn.Module):
    """Layers of one cell, (N, S, E) → states of the last layer (N, S, hidden).

    Layer norm stands around the cells: on a projection of the inputs before the first step and on the states of every
    layer. Inside, at the gates, torch's fused cells have none, and cells without fusion are several times slower.

    With truncated back-propagation through time the oldest steps run without a gradient, and the last `bptt_steps`
    begin with the state that those leave: values are the same, the cost of the backward pass is that of fewer steps.
    """

    def __init__(
        self,
        cell: RecurrentCell,
        features: int,
        hidden: int,
        layers: int = 1,
        *,
        dropout: float = 0.0,
        layer_norm: bool = False,
        bptt_steps: int | None = None,
    ) -> None:
        super().__init__()
        self.bptt_steps = bptt_steps
        self.drop = Dropout(dropout)
        widths = [hidden if layer_norm else features] + [hidden] * (layers - 1)
        self.entry: nn.Module = (
            nn.Sequential(nn.Linear(features, hidden), nn.LayerNorm(hidden)) if layer_norm else nn.Identity()
        )
        self.layers = nn.ModuleList(recurrent_layer(cell, width, hidden) for width in widths)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) if layer_norm else nn.Identity() for _ in widths)

    def forward(self, segments: Tensor) -> Tensor:
        """States of the last layer, (N, S, hidden), of segments (N, S, E)."""
        count = segments.shape[1]
        older = count - (self.bptt_steps or count)
        if older <= 0 or not torch.is_grad_enabled():
            return self._run(segments, [None] * len(self.layers))[0]
        with torch.no_grad():
            before, carried = self._run(segments[:, :older], [None] * len(self.layers))
        return torch.cat([before, self._run(segments[:, older:], carried)[0]], dim=1)

    def _run(self, values: Tensor, begin: list[Tensor | None]) -> tuple[Tensor, list[Tensor | None]]:
        """States of the last layer, and the final state of every layer, begun with those given."""
        values, final = self.entry(values), []
        for number, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            states, last = layer(self.drop(values) if number else values, begin[number])
            values = norm(states)
            final.append(last)
        return values, final
