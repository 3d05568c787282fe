"""What came of the trials of a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gridahead.tuning.space import used

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


@dataclass(frozen=True)
class Trial:
    """The settings and results of one trial of a search."""

    number: int
    state: str
    """complete, pruned or fail."""
    settings: dict[str, Any]
    """The searched settings as they were used."""
    default: bool
    """Whether these are the present settings."""
    validation: dict[str, float]
    """Metrics [MW] on the validation days; empty unless complete."""
    by_epoch: dict[int, float]
    """Pinball loss [MW] on the validation days after each epoch, before calibration."""
    reason: str
    """Why it failed."""
    began: float
    ended: float
    """Seconds since 1970."""

    @property
    def pinball(self) -> float | None:
        """Pinball loss on the validation days, by which trials are ranked [MW]."""
        return self.validation.get("validation_pinball")


def ended(trial: FrozenTrial) -> Trial:
    """A trial that has ended, as the study has recorded it."""
    assert trial.datetime_complete is not None
    state = trial.state.name.lower()
    began = trial.datetime_start or trial.datetime_complete
    return Trial(
        number=trial.number,
        state=state,
        settings={name: used(value) for name, value in trial.params.items()},
        default=bool(trial.user_attrs.get("default")),
        validation=trial.user_attrs.get("validation", {}) if state == "complete" else {},
        by_epoch=dict(sorted(trial.intermediate_values.items())),
        reason=trial.user_attrs.get("reason", "was killed") if state == "fail" else "",
        began=began.timestamp(),
        ended=trial.datetime_complete.timestamp(),
    )


def completed(trials: Sequence[Trial]) -> list[Trial]:
    """Those with a figure to compare, best first."""
    return sorted(
        (trial for trial in trials if trial.validation), key=lambda trial: trial.validation["validation_pinball"]
    )


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """The one with the smallest pinball loss; None if none is complete."""
    return next(iter(completed(trials)), None)
