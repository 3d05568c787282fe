"""What a look at a whole series gives: where a fault runs through it, and the figures that tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridahead.quality.curves import Curve

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Found:
    """One fault of a series."""

    where: Mask
    """(T,) the instants of the curve that are faulty."""
    measured: float
    limit: float
    """In the unit of `measured`; the rule fails where more was measured."""
    note: str
    """What the reason says besides."""


Look = Callable[[Curve], Sequence[Found]]
"""Looks at all of a series; finds nothing in a sound one."""
