"""Boosted trees over the wind farms: a row an hour and farm, a booster a level, to stand beside the networks.

A tree knows no course of time, so a row is told what the wind is in the hours around it. Everything was chosen on tasks
1 to 3, as for the networks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from wind_farms import DAY, LEVELS, Farms, Floats, Task
from wind_views import STRENGTH, Features, features_of

from gridahead.models.regressions import lightgbm_library
from gridahead.training.tabular import BOOSTING

BOOSTED = (0.01, 0.03, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 0.99)
"""Levels that have a booster; those between lie on straight lines."""
AROUND = (-6, -3, -2, -1, 1, 2, 3, 6)
"""Hours whose wind a row is told."""
SPANS = (3, 12)
"""Hours to either side over which it is told the mean."""
TREES = 800
SETTINGS = {**BOOSTING, "feature_fraction": 0.3, "bagging_fraction": 0.5}


def forecast_by_trees(known: Farms, task: Task, trees: int = TREES) -> Floats:
    """The quantiles that boosting on what is known gives for the month of a task, (hours, Z, Q)."""
    library = lightgbm_library()
    rows = rows_of(known, features_of(known))
    farms, width = rows.shape[1:]
    learnt, power = rows[: task.first * DAY].reshape(-1, width), known.power[: task.first * DAY].ravel()
    there = ~np.isnan(power)
    data = library.Dataset(
        learnt[there], power[there], categorical_feature=[width - 1], params=SETTINGS, free_raw_data=False
    )
    month = rows[task.hours].reshape(-1, width)
    each = [_answers(library, data, month, level, trees) for level in BOOSTED]
    rising = np.sort(np.stack(each, axis=-1), axis=-1)
    quantiles = np.stack([np.interp(LEVELS, BOOSTED, row) for row in rising])
    return quantiles.reshape(-1, farms, len(LEVELS)).clip(0, 1).astype(np.float32)


def rows_of(known: Farms, features: Features) -> Floats:
    """What a tree is told of every hour and farm, (T, Z, K); the number of the farm is last.

    Its wind and expected power, by the hours around and in the mean of them, how the wind turns and grows with height,
    and the strength of the wind at all farms.
    """
    own = features.farms
    strength = own[..., STRENGTH]
    hours, farms = own.shape[:2]
    shape = (hours, farms, -1)
    around = [shifted(strength, by) for by in AROUND]
    means = [np.mean([shifted(strength, by) for by in range(-span, span + 1)], axis=0) for span in SPANS]
    everywhere = np.broadcast_to(strength.reshape(hours, 1, -1), (hours, farms, 2 * farms))
    mean = np.broadcast_to(strength.mean(axis=1, keepdims=True), strength.shape)
    clock = np.broadcast_to(features.hour[:, np.newaxis], (hours, farms, features.hour.shape[1]))
    number = np.broadcast_to(np.arange(farms)[:, np.newaxis], (hours, farms, 1))
    parts = [own, *around, *means, mean, everywhere, clock, _shear(known.wind), number]
    return np.concatenate([part.reshape(shape) for part in parts], axis=-1).astype(np.float32)


def shifted(values: Floats, by: int) -> Floats:
    """What stands so many hours later, (T, …); at the ends the nearest that is known."""
    return values[np.clip(np.arange(len(values)) + by, 0, len(values) - 1)]


def _shear(wind: Floats) -> Floats:
    """(T, Z, 5): direction at 100 m, speed at 10 m over that at 100 m, and by how much the wind turns between them."""
    u10, v10, u100, v100 = np.moveaxis(wind, -1, 0)
    direction = np.arctan2(v100, u100)
    turn = direction - np.arctan2(v10, u10)
    ratio = np.hypot(u10, v10) / (np.hypot(u100, v100) + 0.5)
    return np.stack([np.sin(direction), np.cos(direction), ratio, np.sin(turn), np.cos(turn)], axis=-1)


def _answers(library: Any, data: Any, rows: Floats, level: float, trees: int) -> npt.NDArray[np.float64]:
    booster = library.train({**SETTINGS, "alpha": level}, data, trees)
    return np.asarray(booster.predict(rows, num_threads=1), np.float64)
