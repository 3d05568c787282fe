"""The recurrent network: an encoder over the days of the context, a decoder that sees the known future.

encoder (N, S, E) ── rnn | lstm | gru, one step a day ──→ last state (N, hidden)
                                                             │ to every unit of the horizon
decoder (N, H, D) ───────────────────────────────────────→ concat ─→ decoder ─→ quantiles (N, H, Q)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from gridahead.config import Cell

_CELLS: dict[Cell, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Everything that decides the shape of a network."""

    cell: Cell
    encoder_features: int
    """E"""
    decoder_features: int
    """D"""
    quantiles: int
    """Q, odd: the middle one is the median."""
    hidden: int
    decoder_hidden: int
    layers: int
    dropout: float
    decoder: Literal["direct", "recurrent"]

    def to_dict(self) -> dict[str, Any]:
        """For the bundle."""
        return asdict(self)


class RecurrentNetwork(nn.Module):
    """Encoder, decoder and a quantile head."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        cell = _CELLS[config.cell]
        self.drop = nn.Dropout(config.dropout)
        self.encoder = cell(config.encoder_features, config.hidden, config.layers, batch_first=True)
        self.bridge = nn.Linear(config.hidden, config.decoder_hidden)
        seen = config.decoder_features + config.decoder_hidden
        self.recurrent = config.decoder == "recurrent"
        if self.recurrent:
            self.decoder: nn.Module = cell(seen, config.decoder_hidden, batch_first=True)
        else:
            self.decoder = nn.Sequential(
                nn.Linear(seen, 2 * config.decoder_hidden),
                nn.GELU(),
                nn.Linear(2 * config.decoder_hidden, config.decoder_hidden),
            )
        self.head = nn.Sequential(
            nn.Linear(config.decoder_hidden + config.decoder_features, config.decoder_hidden),
            nn.GELU(),
            self.drop,
            nn.Linear(config.decoder_hidden, config.quantiles),
        )
        self._initialise()

    def _initialise(self) -> None:
        """Orthogonal recurrence keeps the norm of gradients; an open forget gate keeps the memory at the start."""
        for name, weight in self.named_parameters():
            if "weight_hh" in name:
                for gate in weight.chunk(weight.shape[0] // weight.shape[1]):
                    nn.init.orthogonal_(gate)
        for module in self.modules():
            if isinstance(module, nn.LSTM):
                for name, bias in module.named_parameters():
                    if "bias_ih" in name:
                        with torch.no_grad():
                            bias.chunk(4)[1].fill_(1.0)

    def forward(self, encoder: Tensor, decoder: Tensor) -> Tensor:
        """Quantiles in scaled units.

        Args:
            encoder: (N, S, E)
            decoder: (N, H, D)

        Returns:
            (N, H, Q), rising along Q.
        """
        states, _ = self.encoder(self.drop(encoder))  # (N, S, hidden)
        context = self.bridge(self.drop(states[:, -1]))  # (N, decoder_hidden)
        seen = torch.cat([decoder, context[:, None].expand(-1, decoder.shape[1], -1)], dim=-1)
        decoded = self.decoder(seen)[0] if self.recurrent else self.decoder(seen)  # (N, H, decoder_hidden)
        return non_crossing(self.head(torch.cat([self.drop(decoded), decoder], dim=-1)))


def non_crossing(raw: Tensor) -> Tensor:
    """Quantiles that cannot cross: the median, and positive steps away from it on both sides.

    Args:
        raw: (..., Q) unbounded, Q odd.
    """
    middle = raw.shape[-1] // 2
    steps = 0.3 * nn.functional.softplus(raw)  # 0.3: about the distance of neighbouring deciles of a unit normal
    median = raw[..., middle : middle + 1]
    above = median + steps[..., middle + 1 :].cumsum(-1)
    below = median - steps[..., :middle].flip(-1).cumsum(-1).flip(-1)
    return torch.cat([below, median, above], dim=-1)
