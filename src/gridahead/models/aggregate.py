"""The aggregate: networks, a regression and a reference forecast, each an expert, weighted anew at every issue time.

No expert is best everywhere, or always. A publisher whose forecast is good is hard to beat by anything that has learnt
one year; a network that has learnt eight is; and which of them has been right of late is known at every issue time.
What the experts of the last days have missed decides how much each counts (`models.aggregation`), from what the
validation days said of them. One more stands among them: the networks' spread around a regression of the outturn on
what all of them say, which follows every day (`models.kalman`).

Where an input is missing, or at an issue time after the deadline, the networks answer alone, with the intervals that
were measured for it: the experts would be judged by days that were not like that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, cast

import numpy as np
import numpy.typing as npt

from gridahead.core.errors import ModelError
from gridahead.core.quantiles import median_of
from gridahead.core.runs import OFFICIAL_CORRECTED
from gridahead.features.anchors import anchored
from gridahead.features.normal import Scores
from gridahead.features.windows import Array, Windows, WindowSpec
from gridahead.models.aggregation import Numbers, aggregated
from gridahead.models.base import (
    Forecaster,
    Kind,
    Quantiles,
    of_equal_length,
    possible,
    predict_each,
    read_about,
    write_about,
)
from gridahead.models.baselines import ReferenceForecast
from gridahead.models.bundle import TrainedModel
from gridahead.models.calibration import calibrate, units_of_block
from gridahead.models.conditions import COMPLETE, conditions_of
from gridahead.models.ensemble import Model
from gridahead.models.kalman import KalmanRegression, by_step, by_unit
from gridahead.models.storage import load
from gridahead.models.tabular import TabularForecaster
from gridahead.settings.networks import Anchor

NETWORKS = "networks"
"""What all networks together are called as an expert: apart they are so alike that weights run after chance."""
KALMAN = "kalman"
"""What the regression on all of them is called, the last of the experts."""
Beside = TabularForecaster | ReferenceForecast
"""An expert that is no network."""


class Said(NamedTuple):
    """What the experts say of N windows, each of them asked alone."""

    answers: npt.NDArray[np.float32]
    """(M, N, H, Q) [MW] uncalibrated, without the regression on them; NaN where an expert has nothing to say."""
    alone: Quantiles
    """(N, H, Q) [MW] what the networks publish by themselves where they answer alone, NaN elsewhere."""

    @property
    def is_alone(self) -> npt.NDArray[np.bool_]:
        """(N,) where the networks answer alone."""
        return np.asarray(~np.isnan(self.alone).all(axis=(1, 2)))

    def take(self, rows: slice | npt.NDArray[np.bool_]) -> Said:
        """The same of some windows."""
        return Said(self.answers[:, rows], self.alone[rows])


class _Answering(Protocol):
    def uncalibrated(self, windows: Windows) -> Quantiles: ...


@dataclass(frozen=True)
class Aggregate:
    """Experts, and what each counts to begin with."""

    name: str
    """Name in the settings, such as aggregate."""
    recurrent: Model
    """Its networks, as they serve alone."""
    beside: tuple[Beside, ...]
    """The other experts."""
    prior: Numbers
    """(M, Q) weights of the networks together, the others and the regression, as the validation days leave them; 1
    together."""
    calibration: Scores
    """(B, Q) the score from which each level of the mean is published by block of lead time."""
    regression: KalmanRegression
    """The regression on what the others say, as the validation days leave it."""

    @property
    def label(self) -> str:
        """Series and name, for messages."""
        return f"{self.spec.series} {self.name}"

    @property
    def spec(self) -> WindowSpec:
        """The series and inputs that all experts read."""
        return self.recurrent.spec

    @property
    def quantiles(self) -> tuple[float, ...]:
        """The quantile levels, the same for all experts."""
        return self.recurrent.quantiles

    @property
    def kind(self) -> Kind:
        """The kind of a model that is weighted anew at every issue time."""
        return "aggregate"

    @property
    def known_share(self) -> Mapping[str, float]:
        """Share of each input that was known in training."""
        return self.recurrent.known_share

    @property
    def networks(self) -> tuple[TrainedModel, ...]:
        """Its networks."""
        return self.recurrent.networks

    @property
    def experts(self) -> tuple[str, ...]:
        """The M names of the experts; all networks together are one."""
        return (NETWORKS, *(expert.name for expert in self.beside), KALMAN)

    def predict(self, windows: Windows) -> Quantiles:
        """Quantiles (N, H, Q) [MW] with the weights that the validation days left, whatever came after them.

        Raises:
            ModelError: the windows are not what the experts were trained on.
        """
        said, silent = self.said(windows), np.full(windows.target.shape, np.nan, np.float32)
        return self.mixed(said, windows, silent)[0]

    def said(self, windows: Windows) -> Said:
        """What every expert says of N windows."""
        alone = np.full((*windows.target.shape, len(self.quantiles)), np.nan, np.float32)
        answers = np.stack([self._answers(expert, windows) for expert in (self.recurrent, *self.beside)])
        found = conditions_of(windows, self.recurrent.conditions.usual_age, self.known_share)
        if (incomplete := np.array([one != COMPLETE for one in found], bool)).any():
            alone[incomplete] = self.recurrent.predict(windows.where(incomplete))
        return Said(answers, alone)

    def mixed(self, said: Said, windows: Windows, outturn: Array) -> tuple[Quantiles, dict[str, float]]:
        """The forecasts (N, H, Q) [MW] of windows in order, and what each expert counts in the median of the last one.

        Args:
            said: of the experts on N windows.
            windows: N of them.
            outturn: (N, H) [MW], NaN where it does not count.
        """
        counted = np.where(said.is_alone[:, None], np.float32(np.nan), outturn)
        lag = windows.spec.deadline.days_before + 1
        answers, _ = with_regression(said.answers, windows, counted, self.regression, lag)
        means, weights = aggregated(answers, counted, self.prior, self.quantiles, lag)
        units = units_of_block(windows.spec)
        published = possible(calibrate(means, self.calibration, self.quantiles, units), windows)
        published[said.is_alone] = said.alone[said.is_alone]
        middle = weights[:, len(self.quantiles) // 2]
        counts = {} if said.is_alone[-1] else dict(zip(self.experts, middle.round(4).tolist(), strict=True))
        return published, counts

    def _answers(self, expert: Model | Beside, windows: Windows) -> Quantiles:
        return possible(expert_answers(expert, windows), windows)

    def save(self, folder: Path) -> None:
        """Write the bundle into a folder: every expert in a folder of its own."""
        self.recurrent.save(folder / "recurrent")
        for number, expert in enumerate(self.beside):
            expert.save(folder / "beside" / str(number))
        about = {
            "name": self.name,
            "beside": len(self.beside),
            "prior": self.prior.tolist(),
            "calibration": self.calibration.tolist(),
            "regression": self.regression.to_dict(),
        }
        write_about(folder, self.kind, about)

    @classmethod
    def load(cls, folder: Path) -> Aggregate:
        """Read a bundle.

        Raises:
            ModelError: the folder holds none, or one of another make.
        """
        try:
            about = read_about(folder)
            recurrent = cast("Model", load(folder / "recurrent"))
            beside = tuple(cast("Beside", load(folder / "beside" / str(n))) for n in range(about["beside"]))
            prior, calibration = np.array(about["prior"]), np.array(about["calibration"])
            regression = KalmanRegression.from_dict(about["regression"])
            return cls(about["name"], recurrent, beside, prior, calibration, regression)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ModelError(str(folder), f"is no bundle that this version can read ({error}); train again") from error


def expert_answers(expert: _Answering | ReferenceForecast, windows: Windows) -> Quantiles:
    """What an expert says of N windows, uncalibrated, (N, H, Q) [MW]; NaN where it has nothing to say."""
    if not isinstance(expert, ReferenceForecast):
        return expert.uncalibrated(windows)
    return expert.predict(windows.corrected() if expert.name == OFFICIAL_CORRECTED else windows)


def forecasts_of(answers: npt.NDArray[np.float32], windows: Windows) -> Numbers:
    """What the regression is on, (K, N, U) [MW] by unit of the day: medians, last week, and the official forecast.

    Args:
        answers: (M, N, H, Q) [MW] of the other experts.
        windows: N of them.
    """
    simple: tuple[Anchor, ...] = ("week", "official") if windows.spec.use_official else ("week",)
    says = np.stack([*median_of(answers), *(anchored(windows, name, float("nan")) for name in simple)])
    return by_unit(says, windows.delivery, windows.spec.steps_per_day)


def with_regression(
    answers: npt.NDArray[np.float32], windows: Windows, outturn: Array, regression: KalmanRegression | None, lag: int
) -> tuple[npt.NDArray[np.float32], KalmanRegression]:
    """The answers (M, N, H, Q) [MW], after them the networks' around the regression, and what that has learnt.

    Args:
        answers: (M - 1, N, H, Q) [MW] of the other experts, the networks first.
        windows: N of them in order.
        outturn: (N, H) [MW], NaN where it does not count.
        regression: to go on with; one that begins as the plain mean unless given.
        lag: days from one whose outturn is known to the one that is forecast.
    """
    says = forecasts_of(answers, windows)
    known = by_unit(outturn, windows.delivery, says.shape[-1])
    located, learnt = (regression or KalmanRegression.begun(says)).followed(says, known, lag)
    moved = answers[0] + (by_step(located, windows.delivery) - median_of(answers[0])).astype(np.float32)[..., None]
    return np.concatenate([answers, possible(moved, windows)[None]]), learnt


def said_of(model: Forecaster, windows: Windows) -> Said:
    """What a model says of N windows, of each what it says of that alone, as `predict_each` has it.

    A model that is no aggregate is one expert, whose published quantiles these are.
    """
    if not isinstance(model, Aggregate):
        answers = predict_each(model, windows)
        return Said(answers[None], np.full_like(answers, np.nan))
    shape = (*windows.target.shape, len(model.quantiles))
    answers = np.full((1 + len(model.beside), *shape), np.nan, np.float32)
    alone = np.full(shape, np.nan, np.float32)
    for rows, alike in of_equal_length(windows):
        said, length = model.said(alike), alike.target.shape[1]
        answers[:, rows, :length], alone[rows, :length] = said.answers, said.alone
    return Said(answers, alone)


def mixed_by(model: Forecaster, said: Said, windows: Windows, outturn: Array) -> tuple[Quantiles, dict[str, float]]:
    """The forecasts (N, H, Q) [MW] of windows in order, and what counted for how much; see `Aggregate.mixed`."""
    return model.mixed(said, windows, outturn) if isinstance(model, Aggregate) else (said.answers[0], {})
