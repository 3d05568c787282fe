"""Work that kills itself with SIGKILL at a chosen call, as a power cut comes: in a process of its own."""

import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Literal

When = Literal["before", "torn", "after"]
"""`torn` kills before a file is forced to disk and leaves half of it, as a power cut may."""


class Interruption:
    """Counts calls and kills this process at one of them; 0 kills at none."""

    def __init__(self, at: int, when: When = "before") -> None:
        self.at, self.when, self.count = at, when, 0

    def tick(self, *_: object) -> None:
        """Count what whoever calls this has just done, or is about to do."""
        self.count += 1
        if self.count == self.at:
            die()

    def wrap(self, operation: Callable, counts: Callable = lambda *arguments: True) -> Callable:
        """The same operation, counted where that is wanted of its arguments."""

        def counted(*arguments, **options):
            if not counts(*arguments):
                return operation(*arguments, **options)
            self.count += 1
            number = self.count
            if number == self.at and self.when != "after":
                if self.when == "torn" and operation is _fsync:
                    _tear(arguments[0])
                die()
            try:
                return operation(*arguments, **options)
            finally:  # a folder that is there already is an operation too
                if number == self.at:
                    die()

        return counted


def die() -> None:
    """Be gone at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def dying(owner: object, name: str, at: int, counts: Callable = lambda *arguments: True) -> Interruption:
    """Let a function or method of an owner kill its process before that call of it; gives what counts the calls."""
    interruption = Interruption(at)
    setattr(owner, name, interruption.wrap(getattr(owner, name), counts))
    return interruption


def interrupt(interruption: Interruption) -> None:
    """Let every operation of this process that changes a disk be counted.

    That is making a folder, opening a file to write, forcing one to disk and renaming.
    """
    os.fsync = interruption.wrap(os.fsync)
    os.replace = interruption.wrap(os.replace)
    os.mkdir = interruption.wrap(os.mkdir)
    Path.open = interruption.wrap(Path.open, _writes)  # type: ignore[method-assign]


_fsync = os.fsync


def _tear(handle: int) -> None:
    about = os.fstat(handle)
    if stat.S_ISREG(about.st_mode):
        os.ftruncate(handle, about.st_size // 2)


def _writes(path: Path, mode: str = "r", *rest: object) -> bool:
    return "w" in mode
