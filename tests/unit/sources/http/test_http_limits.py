"""Token buckets on a clock that tests turn."""

import itertools
import threading
import time

import pytest

from gridahead.settings.source_catalogue import RateLimit
from gridahead.sources.http.limits import TokenBucket, limits_of


class Clock:
    """Time that passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def times_of(limit: RateLimit, requests: int, weight: float = 1.0) -> list[float]:
    clock, taken = Clock(), []
    bucket = TokenBucket(limit, clock, clock.sleep)
    for _ in range(requests):
        bucket.take(weight)
        taken.append(clock())
    return taken


@pytest.mark.parametrize("limit", [RateLimit(1, 60), RateLimit(8, 1), RateLimit(60, 60), RateLimit(300, 60)])
def test_in_no_stretch_of_time_is_there_more_than_the_limit(limit):
    taken = times_of(limit, 3 * int(limit.requests) + 5)
    almost = limit.seconds - 1e-6
    assert max(sum(begin <= at < begin + almost for at in taken) for begin in taken) <= limit.requests


def test_the_limit_is_nearly_used():
    """300 a minute: 900 requests take three minutes, give or take an eighth."""
    assert times_of(RateLimit(300, 60), 900)[-1] == pytest.approx(180, rel=0.15)


def test_a_heavy_request_counts_for_many():
    """60 tokens a minute and requests of 20 each: after the first come two a minute, three at most."""
    taken = times_of(RateLimit(60, 60), 7, weight=20)
    assert all(later - earlier > 20 for earlier, later in itertools.pairwise(taken[1:]))


def test_who_waited_long_gets_no_more_than_an_eighth_at_once():
    clock = Clock()
    bucket = TokenBucket(RateLimit(80, 60), clock, clock.sleep)
    clock.seconds = 3600
    for _ in range(10):
        bucket.take()
    assert clock.seconds == 3600
    bucket.take()
    assert clock.seconds > 3600


def test_a_pause_holds_everyone():
    clock = Clock()
    bucket = TokenBucket(RateLimit(600, 60), clock, clock.sleep)
    bucket.pause(30)
    bucket.take()
    assert clock.seconds == pytest.approx(30, abs=0.3)


def test_threads_do_not_overdraw():
    taken, limit, lock = [], RateLimit(40, 0.5), threading.Lock()
    bucket = TokenBucket(limit)

    def many() -> None:
        for _ in range(10):
            bucket.take()
            with lock:
                taken.append(time.monotonic())

    threads = [threading.Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(taken) - min(taken) > 0.8 * (80 - 5) / 72  # 72 a second after the first five


def test_a_host_has_one_bucket():
    limits = (RateLimit(7, 1.0),)
    assert limits_of("one.example", limits) is limits_of("one.example", limits)
    assert limits_of("one.example", limits) is not limits_of("other.example", limits)
