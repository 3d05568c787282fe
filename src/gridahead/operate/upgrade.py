"""Upgrade: what an older release has stored is written as this one reads it, with a backup beside it."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from gridahead.core.errors import LakeError
from gridahead.lake.folder import Folder
from gridahead.lake.lake import Lake
from gridahead.lake.layout import FILE, LAYOUT, UPGRADING, about_layout, layout_of, mark, mark_new, require_current
from gridahead.lake.store import OnProgress
from gridahead.lake.upgrades import STEPS
from gridahead.settings.model import Settings

RESERVE = 1.1
"""Room for the backup, times the size of the lake: files are written anew one by one, each before the old one goes."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upgrade:
    """What an upgrade did, or would do."""

    folder: str
    """The lake."""
    layout: int | None
    """Which it had; None where there was nothing yet."""
    to_layout: int
    backup: str | None
    """Where the lake is as it was; None where nothing had to be done."""
    bytes: int
    """Of the backup."""


def upgrade(settings: Settings, *, dry_run: bool = False, on_progress: OnProgress = lambda step: None) -> Upgrade:
    """Write the lake in the layout of this release. Killed anywhere and called again, it ends the same.

    Nothing else may write to the lake meanwhile.

    Args:
        settings: whose lake.
        dry_run: whether to say only what would be done.
        on_progress: called with the file that is at hand.

    Raises:
        LakeError: the lake is of a newer release, the disk has no room for the backup, an older backup is in its place,
            or a file cannot be read or written.
    """
    lake, data_folder = Lake(settings.lake_folder, settings.archive_folder), Folder.at(settings.data_folder)
    layout = layout_of(lake.folder)
    if layout is None or layout >= LAYOUT:
        require_current(lake.folder)
        if not dry_run and layout is not None:
            mark_new(data_folder)
        return Upgrade(str(lake.folder), layout, LAYOUT, None, 0)
    backup = _beside(lake.folder, layout)
    begun, is_kept = UPGRADING in (about_layout(lake.folder) or {}), about_layout(backup) is not None
    # Half upgraded, the lake is no longer what the backup has.
    size = sum((backup if begun and is_kept else lake.folder).sizes(below=True).values())
    if not begun:
        _require_room(lake.folder, backup, size)
    if not dry_run:
        mark(lake.folder, layout, upgrading=True)
        if not (begun and is_kept):
            _copy(lake.folder, backup, layout, on_progress)
        for step in range(layout, LAYOUT):
            STEPS[step](lake, on_progress)
        for folder in (data_folder, lake.folder):
            mark(folder)
        log.info("%s has layout %d; as it was before it is in %s", lake.folder, LAYOUT, backup)
    return Upgrade(str(lake.folder), layout, LAYOUT, str(backup), size)


def _beside(lake: Folder, layout: int) -> Folder:
    return Folder(lake.filesystem, f"{lake.path}.layout-{layout}", lake.scheme)


def _require_room(lake: Folder, backup: Folder, size: int) -> None:
    """Refuse where the backup has no room, or would be written over another one."""
    if about_layout(backup) is not None:
        raise LakeError(f"{backup} is there already, from an upgrade of before: rename or delete it, and run again")
    if not lake.local:
        return
    free = shutil.disk_usage(Path(lake.path).parent).free
    if free < RESERVE * size:
        raise LakeError(
            f"no room for a backup of {lake}: it has {size:,} bytes, and {free:,} are free beside it. Nothing has "
            "changed. Make room, and run again"
        )


def _copy(lake: Folder, backup: Folder, layout: int, on_progress: OnProgress) -> None:
    """Copy every file; its own `schema.json` comes last, and says that the backup is whole."""
    for name in lake.names(below=True):
        if name != FILE:
            on_progress(f"backup {name}")
            backup.write(name, lake.read(name))
    mark(backup, layout)
