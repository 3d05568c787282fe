"""Windows as they would be if whole inputs had not come: what networks learn from, and what intervals are measured on.

A source is silent for some hours. Then its newest values are not there, and of what it publishes a day ahead not those
of the delivery day: they would have come in these hours. A forecast of yesterday is still there for today until the
silence is older than a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gridahead.core.grid import Series
from gridahead.features.official import official_levels
from gridahead.features.windows import Windows, WindowSpec

Hours = npt.NDArray[np.float64]
PUBLISHED_BEFORE_HOURS = 24
"""What is read ahead has been published so long before: a silence that is shorter takes nothing from the past."""


def official_inputs(spec: WindowSpec) -> tuple[Series, ...]:
    """The official forecast and its quantiles among the inputs; none where it is not read."""
    return (spec.series.official, *official_levels(spec).values()) if spec.use_official else ()


def covariates(spec: WindowSpec) -> tuple[Series, ...]:
    """The inputs besides the series and its official forecast."""
    own = (spec.series, *official_inputs(spec))
    return tuple(series for series in spec.inputs if series not in own)


def without(windows: Windows, silent: Mapping[Series, Hours]) -> Windows:
    """The same windows, their inputs silent for some hours before each issue time.

    Args:
        windows: N of them.
        silent: by input (N,) for how long it has been silent [h]; 0 where it is there.
    """
    spec = windows.spec
    past, future = windows.past.copy(), windows.future.copy()
    before = np.arange(past.shape[1], 0, -1) / spec.mtu.per_hour
    for series, hours in silent.items():
        is_ahead = series in spec.ahead
        gone = before <= hours[:, None] - (PUBLISHED_BEFORE_HOURS if is_ahead else 0)
        _clear(past, spec.past_columns(series), gone)
        if is_ahead:
            of_day = windows.delivery & (hours > 0)[:, None]
            _clear(future, spec.future_columns(series), of_day | (hours > PUBLISHED_BEFORE_HOURS)[:, None])
    return replace(windows, past=past, future=future)


def _clear(values: npt.NDArray[np.float32], columns: list[int], gone: npt.NDArray[np.bool_]) -> None:
    for column in columns:
        values[..., column][gone] = np.nan
