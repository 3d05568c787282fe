"""Upgrade: what an older release has stored is written as this one reads it, with a backup beside it."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gridahead.core.errors import LakeError
from gridahead.core.files import write_whole
from gridahead.core.renamed import LAST_LAYOUT
from gridahead.forecasting.by_day import to_days
from gridahead.lake.folder import Folder
from gridahead.lake.lake import Lake
from gridahead.lake.layout import FILE, LAYOUT, UPGRADING, about_layout, layout_of, mark, mark_new, require_current
from gridahead.lake.store import OnProgress
from gridahead.lake.upgrades import STEPS
from gridahead.settings.file import parse_settings
from gridahead.settings.model import Settings
from gridahead.settings.place import find_settings
from gridahead.settings.renaming import rename_settings
from gridahead.workspace import Workspace

RESERVE = 1.1
"""Room for the backup, times the size of the lake: files are written anew one by one, each before the old one goes."""
BACKUP = "backup.layout-"
"""How the folder of a backup begins that lies in what it is of: a lake that is a whole bucket, records of models."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Unreadable:
    """A version that serves and that this release cannot read."""

    series: str
    version: str
    reason: str
    way_out: str


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
    models: int = 0
    """Versions that were written with the names of today; of a dry run, those that are looked at."""
    models_backup: str | None = None
    """Where the records of models and back-tests are as they were; None where there were none to be written."""
    unreadable: tuple[Unreadable, ...] = ()
    """Versions that serve and cannot be read all the same."""


def upgrade_settings(path: Path | None, *, dry_run: bool = False) -> tuple[Settings, Path, Path | None]:
    """Write a settings file with the names of today; gives the settings, the file, and where the former file is.

    Raises:
        SettingsError: there is none, it says something that cannot be meant, or a name must be changed by hand.
        LakeError: it cannot be written.
    """
    file = find_settings(path)
    text, _ = rename_settings(file, dry_run=True)
    settings = parse_settings(text, file)  # what is wrong with it is said before it is written
    _, backup = rename_settings(file, dry_run=dry_run)
    return settings, file, backup


def upgrade(settings: Settings, *, dry_run: bool = False, on_progress: OnProgress = lambda step: None) -> Upgrade:
    """Write lake and models in the layout of this release. Killed anywhere and called again, it ends the same.

    Nothing else may write to the data folder meanwhile.

    Args:
        settings: whose data folder.
        dry_run: whether to say only what would be done.
        on_progress: called with the file that is at hand.

    Raises:
        LakeError: the lake is of a newer release, the disk has no room for the backup, an older backup is in its place,
            or a file cannot be read or written.
        ModelError: the registry of models cannot be opened or written.
    """
    lake, data_folder = Lake(settings.lake_folder, settings.archive_folder), Folder.at(settings.data_folder)
    layout = layout_of(lake.folder)
    # Layout 1 has its mark in the lake alone. Two data folders may have one lake, so that one of them is older.
    models_layout = min(filter(None, (layout_of(data_folder), layout)), default=None)
    for folder in (lake.folder, data_folder):
        if (layout_of(folder) or 0) > LAYOUT:
            require_current(folder)
    backup, size = _upgrade_lake(lake, layout, dry_run, on_progress)
    if models_layout is not None and models_layout < LAYOUT and not dry_run:
        on_progress(f"published {settings.published_place}")
        to_days(Folder.at(settings.published_place))
    versions, models_backup = 0, None
    if models_layout is not None and models_layout <= LAST_LAYOUT:
        versions, models_backup = _upgrade_models(settings, models_layout, dry_run, on_progress)
    found = _unreadable(settings) if models_layout is not None and models_layout < LAYOUT and not dry_run else ()
    if not dry_run and models_layout is not None:
        if models_layout < LAYOUT:
            mark(data_folder)
        mark_new(data_folder)
        if layout is not None and layout < LAYOUT:
            mark(lake.folder)
            log.info("%s has layout %d; as it was before it is in %s", lake.folder, LAYOUT, backup)
    return Upgrade(str(lake.folder), layout, LAYOUT, backup, size, versions, models_backup, found)


def _upgrade_lake(lake: Lake, layout: int | None, dry_run: bool, on_progress: OnProgress) -> tuple[str | None, int]:
    """Rewrite the lake, but for its mark; gives where its backup is, and the size of that."""
    if layout is None or layout >= LAYOUT:
        return None, 0
    backup = _beside(lake.folder, layout)
    begun, is_kept = UPGRADING in (about_layout(lake.folder) or {}), about_layout(backup) is not None
    # Half upgraded, the lake is no longer what the backup has.
    size = sum((_sizes(backup) if begun and is_kept else _sizes(lake.folder)).values())
    if not begun:
        _require_room(lake.folder, backup, size)
    if not dry_run:
        mark(lake.folder, layout, upgrading=True)
        if not (begun and is_kept):
            _copy(lake.folder, backup, layout, on_progress)
        for step in range(layout, LAYOUT):
            STEPS[step](lake, on_progress)
    return str(backup), size


def _beside(lake: Folder, layout: int) -> Folder:
    """Where the backup of a lake is: beside it, or in it where it is a whole bucket, beside which there is nothing."""
    if not lake.local and "/" not in lake.path:
        return lake / f"{BACKUP}{layout}"
    return Folder(lake.filesystem, f"{lake.path}.layout-{layout}", lake.scheme)


def _sizes(lake: Folder) -> dict[str, int]:
    """The files of a lake, without backups that are in it."""
    return {name: size for name, size in lake.sizes(below=True).items() if not name.startswith(BACKUP)}


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
    for name in sorted(_sizes(lake)):
        if name != FILE:
            on_progress(f"backup {name}")
            backup.write(name, lake.read(name))
    mark(backup, layout)


def _upgrade_models(settings: Settings, layout: int, dry_run: bool, on_progress: OnProgress) -> tuple[int, str | None]:
    """Give versions of models and records of back-tests the names of today; gives how many versions, and the backup.

    Bundles stay where they are, for their names are those of their contents: what changes is which of them is named.
    """
    from gridahead.backtest.renaming import rename_records
    from gridahead.registry.registry import Registry
    from gridahead.registry.renaming import rename_versions
    from gridahead.registry.runs import Tracking

    backup = settings.data_folder / f"{BACKUP}{layout}"
    files = list(_records(settings))
    if not files:
        return 0, None
    workspace = Workspace(settings)
    if dry_run:
        return sum(len(workspace.exports.versions(series)) for series in workspace.exports.series()), str(backup)
    for file in files:
        kept = backup / file.relative_to(settings.data_folder)
        if not kept.exists():  # else a killed upgrade may have changed the file since
            on_progress(f"backup {file.name}")
            write_whole(kept, file.read_bytes())
    registry = None
    if not workspace.mlflow.is_fresh:
        exports = workspace.exports
        newest = {series: exports.newest_of(series) for series in exports.series()}
        registry = Registry(Tracking(workspace.mlflow, newest), exports)
    count = rename_versions(workspace.exports, registry, on_progress)
    rename_records(settings.data_folder, on_progress)
    return count, str(backup)


def _records(settings: Settings) -> Iterator[Path]:
    """Every file that names a bundle, or what it reads."""
    from gridahead.backtest.renaming import record_files

    yield from (settings.data_folder / "models").glob("*/[0-9]*.json")
    yield from (settings.data_folder / "models").glob("*/serving.json")
    database = (mlflow := Workspace(settings).mlflow).database
    if database is not None and not mlflow.is_fresh:
        yield database
    yield from record_files(settings.data_folder)


def _unreadable(settings: Settings) -> tuple[Unreadable, ...]:
    """The versions that serve and that this release cannot read, with the command that trains another."""
    from gridahead.registry.renaming import unreadable

    return tuple(
        Unreadable(str(version.series), str(version), reason, f"gridahead train --series {version.series}")
        for version, reason in unreadable(Workspace(settings).exports)
    )
