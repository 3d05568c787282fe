"""What is said of a training process that ended before its work: mostly memory has run out."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Sequence
from multiprocessing.process import BaseProcess

import torch

from gridahead.errors import ModelError

_NO_MEMORY = re.compile(r"allocate memory|not enough memory|out of memory", re.IGNORECASE)
"""What torch says on processors where its own error for it is not raised."""
_LESS = (
    "Fewer networks at a time (workers under [training]), a smaller batch_size or fewer context_days need less. "
    "Run the same command again then: it goes on where it was"
)
_PATIENCE_SECONDS = 5.0
"""The exit code of a process that has just died is known within milliseconds; a laden machine takes longer."""


def out_of_memory(error: Exception) -> ModelError | None:
    """What to say of an error that is about memory, None of another."""
    said = isinstance(error, RuntimeError) and _NO_MEMORY.search(str(error))
    if not (isinstance(error, MemoryError | torch.OutOfMemoryError) or said):
        return None
    return ModelError("a training process", f"ran out of memory ({_first_line(error)}). {_LESS}")


def ended_early(processes: Sequence[BaseProcess]) -> ModelError:
    """What to say where one of these processes has ended by itself; the others were stopped because of it."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while not (codes := _codes(processes)) and time.monotonic() < until:
        time.sleep(0.01)
    code = next((one for one in codes if one != -signal.SIGTERM), codes[0] if codes else None)
    if code == -signal.SIGKILL:
        return ModelError(
            "a training process",
            f"was killed (SIGKILL), as the system does when memory runs out; its log says whether that was it. {_LESS}",
        )
    named = "for an unknown reason" if code is None else f"with exit code {code}" if code >= 0 else _by_signal(-code)
    return ModelError("a training process", f"ended before its work, {named}. Run the same command again: it goes on "
                      "where it was")  # fmt: skip


def _codes(processes: Sequence[BaseProcess]) -> list[int]:
    """The exit codes of those that have failed."""
    return [code for one in processes if (code := one.exitcode)]


def _by_signal(number: int) -> str:
    known = {one.value: one.name for one in signal.Signals}
    return f"by the signal {known.get(number, number)}"


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0]
