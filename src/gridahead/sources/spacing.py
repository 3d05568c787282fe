"""How long the unit of each row is: as long as the step to the next one, where several rows in turn agree on it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.time import Mtu

RUN = 4
"""Rows in turn with the same step that are a stretch of units of this length. One or two are a gap: three missing
quarters look like an hour, and so would two times three; four times in turn nobody loses just those."""

Lengths = npt.NDArray[np.timedelta64]


def unit_lengths(times: pd.DatetimeIndex, declared: pd.Timedelta, *, ending: bool) -> Lengths:
    """The length of the unit of every row (T,).

    A series may go over from one length to another: each stretch has its own. Rows at which nothing can be read off,
    before a gap or at the end of the file, are as long as those of the stretch that they close (or open, where stamps
    are endings), if there is room for it.

    Args:
        times: rising instants.
        declared: what holds where there is no stretch at all.
        ending: whether a stamp is the ending of its unit, so that the step before it counts.
    """
    steps = np.diff(times.as_unit("us").asi8)
    own = np.r_[0, steps] if ending else np.r_[steps, 0]
    measured = pd.Series(pd.NaT, index=range(len(own)), dtype="timedelta64[us]")
    for mtu in Mtu:
        for first, last in _runs(own == mtu.microseconds):
            measured.iloc[first:last] = mtu.delta
    near, far = (measured.bfill(), measured.ffill()) if ending else (measured.ffill(), measured.bfill())
    # No unit is longer than the way to the next row: where it would be, the other stretch has begun.
    crowded = (own > 0) & (near > pd.to_timedelta(pd.Series(own), unit="us"))
    order = slice(None, None, -1 if ending else 1)
    begun = crowded[order].groupby(measured.notna().cumsum()[order]).cummax()[order]
    return near.mask(begun, far).fillna(far).fillna(declared).to_numpy(dtype="timedelta64[us]")


def _runs(inside: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and behind-last place of every stretch of at least `RUN`."""
    edges = np.flatnonzero(np.diff(np.r_[False, inside, False].astype(int)))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if last - first >= RUN:
            yield int(first), int(last)
