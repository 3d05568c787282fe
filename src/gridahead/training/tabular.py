"""Fits of ridge regression and gradient boosting: on the same days as networks, judged and calibrated as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gridahead.core.grid import PRICE
from gridahead.features.anchors import plausible_anchors
from gridahead.features.scaling import Scaler
from gridahead.features.windows import Array, Windows
from gridahead.models.calibration import as_it_is
from gridahead.models.determinism import deterministic
from gridahead.models.regressions import RidgeRegression, lightgbm_library
from gridahead.models.tabular import TabularForecaster, TabularName, features
from gridahead.settings.networks import Anchor
from gridahead.training.conditions import answers_of, conditions_on
from gridahead.training.crossfit import Judged, judge
from gridahead.training.split import Lesson, Split

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
SILENT_EVERY = 14
"""Of the windows without inputs every so many is learnt: a regression has one set of weights for all conditions."""


def fit_tabular(
    name: TabularName, split: Split, quantiles: tuple[float, ...], anchors: tuple[Anchor, ...] | None = None
) -> TabularForecaster:
    """The model of `judged_tabular`, which has the arguments and the errors."""
    return judged_tabular(name, split, quantiles, anchors).model


@deterministic(flush_denormal=True)
def judged_tabular(
    name: TabularName, split: Split, quantiles: tuple[float, ...], anchors: tuple[Anchor, ...] | None = None
) -> Judged[TabularForecaster]:
    """The validation days choose the anchor, and the penalty or the number of trees; then all days are learnt.

    The calibration is that of networks: fitted on what regressions say of the folds that they have not learnt.

    Args:
        name: of the method.
        split: the windows, and what each is for.
        quantiles: the levels.
        anchors: to choose from. Otherwise the simple ones, none at all, and for the ridge regression the linear one:
            trees on top of a regression are another method, to be asked for. Of prices they may choose it too: no tree
            says a price that it has not seen, and their level drifts. On the years before the test years of benchmark
            epf it took the error from 3.48 to 3.37 in Germany and from 1.68 to 1.46 at Nord Pool.
    """
    train, validation = split.train, split.validation
    if anchors is None:
        on_regression = name == "ridge" or train.spec.series.quantity == PRICE
        anchors = ("level", *plausible_anchors(train), *(("linear",) if on_regression else ()))
    chosen, best = _best(name, anchors, train, validation, quantiles)

    def learnt(lesson: Lesson) -> TabularForecaster:
        scaler, spec = Scaler.fit(lesson.daily, chosen), lesson.daily.spec
        some = (windows.where(np.arange(len(windows)) % SILENT_EVERY == 0) for windows in lesson.silent)
        parts = [_rows(name, windows, scaler) for windows in (*lesson.as_they_were, *some)]
        regressions, offsets = best.finish(
            (np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts]))
        )
        return TabularForecaster(name, spec, scaler, quantiles, regressions, offsets, as_it_is(quantiles))

    folds = [learnt(split.without(split.spans(fold))) for fold in range(split.folds)]
    judged = judge(learnt(split.everything()), folds, split)
    beside = answers_of(split, folds)
    model = judged.model
    conditions = conditions_on(split, model.calibration, judged.answers, beside, quantiles)
    return replace(judged, model=replace(model, conditions=conditions))


def regressed_anchor(learnt: Windows, judging: Windows) -> Anchor:
    """The anchor whose errors a ridge regression makes smallest in windows that it has not learnt."""
    return _best("ridge", (*plausible_anchors(learnt), "linear"), learnt, judging, (0.5,))[0]


@dataclass(frozen=True)
class Trial:
    """How a way to learn does on the validation days, and how to go on with it."""

    error: float
    """Mean size of the errors on the validation days, before they are learnt, in scaled units."""
    finish: Callable[[Rows], tuple[tuple[Any, ...], Array]]
    """Learns all days; returns a regression a level and the offsets (Q,)."""


def _best(
    name: TabularName, anchors: Iterable[Anchor], learnt: Windows, judging: Windows, quantiles: tuple[float, ...]
) -> tuple[Anchor, Trial]:
    """The anchor with the smallest errors in windows that were not learnt, and the trial on it."""
    learn = {"ridge": _ridge, "lightgbm": _boosting}[name]
    trials = []
    for anchor in anchors:
        scaler = Scaler.fit(learnt, anchor)
        trial = learn(_rows(name, learnt, scaler), _rows(name, judging, scaler), quantiles)
        trials.append((trial.error * scaler.scale, anchor, trial))
    _, chosen, best = min(trials, key=lambda trial: trial[0])
    return chosen, best


def _rows(name: TabularName, windows: Windows, scaler: Scaler) -> Rows:
    """Features and scaled targets of the delivery days, where there is an outturn."""
    target = scaler.target(windows)
    counted = windows.delivery & ~np.isnan(target)
    return features(name, windows, scaler)[counted], target[counted]


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
        again = RidgeRegression.of(make_pipeline(StandardScaler(), Ridge(PENALTIES[best])).fit(*everything))
        return (again,) * len(quantiles), offsets

    return Trial(float(np.abs(errors[best]).mean()), finish)


def _boosting(train: Rows, validation: Rows, quantiles: tuple[float, ...]) -> Trial:
    """A booster a level, and no offsets; the number of trees that is best for the median is that of all."""
    lightgbm = lightgbm_library()
    data = lightgbm.Dataset(*train)
    stop = lightgbm.early_stopping(PATIENCE, verbose=False)
    held_back = [lightgbm.Dataset(*validation, reference=data)]
    median = lightgbm.train(BOOSTING, data, MOST_TREES, valid_sets=held_back, callbacks=[stop])

    def finish(everything: Rows) -> tuple[tuple[Any, ...], Array]:
        learnt = lightgbm.Dataset(*everything, free_raw_data=False)
        trees = max(1, median.best_iteration)
        boosters = [lightgbm.train({**BOOSTING, "alpha": level}, learnt, trees) for level in quantiles]
        return tuple(boosters), np.zeros(len(quantiles), np.float32)

    return Trial(float(np.abs(np.asarray(median.predict(validation[0])) - validation[1]).mean()), finish)
