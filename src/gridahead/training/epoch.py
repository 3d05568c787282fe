"""What one pass over the training windows gave."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Epoch:
    """The record of one epoch of one network."""

    model: str
    member: int
    """The seed among those of a fit."""
    epoch: int
    epochs: int
    """At most so many; a training may stop before."""
    train_loss: float
    validation_loss: float | None
    """None where there are no validation windows: a refit learns them as well."""
    gradient_norm: float
    """Largest norm before clipping."""
    mean_gradient_norm: float
    clip_rate: float
    """Share of the steps whose gradient was clipped."""
    learning_rate: float
    """Of the last step."""
    windows_per_second: float
    training: int = 0
    """Which training of its fit this is: a fit tries anchors, adds members, may refit them."""
    trainings: int = 1
    """How many trainings the fit has in all."""

    def __str__(self) -> str:
        validation = "" if self.validation_loss is None else f"validation {self.validation_loss:.4f}, "
        return (
            f"{self.model} {self.training + 1}/{self.trainings}: epoch {self.epoch + 1}/{self.epochs}, "
            f"loss {self.train_loss:.4f}, {validation}{self.windows_per_second:,.0f} windows/s"
        )


Progress = Callable[[Epoch], None]


def log_epoch(epoch: Epoch) -> None:
    """Every fifth epoch and the last, so that a log stays readable."""
    if (epoch.epoch + 1) % 5 == 0 or epoch.epoch + 1 == epoch.epochs:
        log.info(str(epoch))
