"""How far a back-test is: over folds, models, trainings and epochs."""

from __future__ import annotations

import logging
import threading
import time
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
    left: float | None = None
    """Time to the end at the pace so far [s]; None while there is no pace."""


Tell = Callable[[Step], object]


def log_step(step: Step) -> None:
    """Every fifth epoch and every fold, so that a log stays readable."""
    if step.epoch is None:
        pace = ", ".join(filter(None, (f"{100 * step.share:.0f} %", time_left(step.left))))
        log.info("%s (%s)", step.said, pace)
    else:
        log_epoch(step.epoch)


def time_left(seconds: float | None) -> str:
    """`about 3 min left`; nothing where it is not known or all is done."""
    if not seconds:
        return ""
    if seconds < 90:
        return f"about {seconds:.0f} s left"
    return f"about {seconds / 60:.0f} min left" if seconds < 5400 else f"about {seconds / 3600:.1f} h left"


@dataclass
class Meter:
    """Counts what threads report; a fold counts as much as any other."""

    tell: Tell
    expected: dict[tuple[Series, Fold], int]
    """How many networks each fold trains, as far as that is known."""
    clock: Callable[[], float] = time.monotonic
    _begun: float = field(init=False)
    _there: int = 0
    """Folds that were there already and took no time."""
    _trained: dict[tuple[Series, Fold], dict[str, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._begun = self.clock()

    def epoch(self, series: Series, fold: Fold, epoch: Epoch) -> None:
        """A network of a fold has made an epoch."""
        with self._lock:
            trained = self._trained.setdefault((series, fold), {})
            trained[epoch.model] = (epoch.training + (epoch.epoch + 1) / epoch.epochs) / epoch.trainings
            self.tell(Step(self._share(), f"{epoch.model}, fold {fold.first}", epoch, self._left()))

    def done(self, series: Series, fold: Fold, said: str, *, there: bool = False) -> None:
        """A fold is done, or was there already."""
        with self._lock:
            self._there += there
            self._trained[series, fold] = {"": 1.0}
            self.expected[series, fold] = 1
            self.tell(Step(self._share(), f"{series}, fold {fold}: {said}", left=self._left()))

    def _share(self) -> float:
        folds = (sum(found.values()) / max(self.expected[key], len(found)) for key, found in self._trained.items())
        return sum(folds) / len(self.expected)

    def _left(self) -> float | None:
        """Seconds to the end, at the pace of what this call had to make itself."""
        share, there = self._share(), self._there / len(self.expected)
        made = share - there
        return None if made <= 0 else (self.clock() - self._begun) * (1 - share) / made
