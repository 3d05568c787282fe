"""Regressions in files without pickle: ridge regressions as arrays, boosted trees as LightGBM's own text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

_ARRAYS = "ridge.safetensors"
_FITTED = {
    "standardscaler": ("mean_", "scale_", "var_", "n_samples_seen_"),
    "ridge": ("coef_", "intercept_"),
}
"""What a fitted ridge regression holds, by step of its pipeline."""


def save_regressions(folder: Path, regressions: Sequence[Any]) -> None:
    """Write one regression a level; a ridge regression is one for all of them."""
    if hasattr(regressions[0], "model_to_string"):
        for number, booster in enumerate(regressions):
            (folder / f"{number}.txt").write_text(booster.model_to_string(), encoding="utf-8")
        return
    steps = regressions[0].named_steps
    arrays = {
        f"{step}.{name}": np.asarray(getattr(steps[step], name)) for step, names in _FITTED.items() for name in names
    }
    save_file(arrays, folder / _ARRAYS)


def load_regressions(folder: Path, count: int) -> tuple[Any, ...]:
    """Read so many regressions back; they predict the same bits."""
    if not (folder / _ARRAYS).exists():
        import lightgbm

        return tuple(lightgbm.Booster(model_file=str(folder / f"{number}.txt")) for number in range(count))
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    arrays, fitted = load_file(folder / _ARRAYS), make_pipeline(StandardScaler(), Ridge())
    for step, names in _FITTED.items():
        for name in names:
            value = arrays[f"{step}.{name}"]
            setattr(fitted.named_steps[step], name, value if value.ndim else value[()])
        fitted.named_steps[step].n_features_in_ = len(arrays["standardscaler.mean_"])
    return (fitted,) * count
