"""The recurrent layers, torch's own, with the two starts that keep gradients alive through time.

- The recurrence of every gate begins as an orthogonal matrix, which keeps the norm of what passes through it
  (Saxe et al. 2014, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks").
- The forget gate of an LSTM begins open, with a bias of 1 (Jozefowicz et al. 2015, "An empirical exploration of
  recurrent network architectures").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import torch
from torch import nn

from gridahead.config import Cell, RecurrentCell

RECURRENT: tuple[RecurrentCell, ...] = get_args(RecurrentCell)
FUSED: RecurrentCell = "lstm"
"""The only cell that torch runs as one kernel on a CPU; what decodes behind a Transformer when recurrence is asked."""

_LAYERS: dict[Cell, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def recurrent_layer(cell: Cell, features: int, hidden: int) -> nn.RNNBase:
    """One layer that maps (N, T, features) to its states, (N, T, hidden)."""
    layer = _LAYERS.get(cell, _LAYERS[FUSED])(features, hidden, batch_first=True)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            gates = parameter.chunk(len(parameter) // hidden)
            if "weight_hh" in name:
                for gate in gates:
                    nn.init.orthogonal_(gate)
            if "bias_ih" in name and isinstance(layer, nn.LSTM):
                gates[1].fill_(1.0)  # gates stand in the order input, forget, cell, output
    return layer
