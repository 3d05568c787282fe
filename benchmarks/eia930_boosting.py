"""One LightGBM for all authorities: on the rows of the product's, each scaled as its network is, told who it is of.

The median is boosted first. The other levels go on from where it is, so that they learn only how far they are from it,
in a fraction of the trees. The validation days choose the size of a tree and the number of trees. What has learnt the
days before them answers for them, and on that the product's calibration is fitted, authority by authority; what
forecasts has learnt all days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from common import say

from gridahead.features.anchors import plausible_anchors
from gridahead.features.scaling import Scaler
from gridahead.features.windows import Array, Windows
from gridahead.models.calibration import as_it_is
from gridahead.models.regressions import lightgbm_library
from gridahead.models.tabular import TabularForecaster, features
from gridahead.training.split import Split
from gridahead.training.tabular import BOOSTING, PATIENCE, SILENT_EVERY

SIZES = (31, 127)
"""Leaves to choose between: the product's, and four times as many for thirty times the rows."""
MOST_TREES, MOST_OF_A_LEVEL = 1000, 100
PATIENCE_OF_A_LEVEL = 10
BAGGED = 0.2
"""Of a million rows are enough for a tree."""
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class OfOne:
    """A level of one authority: boosters whose answers are added up, asked with its number behind every row."""

    boosters: tuple[Any, ...]
    number: int

    def predict(self, rows: Array, /) -> Floats:
        """(R,) scaled, of rows (R, K)."""
        told = numbered(rows, self.number)
        each = [booster.predict(told, num_threads=1) for booster in self.boosters]
        return np.asarray(np.sum(each, axis=0, dtype=np.float64))

    def num_feature(self) -> int:
        """K: without the number."""
        return int(self.boosters[0].num_feature()) - 1


@dataclass(frozen=True)
class Pool:
    """The rows of all authorities, one after the other."""

    read: list[Array]
    """Of each authority (R, K + 1), its number last."""
    target: Array
    """Of all of them, scaled."""
    before: Rows
    """Those of the days before validation."""
    validates: Rows
    """Those of the validation days, as they were at the deadline."""

    @property
    def numbered_from(self) -> int:
        """Where the number stands."""
        return int(self.read[0].shape[1]) - 1


def boosted(splits: Mapping[str, Split], levels: tuple[float, ...]) -> dict[str, TabularForecaster]:
    """The forecaster of each authority, all of one boosting.

    Args:
        splits: of each authority.
        levels: Q of them.
    """
    scalers = {name: Scaler.fit(split.train, plausible_anchors(split.train)[0]) for name, split in splits.items()}
    pool = pooled(splits, scalers)
    say(f"LightGBM: {len(pool.target):,} rows of {pool.numbered_from + 1} features")
    lightgbm = lightgbm_library()
    data = lightgbm.Dataset(
        pool.read, pool.target, params=BOOSTING, categorical_feature=[pool.numbered_from], free_raw_data=False
    ).construct()
    before, validation = (data.subset(np.flatnonzero(rows).tolist()) for rows in (pool.before, pool.validates))
    trials = [_trained(_settings(leaves, 0.5), before, validation, MOST_TREES, PATIENCE) for leaves in SIZES]
    losses = [float(trial.best_score["valid_0"]["quantile"]) for trial in trials]
    for leaves, trial, loss in zip(SIZES, trials, losses, strict=True):
        say(f"LightGBM of {leaves} leaves: {loss:.4f} after {trial.best_iteration} trees")
    best = int(np.argmin(losses))
    leaves, judging = SIZES[best], trials[best]
    serving = lightgbm.train(_settings(leaves, 0.5), data, judging.best_iteration)
    middles = [_answers(one, pool.read) for one in (judging, serving)]
    before.set_init_score(middles[0][pool.before])
    validation.set_init_score(middles[0][pool.validates])
    data.set_init_score(middles[1])
    by_level: list[tuple[Any, ...]] = []
    for level in levels:
        if level == 0.5:
            by_level.append(())
            continue
        settings = _settings(leaves, level)
        spread = _trained(settings, before, validation, MOST_OF_A_LEVEL, PATIENCE_OF_A_LEVEL)
        by_level.append((spread, lightgbm.train(settings, data, max(1, spread.best_iteration))))
    return {
        name: _forecaster(split, scalers[name], number, levels, (judging, serving), by_level)
        for number, (name, split) in enumerate(splits.items())
    }


def pooled(splits: Mapping[str, Split], scalers: Mapping[str, Scaler]) -> Pool:
    """The rows of what the product's regressions learn: the windows of all days, and every so many without inputs."""
    read, target, before, validates = list[Array](), list[Array](), list[Rows](), list[Rows]()
    for number, (name, split) in enumerate(splits.items()):
        lesson, begin = split.everything(), split.validation_days[0]
        silent = [part.where(np.arange(len(part)) % SILENT_EVERY == 0) for part in lesson.silent]
        parts: list[Array] = []
        for windows in (*lesson.as_they_were, *silent):
            aim = scalers[name].target(windows)
            counted = windows.delivery & ~np.isnan(aim)
            is_before = np.array([day < begin for day in windows.days])
            parts.append(numbered(features("lightgbm", windows, scalers[name])[counted], number))
            target.append(aim[counted])
            before.append(np.broadcast_to(is_before[:, None], counted.shape)[counted])
            validates.append(~before[-1] if windows is lesson.daily else np.zeros(int(counted.sum()), bool))
        read.append(np.concatenate(parts))
    return Pool(read, np.concatenate(target), np.concatenate(before), np.concatenate(validates))


def numbered(rows: Array, number: int) -> Array:
    """The rows (R, K) with the number of their authority behind, (R, K + 1)."""
    return np.column_stack([rows, np.full(len(rows), number, np.float32)])


def _settings(leaves: int, level: float) -> dict[str, Any]:
    return {**BOOSTING, "num_leaves": leaves, "alpha": level, "bagging_fraction": BAGGED}


def _trained(settings: Mapping[str, Any], data: Any, validation: Any, most: int, patience: int) -> Any:
    """With as many trees as are best on the validation days."""
    lightgbm = lightgbm_library()
    stop = lightgbm.early_stopping(patience, verbose=False)
    return lightgbm.train(settings, data, most, valid_sets=[validation], callbacks=[stop])


def _answers(booster: Any, read: list[Array]) -> Floats:
    """(R,) scaled, of all authorities."""
    return np.concatenate([booster.predict(rows, num_threads=1) for rows in read])


def _forecaster(
    split: Split,
    scaler: Scaler,
    number: int,
    levels: tuple[float, ...],
    medians: tuple[Any, Any],
    by_level: list[tuple[Any, ...]],
) -> TabularForecaster:
    """What serves one authority, calibrated on what had not learnt its validation days."""

    def model(which: int) -> TabularForecaster:
        each = tuple(OfOne((medians[which], *of_level[which : which + 1]), number) for of_level in by_level)
        nothing = np.zeros(len(levels), np.float32)
        return TabularForecaster("lightgbm", split.windows.spec, scaler, levels, each, nothing, as_it_is(levels))

    judged: Windows = split.judged
    return model(1).calibrated(model(0).uncalibrated(judged), judged)
