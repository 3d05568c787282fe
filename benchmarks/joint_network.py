"""One network that answers for all farms at once: a recurrent decoder over the known future, and a joint head."""

from __future__ import annotations

from torch import Tensor, nn

from gridahead.models.network.decoders import RecurrentDecoder
from gridahead.models.network.head import START_SPREAD, QuantileHead, non_crossing, normal_spacing
from gridahead.models.network.layers import Dropout, Joint
from gridahead.models.network.network import Network, NetworkConfig


class JointHead(QuantileHead):
    """As the head of one target, with the quantiles of all farms of an hour side by side."""

    def __init__(self, features: int, width: int, levels: tuple[float, ...], farms: int, dropout: float) -> None:
        nn.Module.__init__(self)  # its last layer is wider than that of the head of one target
        self.farms = farms
        self.entry = Joint(features, width)
        self.layers = nn.Sequential(nn.GELU(), Dropout(dropout), nn.Linear(width, farms * len(levels)))
        self.register_buffer("spacing", START_SPREAD * normal_spacing(levels), persistent=False)

    def forward(self, *parts: Tensor) -> Tensor:
        """Quantiles (N, H × Z, Q), rising along Q, of parts (N, H, I)."""
        count, horizon, _ = parts[0].shape
        return non_crossing(self.layers(self.entry(*parts)).view(count, horizon * self.farms, -1), self.spacing)


class JointNetwork(Network):
    """A network without encoder whose targets are (N, H × Z)."""

    def __init__(self, config: NetworkConfig, farms: int) -> None:
        nn.Module.__init__(self)  # the pieces are others than those that a network of one target builds
        self.config, self.sampling = config, 1.0
        self.drop = Dropout(config.dropout)
        features, width = config.decoder_features, config.decoder_hidden
        self.decoder = RecurrentDecoder(config.cell, features, 0, width, bidirectional=config.bidirectional)
        self.head = JointHead(self.decoder.width + features, width, config.levels, farms, config.dropout)
