"""Ridge regression and gradient boosting on the same windows: what a recurrent network has to beat.

Every unit of the horizon is a row of its own. Its features are exactly what the network's decoder sees of that unit,
plus what the network's encoder could have remembered: the same hour of every day of the context, daily means,
the newest values. Nothing else is different, so the comparison is about the model.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from gridahead.config import Anchor
from gridahead.errors import ModelError
from gridahead.features.calendar import DAYS_A_YEAR
from gridahead.features.linear import LinearForecast
from gridahead.features.scaling import Scaler, plausible_anchors
from gridahead.features.windows import Array, Windows
from gridahead.models.base import Quantiles, possible
from gridahead.models.regressions import load_regressions, save_regressions
from gridahead.vintages import MICROSECONDS_A_DAY

TabularName = Literal["ridge", "lightgbm"]
TABULAR: tuple[TabularName, ...] = get_args(TabularName)
Rows = tuple[Array, Array]
"""Features (R, K) and scaled targets (R,)."""

PENALTIES = (1.0, 10.0, 100.0, 1000.0)
"""Of the ridge regression; the validation days choose."""
BOOSTING = {
    "objective": "quantile",
    "alpha": 0.5,
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 100,
    "lambda_l2": 5.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "num_threads": 1,
    "verbosity": -1,
    "deterministic": True,
    "seed": 0,
}
"""Chosen on the validation days of German load before 2025; the number of trees is chosen for every fit."""
MOST_TREES, PATIENCE = 3000, 50
YEAR = DAYS_A_YEAR * MICROSECONDS_A_DAY
"""Microseconds in a year."""


@dataclass(frozen=True)
class TabularForecaster:
    """One regression for every quantile (boosting), or one for the median with quantiles of its errors (ridge)."""

    name: TabularName
    scaler: Scaler
    quantiles: tuple[float, ...]
    regressions: tuple[Any, ...]
    offsets: Array
    """(Q,) added to the regressions, in scaled units."""
    FILE: ClassVar = "regressions.json"
    """By which a folder is known to hold one."""

    @property
    def known(self) -> dict[str, float]:
        """Share of each input that was known in training."""
        return self.scaler.known

    def save(self, folder: Path) -> None:
        """Write the bundle into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        save_regressions(folder, self.regressions)
        linear = self.scaler.linear and {name: array.tolist() for name, array in asdict(self.scaler.linear).items()}
        about = {
            "name": self.name, "scaler": self.scaler.to_dict(), "linear": linear, "quantiles": self.quantiles,
            "offsets": self.offsets.tolist(),
        }  # fmt: skip
        (folder / self.FILE).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TabularForecaster:
        """Read a bundle."""
        about = json.loads((folder / cls.FILE).read_text(encoding="utf-8"))
        scaler = Scaler.from_dict(about["scaler"])
        if about["linear"]:
            usual = np.array(about["linear"].pop("usual"), bool)
            single = {name: np.array(rows, np.float32) for name, rows in about["linear"].items()}
            scaler = replace(scaler, linear=LinearForecast(**single, usual=usual))
        levels = tuple(about["quantiles"])
        offsets = np.array(about["offsets"], np.float32)
        return cls(about["name"], scaler, levels, load_regressions(folder, len(levels)), offsets)

    def predict(self, windows: Windows) -> Quantiles:
        """Quantiles of every unit of the horizon, (N, H, Q) [MW]; crossing ones are sorted."""
        rows = _features(self.name, windows, self.scaler)
        table = rows.reshape(-1, rows.shape[-1])
        answers = np.stack([regression.predict(table) for regression in self.regressions], axis=-1)
        answer = np.sort(answers.astype(np.float32) + self.offsets, axis=-1).reshape(*rows.shape[:2], -1)
        return possible(self.scaler.megawatts(answer, windows), windows)


def fit_tabular(
    name: TabularName,
    train: Windows,
    validation: Windows,
    quantiles: tuple[float, ...],
    anchors: tuple[Anchor, ...] | None = None,
) -> TabularForecaster:
    """The validation windows choose the anchor, and the penalty or the number of trees; then all windows are learnt.

    Args:
        name: of the method.
        train: windows to learn.
        validation: windows that choose, learnt afterwards.
        quantiles: the levels.
        anchors: to choose from. Otherwise the simple ones, none at all, and for the ridge regression the linear one:
            trees on top of a regression are another method, to be asked for.

    Raises:
        ModelError: LightGBM is not installed.
    """
    if anchors is None:
        anchors = ("level", *plausible_anchors(train), *(("linear",) if name == "ridge" else ()))
    learn = {"ridge": _ridge, "lightgbm": _boosting}[name]
    trials = []
    for anchor in anchors:
        scaler = Scaler.fit(train, anchor)
        trial = learn(_rows(name, train, scaler), _rows(name, validation, scaler), quantiles)
        trials.append((trial.error * scaler.scale, scaler, trial))
    _, scaler, best = min(trials, key=lambda one: one[0])
    everything = train.followed_by(validation)
    scaler = Scaler.fit(everything, scaler.anchor)
    regressions, offsets = best.finish(_rows(name, everything, scaler))
    return TabularForecaster(name, scaler, quantiles, regressions, offsets)


@dataclass(frozen=True)
class Trial:
    """What the validation days say of a way to learn, and how to go on with it."""

    error: float
    """Mean size of the errors on the validation days, before they are learnt, in scaled units."""
    finish: Callable[[Rows], tuple[tuple[Any, ...], Array]]
    """Learns all days; gives a regression a level and the offsets (Q,)."""


def _rows(name: TabularName, windows: Windows, scaler: Scaler) -> Rows:
    """Features and scaled targets of the delivery days, where there is an outturn."""
    target = scaler.target(windows)
    counted = windows.delivery & ~np.isnan(target)
    return _features(name, windows, scaler)[counted], target[counted]


def _features(name: TabularName, windows: Windows, scaler: Scaler) -> Array:
    """What a regression reads of every unit of the horizon, (N, H, K); trees also cut the year wherever they like."""
    rows = scaler.rows(windows)
    if name == "ridge":
        return rows
    return np.concatenate([rows, (windows.valid_time / YEAR % 1)[..., None].astype(np.float32)], axis=-1)


def _ridge(train: Rows, validation: Rows, quantiles: tuple[float, ...]) -> Trial:
    """One regression for all levels, and the quantiles of its errors on the validation days."""
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fitted = [make_pipeline(StandardScaler(), Ridge(penalty)).fit(*train) for penalty in PENALTIES]
    errors = [validation[1] - model.predict(validation[0]) for model in fitted]
    best = int(np.argmin([np.abs(error).mean() for error in errors]))
    offsets = (np.quantile(errors[best], quantiles) - np.median(errors[best])).astype(np.float32)

    def finish(everything: Rows) -> tuple[tuple[Any, ...], Array]:
        return (fitted[best].fit(*everything),) * len(quantiles), offsets

    return Trial(float(np.abs(errors[best]).mean()), finish)


def _boosting(train: Rows, validation: Rows, quantiles: tuple[float, ...]) -> Trial:
    """A booster a level, and no offsets; the number of trees that is best for the median is that of all."""
    try:
        import lightgbm
    except ImportError as missing:
        raise ModelError("lightgbm", "is not installed; `pip install -e '.[bench]'` brings it") from missing
    data = lightgbm.Dataset(*train)
    stop = lightgbm.early_stopping(PATIENCE, verbose=False)
    held_back = [lightgbm.Dataset(*validation, reference=data)]
    median = lightgbm.train(BOOSTING, data, MOST_TREES, valid_sets=held_back, callbacks=[stop])

    def finish(everything: Rows) -> tuple[tuple[Any, ...], Array]:
        learnt = lightgbm.Dataset(*everything, free_raw_data=False)
        trees = max(1, median.best_iteration)
        boosters = [lightgbm.train({**BOOSTING, "alpha": level}, learnt, trees) for level in quantiles]
        return tuple(boosters), np.zeros(len(quantiles), np.float32)

    return Trial(float(np.abs(median.predict(validation[0]) - validation[1]).mean()), finish)
