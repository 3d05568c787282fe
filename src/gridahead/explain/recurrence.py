"""One recurrent layer, one step at a time, as open as a measurement needs it.

Torch's fused layers hand out their states but not the way from one to the next. Here each state is a node of its own,
with the weights of the layer and the same equations. A state is what a step hands to the next: the hidden values of an
rnn or a gru, hidden and cell values side by side for an lstm. An `OpenCell` brings its steps itself, and its class says
what its state is.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gridahead.core.errors import ModelError
from gridahead.models.network.open_cell import OpenCell

Layer = nn.RNN | nn.LSTM | nn.GRU | OpenCell

POWER_STEPS = 40
"""The estimate is never above the singular value; where the next one is as large, it is about a hundredth below."""


def state_width(layer: Layer) -> int:
    """K, the number of values of a state.

    Raises:
        ModelError: the layer is of a cell whose equations are not known here.
    """
    if isinstance(layer, OpenCell):
        return layer.state_size
    if not isinstance(layer, nn.RNNBase):
        raise ModelError(
            f"{type(layer).__name__} cell", "cannot be taken step by step: only torch's own and an OpenCell can be"
        )
    return layer.hidden_size * (2 if layer.mode == "LSTM" else 1)


def nothing(layer: Layer, entered: Tensor) -> Tensor:
    """The state before the first of S steps, (N, K), from what enters, (N, S, gates × hidden)."""
    if isinstance(layer, OpenCell):
        return layer.nothing(entered)
    return entered.new_zeros(len(entered), state_width(layer))


def before_each(layer: Layer, entered: Tensor, states: Tensor) -> Tensor:
    """The states before each of S steps, (N, S, K), from those after each."""
    return torch.cat([nothing(layer, entered)[:, None], states[:, :-1]], dim=1)


def entering(layer: Layer, inputs: Tensor) -> Tensor:
    """The share of the inputs (N, S, E) in the gates of every step, (N, S, gates × hidden)."""
    if isinstance(layer, OpenCell):
        return layer.entering(inputs)
    weight, _, bias, _ = layer.all_weights[0]
    return functional.linear(inputs, weight, bias)


def step(layer: Layer, entered: Tensor, state: Tensor) -> Tensor:
    """The next state, (N, K).

    Args:
        layer: a single layer in one direction.
        entered: (N, gates × hidden), the share of the inputs in this step.
        state: (N, K)

    Source: the equations in torch's documentation of RNN, LSTM and GRU.
    """
    if isinstance(layer, OpenCell):
        return layer.run(entered[:, None], state)[1]
    hidden = state[:, : layer.hidden_size]
    _, weight, _, bias = layer.all_weights[0]
    recurring = functional.linear(hidden, weight, bias)
    if layer.mode == "LSTM":
        write, keep, new, show = (entered + recurring).chunk(4, dim=-1)
        cell = keep.sigmoid() * state[:, layer.hidden_size :] + write.sigmoid() * new.tanh()
        return torch.cat([show.sigmoid() * cell.tanh(), cell], dim=-1)
    if layer.mode == "GRU":
        (reset, keep, new), (r, k, n) = entered.chunk(3, dim=-1), recurring.chunk(3, dim=-1)
        kept = (keep + k).sigmoid()
        return (1 - kept) * (new + (reset + r).sigmoid() * n).tanh() + kept * hidden
    return (entered + recurring).relu() if layer.mode == "RNN_RELU" else (entered + recurring).tanh()


def unroll(layer: Layer, entered: Tensor, cut_before: int = 0) -> list[Tensor]:
    """The states after each of the S steps, S tensors (N, K), begun with nothing.

    Args:
        layer: a single layer in one direction.
        entered: (N, S, gates × hidden)
        cut_before: steps before this one are cut off from the gradient, as in truncated back-propagation.
    """
    state, states = nothing(layer, entered), []
    for number in range(entered.shape[1]):
        if number == cut_before:
            state = state.detach()
        state = step(layer, entered[:, number], state)
        states.append(state)
    return states


def kept_share(layer: Layer, entered: Tensor, states: Tensor) -> Tensor | None:
    """How much of each unit the forget gate keeps, mean over windows and steps, (hidden,); None for a plain rnn.

    In a gru the update gate plays this part. It stands second among the gates of both. An mlstm has one gate a head,
    and gives (heads,).

    Args:
        layer: a single layer in one direction.
        entered: (N, S, gates × hidden)
        states: (N, S, K) after each step.
    """
    before = before_each(layer, entered, states)
    if isinstance(layer, OpenCell):
        return layer.kept(entered, before).mean(dim=(0, 1))
    if layer.mode not in ("LSTM", "GRU"):
        return None
    width = layer.hidden_size
    gate = slice(width, 2 * width)
    _, weight, _, bias = layer.all_weights[0]
    recurring = functional.linear(before[..., :width], weight[gate], bias[gate])
    return (entered[..., gate] + recurring).sigmoid().mean(dim=(0, 1))


def largest_singular_values(layer: Layer, entered: Tensor, states: Tensor) -> Tensor:
    """How much a step can stretch a small change of the state before it: σ of ∂state/∂(state before), (M,).

    Power iteration on JᵀJ, for all steps at once and without ever holding a Jacobian: a gradient gives Jᵀu, and the
    gradient of that, which is linear in u, gives Jv.

    Args:
        layer: a single layer in one direction.
        entered: (M, gates × hidden), one row a step.
        states: (M, K) before each step.
    """
    before = states.detach().requires_grad_()
    with torch.enable_grad():
        after = step(layer, entered, before)
        pulling = torch.zeros_like(after, requires_grad=True)
        (pulled,) = torch.autograd.grad((after * pulling).sum(), before, create_graph=True)
        start = torch.randn(states.shape, generator=torch.Generator().manual_seed(0), dtype=states.dtype)
        direction = functional.normalize(start, dim=-1)
        for _ in range(POWER_STEPS):
            (pushed,) = torch.autograd.grad((pulled * direction).sum(), pulling, retain_graph=True)
            (back,) = torch.autograd.grad((after * pushed).sum(), before, retain_graph=True)
            direction = functional.normalize(back, dim=-1)
        (pushed,) = torch.autograd.grad((pulled * direction).sum(), pulling)
    sigma: Tensor = torch.linalg.vector_norm(pushed, dim=-1)
    return sigma
