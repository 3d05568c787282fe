"""Forecast quantiles as arrays: the median among them, and their pinball loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def median_of(answers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The median of a forecast, (...,): its levels are symmetric around 0.5, so it is the one in the middle.

    Args:
        answers: (..., Q) along rising levels.
    """
    median: npt.NDArray[Any] = answers[..., answers.shape[-1] // 2]
    return median


def pinball_losses(shortfalls: npt.NDArray[Any], levels: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The pinball loss of every quantile, max(q·e, (q−1)·e), (..., Q) [unit of the values].

    Args:
        shortfalls: (..., Q) outturn minus quantile.
        levels: (Q,)

    Source: Koenker and Bassett, Regression quantiles, Econometrica 46 (1978).
    """
    level = np.asarray(levels, dtype=float)
    losses: npt.NDArray[np.float64] = np.maximum(level * shortfalls, (level - 1) * shortfalls)
    return losses
