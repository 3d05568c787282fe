"""Restore: a backup put where the settings say, checked by its hashes before anything is written."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gridahead.core.errors import LakeError, some_of
from gridahead.core.files import write_whole
from gridahead.core.time import now
from gridahead.lake.folder import Folder
from gridahead.operate.backup import OBJECTS, SETTINGS, Kept, OnCount, backups_in, files_in, object_name
from gridahead.operate.stores import MLFLOW, files_of, set_aside, stores_of
from gridahead.settings.file import load_settings

log = logging.getLogger(__name__)
NAMED = 5
"""Files that a message names one by one."""


@dataclass(frozen=True)
class Restored:
    """What a restore has done."""

    name: str
    """When the backup was made."""
    settings: Path
    files: int
    bytes: int
    aside: tuple[Path, ...]
    """Where what was there before lies now."""
    next_step: str
    """What a person does now."""


def restore(
    source: str | Path,
    settings_file: Path,
    at: str | None = None,
    *,
    force: bool = False,
    on_count: OnCount = lambda *_: None,
) -> Restored:
    """Put a backup where the settings file says; where there is none, that of the backup is written first.

    Args:
        source: where backups are, a folder or an address.
        settings_file: of the installation.
        at: which backup; the newest unless given.
        force: whether to move aside what is there.
        on_count: called after every file.

    Raises:
        LakeError: there is no such backup, a file of it is damaged, or there is something in its place already.
        SettingsError: the settings file cannot be meant.
    """
    folder = Folder.at(source)
    if not (names := backups_in(folder)):
        raise LakeError(f"there is no backup in {folder}; `gridahead backup {folder}` makes one")
    name = at or names[-1]
    files = files_in(folder, name)
    _require_whole(folder, files)
    if not settings_file.exists():
        write_whole(settings_file, _content(folder, files[SETTINGS]))
    stores = stores_of(load_settings(settings_file))
    aside = tuple(_make_room(stores, now(), force=force))
    unknown = {file.partition("/")[0] for file in files if file != SETTINGS} - set(stores)
    wanted = {file: kept for file, kept in files.items() if file.partition("/")[0] in stores}
    for count, (file, kept) in enumerate(wanted.items(), 1):
        store, _, path = file.partition("/")
        stores[store].write(path, _content(folder, kept))
        on_count(count, len(wanted))
    total = sum(kept.size for kept in wanted.values())
    return Restored(name, settings_file, len(wanted), total, aside, _next_step(stores, unknown))


def _require_whole(folder: Folder, files: Mapping[str, Kept]) -> None:
    """See that every file of a backup is there and what it was."""
    damaged = [file for file, kept in files.items() if not _is_whole(folder, kept)]
    if damaged:
        raise LakeError(
            f"the backup in {folder} is damaged: {some_of(damaged, NAMED)}. Nothing has been written. "
            "Take an older one with --at, or another copy of the backup"
        )


def _is_whole(folder: Folder, kept: Kept) -> bool:
    try:
        _content(folder, kept)
    except (FileNotFoundError, LakeError):
        return False
    return True


def _content(folder: Folder, kept: Kept) -> bytes:
    content = (folder / OBJECTS).read(object_name(kept.hash))
    if hashlib.sha256(content).hexdigest() != kept.hash:
        raise LakeError(f"{folder / OBJECTS}/{object_name(kept.hash)} is not what it was")
    return content


def _make_room(stores: Mapping[str, Folder], at: pd.Timestamp, *, force: bool) -> Iterator[Path]:
    """Refuse where something is there, or move it aside if that is wanted."""
    taken = {name: folder for name, folder in stores.items() if files_of(name, folder)}
    if not taken:
        return
    places = ", ".join(map(str, taken.values()))
    remote = [str(folder) for folder in taken.values() if not folder.local]
    if remote:
        raise LakeError(
            f"there is something in {', '.join(remote)} already, and an object store moves nothing aside: name an "
            "empty prefix in the settings, or empty that one"
        )
    if not force:
        raise LakeError(f"there is something in {places} already; --force moves it aside. Nothing has been written")
    yield from set_aside(taken, f"{at:%Y%m%dT%H%M%S}")


def _next_step(stores: Mapping[str, Folder], unknown: set[str]) -> str:
    if MLFLOW in stores and MLFLOW not in unknown:
        return "`gridahead status` says what there is; `gridahead forecast` goes on from here"
    return (
        "`gridahead forecast` goes on from here, without MLflow. `gridahead models repair` registers the versions in "
        "MLflow again if it has lost them"
    )
