"""Guards against inputs that know the outturn: what cannot be a forecast is not learnt from.

Reading as of the issue time keeps a model from what came later, as long as the clocks of the rows are right. A column
declared as known ahead that holds the measured values, or one whose stamps are an hour off, has clocks that lie. Such
an input repeats the outturn more closely than any forecast can, and that is what is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from gridahead.core.errors import ModelError
from gridahead.features.windows import Array, Windows

COPY = 1e-6
"""A straight line through an input leaves less than this share of the variance of the outturn: no forecast is as good
as one part in a thousand, and rounding to whole megawatts leaves far less."""
LEAST = 200
"""Fewer common values than this prove nothing."""
COPIED_DAYS = 3
"""So many delivery days forecast to the last digit are no coincidence."""


def refuse_leaks(windows: Windows) -> None:
    """Pass windows whose inputs can be what they claim to be.

    Raises:
        ModelError: an input repeats the outturn of the hours that are to be forecast; names it, and the way out.
    """
    leaks = [*_known_ahead(windows), *_moved(windows)]
    if leaks:
        raise ModelError(
            str(windows.spec.series),
            "has inputs that know what is to be forecast:\n  " + "\n  ".join(leaks) + "\n"
            "A model that learns from them fails in operation. Mend the source (known_ahead is for forecasts and "
            "plans; check `stamp` and `timezone`), or take the input out of the settings",
        )


def _known_ahead(windows: Windows) -> Iterator[str]:
    """Inputs that are read ahead and are the outturn, as a whole or on single days."""
    target = np.where(windows.delivery, windows.target, np.nan)
    for series in windows.spec.ahead:
        ahead = np.where(windows.delivery, windows.input_ahead(series), np.nan)
        for hours in (0, 1, -1):
            if _is_copy(*_moved_by(ahead, target, hours * windows.spec.mtu.per_hour)):
                yield f"{series}, read ahead, is the outturn itself{_shift(hours)}"
                break
        else:
            if (days := int(_equal_days(ahead, target).sum())) >= COPIED_DAYS:
                yield f"{series}, read ahead, equals the outturn in every unit of {days} delivery days"


def _moved(windows: Windows) -> Iterator[str]:
    """Inputs of the past that show the outturn of the next hour."""
    target, spec = windows.target_past, windows.spec
    for series in spec.inputs[1:]:
        if _is_copy(*_moved_by(windows.input_past(series), target, spec.mtu.per_hour)):
            yield f"{series} is the outturn{_shift(1)}"


def _shift(hours: int) -> str:
    return {0: "", 1: ", an hour early", -1: ", an hour late"}[hours]


def _moved_by(values: Array, target: Array, units: int) -> tuple[Array, Array]:
    """The values beside the target so many units later."""
    length = values.shape[1]
    return values[:, max(0, -units) : length - max(0, units)], target[:, max(0, units) : length - max(0, -units)]


def _is_copy(values: Array, target: Array) -> bool:
    """Whether the target is a straight line of the values, up to rounding."""
    both = ~np.isnan(values) & ~np.isnan(target)
    if both.sum() < LEAST:
        return False
    x, y = values[both].astype(np.float64), target[both].astype(np.float64)
    x, y = x - x.mean(), y - y.mean()
    spread_x, spread_y = float(x @ x), float(y @ y)
    if not spread_x or not spread_y:
        return False
    return 1 - float(x @ y) ** 2 / (spread_x * spread_y) < COPY


def _equal_days(ahead: Array, target: Array) -> npt.NDArray[np.bool_]:
    """(N,) delivery days that move, and whose values are those that were read ahead."""
    both = ~np.isnan(ahead) & ~np.isnan(target)
    with np.errstate(invalid="ignore"):
        differ = (both & (ahead != target)).any(axis=1)
        moves = np.nanmax(np.where(both, target, -np.inf), axis=1) > np.nanmin(np.where(both, target, np.inf), axis=1)
    moving: npt.NDArray[np.bool_] = both.any(axis=1) & ~differ & moves
    return moving
