"""Forecasts of days that nothing in a fit has learnt: neither its networks, nor its weights, nor its calibration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

import numpy as np

from gridahead.core.quantiles import median_of, pinball_losses
from gridahead.features.normal import Scores
from gridahead.features.windows import Windows
from gridahead.models.base import Forecaster, Quantiles, possible, predict_each
from gridahead.models.calibration import calibrate, units_of_block
from gridahead.training.split import Block, Rows, Split


class Answering(Protocol):
    """A model whose answers can be had before they are calibrated."""

    def uncalibrated(self, windows: Windows) -> Quantiles:
        """Quantiles of N windows, (N, H, Q) [MW]."""
        ...


class Calibratable(Answering, Forecaster, Protocol):
    """One that is calibrated by itself."""

    def calibrated(self, answers: Quantiles, windows: Windows) -> Self:
        """The same, its levels published from where the outturns of windows with such answers lie."""
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


def judge(served: Model, folds: Sequence[Model], split: Split) -> Judged[Model]:
    """A model that is calibrated on what the folds have shown, and judged by it.

    Args:
        served: has learnt all days.
        folds: the same for each fold, learnt apart from it.
        split: gives the J judged days.
    """
    judged, answers = split.judged, out_of_fold(split, folds)

    def of_block(block: Block) -> Model:
        return folds[block.fold].calibrated(answers[block.others], judged.where(block.others))

    return Judged(served.calibrated(answers, judged), answers, crossfitted(split, of_block))


def out_of_fold(split: Split, folds: Sequence[Answering], judged: Windows | None = None) -> Quantiles:
    """The answers of the networks of each fold on its days before calibration, (J, H, Q) [MW].

    Args:
        split: gives the J judged days.
        folds: the networks that have not learnt each fold.
        judged: J other windows of the same days, in their order.
    """
    judged = split.judged if judged is None else judged
    return np.concatenate([folds[block.fold].uncalibrated(judged.where(block.rows)) for block in split.blocks()])


def crossfitted(split: Split, finished: Callable[[Block], Forecaster]) -> Quantiles:
    """Forecasts of the judged days, (J, H, Q) [MW], each by the path by which forecasts are issued.

    Args:
        split: gives the J judged days.
        finished: the model of a block: the networks of its fold, weighted and calibrated on the other days.
    """
    judged = split.judged
    return np.concatenate([predict_each(finished(block), judged.where(block.rows)) for block in split.blocks()])


def calibrated_by_block(
    split: Split, answers: Quantiles, windows: Windows, calibration: Callable[[Rows], Scores], levels: tuple[float, ...]
) -> Quantiles:
    """Forecasts of the judged days, (J, H, Q) [MW], from answers that are there, each block calibrated on other days.

    Args:
        split: gives the J judged days.
        answers: (J, H, Q) [MW] uncalibrated, of what had not learnt the days.
        windows: J of these days.
        calibration: gives the calibration on some of the J days.
        levels: Q of them.
    """
    units, parts = units_of_block(split.windows.spec), []
    for block in split.blocks():
        published = calibrate(answers[block.rows], calibration(block.others), levels, units)
        parts.append(possible(published, windows.where(block.rows)))
    return np.concatenate(parts)


def validation_metrics(forecasts: Quantiles, windows: Windows, levels: tuple[float, ...]) -> dict[str, float]:
    """MAE [MW] and mean pinball loss [MW] of forecasts (N, H, Q) [MW] over the delivery days of N windows."""
    counted = windows.delivery & ~np.isnan(windows.target)
    error = (windows.target[..., None] - forecasts)[counted]
    pinball = pinball_losses(error, levels).mean()
    return {"validation_mae": float(np.abs(median_of(error)).mean()), "validation_pinball": float(pinball)}
