"""What breaks in an operation, each as a context manager: it is so inside, and put right at the end.

Disks are broken by Python's audit hook, which every opening of a file passes: nothing of gridahead is replaced.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from builders.month import Operation
from gridahead.core.grid import Series
from gridahead.registry.fallbacks import fallback
from gridahead.registry.versions import Version

Fault = Callable[[Operation], AbstractContextManager[None]]

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND
_BROKEN: dict[Path, int] = {}
"""Folders that cannot be written just now, with the number of the error."""
_HOOKED = False


def _look(event: str, arguments: tuple[object, ...]) -> None:
    if not _BROKEN or event not in ("open", "os.mkdir"):
        return
    path = arguments[0]
    if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & _WRITES):
        return
    if not isinstance(path, str | os.PathLike):
        return
    place = str(Path(path).absolute())
    for folder, number in _BROKEN.items():
        if place == str(folder) or place.startswith(f"{folder}/"):
            raise OSError(number, os.strerror(number), place)


@contextmanager
def unwritable(folder: Path, number: int) -> Iterator[None]:
    """Nothing can be written in a folder and below."""
    global _HOOKED
    if not _HOOKED:
        sys.addaudithook(_look)
        _HOOKED = True
    _BROKEN[folder] = number
    try:
        yield
    finally:
        del _BROKEN[folder]


def disk_full(*below: str) -> Fault:
    """No room in the data folder, or in these folders of it."""
    return _unwritable(errno.ENOSPC, below)


def read_only(*below: str) -> Fault:
    """A disk that can only be read."""
    return _unwritable(errno.EROFS, below)


def _unwritable(number: int, below: tuple[str, ...]) -> Fault:
    @contextmanager
    def fault(operation: Operation) -> Iterator[None]:
        home, free = operation.settings.data_folder, operation.free
        with unwritable(home / below[0] if below else home, number):
            operation.free = 0 if number == errno.ENOSPC and not below else free
            try:
                yield
            finally:
                operation.free = free

    return fault


def wrong(**kinds: str) -> Fault:
    """Publishers whose data are wrong, late or away: `load="down"`; see `World`."""

    @contextmanager
    def fault(operation: Operation) -> Iterator[None]:
        world = operation.world
        world.wrong |= kinds
        world.since |= dict.fromkeys(kinds, world.clock.at)
        try:
            yield
        finally:
            for name in kinds:
                world.wrong.pop(name, None)

    return fault


@contextmanager
def machine_down(operation: Operation) -> Iterator[None]:
    """Nothing runs."""
    operation.is_up = False
    try:
        yield
    finally:
        operation.is_up = True


def killed(**jobs: int) -> Fault:
    """Runs of these jobs are killed at a file operation: `watch=7`; a dash in a name is written as `_`."""

    @contextmanager
    def fault(operation: Operation) -> Iterator[None]:
        operation.kills |= {name.replace("_", "-"): number for name, number in jobs.items()}
        try:
            yield
        finally:
            operation.kills.clear()

    return fault


@contextmanager
def inbox_down(operation: Operation) -> Iterator[None]:
    """The web hook takes no message."""
    operation.inbox.is_down = True
    try:
        yield
    finally:
        operation.inbox.is_down = False


# -- models ---------------------------------------------------------------------------------------------------------


def weights_damaged(*aliases: str, altered: bool = False) -> Fault:
    """The weights of who has these aliases, here and in MLflow's copy, of every series.

    Args:
        aliases: such as champion; `fallback` is the regression beside it.
        altered: readable, with other numbers in it; else cut in half.
    """

    @contextmanager
    def fault(operation: Operation) -> Iterator[None]:
        kept: dict[Path, bytes] = {}
        for folder in _bundles(operation, aliases):
            for path in sorted(folder.rglob("*")):
                if path.suffix in (".safetensors", ".npz", ".json"):
                    kept[path] = path.read_bytes()
        for path, content in kept.items():
            path.write_bytes(_altered(content) if altered else content[: len(content) // 2])
        try:
            yield
        finally:
            for path, content in kept.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)

    return fault


def _altered(content: bytes) -> bytes:
    """The same length, and in the last quarter other bits: a matrix of weights with other numbers."""
    last = len(content) * 3 // 4
    return content[:last] + bytes(byte ^ 0x15 for byte in content[last:])


def _bundles(operation: Operation, aliases: tuple[str, ...]) -> list[Path]:
    """The folders with the weights of who has these aliases: what serves, and MLflow's copy."""
    home, folders = operation.settings.data_folder, list[Path]()
    for entry in operation.settings.series:
        for alias in aliases:
            version = _of(operation, entry.series, alias)
            if version is None:
                continue
            folders.append(home / "models" / "bundles" / version.tags["bundle"])
            if version.tags["copy"] != "none":
                folders.append(home / "mlflow" / "artifacts" / version.tags["copy"])
    return [folder for folder in dict.fromkeys(folders) if folder.is_dir()]


def _of(operation: Operation, series: Series, alias: str) -> Version | None:
    exports = operation.workspace.exports
    if alias == "fallback":
        return fallback(exports, series)
    number = exports.serving(series).get(alias)
    return None if number is None else exports.version(series, number)


def serving_gone(operation: Operation) -> AbstractContextManager[None]:
    """What says who serves is gone, of every series."""
    home = operation.settings.data_folder / "models"
    return _away([home / one.series.slug / "serving.json" for one in operation.settings.series])


def models_gone(operation: Operation) -> AbstractContextManager[None]:
    """Everything that was exported is gone: an empty registry."""
    return _away([operation.settings.data_folder / "models"])


def mlflow_gone(operation: Operation) -> AbstractContextManager[None]:
    """MLflow's database and its artifacts are gone."""
    return _away([operation.settings.data_folder / "mlflow"])


@contextmanager
def mlflow_damaged(operation: Operation) -> Iterator[None]:
    """MLflow's database is no database."""
    path = operation.settings.data_folder / "mlflow" / "mlflow.db"
    kept = path.read_bytes()
    path.write_bytes(b"garbage" * 1000)
    try:
        yield
    finally:
        path.write_bytes(kept)


@contextmanager
def database_down(operation: Operation) -> Iterator[None]:
    """PostgreSQL, which MLflow keeps its runs in, is down."""
    assert operation.database is not None
    operation.database.stop()
    try:
        yield
    finally:
        operation.database.start()


@contextmanager
def database_restarting(operation: Operation) -> Iterator[None]:
    """PostgreSQL is restarted again and again, every few seconds on the wall."""
    database, over = operation.database, threading.Event()
    assert database is not None

    def restart() -> None:
        while not over.wait(RESTARTED_EVERY):
            database.stop()
            database.start()

    thread = threading.Thread(target=restart, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


RESTARTED_EVERY = 5.0


@contextmanager
def _away(paths: list[Path]) -> Iterator[None]:
    """Files or folders that are not there; what was written in their place is deleted at the end."""
    moved = {path: path.with_name(f"{path.name}.away") for path in paths if path.exists()}
    for path, aside in moved.items():
        path.rename(aside)
    try:
        yield
    finally:
        for path, aside in moved.items():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.exists():
                path.unlink()
            aside.rename(path)
