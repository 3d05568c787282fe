"""What each of a few changes has to do with a difference of two forecasts: Shapley values, exact.

Every order of making the changes is tried, and a change is given the mean of what it brings. So the shares add up to
the difference whatever the model does with them together.

Source: Shapley (1953), "A value for n-person games"; as attribution: Lundberg and Lee (2017), "A unified approach to
interpreting model predictions".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import comb

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
MOST = 10
"""Changes: 1,024 forecasts."""


def shapley(value: Callable[[Sequence[tuple[bool, ...]]], Floats], changes: int) -> Floats:
    """The share of each change, (changes, H).

    Args:
        value: (W, H) forecasts after the changes that hold in each of W tuples.
        changes: how many there are.

    Raises:
        ValueError: there are too many.
    """
    if changes > MOST:
        raise ValueError(f"{changes} changes have {2**changes} combinations; put some together, {MOST} at most")
    combinations = list(product((False, True), repeat=changes))
    values = dict(zip(combinations, np.asarray(value(combinations), dtype=np.float64), strict=True))
    shares = np.zeros((changes, len(values[combinations[0]])))
    for before in combinations:
        weight = 1 / (changes * comb(changes - 1, sum(before))) if sum(before) < changes else 0.0
        for n in range(changes):
            if not before[n]:
                after = (*before[:n], True, *before[n + 1 :])
                shares[n] += weight * (values[after] - values[before])
    return shares
