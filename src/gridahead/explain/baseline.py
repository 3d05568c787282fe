"""What a forecast is measured from: the usual inputs of that weekday, the mean of some weeks before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridahead.features.windows import Array, Windows

USUAL_WEEKS = 4
"""The usual inputs of a Wednesday are the mean of so many Wednesdays before."""


def mean_inputs(windows: Windows) -> Windows:
    """One window of the means of what is known in several."""
    first = windows.where(np.arange(len(windows)) == 0)
    return replace(first, past=_known_mean(windows.past), future=_known_mean(windows.future))


def _known_mean(values: Array) -> Array:
    known = ~np.isnan(values)
    count = known.sum(axis=0, keepdims=True)
    total = np.where(known, values, 0).sum(axis=0, keepdims=True)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)
