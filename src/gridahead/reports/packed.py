"""Many numbers in few letters, for the data of a page: differences, each as long as it is large.

Neighbouring hours and neighbouring quantiles differ little, so that most take two letters instead of seven. Nothing is
lost beyond the places that are asked for; `page.js` unpacks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
NOTHING = "_"
BITS = 5
"""Of a letter; the sixth says whether another follows."""


Values: TypeAlias = "Sequence[float] | npt.NDArray[np.float64]"


def packed(values: Values, places: int, beside: Values | None = None) -> str:
    """Numbers as letters.

    Args:
        values: NaN for what is missing.
        places: after the point that are kept.
        beside: numbers that are like them, which the reader has already; where one is missing it counts as zero.

    Source: the variable-length quantities of source maps, ECMA-426.
    """
    steps = _steps(values, places)
    base = [step or 0 for step in _steps(beside, places)] if beside is not None else [0] * len(steps)
    letters, before = [], 0
    for step, other in zip(steps, base, strict=True):
        if step is None:
            letters.append(NOTHING)
            continue
        letters.append(_quantity(step - other - before))
        before = step - other
    return "".join(letters)


def _steps(values: Values, places: int) -> list[int | None]:
    return [None if np.isnan(value) else round(float(value) * 10**places) for value in values]


def _quantity(number: int) -> str:
    """A whole number; its lowest bit is the sign."""
    rest = abs(number) << 1 | (number < 0)
    letters = ""
    while True:
        rest, low = rest >> BITS, rest & (1 << BITS) - 1
        letters += LETTERS[low | (1 << BITS if rest else 0)]
        if not rest:
            return letters
