"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from pathlib import Path

from gridahead.errors import LakeError

_ASIDE = ".writing-"
ABANDONED_SECONDS = 3600


def write_whole(path: Path, content: bytes) -> None:
    """Write a file aside, force it to disk and rename it into place: a reader sees the old file or the new one.

    Raises:
        LakeError: the folder cannot be written; nothing has changed.
    """
    aside = path.with_name(f"{_ASIDE}{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise LakeError(
            f"cannot write {path}: {error.strerror or error}. Nothing has changed; mend it and run again"
        ) from error
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the file system can: the file is in place either way."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sweep(folder: Path) -> None:
    """Delete what killed writers left aside. A file that is being written is never an hour old."""
    for path in folder.rglob(f"{_ASIDE}*"):
        with contextlib.suppress(FileNotFoundError):  # its writer has just put it in place
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                path.unlink()


def whole_files(folder: Path, pattern: str) -> list[Path]:
    """The finished files of that pattern, by name; what a killed writer left aside is not among them."""
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith(_ASIDE))
