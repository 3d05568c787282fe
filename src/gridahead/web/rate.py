"""How often somebody may ask: a bucket each, which fills steadily and is emptied by requests."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_ASKERS = 10_000
"""So many are remembered, those that asked last: a megabyte, whoever makes up addresses."""


class Rate:
    """Lets through so many requests a minute of everybody, and so many at once.

    Args:
        per_minute: how many; 0 for as many as come.
        clock: seconds that only go forward.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, who: str) -> int:
        """0 where a request is let through, else after how many seconds the next one will be."""
        if not self._most:
            return 0
        at = self._clock()
        left, since = self._left.pop(who, (self._most, at))
        left = min(self._most, left + (at - since) * self._per_second)
        passes = left >= 1
        self._left[who] = (left - passes, at)
        if len(self._left) > MOST_ASKERS:
            self._left.popitem(last=False)
        return 0 if passes else math.ceil((1 - left) / self._per_second)
