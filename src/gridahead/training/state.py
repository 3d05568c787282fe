"""The state of a training: everything that a step changes, so that a checkpoint of it is the training itself."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from gridahead.models.network.network import Network
from gridahead.settings.training import TrainingSettings
from gridahead.training.epoch import Epoch

EMA_DECAY = 0.99
"""Averages about the last hundred steps, three to four epochs of a series with five years of days."""
WARM_UP = 0.2
"""Share of the steps over which the one-cycle rate rises."""
SHORTEST = 6
"""Steps of a schedule: the rise of a shorter one has no length, and torch divides by it."""
_SEEDS_APART = 1_000_003
"""A prime, so that epochs of one seed and of the next do not share their order."""


@dataclass
class EpochSums:
    """Sums over the steps of an epoch so far."""

    steps: int = 0
    windows: int = 0
    loss: float = 0.0
    """Of all windows."""
    norms: float = 0.0
    largest: float = 0.0
    clipped: int = 0
    seconds: float = 0.0


@dataclass
class TrainingState:
    """A network in training, on its device."""

    settings: TrainingSettings
    windows: int
    """That an epoch goes through; where there are more, chance chooses anew in every epoch."""
    steps: int
    """In an epoch."""
    network: Network
    average: Network
    """Exponential moving average of the weights: what is validated and kept."""
    best: Network
    """The average of the best epoch so far."""
    optimiser: torch.optim.AdamW
    schedule: torch.optim.lr_scheduler.OneCycleLR
    first_loss: float | None = None
    """Of the very first step: by it a later loss is seen to explode."""
    sums: EpochSums = field(default_factory=EpochSums)
    epochs: list[Epoch] = field(default_factory=list)

    @classmethod
    def begin(cls, network: Network, windows: int, settings: TrainingSettings) -> TrainingState:
        """A training of so many windows that has not made a step."""
        size = math.ceil(windows / max(1, windows // settings.batch_size))
        steps = math.ceil(windows / size)
        optimiser = torch.optim.AdamW(
            network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        total = max(steps * settings.epochs, SHORTEST)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, settings.learning_rate, total_steps=total, pct_start=WARM_UP
        )
        average, best = (copy.deepcopy(network).eval() for _ in range(2))
        for copied in (average, best):
            copied.to(next(network.parameters()).device)  # it is there; this lays its weights side by side for cuDNN
        return cls(settings, windows, steps, network, average, best, optimiser, schedule)

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or the validation loss has not improved for some of them."""
        done = len(self.epochs)
        return done >= self.settings.epochs or done - best_of(self.epochs) >= self.settings.patience

    def rows_left(self, windows: int, seed: int) -> Sequence[Tensor]:
        """The batches of this epoch that are still to come; they follow from the seed and the epoch alone."""
        shuffle = torch.Generator().manual_seed(seed * _SEEDS_APART + len(self.epochs))
        return torch.randperm(windows, generator=shuffle)[: self.windows].chunk(self.steps)[self.sums.steps :]

    def gradient(self, loss: Tensor) -> tuple[float, float]:
        """The loss, and the norm of its gradient before clipping; the gradient is then there, clipped."""
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip_norm)
        value, grad_norm = torch.stack([loss.detach(), norm]).tolist()  # together: each waits for a GPU to catch up
        if self.first_loss is None:
            self.first_loss = value
        return value, grad_norm

    def step(self, loss: float, norm: float, windows: int) -> None:
        """Move the weights along the gradient, and their average after them."""
        self.optimiser.step()
        self.schedule.step()
        sums = self.sums
        sums.steps += 1
        sums.windows += windows
        sums.loss += loss * windows
        sums.norms += norm
        sums.largest = max(sums.largest, norm)
        sums.clipped += norm > self.settings.clip_norm
        self._average()

    @torch.no_grad()
    def _average(self) -> None:
        """Quickly at first, so that the average forgets the random start."""
        step = len(self.epochs) * self.steps + self.sums.steps
        decay = min(EMA_DECAY, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(self.average.parameters()), list(self.network.parameters()), 1 - decay)

    def close(self, validation_loss: float | None, model: str, member: int) -> Epoch:
        """End the epoch: its record; the average is kept if it is the best so far."""
        sums = self.sums
        epoch = Epoch(
            model=model,
            member=member,
            epoch=len(self.epochs),
            epochs=self.settings.epochs,
            train_loss=sums.loss / sums.windows,
            validation_loss=validation_loss,
            gradient_norm=sums.largest,
            mean_gradient_norm=sums.norms / sums.steps,
            clip_rate=sums.clipped / sums.steps,
            learning_rate=float(self.schedule.get_last_lr()[0]),
            windows_per_second=sums.windows / sums.seconds,
        )
        self.epochs.append(epoch)
        self.sums = EpochSums()
        if best_of(self.epochs) == len(self.epochs):
            self.best.load_state_dict(self.average.state_dict())
        return epoch

    def to_dict(self) -> dict[str, Any]:
        """For a checkpoint: tensors, numbers and texts."""
        return {
            **{name: getattr(self, name).state_dict() for name in _STATEFUL},
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "first_loss": self.first_loss,
            "sums": asdict(self.sums),
            "epochs": [asdict(epoch) for epoch in self.epochs],
        }

    def restore(self, checkpoint: dict[str, Any]) -> None:
        """Go on from a checkpoint of the same training."""
        for name in _STATEFUL:
            getattr(self, name).load_state_dict(checkpoint[name])
        torch.set_rng_state(checkpoint["random"])
        if torch.cuda.is_available():
            torch.cuda.set_rng_state_all(checkpoint["random_cuda"])
        self.first_loss = checkpoint["first_loss"]
        self.sums = EpochSums(**checkpoint["sums"])
        self.epochs = [Epoch(**epoch) for epoch in checkpoint["epochs"]]


_STATEFUL = ("network", "average", "best", "optimiser", "schedule")


def best_of(epochs: Sequence[Epoch]) -> int:
    """After how many epochs the validation loss was smallest; all of them where nothing was validated."""
    losses = [epoch.validation_loss for epoch in epochs]
    known = [loss for loss in losses if loss is not None]
    return losses.index(min(known)) + 1 if known else len(losses)
