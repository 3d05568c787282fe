"""The memory of a server that runs for months: what a page was made of goes back to the machine once it is made."""

from __future__ import annotations

import ctypes
import os
import sys

ALLOCATOR = "ARROW_DEFAULT_MEMORY_POOL"
"""Of Arrow; it is read when Arrow is loaded. Its own one keeps 60 MB of what five pages have read."""
ARENA_MAX = -8
"""What `mallopt` of glibc calls the number of heaps, `M_ARENA_MAX`."""


def keep_little() -> None:
    """Let Arrow take its memory from the C library, and that from one heap; before Arrow is loaded.

    With a heap for every thread each keeps the most that it ever needed. Where the C library is another one than
    glibc, it decides.
    """
    os.environ.setdefault(ALLOCATOR, "system")
    if "MALLOC_ARENA_MAX" not in os.environ:
        _called("mallopt", ARENA_MAX, 1)


def give_back() -> None:
    """Give free memory back: that takes up to 25 ms after a page of years, and nothing otherwise."""
    _called("malloc_trim", 0)


def _called(name: str, *numbers: int) -> None:
    """Call a function of the C library, if it has it."""
    if sys.platform == "linux" and (function := getattr(ctypes.CDLL(None), name, None)) is not None:
        function(*numbers)
