"""Ridge regression and gradient boosting on the same windows: what a recurrent network has to beat.

Every unit of the horizon is a row of its own. Its features are exactly what the network's decoder sees of that unit,
plus what the network's encoder could have remembered: means of the last day and week, and the newest values. Nothing
else is different, so the comparison is about the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from gridahead.errors import ModelError
from gridahead.features.scaling import Scaler, mean_of_known, plausible_anchors, same_hour
from gridahead.features.windows import Array, Windows
from gridahead.grid import quantity_of
from gridahead.models.base import Quantiles, within

TabularName = Literal["ridge", "lightgbm"]
TABULAR: tuple[TabularName, ...] = get_args(TabularName)
Rows = tuple[Array, Array]
"""Features (R, K) and scaled targets (R,)."""

PENALTIES = (1.0, 10.0, 100.0, 1000.0)
"""Of the ridge regression; the validation days choose."""
BOOSTING = {
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
MOST_TREES, PATIENCE = 1500, 50
MEDIAN = 0.5


@dataclass(frozen=True)
class TabularForecaster:
    """One regression for every quantile (boosting), or one for the median with quantiles of its errors (ridge)."""

    name: TabularName
    scaler: Scaler
    quantiles: tuple[float, ...]
    regressions: tuple[Any, ...]
    offsets: Array
    """(Q,) added to the regressions, in scaled units."""

    def predict(self, windows: Windows) -> Quantiles:
        """Quantiles of every unit of the horizon, (N, H, Q) [MW]; crossing ones are sorted."""
        rows = features(windows, self.scaler)
        table = rows.reshape(-1, rows.shape[-1])
        answers = np.stack([regression.predict(table) for regression in self.regressions], axis=-1)
        answer = np.sort(answers.astype(np.float32) + self.offsets, axis=-1).reshape(*rows.shape[:2], -1)
        return within(self.scaler.megawatts(answer, windows), quantity_of(windows.spec.series.quantity).low)


def features(windows: Windows, scaler: Scaler) -> Array:
    """What is known of each unit of the horizon as one row, (N, H, K)."""
    inputs = scaler.inputs(windows)
    spec, (count, horizon) = windows.spec, windows.target.shape
    values = scaler.scaled_past(windows)  # (N, C, values)
    day = spec.steps_per_day
    remembered = [mean_of_known(values[:, -span:], axis=1) for span in (spec.mtu.per_hour * 3, day, 7 * day)]
    context = np.concatenate(remembered, axis=-1)[:, None].repeat(horizon, axis=1)
    # The same hour over the last week: what trees cannot average by themselves.
    profile = mean_of_known(np.stack([same_hour(values, spec, back, horizon) for back in range(1, 8)]), axis=0)
    step = np.broadcast_to(np.arange(horizon, dtype=np.float32)[:, None], (count, horizon, 1))
    baseline = ((scaler.baseline(windows) - scaler.level) / scaler.spread)[..., None]
    # Scaled values have the mean 0: that is what stands for a mean of nothing.
    known = np.nan_to_num(np.concatenate([context, profile], axis=-1))
    return np.concatenate([inputs.decoder, known, step, baseline], axis=-1).astype(np.float32)


def fit_tabular(
    name: TabularName, train: Windows, validation: Windows, quantiles: tuple[float, ...]
) -> TabularForecaster:
    """The validation windows choose the anchor, and the penalty or the number of trees; then all windows are learnt.

    Raises:
        ModelError: LightGBM is not installed.
    """
    fitted = [
        _fit(name, Scaler.fit(train, anchor), train, validation, quantiles) for anchor in plausible_anchors(train)
    ]
    return min(fitted, key=lambda pair: pair[1])[0]


def _fit(
    name: TabularName, scaler: Scaler, train: Windows, validation: Windows, quantiles: tuple[float, ...]
) -> tuple[TabularForecaster, float]:
    """The forecaster on one anchor, and the mean absolute error on the validation days before it learnt them [MW]."""
    learn = {"ridge": _ridge, "lightgbm": _boosting}[name]
    regressions, offsets, error = learn(_rows(train, scaler), _rows(validation, scaler), quantiles)
    return TabularForecaster(name, scaler, quantiles, regressions, offsets), error * scaler.scale


def _rows(windows: Windows, scaler: Scaler) -> Rows:
    """Features and scaled targets of the delivery days, where there is an outturn."""
    target = scaler.inputs(windows).target
    counted = windows.delivery & ~np.isnan(target)
    return features(windows, scaler)[counted], target[counted]


def _both(train: Rows, validation: Rows) -> Rows:
    return np.concatenate([train[0], validation[0]]), np.concatenate([train[1], validation[1]])


def _ridge(train: Rows, validation: Rows, quantiles: tuple[float, ...]) -> tuple[tuple[Any, ...], Array, float]:
    """A regression for all levels, the quantiles of its errors on the validation days, and their mean size."""
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fitted = [make_pipeline(StandardScaler(), Ridge(penalty)).fit(*train) for penalty in PENALTIES]
    errors = [validation[1] - model.predict(validation[0]) for model in fitted]
    best = int(np.argmin([np.abs(error).mean() for error in errors]))
    offsets = np.quantile(errors[best], quantiles) - np.median(errors[best])
    regression = fitted[best].fit(*_both(train, validation))
    return (regression,) * len(quantiles), offsets.astype(np.float32), float(np.abs(errors[best]).mean())


def _boosting(train: Rows, validation: Rows, quantiles: tuple[float, ...]) -> tuple[tuple[Any, ...], Array, float]:
    """A booster a level, no offsets, and the mean size of the errors on the validation days before learning them."""
    try:
        import lightgbm
    except ImportError as missing:
        raise ModelError("lightgbm", "is not installed; `pip install -e '.[bench]'` brings it") from missing
    boosters, validation_error = [], float("nan")
    for level in quantiles:
        settings = {**BOOSTING, "objective": "quantile", "alpha": level}
        data = lightgbm.Dataset(*train)
        stopped = lightgbm.train(
            settings,
            data,
            MOST_TREES,
            valid_sets=[lightgbm.Dataset(*validation, reference=data)],
            callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
        )
        if level == MEDIAN:
            validation_error = float(np.abs(stopped.predict(validation[0]) - validation[1]).mean())
        boosters.append(lightgbm.train(settings, lightgbm.Dataset(*_both(train, validation)), stopped.best_iteration))
    return tuple(boosters), np.zeros(len(quantiles), np.float32), validation_error
