"""Retention: what is older than the settings keep it is deleted, and what is lost by that is said before.

Nothing is deleted that a version that serves, an open case, a pointer or the reproduction of a forecast needs.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.runs import SHADOW
from gridahead.forecasting.inputs import inputs_folder
from gridahead.forecasting.publish import MANIFEST, folder_of, published_days
from gridahead.lake.folder import Folder
from gridahead.lake.thinning import thin
from gridahead.operate.lake import stats_of_archive
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deleted:
    """What of one kind was deleted, or would be."""

    what: str
    setting: str
    """By which setting, and its value."""
    files: int
    """Or rows, of a table."""
    bytes: int
    lost: str
    """What cannot be done any more."""


@dataclass(frozen=True)
class Retained:
    """What was deleted, or would be, by kind; kinds of which nothing is old enough are left out."""

    deleted: tuple[Deleted, ...]

    @property
    def bytes(self) -> int:
        """Of all together."""
        return sum(one.bytes for one in self.deleted)


def keep_what_is_wanted(workspace: Workspace, *, dry_run: bool = False) -> Retained:
    """Delete what is older than `[retention]` and `[archive]` keep it.

    Args:
        workspace: whose.
        dry_run: whether to tell only.

    Raises:
        LakeError: something cannot be deleted; what was deleted before stays so, and the next call goes on.
    """
    kinds: tuple[Callable[[Workspace, bool], Deleted], ...] = (_published, _inputs, _shadow, _checkpoints, _payloads)
    found = [kind(workspace, dry_run) for kind in kinds]
    deleted = tuple(one for one in found if one.files)
    if not dry_run:
        for one in deleted:
            log.info("%s: %s deleted, %s bytes (%s)", one.what, f"{one.files:,}", f"{one.bytes:,}", one.setting)
    return Retained(deleted)


def _published(workspace: Workspace, dry_run: bool) -> Deleted:
    """Files of old delivery days; never of the newest day, and the pointers are beside the days."""
    days, files, size = workspace.settings.retention.published_days, 0, 0
    for entry in workspace.settings.series if days else ():
        limit = _local_day(workspace, entry.series) - dt.timedelta(days=days or 0)
        place = folder_of(workspace.published, entry.series)
        every = published_days(workspace.published, entry.series)
        for day in [day for day in every[:-1] if day < limit]:
            of_day = place / str(day)
            found = of_day.sizes(below=True)
            # Manifests first: without one no forecast is there, so that none is ever half there.
            names = sorted(found, key=lambda name: not name.endswith(MANIFEST))
            files, size = files + len(names), size + sum(found.values())
            if not dry_run:
                _delete(of_day, names)
    lost = "their files; the forecasts stay in the lake, and `gridahead reproduce` makes them again"
    return Deleted("published files of old days", f"[retention] published_days = {days}", files, size, lost)


def _inputs(workspace: Workspace, dry_run: bool) -> Deleted:
    days, files, size = workspace.settings.retention.inputs_days, 0, 0
    for entry in workspace.settings.series if days else ():
        folder = inputs_folder(workspace.settings, entry.series)
        old = folder.older(".npz", _before(workspace, days))
        files, size = files + len(old), size + sum(old.values())
        if not dry_run:
            _delete(folder, old)
    lost = "the name of an hour of an input that has changed since; forecasts are reproduced from the lake as before"
    return Deleted("inputs of forecasts", f"[retention] inputs_days = {days}", files, size, lost)


def _shadow(workspace: Workspace, dry_run: bool) -> Deleted:
    days = workspace.settings.retention.shadow_days
    gone = thin(workspace.lake.forecasts, ("run", SHADOW), _before(workspace, days), dry_run=dry_run) if days else None
    lost = "trials of challengers on those days; what they decided stays"
    setting = f"[retention] shadow_days = {days}"
    return Deleted("rows of challengers", setting, gone.rows if gone else 0, gone.bytes if gone else 0, lost)


def _checkpoints(workspace: Workspace, dry_run: bool) -> Deleted:
    days = workspace.settings.retention.checkpoint_days
    every = (path for path in workspace.settings.checkpoint_folder.rglob("*") if path.is_file())
    old = _older(every, _before(workspace, days)) if days else {}
    if not dry_run:
        _unlink(old)
    lost = "a training that was broken off begins anew"
    return Deleted("checkpoints", f"[retention] checkpoint_days = {days}", len(old), sum(old.values()), lost)


def _payloads(workspace: Workspace, dry_run: bool) -> Deleted:
    """Raw payloads; one that an open case is of stays as long as that is open."""
    days = workspace.settings.archive.keep_days
    archived = stats_of_archive(workspace)
    if days is not None and not dry_run:
        for name in archived.expired:
            workspace.lake.archive.delete(name, days, workspace.clock())
    lost = "`gridahead lake amend` and `reparse` leave what they gave as it is"
    return Deleted("raw payloads", f"[archive] keep_days = {days}", len(archived.expired), archived.expired_bytes, lost)


def _local_day(workspace: Workspace, series: Series) -> dt.date:
    day: dt.date = workspace.clock().tz_convert(workspace.settings.zone(series.zone).timezone).date()
    return day


def _before(workspace: Workspace, days: int | None) -> pd.Timestamp:
    return workspace.clock() - pd.Timedelta(days=days or 0)


def _older(paths: Iterable[Path], limit: pd.Timestamp) -> dict[Path, int]:
    """Files that were written before an instant, with their sizes [bytes]."""
    about = ((path, path.stat()) for path in paths)
    return {path: one.st_size for path, one in about if one.st_mtime < limit.timestamp()}


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
        _leave_no_empty(path.parent)


def _delete(folder: Folder, names: Iterable[str]) -> None:
    for name in names:
        folder.delete(name)
        if folder.local:
            _leave_no_empty(Path(folder.file(name)).parent)


def _leave_no_empty(folder: Path) -> None:
    """Delete a folder of a disk that has become empty, and the one above it; one that has not stays."""
    with contextlib.suppress(OSError):
        folder.rmdir()
        folder.parent.rmdir()
