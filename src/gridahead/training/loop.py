"""The training loop: one network, fitted to windows by the pinball loss. Reads top to bottom.

AdamW with a one-cycle learning rate and gradient clipping. What is validated and kept is an exponential moving average
of the weights, which costs nothing and is worth a few seeds. Training stops when the validation loss has not improved
for some epochs, and the best weights are restored. Killed and started again, it goes on from its checkpoint to the same
bits.
"""

from __future__ import annotations

import math
import time
from pathlib import Path

import torch
from torch import Tensor

from gridahead.core.errors import ModelError
from gridahead.models.network.network import Network
from gridahead.settings.training import TrainingSettings
from gridahead.training.batch import Batch, weighted_pinball
from gridahead.training.checkpoint import Checkpoint, fingerprint
from gridahead.training.device import precision, training_device
from gridahead.training.epoch import Progress
from gridahead.training.identity import decisive
from gridahead.training.state import TrainingState

EXPLODED = 1e4
"""Times the loss of the first step. Losses fall from there; an outlier in the targets may raise one a hundredfold."""
ABSURD = 1e3
"""Inputs and targets are in units of their own spread: nothing that was measured is a thousand spreads away."""
_AT_ONCE = 1024
"""Windows validated at a time: bounds the memory, and is wide enough for a GPU."""


def train_network(
    network: Network,
    train: Batch,
    validation: Batch | None,
    quantiles: tuple[float, ...],
    settings: TrainingSettings,
    *,
    model: str,
    member: int,
    seed: int,
    progress: Progress,
    checkpoint: Path | None = None,
    windows: int | None = None,
    taught: float = 1.0,
) -> Network:
    """The network with the best averaged weights on the validation windows, on the CPU.

    Args:
        network: with the weights to begin with.
        train: the windows to learn.
        validation: the windows that choose the epoch; without them all epochs are trained, and the last one is kept.
        quantiles: the levels.
        settings: the device, and everything about steps and epochs.
        model: series and name, for messages.
        member: the number of the seed, for messages.
        seed: decides the order of the windows.
        progress: called after every epoch.
        checkpoint: a file to keep the state in, at the end of every epoch and every `training.checkpoint_steps`. A
            training that finds its own state there tells the epochs until then again, and goes on from it.
        windows: that an epoch goes through, by chance some of those to learn; all of them unless given.
        taught: how often a recursive decoder reads the truth in the first epoch; in the last one it never does.

    Raises:
        ModelError: the loss is not a number, or explodes.
        SettingsError: the device cannot be had.
    """
    device = training_device(settings)
    identity = _identity(network, train, validation, quantiles, settings, seed, taught) if checkpoint else ""
    stored = Checkpoint(checkpoint, identity) if checkpoint else None
    network, train, levels = network.to(device).train(), train.to(device), torch.tensor(quantiles, device=device)
    validation = None if validation is None else validation.to(device)
    weight = train.weight.sum() / len(train)  # of a window, on average: those that weigh more count for more

    state = TrainingState.begin(network, windows or len(train), settings)
    if stored and (before := stored.read()):
        state.restore(before)
        for epoch in state.epochs:
            progress(epoch)

    while not state.finished:
        network.sampling = taught * (1 - len(state.epochs) / max(1, settings.epochs - 1))
        begun = time.perf_counter() - state.sums.seconds
        for rows in state.rows_left(len(train), seed):
            batch = train.rows(rows.to(device))
            with precision(device, settings):
                answer = network(batch.encoder, batch.decoder, batch.static, batch.length, batch.target)
            pinball = weighted_pinball(answer.float(), batch, levels) / (weight * len(batch))
            loss, grad_norm = state.gradient(pinball)
            if not math.isfinite(loss + grad_norm) or loss > EXPLODED * (state.first_loss or loss):
                where = f"step {state.sums.steps + 1} of {state.steps}, its gradient {grad_norm:.4g} long"
                raise ModelError(model, _diagnosis(loss, where, state, batch))
            state.step(loss, grad_norm, len(batch))
            state.sums.seconds = time.perf_counter() - begun
            if stored and settings.checkpoint_steps and state.sums.steps % settings.checkpoint_steps == 0:
                stored.write(state.to_dict())

        validated = None
        if validation is not None:
            validated = evaluate(state.average, validation, levels)
            if not math.isfinite(validated):
                raise ModelError(model, _diagnosis(validated, "on the validation days", state, validation))
        state.sums.seconds = time.perf_counter() - begun
        progress(state.close(validated, model, member))
        if stored:
            stored.write(state.to_dict())
    return state.best.cpu()


@torch.inference_mode()
def evaluate(network: Network, batch: Batch, levels: Tensor) -> float:
    """Mean pinball loss of a network on windows, in scaled units."""
    total = 0.0
    for rows in torch.split(torch.arange(len(batch), device=levels.device), _AT_ONCE):
        part = batch.rows(rows)
        answer = network(part.encoder, part.decoder, part.static, part.length)
        total += float(weighted_pinball(answer, part, levels))
    return total / float(batch.weight.sum())


def _identity(
    network: Network,
    train: Batch,
    validation: Batch | None,
    quantiles: tuple[float, ...],
    settings: TrainingSettings,
    seed: int,
    taught: float,
) -> str:
    """What a checkpoint must be of."""
    tensors = [*network.state_dict().values(), *train.tensors(), *(validation.tensors() if validation else ())]
    return fingerprint(
        tensors,
        {
            "settings": decisive(settings),
            "network": network.config.to_dict(),
            "levels": quantiles,
            "seed": seed,
            "taught": taught,
            "device": training_device(settings).type,
        },
    )


def _diagnosis(loss: float, where: str, state: TrainingState, batch: Batch) -> str:
    """What happened, where, and what to do about it."""
    counted = batch.target[batch.weight > 0]
    parts = [part.abs().max() for part in (batch.encoder, batch.decoder, counted) if part.numel()]
    largest = float(torch.stack(parts).max())
    if largest < ABSURD:
        advice = f"lower training.learning_rate ({state.settings.learning_rate})"
    else:
        advice = f"a value is {largest:.3g} spreads away from its mean: look for absurd ones with `gridahead validate`"
    return f"the loss is {loss:.4g} in epoch {len(state.epochs) + 1}, {where}: {advice}"
