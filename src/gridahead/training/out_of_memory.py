"""The error of a training process that ended before its work: mostly memory has run out."""

from __future__ import annotations

import re
import signal

import torch

from gridahead.core.errors import ModelError

_NO_MEMORY = re.compile(r"allocate memory|not enough memory|out of memory", re.IGNORECASE)
"""In torch's message on processors where its own error for it is not raised."""
_EXIT_CODE = re.compile(r"\((-?\d+)\)")
"""In loky's message: `The exit codes of the workers are {SIGKILL(-9)}`."""
_LESS = (
    "Fewer networks at a time (workers under [training]), a smaller batch_size or fewer context_days need less. "
    "Run the same command again then: it goes on where it was"
)


def out_of_memory(error: Exception) -> ModelError | None:
    """The error with a way out for one that is about memory, None for another."""
    named = isinstance(error, RuntimeError) and _NO_MEMORY.search(str(error))
    if not (isinstance(error, MemoryError | torch.OutOfMemoryError) or named):
        return None
    return ModelError("a training process", f"ran out of memory ({_first_line(error)}). {_LESS}")


def ended_early(error: Exception) -> ModelError:
    """The error with a way out where loky reports that a process has ended by itself."""
    codes = [int(code) for code in _EXIT_CODE.findall(str(error))]
    if -signal.SIGKILL in codes:
        return ModelError(
            "a training process",
            f"was killed (SIGKILL), as the system does when memory runs out; its log says whether that was it. {_LESS}",
        )
    cause = "for an unknown reason" if not codes else _cause(codes[0])
    return ModelError(
        "a training process", f"ended before its work, {cause}. Run the same command again: it goes on where it was"
    )


def _cause(code: int) -> str:
    """The exit code in words, or the name of the signal that ended the process."""
    if code >= 0:
        return f"with exit code {code}"
    names = {known.value: known.name for known in signal.Signals}
    return f"by the signal {names.get(-code, -code)}"


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0]
