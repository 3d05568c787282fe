"""Scores of whole courses against the one that came, as pure functions on arrays.

A score of single hours cannot tell paths that go up and down at random from those that go as a day does: these two
can. Both are proper, in the unit of the values, and means over the units of the day, so that days of 23 and 25 hours
and of quarter hours can be compared.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

VARIOGRAM_ORDER = 0.5
"""Of the orders that Scheuerer and Hamill (2015) try it tells wrong correlations apart best (section 4)."""


def energy_score(paths: npt.ArrayLike, outturn: npt.ArrayLike) -> float:
    """The distance of paths from what came, less half of that from one another, over √U [unit of the values].

    E‖X − y‖ − ½ E‖X − X′‖ over all pairs of paths, as a root mean square over the U units: of a single unit it is the
    CRPS, of a single path the root of the mean squared error.

    Args:
        paths: (S, U)
        outturn: (U,); NaN where nothing came: such a unit does not count.

    Source: Gneiting and Raftery, Strictly proper scoring rules, JASA 102 (2007), section 4.3; Gneiting et al.,
        Assessing probabilistic forecasts of multivariate quantities, TEST 17 (2008).
    """
    drawn, truth = _counted(paths, outturn)
    if not len(truth):
        return float("nan")
    squares = drawn @ drawn.T
    sizes = np.diag(squares)
    apart = np.sqrt(np.maximum(sizes[:, None] + sizes - 2 * squares, 0))
    np.fill_diagonal(apart, 0)
    missed = np.sqrt(((drawn - truth) ** 2).sum(axis=1))
    return float((missed.mean() - apart.mean() / 2) / np.sqrt(len(truth)))


def variogram_score(paths: npt.ArrayLike, outturn: npt.ArrayLike, order: float = VARIOGRAM_ORDER) -> float:
    """How far differences between units are from those that came, mean over all pairs of units [unit of the values].

    The mean over pairs (i, j) of (|yᵢ − yⱼ|ᵖ − E|Xᵢ − Xⱼ|ᵖ)², whose unit is that of the values for p = ½. It does not
    see a level that is wrong all day long, which the energy score does.

    Args:
        paths: (S, U)
        outturn: (U,); NaN where nothing came: such a unit does not count.
        order: p.

    Source: Scheuerer and Hamill, Variogram-based proper scoring rules for probabilistic forecasts of multivariate
        quantities, Monthly Weather Review 143 (2015), equation 11, with weights 1/U².
    """
    drawn, truth = _counted(paths, outturn)
    if not len(truth):
        return float("nan")
    expected = sum(np.abs(path[:, None] - path) ** order for path in drawn) / len(drawn)
    return float(((np.abs(truth[:, None] - truth) ** order - expected) ** 2).mean())


def _counted(paths: npt.ArrayLike, outturn: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Paths and outturn of the units of which there is one; around the mean, where squares lose no digits."""
    drawn, truth = np.asarray(paths, dtype=float), np.asarray(outturn, dtype=float)
    if drawn.ndim != 2 or drawn.shape[1:] != truth.shape:
        raise ValueError(f"paths {drawn.shape} and outturn {truth.shape} are not (S, U) and (U,)")
    there = ~np.isnan(truth)
    level = truth[there].mean() if there.any() else 0.0
    return drawn[:, there] - level, truth[there] - level
