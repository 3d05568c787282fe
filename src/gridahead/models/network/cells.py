"""The recurrent cells, by the names that the settings know.

Torch's own begin with the two starts that keep gradients alive through time:

- The recurrence of every gate begins as an orthogonal matrix, which keeps the norm of what passes through it
  (Saxe et al. 2014, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks").
- The forget gate of an LSTM begins open, with a bias of 1 (Jozefowicz et al. 2015, "An empirical exploration of
  recurrent network architectures").

Another cell is a name in `settings.networks.RecurrentCell` and a class in `CELLS`. Encoders and decoders call it as
torch's: inputs (N, T, features) and the state that it begins with, None for nothing, give its outputs (N, T, hidden)
and its last state, a tensor or several of its own shape. Those that are an `OpenCell` can be diagnosed step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import get_args

import torch
from torch import nn

from gridahead.models.network.minimal import MinGRU, MinLSTM
from gridahead.models.network.mlstm import MLSTM
from gridahead.models.network.slstm import SLSTM
from gridahead.settings.networks import Cell, RecurrentCell

RECURRENT: tuple[RecurrentCell, ...] = get_args(RecurrentCell)
FUSED: RecurrentCell = "lstm"
"""The only cell that torch runs as one kernel on a CPU; what decodes behind a Transformer when recurrence is asked."""


def recurrent_layer(cell: Cell, features: int, hidden: int) -> nn.Module:
    """One layer of a cell, from inputs (N, T, features) to its outputs (N, T, hidden) and its last state."""
    return CELLS[FUSED if cell == "transformer" else cell](features, hidden)


def _of_torch(layer_class: Callable[..., nn.RNNBase], features: int, hidden: int) -> nn.Module:
    layer = layer_class(features, hidden, batch_first=True)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            gates = parameter.chunk(len(parameter) // hidden)
            if "weight_hh" in name:
                for gate in gates:
                    nn.init.orthogonal_(gate)
            if "bias_ih" in name and isinstance(layer, nn.LSTM):
                gates[1].fill_(1.0)  # gates stand in the order input, forget, cell, output
    return layer


CELLS: Mapping[RecurrentCell, Callable[[int, int], nn.Module]] = {
    "rnn": partial(_of_torch, nn.RNN),
    "lstm": partial(_of_torch, nn.LSTM),
    "gru": partial(_of_torch, nn.GRU),
    "slstm": SLSTM,
    "mlstm": MLSTM,
    "mingru": MinGRU,
    "minlstm": MinLSTM,
}
"""From the features of a step and the width of the outputs to a layer."""
