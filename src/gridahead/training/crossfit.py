"""What a fit said of days that nothing in it had learnt: neither its networks, nor its weights, nor its calibration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

import numpy as np

from gridahead.features.windows import Windows
from gridahead.models.base import Forecaster, Quantiles, predict_each
from gridahead.training.split import Block, Split


class Answering(Protocol):
    """A model whose answers can be had before they are calibrated."""

    def uncalibrated(self, windows: Windows) -> Quantiles:
        """Quantiles of N windows, (N, H, Q) [MW]."""
        ...


class Calibratable(Answering, Forecaster, Protocol):
    """One that is calibrated by itself."""

    def calibrated(self, answers: Quantiles, windows: Windows) -> Self:
        """The same, its levels published from where the outturns of windows with such answers say."""
        ...


Model = TypeVar("Model", bound=Calibratable)


@dataclass(frozen=True)
class Judged(Generic[Model]):
    """A calibrated model, and what it is worth on days that nothing in it had learnt."""

    model: Model
    """What serves."""
    answers: Quantiles
    """(J, H, Q) [MW] of the judged days, uncalibrated, by the networks of each fold."""
    forecasts: Quantiles
    """(J, H, Q) [MW] the same as it would have been issued, calibrated on other days."""


def judge(served: Model, folds: Sequence[Model], parts: Split) -> Judged[Model]:
    """A model that is calibrated on what the folds have shown, and judged by it.

    Args:
        served: has learnt all days.
        folds: the same for each fold, learnt apart from it.
        parts: gives the J judged days.
    """
    judged, answers = parts.judged, out_of_fold(parts, folds)

    def of_block(block: Block) -> Model:
        return folds[block.fold].calibrated(answers[block.others], judged.where(block.others))

    return Judged(served.calibrated(answers, judged), answers, crossfitted(parts, of_block))


def out_of_fold(parts: Split, folds: Sequence[Answering]) -> Quantiles:
    """What the networks of each fold say of its days before calibration, (J, H, Q) [MW].

    Args:
        parts: gives the J judged days.
        folds: the networks that have not learnt each fold.
    """
    judged = parts.judged
    return np.concatenate([folds[block.fold].uncalibrated(judged.where(block.rows)) for block in parts.blocks()])


def crossfitted(parts: Split, finished: Callable[[Block], Forecaster]) -> Quantiles:
    """Forecasts of the judged days, (J, H, Q) [MW], each by the path by which forecasts are issued.

    Args:
        parts: gives the J judged days.
        finished: the model of a block: the networks of its fold, weighted and calibrated on the other days.
    """
    judged = parts.judged
    return np.concatenate([predict_each(finished(block), judged.where(block.rows)) for block in parts.blocks()])


def validation_metrics(forecasts: Quantiles, windows: Windows, levels: tuple[float, ...]) -> dict[str, float]:
    """MAE [MW] and mean pinball loss [MW] of forecasts (N, H, Q) [MW] over the delivery days of N windows."""
    counted = windows.delivery & ~np.isnan(windows.target)
    error = (windows.target[..., None] - forecasts)[counted]
    weights = np.array(levels)
    pinball = np.maximum(weights * error, (weights - 1) * error).mean()
    return {"validation_mae": float(np.abs(error[:, len(levels) // 2]).mean()), "validation_pinball": float(pinball)}
