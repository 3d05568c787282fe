"""The shape of what is read ahead: how a unit of the horizon stands to its neighbours and to its day.

A decoder that answers every unit by itself sees one value of the official forecast. Whether that is the evening peak
of a high day or the shoulder of a low one is in the values around it. On German load of 2024, learnt from the years
before, this and finer waves of the year took 5 % off the error of an LSTM; this alone 0.5 % on the linear anchor.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridahead.features.rows import mean_of_known
from gridahead.features.windows import Array

NEIGHBOUR_HOURS = (1, 2, 4, 8)


def shape_ahead(ahead: Array, delivery: npt.NDArray[np.bool_], units_an_hour: int) -> Array:
    """Steps from and to the neighbours of each unit, and mean, highest and lowest of its delivery day.

    Nothing is read beyond the delivery day, so that a window says the same whatever longer ones are beside it.

    Args:
        ahead: (N, H, A) what is read ahead, scaled, NaN where it is not known.
        delivery: (N, H) which units belong to the delivery day.
        units_an_hour: of the horizon.

    Returns:
        (N, H, A × 11), 0 where it is not known.
    """
    horizon = ahead.shape[1]
    last = horizon - 1 - delivery[:, ::-1].argmax(axis=1)
    columns = []
    for hours in NEIGHBOUR_HOURS:
        away = np.arange(horizon) + hours * units_an_hour
        after = np.minimum(away, last[:, None])
        before = np.maximum(np.arange(horizon) - hours * units_an_hour, 0)
        columns.append(np.take_along_axis(ahead, after[..., None], axis=1) - ahead)
        columns.append(ahead - ahead[:, before])
    day = np.where(delivery[..., None], ahead, np.float32(np.nan))
    for of_day in (mean_of_known(day, axis=1), np.fmax.reduce(day, axis=1), np.fmin.reduce(day, axis=1)):
        columns.append(np.broadcast_to(of_day[:, None], ahead.shape))
    return np.nan_to_num(np.concatenate(columns, axis=-1)).astype(np.float32)
