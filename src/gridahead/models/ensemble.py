"""The ensemble of models: a weighted mean of their forecasts, quantile by quantile, calibrated as a whole.

Means of quantiles keep the shape of a distribution, where a mixture of distributions would widen it; with one weight a
model for all levels, quantiles that rise still rise (Lichtendahl, Grushka-Cockayne and Winkler 2013, "Is it better to
average probabilities or quantiles?"). The weights are fitted on forecasts of days that the networks had not learnt.

Where the official forecast comes with its own quantiles, it is one more in the mean. Networks read it and know better,
but what they change is learnt from few days, and a part of it is chance. Where they say that nothing will be produced,
nothing it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from gridahead.core.errors import ModelError
from gridahead.core.grid import quantity_of
from gridahead.features.normal import Scores
from gridahead.features.official import official_quantiles
from gridahead.features.windows import Array, Windows, WindowSpec
from gridahead.models.base import Kind, Quantiles, possible, read_about, write_about
from gridahead.models.bundle import TrainedModel
from gridahead.models.calibration import as_it_is, calibration_on
from gridahead.models.conditions import NONE, Conditions


@dataclass(frozen=True)
class Ensemble:
    """Trained models of one series and the weight of each."""

    name: str
    """Name in the settings, such as ensemble."""
    models: tuple[TrainedModel, ...]
    weights: tuple[float, ...]
    """One a model, not negative, 1 together."""
    calibration: Scores
    """(B, Q) the score from which each level is published by block of lead time, fitted after the weights."""
    official: float = 0.0
    """What the official forecast weighs against all models together where it is known with its quantiles, 0 to 1."""
    conditions: Conditions = NONE
    """The calibrations for other issue times, and for what may be missing."""

    def __post_init__(self) -> None:
        first = self.models[0]
        for model in self.models[1:]:
            if (model.spec, model.quantiles) != (first.spec, first.quantiles):
                raise ModelError(
                    self.label,
                    f"cannot average {first.label} and {model.label}: they answer for other series, deadlines, inputs "
                    "or quantiles; train both again with `gridahead train`",
                )

    @property
    def label(self) -> str:
        """Series and name, for messages."""
        return f"{self.spec.series} {self.name}"

    @property
    def spec(self) -> WindowSpec:
        """The series and inputs that all networks read."""
        return self.models[0].spec

    @property
    def quantiles(self) -> tuple[float, ...]:
        """The quantile levels, the same for all networks."""
        return self.models[0].quantiles

    @property
    def kind(self) -> Kind:
        """The kind of a model of several networks."""
        return "ensemble"

    @property
    def known_share(self) -> dict[str, float]:
        """Share of each input that was known in training."""
        return self.models[0].known_share

    @property
    def networks(self) -> tuple[TrainedModel, ...]:
        """The networks whose forecasts are averaged."""
        return self.models

    def predict(self, windows: Windows) -> Quantiles:
        """Calibrated quantiles of every unit of the horizon, (N, H, Q) [MW], rising along Q.

        Raises:
            ModelError: the windows are not what the models were trained on.
        """
        answers = self.uncalibrated(windows)
        return possible(
            self.conditions.published(answers, windows, self.calibration, self.quantiles, self.known_share), windows
        )

    def uncalibrated(self, windows: Windows) -> Quantiles:
        """The weighted mean of the models and the official forecast, (N, H, Q) [MW]."""
        return self.mean([model.uncalibrated(windows) for model in self.models], windows)

    def mean(self, answers: Sequence[Quantiles], windows: Windows) -> Quantiles:
        """The same of answers that are there, (N, H, Q) [MW] of each model: no less than physics allows."""
        answers = [possible(answer, windows) for answer in answers]
        mean: Array = sum(  # type: ignore[assignment]  # of at least one array
            np.float32(weight) * answer for weight, answer in zip(self.weights, answers, strict=True)
        )
        official = _official_beside(mean, windows, self.quantiles)
        return mean + np.float32(self.official) * (official - mean)

    def save(self, folder: Path) -> None:
        """Write the bundle into a folder: every model in a folder of its own."""
        for number, model in enumerate(self.models):
            model.save(folder / str(number))
        about = {
            "name": self.name,
            "weights": self.weights,
            "official": self.official,
            "calibration": self.calibration.tolist(),
            "conditions": self.conditions.to_dict(),
        }
        write_about(folder, self.kind, about)

    @classmethod
    def load(cls, folder: Path) -> Ensemble:
        """Read a bundle.

        Raises:
            ModelError: the folder holds none, or one of another make.
        """
        try:
            about = read_about(folder)
            weights = tuple(about["weights"])
            models = tuple(TrainedModel.load(folder / str(number)) for number in range(len(weights)))
            conditions = Conditions.from_dict(about.get("conditions"))
            return cls(about["name"], models, weights, np.array(about["calibration"]), about["official"], conditions)
        except (OSError, KeyError, TypeError, ValueError, IndexError) as error:
            raise ModelError(str(folder), f"is no bundle that this version can read ({error}); train again") from error


Model = TrainedModel | Ensemble
"""What a series can be served by."""


def combine(name: str, models: tuple[TrainedModel, ...], answers: Sequence[Quantiles], windows: Windows) -> Ensemble:
    """The ensemble with weights and a calibration that fit the answers to some windows.

    Weights are half-way between the best ones there and equal ones, which are hard to beat out of sample (Claeskens,
    Magnus, Vasnev and Wang 2016, "The forecast combination puzzle: a simple theoretical explanation").

    Args:
        name: in the settings.
        models: that are to be averaged.
        answers: of each, (N, H, Q) [MW] uncalibrated: of networks like it that had not learnt the windows.
        windows: N of them.

    Raises:
        ModelError: the models are not of the same series, inputs and quantiles.
    """
    equal = Ensemble(name, models, (1 / len(models),) * len(models), as_it_is(models[0].quantiles))
    counted = windows.delivery & ~np.isnan(windows.target)
    mean = equal.mean(answers, windows)
    official = _official_beside(mean, windows, equal.quantiles)
    counts = bool((official != mean)[counted].any())
    members = np.stack([possible(answer, windows)[counted] for answer in (*answers, *([official] if counts else []))])
    weights = (fit_weights(members, windows.target[counted], equal.quantiles) + 1 / len(members)) / 2
    networks = weights[: len(models)]
    weighted = replace(
        equal,
        weights=tuple(float(weight) for weight in networks / networks.sum()),
        official=float(weights[-1]) if counts else 0.0,
    )
    return replace(weighted, calibration=calibration_on(weighted.mean(answers, windows), windows, equal.quantiles))


def _official_beside(mean: Array, windows: Windows, levels: tuple[float, ...]) -> Array:
    """What joins the mean of the models, (N, H, Q) [MW]: the quantiles of the official forecast, or that mean itself.

    The models are alone where the official quantiles are not known, and where they say nothing will be produced: a mean
    of nothing and a little is above nothing, and outturns of nought at dawn and dusk would miss the interval.
    """
    official = official_quantiles(windows, levels)
    if official is None:
        return mean
    low = quantity_of(windows.spec.series.quantity).low
    alone = np.isnan(official) if low is None else np.isnan(official) | (mean <= low)
    return np.where(alone, mean, official)


def fit_weights(answers: Array, target: Array, levels: tuple[float, ...]) -> Array:
    """The weights, (M,), not negative and 1 together, whose mean has the smallest pinball loss.

    The loss is convex in them, so there is one minimum and the way to it does not matter. They are equal without
    outturns.

    Args:
        answers: (M, R, Q) quantiles of M models.
        target: (R,) outturns.
        levels: Q levels.
    """
    count, quantiles = len(answers), np.array(levels)
    if not len(target):
        return np.full(count, 1 / count, np.float32)
    scale = float(np.abs(answers - target[:, None]).mean()) or 1.0

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        error = target[:, None] - np.tensordot(weights, answers, axes=1)
        slope = np.where(error > 0, quantiles, quantiles - 1)
        gradient = -np.tensordot(answers, slope, axes=2) / error.size
        return float((slope * error).mean()) / scale, gradient / scale

    solution = minimize(  # type: ignore[call-overload]
        loss,
        np.full(count, 1 / count),
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1, "jac": np.ones_like},
        options={"maxiter": 200, "ftol": 1e-9},
    )
    positive = np.clip(solution.x, 0, 1)
    weights: Array = (positive / positive.sum()).astype(np.float32)
    return weights
