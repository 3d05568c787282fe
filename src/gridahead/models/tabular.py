"""Ridge regression and gradient boosting on the same windows: what a recurrent network has to beat.

Every unit of the horizon is a row of its own. Its features are exactly what the network's decoder sees of that unit,
plus what the network's encoder could have remembered: the same hour of every day of the context, daily means,
the newest values. Nothing else is different, so the comparison is about the model.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from gridahead.core.errors import ModelError
from gridahead.core.vintages import MICROSECONDS_A_DAY
from gridahead.features.calendar import DAYS_A_YEAR
from gridahead.features.linear import LinearForecast
from gridahead.features.normal import Scores
from gridahead.features.scaling import Scaler
from gridahead.features.windows import Array, Windows, WindowSpec
from gridahead.models.base import Kind, Quantiles, possible, read_about, write_about
from gridahead.models.calibration import calibration_on
from gridahead.models.conditions import NONE, Conditions
from gridahead.models.regressions import Regression, load_regressions, save_regressions, width_of

if TYPE_CHECKING:
    from gridahead.models.bundle import TrainedModel

TabularName = Literal["ridge", "lightgbm"]
TABULAR: tuple[TabularName, ...] = get_args(TabularName)
YEAR = DAYS_A_YEAR * MICROSECONDS_A_DAY
"""Microseconds in a year."""


@dataclass(frozen=True)
class TabularForecaster:
    """One regression for every quantile (boosting), or one for the median with quantiles of its errors (ridge)."""

    name: TabularName
    spec: WindowSpec
    scaler: Scaler
    quantiles: tuple[float, ...]
    regressions: tuple[Regression, ...]
    offsets: Array
    """(Q,) added to the regressions, in scaled units."""
    calibration: Scores
    """(B, Q) the score from which each level is published by block of lead time, fitted after the regressions."""
    conditions: Conditions = NONE
    """The calibrations for other issue times, and for what may be missing."""

    @property
    def kind(self) -> Kind:
        """The method of its regressions, which is its name too."""
        return self.name

    @property
    def known_share(self) -> dict[str, float]:
        """Share of each input that was known in training."""
        return self.scaler.known_share

    @property
    def networks(self) -> tuple[TrainedModel, ...]:
        """No networks: it is made of regressions."""
        return ()

    def save(self, folder: Path) -> None:
        """Write the bundle into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        save_regressions(folder, self.regressions)
        linear = self.scaler.linear and {name: array.tolist() for name, array in asdict(self.scaler.linear).items()}
        about = {
            "name": self.name,
            "spec": self.spec.to_dict(),
            "scaler": self.scaler.to_dict(),
            "linear": linear,
            "quantiles": self.quantiles,
            "offsets": self.offsets.tolist(),
            "calibration": self.calibration.tolist(),
            "conditions": self.conditions.to_dict(),
        }
        write_about(folder, self.kind, about)

    @classmethod
    def load(cls, folder: Path) -> TabularForecaster:
        """The forecaster that a bundle holds."""
        about = read_about(folder)
        scaler = Scaler.from_dict(about["scaler"])
        if about["linear"]:
            required = np.array(about["linear"].pop("required"), bool)
            single = {name: np.array(rows, np.float32) for name, rows in about["linear"].items()}
            scaler = replace(scaler, linear=LinearForecast(**single, required=required))
        levels = tuple(about["quantiles"])
        offsets = np.array(about["offsets"], np.float32)
        return cls(
            name=about["name"],
            spec=WindowSpec.from_dict(about["spec"]),
            scaler=scaler,
            quantiles=levels,
            regressions=load_regressions(folder, about["name"], len(levels)),
            offsets=offsets,
            calibration=np.array(about["calibration"]),
            conditions=Conditions.from_dict(about.get("conditions")),
        )

    def predict(self, windows: Windows) -> Quantiles:
        """Calibrated quantiles of every unit of the horizon, (N, H, Q) [MW], rising along Q."""
        answers = self.uncalibrated(windows)
        return possible(
            self.conditions.published(answers, windows, self.calibration, self.quantiles, self.known_share), windows
        )

    def calibrated(self, answers: Quantiles, windows: Windows) -> TabularForecaster:
        """The same, its levels published from where the outturns of some windows lie; see `TrainedModel.calibrated`."""
        return replace(self, calibration=calibration_on(answers, windows, self.quantiles))

    def uncalibrated(self, windows: Windows) -> Quantiles:
        """The quantiles of the regressions, (N, H, Q) [MW]; crossing quantiles are sorted.

        Raises:
            ModelError: the regressions have learnt other features than this version reads.
        """
        rows = features(self.name, windows, self.scaler)
        if (learnt := width_of(self.regressions[0])) != rows.shape[-1]:
            raise ModelError(
                f"{self.spec.series} {self.name}",
                f"was learnt on {learnt} features a unit, this version reads {rows.shape[-1]}; train it again with "
                "`gridahead train`",
            )
        table = rows.reshape(-1, rows.shape[-1])
        answers = np.stack([regression.predict(table) for regression in self.regressions], axis=-1)
        answer = np.sort(answers.astype(np.float32) + self.offsets, axis=-1).reshape(*rows.shape[:2], -1)
        return self.scaler.megawatts(answer, windows)


def features(name: TabularName, windows: Windows, scaler: Scaler) -> Array:
    """What a regression reads of every unit of the horizon, (N, H, K); trees also cut the year wherever they like."""
    rows = scaler.rows(windows)
    if name == "ridge":
        return rows
    return np.concatenate([rows, (windows.valid_time / YEAR % 1)[..., None].astype(np.float32)], axis=-1)
