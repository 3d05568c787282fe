"""A linear forecast: a ridge regression for every unit of the horizon, held near one for all of them.

Load is to a large part linear in what is known: last week's load, the official forecast and its recent errors. A
network learns such a part slowly and never quite; a regression has it in a second. So the regression is one of the
anchors, and what is left for a recurrent network is what is not linear.

Source: the shortcut is that of the autoregressive highway of Lai, Chang, Yang and Liu (2018), "Modeling long- and
short-term temporal patterns with deep neural networks".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridahead.core.errors import ModelError
from gridahead.features.windows import Array

PENALTY_FOR_ALL = 1000.0
"""Of the regression for all units. On German load of 2024, 300 to 1000 differ by 1 %, 30 is 2 % worse."""
PENALTY_FOR_ONE = 30.0
"""Of how far a unit may go from it. On the same load 30 and 100 differ by 1 %; with no official forecast 30 is best."""
LEAST_SPREAD = 0.2
"""Of a feature. What is another value on two days a year, such as a bridge day, has next to no spread: counted in it,
the weight of those days would be as free as if there were hundreds. On load of New England and of Southern Company this
takes 0.1 % off the error on all days and 6 and 8 % on bridge days, and costs that of Germany 0.1 % on all days."""
FEWEST = 100
"""Windows that a unit of the horizon needs for a regression of its own."""

Weights = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LinearForecast:
    """The weights of the regressions, on rows of unit spread."""

    mean: Array
    """(K,)"""
    spread: Array
    """(K,)"""
    weights: Array
    """(H + 1, K + 1) for each unit of the horizon, and last the one for all; the last weight is the constant."""
    required: npt.NDArray[np.bool_]
    """(H, A) the inputs that are read ahead on which a unit leans: they were there in most windows."""

    @classmethod
    def fit(
        cls,
        rows: Array,
        target: Array,
        ahead: npt.NDArray[np.bool_],
        within: npt.NDArray[np.bool_],
        skipped: npt.NDArray[np.int64] | None = None,
    ) -> LinearForecast:
        """Learn from windows.

        Args:
            rows: (N, H, K) what is known of each unit, without NaN.
            target: (N, H), NaN where there is no outturn, or it need not be forecast.
            ahead: (N, H, A) whether each input that is read ahead is known.
            within: (N, H) which units are no padding.
            skipped: (N,) units between the deadline and each horizon; none unless given.
        """
        place = np.arange(rows.shape[1]) + (0 if skipped is None else skipped[:, None])
        has_target = ~np.isnan(target)
        learnt = rows[has_target]
        mean, spread = learnt.mean(axis=0), np.maximum(learnt.std(axis=0), np.float32(LEAST_SPREAD))
        scaled = _with_constant((rows - mean) / spread)
        common = _ridge(scaled[has_target], target[has_target], PENALTY_FOR_ALL, np.zeros(scaled.shape[-1]))
        weights = [
            _ridge(scaled[here], target[here], PENALTY_FOR_ONE, common) if here.sum() >= FEWEST else common
            for here in (has_target & (place == unit) for unit in range(rows.shape[1]))
        ]
        required = (ahead & within[..., None]).sum(axis=0) > 0.5 * within.sum(axis=0)[:, None]
        return cls(mean, spread, np.stack([*weights, common]).astype(np.float32), required)

    def __call__(
        self, rows: Array, ahead: npt.NDArray[np.bool_], skipped: npt.NDArray[np.int64] | None = None
    ) -> Array:
        """The forecast, (N, H); NaN where an input is missing on which it leans.

        Args:
            rows: (N, H, K) what is known of each unit, without NaN.
            ahead: (N, H, A) whether each input that is read ahead is known.
            skipped: (N,) units between the deadline and each horizon, so that each unit has the regression of its
                place in the delivery day; none unless given.

        Raises:
            ModelError: the rows hold other features than those that were learnt.
        """
        if rows.shape[-1] != len(self.mean):
            raise ModelError(
                "the linear anchor",
                f"was learnt on {len(self.mean)} features a unit, this version reads {rows.shape[-1]}; "
                "train the model again with `gridahead train`",
            )
        if skipped is None:
            return self._beginning(0, rows, ahead)
        answer = np.empty(rows.shape[:2], np.float32)
        for first in np.unique(skipped):
            here = skipped == first
            answer[here] = self._beginning(int(first), rows[here], ahead[here])
        return answer

    def _beginning(self, first: int, rows: Array, ahead: npt.NDArray[np.bool_]) -> Array:
        """The forecast of horizons that begin so many units after the deadline."""
        place = np.maximum(first + np.arange(rows.shape[1]), 0)
        unit = np.minimum(place, len(self.weights) - 1)  # beyond what was learnt: the one for all
        scaled = _with_constant((rows - self.mean) / self.spread)
        answer = np.einsum("nhk,hk->nh", scaled, self.weights[unit])
        required = self.required[np.minimum(place, len(self.required) - 1)]
        return np.where((ahead | ~required).all(axis=-1), answer, np.float32(np.nan))


def _with_constant(rows: Array) -> Array:
    return np.concatenate([rows, np.ones((*rows.shape[:-1], 1), np.float32)], axis=-1)


def _ridge(rows: Array, target: Array, penalty: float, towards: Weights) -> Weights:
    """The weights with the least squared error, drawn towards others; the constant is free."""
    free = np.full(rows.shape[-1], penalty)
    free[-1] = 1e-6
    table = rows.astype(np.float64)
    left = target - table @ towards
    return towards + np.linalg.solve(table.T @ table + np.diag(free), table.T @ left)
