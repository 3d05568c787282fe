"""Regressions in files without pickle: ridge regressions as arrays, boosted trees as LightGBM's own text.

A bundle has the name of its content, so that the same model must become the same bytes. What skops 0.16 writes does
not: memory addresses and the time of day are in it, and the version of skops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from safetensors.numpy import load_file, save_file

from gridahead.core.errors import ModelError
from gridahead.features.windows import Array

_ARRAYS = "ridge.safetensors"


class Regression(Protocol):
    """Rows of numbers in, one number each out."""

    def predict(self, rows: Array, /) -> Any:
        """The answers, (R,), of rows (R, K)."""
        ...


@dataclass(frozen=True, eq=False)
class RidgeRegression:
    """A linear regression on features of mean 0 and spread 1."""

    mean: Array
    """(K,) of the features that were learnt."""
    spread: Array
    """(K,)"""
    weights: Array
    """(K,)"""
    constant: Array
    """()"""

    @classmethod
    def of(cls, fitted: Any) -> RidgeRegression:
        """What a fitted pipeline of scikit-learn's StandardScaler and Ridge has learnt, in single precision."""
        scaler, ridge = fitted[0], fitted[-1]
        learnt = scaler.mean_, scaler.scale_, ridge.coef_, ridge.intercept_
        mean, spread, weights, constant = (np.asarray(values).astype(np.float32) for values in learnt)
        return cls(mean, spread, weights, constant)

    def predict(self, rows: Array, /) -> Array:
        """The answers, (R,), of rows (R, K): those of the pipeline, and of each row whatever stands beside it.

        A product of matrices rounds by how many rows it has; `einsum` sums each row by itself.
        """
        scaled = (rows - self.mean) / self.spread
        return np.asarray(np.einsum("rk,k->r", scaled, self.weights) + self.constant, np.float32)


def width_of(regression: Any) -> int:
    """How many numbers a row has that a regression reads."""
    return len(regression.weights) if isinstance(regression, RidgeRegression) else int(regression.num_feature())


def lightgbm_library() -> Any:
    """The module LightGBM, loaded where it is needed first.

    Raises:
        ModelError: a library of the system that it needs is not there.
    """
    try:
        import lightgbm
    except (ImportError, OSError) as error:
        raise ModelError(
            "lightgbm",
            f"cannot be loaded: {error}. It needs libgomp of the system: `apt install libgomp1` on Debian. Or leave it "
            'out: models = ["lstm", "gru", "ensemble"] for a price',
        ) from error
    return lightgbm


def save_regressions(folder: Path, regressions: Sequence[Any]) -> None:
    """Write one regression a level; a ridge regression is one for all of them."""
    first = regressions[0]
    if isinstance(first, RidgeRegression):
        save_file(asdict(first), folder / _ARRAYS)
        return
    for number, booster in enumerate(regressions):
        (folder / f"{number}.txt").write_text(booster.model_to_string(), encoding="utf-8")


def load_regressions(folder: Path, name: str, count: int) -> tuple[Regression, ...]:
    """Read so many regressions of a method back; they predict the same bits."""
    if name == "ridge":
        return (RidgeRegression(**load_file(folder / _ARRAYS)),) * count
    boosting = lightgbm_library()
    return tuple(boosting.Booster(model_file=str(folder / f"{number}.txt")) for number in range(count))
