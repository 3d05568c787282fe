"""How much a model leans on each input: what its loss becomes when the input is that of another day.

Source: Breiman (2001), "Random forests"; Fisher, Rudin and Dominici (2019), "All models are wrong, but many are
useful".
"""

from __future__ import annotations

import numpy as np

from gridahead.core.quantiles import pinball_losses
from gridahead.features.calendar import CALENDAR
from gridahead.features.windows import Windows
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
    loss, importance = _loss(model, windows), {}
    for name in (*map(str, spec.inputs), CALENDAR):
        orders = [draws.permutation(len(windows)) for _ in range(REPETITIONS)]
        losses = [_loss(model, windows.with_input(name, from_=windows.take(order))) for order in orders]
        importance[name] = float(np.mean(losses) / loss - 1)
    return importance


def _loss(model: Forecaster, windows: Windows) -> float:
    """Mean pinball loss over the delivery days [MW]."""
    counted = windows.delivery & ~np.isnan(windows.target)
    error = (windows.target[..., None] - model.predict(windows))[counted]
    return float(pinball_losses(error, model.quantiles).mean())
