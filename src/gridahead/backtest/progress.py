"""How far a back-test is: over folds, models, trainings and epochs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gridahead.backtest.plan import Fold
from gridahead.core.grid import Series
from gridahead.training.epoch import Epoch, log_epoch

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProgressEvent:
    """Something that has happened."""

    share: float
    """Of the work of this call that is done, 0 to 1."""
    message: str
    epoch: Epoch | None = None
    """If a training has come so far; None when a fold is done."""
    left: float | None = None
    """Time to the end at the pace so far [s]; None while there is no pace."""


OnProgress = Callable[[ProgressEvent], object]
"""Called with every event of a back-test."""


def log_progress(event: ProgressEvent) -> None:
    """Every fifth epoch and every fold, so that a log stays readable."""
    if event.epoch is None:
        pace = ", ".join(filter(None, (f"{100 * event.share:.0f} %", time_left(event.left))))
        log.info("%s (%s)", event.message, pace)
    else:
        log_epoch(event.epoch)


def time_left(seconds: float | None) -> str:
    """`about 3 min left`; nothing where it is not known or all is done."""
    if not seconds:
        return ""
    if seconds < 90:
        return f"about {seconds:.0f} s left"
    return f"about {seconds / 60:.0f} min left" if seconds < 5400 else f"about {seconds / 3600:.1f} h left"


@dataclass
class ProgressTracker:
    """Counts what threads report; a fold counts as much as any other."""

    on_progress: OnProgress
    expected: dict[tuple[Series, Fold], int]
    """How many networks each fold trains, as far as that is known."""
    clock: Callable[[], float] = time.monotonic
    _begun: float = field(init=False)
    _there: int = 0
    """Folds that were there already and took no time."""
    _trained: dict[tuple[Series, Fold], dict[str, float]] = field(default_factory=dict)
    """By fold and network, the share of its trainings that is done, 0 to 1."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._begun = self.clock()

    def epoch(self, series: Series, fold: Fold, epoch: Epoch) -> None:
        """A network of a fold has made an epoch."""
        with self._lock:
            trained = self._trained.setdefault((series, fold), {})
            trained[epoch.model] = (epoch.training + (epoch.epoch + 1) / epoch.epochs) / epoch.trainings
            self.on_progress(ProgressEvent(self._share(), f"{epoch.model}, fold {fold.first}", epoch, self._left()))

    def done(self, series: Series, fold: Fold, message: str, *, there: bool = False) -> None:
        """A fold is done, or was there already."""
        with self._lock:
            self._there += there
            self._trained[series, fold] = {"": 1.0}
            self.expected[series, fold] = 1
            self.on_progress(ProgressEvent(self._share(), f"{series}, fold {fold}: {message}", left=self._left()))

    def _share(self) -> float:
        shares = (
            sum(trained.values()) / max(self.expected[key], len(trained)) for key, trained in self._trained.items()
        )
        return sum(shares) / len(self.expected)

    def _left(self) -> float | None:
        """Seconds to the end, at the pace of what this call had to make itself."""
        share, present_share = self._share(), self._there / len(self.expected)
        made_share = share - present_share
        return None if made_share <= 0 else (self.clock() - self._begun) * (1 - share) / made_share
