"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import math
import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from gridahead.core.errors import LakeError

ASIDE = ".writing-"
"""How the name of a file begins that is not finished."""
ABANDONED_SECONDS = 3600
LOOK_AGAIN_S = 0.1
"""How often a lock is asked for that somebody else holds [s]."""


_DISK_FULL = "The disk is full: make room, or name another place in the settings"
_NO_RIGHT = "Give this user the right to write there, or name another place in the settings"
_WAYS_OUT = {
    errno.ENOSPC: _DISK_FULL,
    errno.EDQUOT: _DISK_FULL,
    errno.EACCES: _NO_RIGHT,
    errno.EPERM: _NO_RIGHT,
    errno.EROFS: "The disk is read-only: mount it writable, or name another place in the settings",
}


def nearest_existing(folder: Path) -> Path:
    """The folder, or the nearest above it that exists."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def way_out(error: OSError) -> str:
    """What to do about an error of the disk, in a sentence without its full stop."""
    return _WAYS_OUT.get(error.errno or 0, "Mend it") + ", and run again"


def write_licence(path: Path, attribution: str) -> None:
    """Write whom the licences of what is in a file ask to name beside it, as `NAME.licence.txt`; nothing if nobody."""
    if attribution:
        write_whole(path.with_name(f"{path.name}.licence.txt"), f"{attribution}\n".encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file aside, force it to disk and rename it into place: a reader sees the old file or the new one.

    Raises:
        LakeError: the folder cannot be written; nothing has changed.
    """
    aside = path.with_name(f"{ASIDE}{uuid.uuid4().hex}")
    try:
        grown = _make_folder(path.parent)
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        reason = error.strerror or error
        raise LakeError(f"cannot write {path}: {reason}. Nothing has changed. {way_out(error)}") from error
    for folder in (path.parent, *grown):
        sync(folder)


def _make_folder(folder: Path) -> list[Path]:
    """Make the folder where it is missing; returns the folders that have a new entry by that."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return [place.parent for place in missing]


def sync(path: Path) -> None:
    """Make a file or a folder's entries survive a power cut, where the file system can: they are there either way."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sweep(folder: Path) -> None:
    """Delete what killed writers left aside. A file that is being written is never an hour old."""
    for path in folder.rglob(f"{ASIDE}*"):
        with contextlib.suppress(FileNotFoundError):  # its writer has just put it in place
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                path.unlink()


def whole_files(folder: Path, pattern: str) -> list[Path]:
    """The finished files of that pattern, by name; what a killed writer left aside is not among them."""
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith(ASIDE))


@contextlib.contextmanager
def alone(path: Path, waiting: Callable[[], None] = lambda: None, at_most_s: float = math.inf) -> Iterator[None]:
    """Hold a file that one process or thread at a time can hold; who is killed lets it go.

    Where the folder cannot be written, or its file system knows no locks, nothing is held: a disk that can only be read
    needs none.

    Args:
        path: the file; it is made and stays.
        waiting: called once if somebody else holds it.
        at_most_s: how long to wait for it [s].

    Raises:
        LakeError: somebody else has held it for so long.
    """
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = held.enter_context(path.open("w"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                _wait_for(file, path, at_most_s)
        yield


def _wait_for(file: IO[str], path: Path, at_most_s: float) -> None:
    if at_most_s == math.inf:
        fcntl.flock(file, fcntl.LOCK_EX)
        return
    until = time.monotonic() + at_most_s
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise LakeError(
                    f"{path} has been held for {at_most_s:g} s by another gridahead. See whether it hangs, end it, "
                    "and run again",
                    retryable=True,
                ) from None
            time.sleep(LOOK_AGAIN_S)
