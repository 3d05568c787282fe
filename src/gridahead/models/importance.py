"""How much a model leans on each input: what its loss becomes when the input is that of another day.

Source: Breiman (2001), "Random forests"; Fisher, Rudin and Dominici (2019), "All models are wrong, but many are
useful".
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridahead.features.calendar import CALENDAR_FEATURES, DAY_FEATURES
from gridahead.features.windows import Windows
from gridahead.models.attribution import CALENDAR
from gridahead.models.base import Forecaster

REPETITIONS = 3


def permutation_importance(model: Forecaster, windows: Windows, seed: int = 0) -> dict[str, float]:
    """By input, the pinball loss with that input of other days over the one with the right days, less 1.

    The days of an input are exchanged as a whole, context and horizon together, so that it stays what it is: only it
    belongs to another day. Inputs that say the same thing share their importance.

    Args:
        model: whose.
        windows: of N issue times with outturns, best days that it has not learnt.
        seed: of the exchange.
    """
    draws, spec = np.random.default_rng(seed), windows.spec
    usual = _loss(model, windows)
    found = {}
    for name in (*map(str, spec.inputs), CALENDAR):
        losses = [_loss(model, _exchanged(windows, name, draws.permutation(len(windows)))) for _ in range(REPETITIONS)]
        found[name] = float(np.mean(losses) / usual - 1)
    return found


def _exchanged(windows: Windows, name: str, order: np.ndarray) -> Windows:
    """The windows with one input of the days in another order."""
    spec, past, future = windows.spec, windows.past.copy(), windows.future.copy()
    if name == CALENDAR:
        past[..., -len(DAY_FEATURES) :] = windows.past[order][..., -len(DAY_FEATURES) :]
        future[..., -len(CALENDAR_FEATURES) :] = windows.future[order][..., -len(CALENDAR_FEATURES) :]
    for n, one in enumerate(spec.inputs):
        if str(one) == name:
            past[..., n] = windows.past[order, :, n]
    for n, one in enumerate(spec.ahead):
        if str(one) == name:
            future[..., n] = windows.future[order, :, n]
    return replace(windows, past=past, future=future)


def _loss(model: Forecaster, windows: Windows) -> float:
    """Mean pinball loss over the delivery days [MW]."""
    counted = windows.delivery & ~np.isnan(windows.target)
    error = (windows.target[..., None] - model.predict(windows))[counted]
    levels = np.array(model.quantiles)
    return float(np.maximum(levels * error, (levels - 1) * error).mean())
