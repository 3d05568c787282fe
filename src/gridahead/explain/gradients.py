"""How far back a network remembers: the gradient of the loss on its way through time, and what carries or stops it.

Measured on a copy in double precision: a gradient that is a thousandth as large every day has squares that single
precision cannot hold after a week.

- *Norms.* ‖∂loss/∂state‖ at every step of the encoder, through the recurrence and whatever states the decoder reads.
- *Stretch.* The largest singular value of the step's Jacobian ∂state/∂(state before): below 1 a change must shrink.
- *Gates.* What a forget gate keeps, as a time: with the share f kept in every step, a unit forgets like exp(−t/τ),
  τ = −1/ln f.

Source: Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural networks"; Tallec and
Ollivier (2018), "Can recurrent neural networks warp time?", for the times of gates.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gridahead.core.errors import ModelError
from gridahead.explain.gradient_report import Float, GradientReport
from gridahead.explain.recurrence import (
    Layer,
    before_each,
    entering,
    kept_share,
    largest_singular_values,
    state_width,
    unroll,
)
from gridahead.features.encoder_inputs import units_in
from gridahead.features.windows import Windows
from gridahead.models.bundle import TrainedModel
from gridahead.models.determinism import seeded
from gridahead.models.network.encoders import RecurrentEncoder
from gridahead.models.network.network import Network
from gridahead.training.batch import Batch, pinball

MAX_WINDOWS = 64
MAX_STEPS = 10_000
"""Windows × steps: what is unrolled at once stays below half a gigabyte."""
MAX_JACOBIANS = 2_500
"""Windows × steps: these take about a second."""
MAX_VALUES = 2_000_000
"""Windows × steps × values of a state: the matrices of an mlstm are the only state that is ever as large."""


def gradient_report(network: Network, batch: Batch, levels: tuple[float, ...], hours_per_step: float) -> GradientReport:
    """How much the loss depends on the context, on some windows evenly taken from the batch.

    Args:
        network: fitted or not; it stays as it is.
        batch: windows on the CPU.
        levels: quantile levels of the answers.
        hours_per_step: what one step of the encoder spans [h].

    Raises:
        ModelError: the network has no encoder.
    """
    if not network.config.encoder_features:
        raise ModelError(f"{network.config.cell} network", "has no encoder, so there is no way back through time")
    steps = batch.encoder.shape[1]
    chosen = _evenly(batch, min(MAX_WINDOWS, max(1, MAX_STEPS // steps)))
    with seeded(0):
        untrained = Network(network.config)
    norms_untrained, _ = _gradient_norms(untrained, chosen, levels)
    norms, recurrence = _gradient_norms(network, chosen, levels)
    stretch, gate_hours = None, None
    if recurrence is not None:
        stretch = recurrence.stretch()
        gate_hours = recurrence.gate_steps()
    return GradientReport(
        cell=network.config.cell,
        hours_per_step=hours_per_step,
        norms=norms,
        norms_untrained=norms_untrained,
        stretch=stretch,
        gate_hours=None if gate_hours is None else hours_per_step * gate_hours,
    )


def model_gradients(model: TrainedModel, windows: Windows) -> GradientReport | None:
    """The report of a model's first member on some windows; None where there is no encoder to look back with."""
    if not model.config.encoder_features:
        return None
    inputs = model.scaler.inputs(windows, model.segment, model.static)
    batch = Batch.of(inputs, model.scaler.target(windows), windows.delivery, 0.0)
    hours = units_in(model.segment, model.spec) / model.spec.mtu.per_hour
    return gradient_report(model.members[0], batch, model.quantiles, hours)


@dataclass(frozen=True)
class Recurrence:
    """The last layer of an encoder at work on N windows."""

    layer: Layer
    entered: Tensor
    """(N, S, gates × hidden), the share of the inputs in every step."""
    states: Tensor
    """(N, S, K) after every step."""

    @torch.no_grad()
    def stretch(self) -> Float:
        """(S,) largest singular value of every step, newest first, median over some of the windows."""
        count, steps, width = self.states.shape
        most = min(MAX_JACOBIANS, MAX_VALUES // width) // steps
        rows = torch.linspace(0, count - 1, min(count, max(1, most))).long()
        before = before_each(self.layer, self.entered[rows], self.states[rows])
        sigma = largest_singular_values(self.layer, self.entered[rows].flatten(0, 1), before.reshape(-1, width))
        return _newest_first(sigma.view(len(rows), steps).quantile(0.5, dim=0))

    @torch.no_grad()
    def gate_steps(self) -> Float | None:
        """(hidden,) characteristic times of the forget gates in steps, rising, of an mlstm (heads,); None without."""
        kept = kept_share(self.layer, self.entered, self.states)
        return None if kept is None else np.sort(-1 / np.log(np.clip(kept.numpy(), 1e-12, 1 - 1e-12)))


def _evenly(batch: Batch, count: int) -> Batch:
    """At most so many of the windows, evenly taken, in double precision."""
    rows = torch.linspace(0, len(batch) - 1, min(count, len(batch))).round().long()
    return Batch(*(part.double() if part.is_floating_point() else part for part in batch.rows(rows).tensors()))


def _gradient_norms(network: Network, batch: Batch, levels: tuple[float, ...]) -> tuple[Float, Recurrence | None]:
    """The gradient norms by lag, and the recurrence they came through."""
    network = copy.deepcopy(network).double().eval()
    if isinstance(network.encoder, RecurrentEncoder):
        return _through_recurrence(network, network.encoder, batch, levels)
    entered: list[Tensor] = []
    network.encoder.entry.register_forward_hook(lambda module, given, gave: entered.append(gave))
    loss = _loss(network, network.encode(batch.encoder), batch, levels)
    (gradient,) = torch.autograd.grad(loss, entered)
    return _by_lag(gradient), None


def _through_recurrence(
    network: Network, encoder: RecurrentEncoder, batch: Batch, levels: tuple[float, ...]
) -> tuple[Float, Recurrence]:
    """The last layer step by step, so that the gradient can be read at each of its states."""
    read: list[Tensor] = []
    layer: Layer = encoder.layers[-1]  # type: ignore[assignment]  # a ModuleList does not say what is in it
    batch = _evenly(batch, max(1, MAX_VALUES // (batch.encoder.shape[1] * state_width(layer))))
    hook = layer.register_forward_pre_hook(lambda module, given: read.append(given[0]))
    with torch.no_grad():  # without gradients the encoder runs once over all steps, truncated or not
        network.encode(batch.encoder)
    hook.remove()
    entered = entering(layer, read[0])
    cut_before = max(0, entered.shape[1] - (network.config.bptt_steps or entered.shape[1]))
    norms, states = back_through(
        layer, entered, lambda hidden: _loss(network, encoder.norms[-1](hidden), batch, levels), cut_before
    )
    return norms, Recurrence(layer, entered.detach(), states)


def back_through(
    layer: Layer, entered: Tensor, loss: Callable[[Tensor], Tensor], cut_before: int = 0
) -> tuple[Float, Tensor]:
    """The gradient norms of a recurrence, (S,) newest first, and its states, (N, S, K).

    Args:
        layer: a single layer in one direction.
        entered: (N, S, gates × hidden), the share of the inputs in every step.
        loss: mean over N windows, of the hidden values (N, S, hidden) after every step.
        cut_before: steps before this one are cut off, as in truncated back-propagation.
    """
    states = unroll(layer, entered, cut_before)
    seen = [state if number >= cut_before else state.detach() for number, state in enumerate(states)]
    hidden = torch.stack(seen, dim=1)[..., : layer.hidden_size]
    gradients = torch.autograd.grad(loss(hidden), states, allow_unused=True, materialize_grads=True)
    return _by_lag(torch.stack(gradients, dim=1)), torch.stack(states, dim=1).detach()


def _loss(network: Network, states: Tensor, batch: Batch, levels: tuple[float, ...]) -> Tensor:
    answer = network.decode(states, batch.decoder, batch.static, batch.length)
    return pinball(answer, batch, torch.tensor(levels).double())


def _by_lag(gradient: Tensor) -> Float:
    """(S,) norm of the gradient of one window's loss, newest first, of the gradient (N, S, K) of the mean loss."""
    return _newest_first(len(gradient) * gradient.norm(dim=-1).mean(dim=0))


def _newest_first(values: Tensor) -> Float:
    return values.detach().numpy()[::-1].astype(np.float64)
