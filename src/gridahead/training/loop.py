"""The training loop: one network, fitted to windows by the pinball loss. Reads top to bottom.

AdamW with a one-cycle learning rate and gradient clipping. What is validated and kept is an exponential moving average
of the weights, which costs nothing and is worth a few seeds. Training stops when the validation loss has not improved
for some epochs, and the best weights are restored.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from gridahead.config import TrainingSettings
from gridahead.errors import ModelError
from gridahead.features.scaling import Inputs
from gridahead.models.recurrent import RecurrentNetwork

BRIDGE_WEIGHT = 0.3
"""Weight in the loss of the hours between issue time and delivery day. They are not published; learning them a little
teaches how the errors of today carry over to tomorrow."""
EMA_DECAY = 0.99
"""Averages about the last hundred steps, three to four epochs of a series with five years of days."""
WARM_UP = 0.2
"""Share of the steps over which the one-cycle rate rises."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one pass over the training windows gave."""

    model: str
    member: int
    epoch: int
    epochs: int
    train_loss: float
    validation_loss: float
    gradient_norm: float
    """Largest norm before clipping."""
    windows_per_second: float

    def __str__(self) -> str:
        return (
            f"{self.model} seed {self.member}: epoch {self.epoch + 1}/{self.epochs}, loss {self.train_loss:.4f}, "
            f"validation {self.validation_loss:.4f}, {self.windows_per_second:,.0f} windows/s"
        )


Progress = Callable[[Epoch], None]


@dataclass(frozen=True, slots=True)
class Batch:
    """Inputs on the device, with the weight that each unit of the horizon has in the loss."""

    encoder: Tensor
    """(N, S, E)"""
    decoder: Tensor
    """(N, H, D)"""
    target: Tensor
    """(N, H), 0 where unknown."""
    weight: Tensor
    """(N, H), 0 where unknown."""

    @classmethod
    def of(cls, inputs: Inputs, delivery: np.ndarray, bridge_weight: float) -> Batch:
        """Tensors of the inputs; units outside the delivery day count with the weight given."""
        known = ~np.isnan(inputs.target)
        weight = known * np.where(delivery, np.float32(1), np.float32(bridge_weight))
        parts = inputs.encoder, inputs.decoder, np.nan_to_num(inputs.target), weight.astype(np.float32)
        return cls(*(torch.from_numpy(part) for part in parts))

    def __len__(self) -> int:
        return len(self.target)

    def rows(self, index: Tensor) -> Batch:
        """Some of the windows, gathered by index."""
        return Batch(self.encoder[index], self.decoder[index], self.target[index], self.weight[index])


def pinball(answer: Tensor, batch: Batch, levels: Tensor) -> Tensor:
    """Mean pinball loss over the levels and the weighted units of the horizon.

    Args:
        answer: (N, H, Q)
        batch: N windows.
        levels: (Q,)

    Source: Koenker and Bassett (1978), "Regression quantiles".
    """
    error = batch.target[..., None] - answer
    loss = torch.maximum(levels * error, (levels - 1) * error).mean(-1)
    return (loss * batch.weight).sum() / batch.weight.sum()


def train_network(
    network: RecurrentNetwork,
    train: Batch,
    validation: Batch,
    quantiles: tuple[float, ...],
    settings: TrainingSettings,
    *,
    model: str,
    member: int,
    seed: int,
    progress: Progress,
) -> RecurrentNetwork:
    """The network with the best averaged weights on the validation windows.

    Raises:
        ModelError: the loss is not a number.
    """
    levels = torch.tensor(quantiles)
    steps = max(1, len(train) // settings.batch_size)
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=steps * settings.epochs, pct_start=WARM_UP
    )
    shuffle = torch.Generator().manual_seed(seed)
    average = copy.deepcopy(network).eval()
    best, best_loss, best_epoch, step = copy.deepcopy(average), math.inf, 0, 0
    for epoch in range(settings.epochs):
        network.train()
        begun, total, norm = time.perf_counter(), 0.0, 0.0
        batches = torch.randperm(len(train), generator=shuffle).chunk(steps)  # at most so many
        for rows in batches:
            batch = train.rows(rows)
            loss = pinball(network(batch.encoder, batch.decoder), batch, levels)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            norm = max(norm, float(nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)))
            if step < steps * settings.epochs:
                optimiser.step()
                schedule.step()
            step += 1
            _average_into(average, network, step)
            total += float(loss.detach())
        with torch.inference_mode():
            validated = float(pinball(average(validation.encoder, validation.decoder), validation, levels))
        rate = len(train) / (time.perf_counter() - begun)
        progress(Epoch(model, member, epoch, settings.epochs, total / len(batches), validated, norm, rate))
        if not math.isfinite(total + validated):
            raise ModelError(
                model,
                f"the loss is {total + validated} in epoch {epoch + 1}: look for absurd values in the inputs "
                f"(`gridahead validate`), or lower training.learning_rate ({settings.learning_rate})",
            )
        if validated < best_loss:
            best, best_loss, best_epoch = copy.deepcopy(average), validated, epoch
        elif epoch - best_epoch >= settings.patience:
            break
    return best


@torch.no_grad()
def _average_into(average: RecurrentNetwork, network: RecurrentNetwork, step: int) -> None:
    """Move the average towards the network; quickly at first, so that it forgets the random start."""
    decay = min(EMA_DECAY, (1 + step) / (10 + step))
    for kept, new in zip(average.parameters(), network.parameters(), strict=True):
        kept.lerp_(new, 1 - decay)
