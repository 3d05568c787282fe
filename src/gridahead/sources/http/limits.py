"""How often a host may be asked: one token bucket a host and limit, for all sources of a process together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from gridahead.settings.source_catalogue import RateLimit


class TokenBucket:
    """Holds as many tokens as a limit allows at once, and fills with time.

    Args:
        limit: so many requests within so many seconds.
        clock: seconds that only ever rise.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        limit: RateLimit,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.limit = limit
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        # What goes at once is taken off the rest: in no stretch of so many seconds are there more than the limit.
        self._capacity = max(limit.requests / 8, 1.0)
        self._rate = (limit.requests - self._capacity + 1.0) / limit.seconds
        self._tokens = self._capacity
        self._filled_at = clock()

    def take(self, tokens: float = 1.0) -> None:
        """Wait until so many tokens are there, and take them; who comes later waits behind."""
        with self._lock:
            wait = self._wait_for(tokens)
        if wait > 0:
            self._sleep(wait)

    def _wait_for(self, tokens: float) -> float:
        now = self._clock()
        self._tokens = min(self._capacity, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        self._tokens -= tokens  # below nothing: a debt, which those who come later wait for as well
        return max(-self._tokens / self._rate, 0.0)

    def pause(self, seconds: float) -> None:
        """Give out nothing for so many seconds, because the host said so."""
        with self._lock:
            self._wait_for(0.0)
            self._tokens = min(self._tokens, -seconds * self._rate)


class HostLimits:
    """The buckets of one host."""

    def __init__(self, limits: tuple[RateLimit, ...]) -> None:
        self.buckets = tuple(TokenBucket(limit) for limit in limits)

    def take(self, weight: float = 1.0) -> None:
        """Wait until the host may be asked."""
        for bucket in self.buckets:
            bucket.take(weight)

    def pause(self, seconds: float) -> None:
        """Ask nothing for so many seconds."""
        for bucket in self.buckets:
            bucket.pause(seconds)


_hosts: dict[tuple[str, tuple[RateLimit, ...]], HostLimits] = {}
_lock = threading.Lock()


def limits_of(host: str, limits: tuple[RateLimit, ...]) -> HostLimits:
    """The buckets of a host, the same for everyone who asks it."""
    with _lock:
        return _hosts.setdefault((host, limits), HostLimits(limits))
