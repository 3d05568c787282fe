"""The network: an encoder over the context, a decoder that sees the known future, a quantile head.

encoder (N, S, E) ── recurrent cell | transformer ────→ states (N, S, hidden) ──→ last one ─┐
static (N, G) ── embedding ─────────────────────────────────────────────────────────────────┴→ context (N, W)
                                                                                                 │
decoder (N, H, D) ── direct | recurrent | attention over the states | recursive ←────────────────┘
                       └─→ head ─→ quantiles (N, H, Q)
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor, nn

from gridahead.core.errors import ModelError
from gridahead.models.network.decoders import AttentionDecoder, DirectDecoder, RecurrentDecoder, RecursiveDecoder
from gridahead.models.network.encoders import RecurrentEncoder
from gridahead.models.network.head import QuantileHead
from gridahead.models.network.layers import Dropout
from gridahead.models.network.transformer import TransformerEncoder
from gridahead.settings.networks import HEADS, Cell, DecoderName


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Everything that decides the shape of a network."""

    cell: Cell
    encoder_features: int
    """E; 0 builds no encoder."""
    decoder_features: int
    """D"""
    levels: tuple[float, ...]
    """Q of them, rising, an odd number with 0.5 in the middle."""
    hidden: int
    """Width of the encoder's states."""
    decoder_hidden: int
    layers: int = 1
    """Of the encoder."""
    dropout: float = 0.0
    decoder: DecoderName = "direct"
    bidirectional: bool = False
    """Whether the recurrent decoder reads the known future in both directions."""
    layer_norm: bool = False
    """In the recurrent encoder; a Transformer has its own."""
    bptt_steps: int | None = None
    """Steps of the recurrent encoder that gradients go back, None for all."""
    heads: int = HEADS
    """Of every attention."""
    static_features: int = 0
    """G; 0 builds no embedding."""

    def __post_init__(self) -> None:
        count = len(self.levels)
        if count % 2 == 0 or self.levels[count // 2] != 0.5 or list(self.levels) != sorted(set(self.levels)):
            raise ModelError(
                f"{self.cell} network",
                f"{count} quantile levels must rise and be an odd number with 0.5 in the middle: {self.levels}",
            )
        if self.decoder == "attention" and not self.encoder_features:
            raise ModelError(f"{self.cell} network", "attention needs an encoder to look at; take another decoder")

    def to_dict(self) -> dict[str, Any]:
        """The configuration as plain values, for a bundle."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> NetworkConfig:
        """The configuration from the plain values of a bundle."""
        return cls(**{**stored, "levels": tuple(stored["levels"])})


class Network(nn.Module):
    """Encoder, decoder and a quantile head."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.sampling = 1.0
        """How often the recursive decoder reads the truth in training: 1.0 teacher forcing, 0.0 a free run."""
        self.drop = Dropout(config.dropout)
        if config.encoder_features:
            self.encoder = _encoder(config)
            self.bridge = nn.Linear(config.hidden, config.decoder_hidden)
        if config.static_features:
            self.embedding = nn.Linear(config.static_features, config.decoder_hidden, bias=False)
        remembers = config.encoder_features or config.static_features
        self.decoder = _decoder(config, config.decoder_hidden if remembers else 0)
        self.head = QuantileHead(
            self.decoder.width + config.decoder_features,
            config.decoder_hidden,
            config.levels,
            config.dropout,
        )

    def forward(
        self, encoder: Tensor, decoder: Tensor, static: Tensor, length: Tensor, target: Tensor | None = None
    ) -> Tensor:
        """Quantiles in scaled units; what stands behind the length of a horizon does not reach its answers.

        Args:
            encoder: (N, S, E)
            decoder: (N, H, D)
            static: (N, G)
            length: (N,) units of each horizon.
            target: (N, H) without NaN; only the recursive decoder reads it, in training only.

        Returns:
            (N, H, Q), rising along Q.
        """
        return self.decode(self.encode(encoder), decoder, static, length, target)

    def encode(self, encoder: Tensor) -> Tensor:
        """States of the encoder's last layer, (N, S, hidden); (N, 0, hidden) without an encoder."""
        if not self.config.encoder_features:
            return encoder.new_zeros(len(encoder), 0, self.config.hidden)
        states: Tensor = self.encoder(self.drop(encoder))
        return states

    def decode(
        self, states: Tensor, decoder: Tensor, static: Tensor, length: Tensor, target: Tensor | None = None
    ) -> Tensor:
        """Quantiles, (N, H, Q), from the states of the encoder; the arguments are those of `forward`."""
        context = self._context(states, static)
        if isinstance(self.decoder, RecursiveDecoder):
            truth = target if self.training else None
            return self.decoder(decoder, context, self._answer, truth, self.sampling)  # type: ignore[no-any-return]
        return self._answer(self.decoder(decoder, context, states, length), decoder)

    def _context(self, states: Tensor, static: Tensor) -> Tensor:
        """What every unit of the horizon reads of the past and of the series, (N, W); W is 0 without either."""
        parts = []
        if self.config.encoder_features:
            parts.append(self.bridge(self.drop(states[:, -1])))
        if self.config.static_features:
            parts.append(self.embedding(static))
        return sum(parts[1:], parts[0]) if parts else states.new_zeros(len(states), 0)

    def _answer(self, decoded: Tensor, known: Tensor) -> Tensor:
        quantiles: Tensor = self.head(self.drop(decoded), known)
        return quantiles


def _encoder(config: NetworkConfig) -> RecurrentEncoder | TransformerEncoder:
    if config.cell == "transformer":
        return TransformerEncoder(config.encoder_features, config.hidden, config.layers, config.heads, config.dropout)
    return RecurrentEncoder(
        config.cell,
        config.encoder_features,
        config.hidden,
        config.layers,
        dropout=config.dropout,
        layer_norm=config.layer_norm,
        bptt_steps=config.bptt_steps,
    )


def _decoder(
    config: NetworkConfig, context: int
) -> DirectDecoder | RecurrentDecoder | AttentionDecoder | RecursiveDecoder:
    features, width = config.decoder_features, config.decoder_hidden
    match config.decoder:
        case "direct":
            return DirectDecoder(features, context, width, config.dropout)
        case "recurrent":
            return RecurrentDecoder(config.cell, features, context, width, bidirectional=config.bidirectional)
        case "attention":
            return AttentionDecoder(features, context, config.hidden, width, config.heads, config.dropout)
        case "recursive":
            return RecursiveDecoder(config.cell, features, context, width)
