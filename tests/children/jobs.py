"""Jobs that another process can import."""

import os
import signal

import torch

from gridahead.training import workers


def count_to(name, end, progress):
    """Report every number below the end."""
    for n in range(end):
        progress(f"{name}{n}")
    return f"{name}{end}"


def fail(progress):
    """Report something and break."""
    progress("heard by nobody")
    raise ValueError("on purpose")


def own_id():
    """Of the process that this runs in."""
    return os.getpid()


def die(number, progress):
    """End as a process does that the system kills with this signal."""
    os.kill(os.getpid(), number)


def die_reporting(progress):
    """Be killed in the middle of a report, which nobody else can begin then."""
    assert workers._reports is not None
    workers._reports._wlock.acquire()  # type: ignore[attr-defined]
    die(signal.SIGKILL, progress)


def want_memory(progress):
    """Ask for more than any machine has."""
    return torch.empty(2**60)
