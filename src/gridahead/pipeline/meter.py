"""How far a back-test is: over folds, models, trainings and epochs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from gridahead.grid import Series
from gridahead.pipeline.folds import Fold
from gridahead.pipeline.train import log_epoch
from gridahead.training.epoch import Epoch

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """Something that has happened."""

    share: float
    """Of the work of this call that is done, 0 to 1."""
    said: str
    epoch: Epoch | None = None
    """If a training has come so far; None when a fold is done."""


Tell = Callable[[Step], object]


def log_step(step: Step) -> None:
    """Every fifth epoch and every fold, so that a log stays readable."""
    if step.epoch is None:
        log.info("%s (%.0f %%)", step.said, 100 * step.share)
    else:
        log_epoch(step.epoch)


@dataclass
class Meter:
    """Counts what threads report; a fold counts as much as any other."""

    tell: Tell
    expected: dict[tuple[Series, Fold], int]
    """How many networks each fold trains, as far as that is known."""
    _trained: dict[tuple[Series, Fold], dict[str, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def epoch(self, series: Series, fold: Fold, epoch: Epoch) -> None:
        """A network of a fold has made an epoch."""
        with self._lock:
            trained = self._trained.setdefault((series, fold), {})
            trained[epoch.model] = (epoch.training + (epoch.epoch + 1) / epoch.epochs) / epoch.trainings
            self.tell(Step(self._share(), f"{epoch.model}, fold {fold.first}", epoch))

    def done(self, series: Series, fold: Fold, said: str) -> None:
        """A fold is done."""
        with self._lock:
            self._trained[series, fold] = {"": 1.0}
            self.expected[series, fold] = 1
            self.tell(Step(self._share(), f"{series}, fold {fold}: {said}"))

    def _share(self) -> float:
        folds = (sum(found.values()) / max(self.expected[key], len(found)) for key, found in self._trained.items())
        return sum(folds) / len(self.expected)
