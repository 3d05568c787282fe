"""One scorer for all: quantiles of every model on the hours that all have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from common import Row

from gridahead.core.runs import OFFICIAL, OFFICIAL_CORRECTED
from gridahead.evaluation.bootstrap import bootstrap_ratio
from gridahead.evaluation.metrics import coverage, crps, mae, skill, width
from gridahead.evaluation.significance import diebold_mariano
from gridahead.features.windows import Windows
from gridahead.models.base import Quantiles

ENSEMBLE, SERVED = "gridahead recurrent ensemble", "gridahead as a user gets it"
OURS = (ENSEMBLE, SERVED)
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def common_units(answers: Mapping[str, Quantiles], test: Windows) -> Mask:
    """(N, H) the units of the delivery days for which every model, the official forecast and the outturn are there."""
    official = test.inputs_ahead
    # An input that is known for no delivery day at all is none that an official forecast could lack.
    used = ~np.isnan(official[test.delivery]).all(axis=0)
    there = test.delivery & ~np.isnan(test.target) & ~np.isnan(official[..., used]).any(axis=-1)
    for quantiles in answers.values():
        there &= ~np.isnan(quantiles).any(axis=-1)
    return there


def scored(task: str, answers: Mapping[str, Quantiles], test: Windows, levels: Sequence[float]) -> list[Row]:
    """The rows of a task: figures of every model, and each of ours beside each of the others."""
    there = common_units(answers, test)
    each = {model: figures(quantiles[there], levels, test.target[there]) for model, quantiles in answers.items()}
    rows = []
    for model, found in each.items():
        skills = {
            f"{name}_skill_to_{reference}": skill(found[name], each[reference][name])
            for reference in (OFFICIAL, OFFICIAL_CORRECTED)
            if reference in each
            for name in ("crps", "mae")
        }
        rows += [Row(task, model, name, value, n=int(there.sum())) for name, value in (found | skills).items()]
    daily = {model: daily_crps(quantiles, levels, test.target, there) for model, quantiles in answers.items()}
    pairs = [(ours, other) for ours in OURS if ours in answers for other in answers if other != ours]
    return rows + [row for ours, other in pairs for row in compared(task, ours, other, daily)]


def figures(quantiles: Quantiles, levels: Sequence[float], outturn: Quantiles) -> dict[str, float]:
    """CRPS, MAE of the median [MW], coverage and width [MW] of the central 80 %, from (T, Q) quantiles."""
    low, median, high = (quantiles[:, levels.index(level)] for level in (0.1, 0.5, 0.9))
    return {
        "crps": crps(quantiles, levels, outturn),
        "mae": mae(median, outturn),
        "coverage_80": coverage(low, high, outturn),
        "width_80": width(low, high),
    }


def daily_crps(quantiles: Quantiles, levels: Sequence[float], outturn: Quantiles, there: Mask) -> Floats:
    """The CRPS of each delivery day over the units that count, (N,) [MW]; NaN for a day without any."""
    return np.array([crps(quantiles[day][hours], levels, outturn[day][hours]) for day, hours in enumerate(there)])


def compared(task: str, ours: str, other: str, daily: Mapping[str, Floats]) -> list[Row]:
    """Our CRPS over that of another model with its interval, and how often luck alone would make the difference."""
    pair = daily[ours], daily[other]
    days = int((~np.isnan(sum(pair))).sum())
    ratio, test = bootstrap_ratio(*pair), diebold_mariano(*pair)
    rows = [Row.within(task, ours, f"crps_ratio_to_{other}", ratio, days)]
    # Too few days tell nothing.
    return rows + ([] if np.isnan(test.p) else [Row(task, ours, f"diebold_mariano_p_to_{other}", test.p, n=days)])
