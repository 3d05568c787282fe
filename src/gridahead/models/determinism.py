"""Torch's global switches, set while a network runs and put back afterwards: the same bits, wherever it runs.

- *Threads.* One: the order of a sum depends on their number, and on small recurrent networks two threads in one process
  are slower than one, and collapse when anything else runs.
- *Denormal numbers.* Flushed to zero in training: gradients far back in time become denormal, and every product with
  them is many times slower. Kept in a forecast, whatever the thread has done before.
- *Fused attention.* Off: it sums in another order than training does.
- *Precision of float32 products.* Left as it is; a training on a GPU lowers it.

Some of them are of the process and some of the thread. Those of the process stay set until the last thread that needs
them has left.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch


@dataclass(frozen=True)
class Switches:
    """What torch is set to, in this thread."""

    threads: int
    flush_denormal: bool
    fused_attention: bool
    float32_precision: str


_LOCK = threading.Lock()
_inside = 0
"""Threads that need the switches now; guarded by the lock, as what follows."""
_outside: Switches | None = None
"""What the first of them found, and the last of them puts back."""
_unfused = 0
_fused_outside = True
"""The same for fused attention."""
_OWN = threading.local()
"""`threads` of a thread that has left while another was inside, and so has kept one."""


def switches() -> Switches:
    """What torch is set to, in this thread."""
    return Switches(
        threads=torch.get_num_threads(),
        flush_denormal=sys.float_info.min / 2 == 0,  # torch sets this and does not tell it
        fused_attention=torch.backends.mha.get_fastpath_enabled(),
        float32_precision=torch.get_float32_matmul_precision(),
    )


@contextmanager
def deterministic(*, flush_denormal: bool = False) -> Iterator[None]:
    """Run networks so that the same inputs give the same bits; may be nested, and entered by several threads.

    Args:
        flush_denormal: whether denormal numbers are zero in this thread: in training, and nowhere else.
    """
    before = _before()
    _enter(before)
    try:
        torch.set_flush_denormal(flush_denormal)
        with unfused_attention():
            yield
    finally:
        torch.set_flush_denormal(before.flush_denormal)
        _leave(before)


@contextmanager
def unfused_attention() -> Iterator[None]:
    """Let a Transformer answer as it does in training, also where nobody has asked for the rest."""
    global _unfused, _fused_outside
    with _LOCK:
        if not _unfused:
            _fused_outside = torch.backends.mha.get_fastpath_enabled()
        _unfused += 1
        torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        with _LOCK:
            _unfused -= 1
            if not _unfused:
                torch.backends.mha.set_fastpath_enabled(_fused_outside)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Torch's random numbers begin with a seed; those of whoever draws besides go on afterwards where they were.

    Args:
        seed: of the numbers on the CPU, and on every GPU.
    """
    in_use = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()  # type: ignore[no-untyped-call]
    with torch.random.fork_rng(in_use):
        torch.manual_seed(seed)
        yield


def _before() -> Switches:
    """What this thread has to find again: one that has left while another was inside still has one thread."""
    found, own = switches(), _OWN.__dict__.pop("threads", None)
    return replace(found, threads=own) if own and found.threads == 1 else found


def _enter(before: Switches) -> None:
    global _inside, _outside
    with _LOCK:
        if not _inside:
            _outside = before
        _inside += 1
        torch.set_num_threads(1)


def _leave(before: Switches) -> None:
    global _inside
    with _LOCK:
        _inside -= 1
        if _inside:  # the number of threads is of this thread and of the linear algebra of all
            _OWN.threads = before.threads
            return
        assert _outside is not None
        torch.set_num_threads(_outside.threads)
        torch.set_float32_matmul_precision(_outside.float32_precision)
