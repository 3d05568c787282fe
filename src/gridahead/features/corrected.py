"""The official forecast without its own recent error: the opponent that has to be beaten."""

from __future__ import annotations

import numpy as np

from gridahead.core.resolution import at_mtu
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline
from gridahead.core.vintages import Instants
from gridahead.features.correction import corrections
from gridahead.features.windows import Windows


def corrected(
    windows: Windows, observations: Observations, read: Deadline | None = None, known_at: Instants | None = None
) -> Windows:
    """The same windows, with the corrected official forecast in the delivery days in the place of the official one.

    See `correction.corrections`.

    Args:
        windows: N of them, with the official forecast first among what is read ahead.
        observations: every vintage of the series and of its official forecast.
        read: when the official forecast of a delivery day is read, of the windows as of the days before; the deadline
            of the windows unless given.
        known_at: (N,) the issue times: outturn that was not known then does not count; those of the windows unless
            given.

    Returns:
        Windows with (N, H) `official_ahead` [MW]; NaN where the official forecast is.
    """
    spec, official = windows.spec, windows.official_ahead.copy()
    known_at = windows.issue_time if known_at is None else known_at
    observations = at_mtu(observations, spec.mtu, spec.zone.timezone)
    correction = corrections(observations, spec, read or spec.deadline, known_at, windows.valid_time)
    official += np.where(windows.delivery, correction, 0).astype(np.float32)
    return windows.with_values(spec.series.official, ahead=official)
