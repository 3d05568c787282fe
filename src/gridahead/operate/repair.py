"""Repair: the registry and what is exported of it made whole again, each from the other. Nothing is deleted."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from gridahead.core.errors import LakeError, ModelError
from gridahead.core.grid import Series
from gridahead.core.runs import LIVE, SHADOW, VALIDATION
from gridahead.core.time import now
from gridahead.registry.database import Database
from gridahead.registry.rebuild import export_all, register_again
from gridahead.registry.registry import Registry
from gridahead.registry.runs import Tracking
from gridahead.registry.versions import Version
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Repaired:
    """What a repair changed: the versions registered and exported again, and those that are lost."""

    aside: Path | None
    """Where the damaged database lies now."""
    registered: tuple[Version, ...]
    """Versions that the registry knows again."""
    exported: tuple[Version, ...]
    """Versions whose weights can be forecast with."""
    lost: tuple[Version, ...]
    """Versions whose weights are neither exported nor in MLflow's copy: they are known and cannot forecast."""


def repair(workspace: Workspace) -> Repaired:
    """Make the registry again where it is damaged or gone, and export anew what is damaged or missing there.

    Raises:
        LakeError: a folder cannot be written.
        ModelError: the database cannot be opened for another reason, such as another release of MLflow.
    """
    exports, database = workspace.exports, workspace.database
    aside = _set_aside(database)
    registry = Registry(Tracking(workspace.settings.mlflow_folder, {}), exports)
    registered: list[Version] = []
    named = [entry.series for entry in workspace.settings.series]
    for series in sorted({*exports.series(), *named}):
        registered_newest, newest = (
            database.newest(series),
            max(exports.newest_of(series), _newest_in_lake(workspace, series)),
        )
        if registered_newest < newest:
            aliases = exports.serving(series)
            registered += register_again(registry, series, registered_newest, newest)
            registry.restore(series, aliases)
    exported, lost = export_all(registry)
    return Repaired(aside, tuple(registered), tuple(exported), tuple(lost))


def _set_aside(database: Database) -> Path | None:
    """Rename a database that cannot be read; returns its new name."""
    try:
        database.require({})
    except ModelError as error:
        aside = database.path.with_name(f"{database.path.name}.damaged-{now():%Y%m%dT%H%M%S}")
        try:
            database.path.rename(aside)
        except OSError as reason:
            raise LakeError(f"cannot rename {database.path}: {reason.strerror}. {error}") from reason
        return aside
    return None


def _newest_in_lake(workspace: Workspace, series: Series) -> int:
    """The newest version of which the lake has a forecast or a promotion, 0 if there is none."""
    where = {"zone": series.zone, "quantity": series.quantity, "run": [LIVE, SHADOW, VALIDATION]}
    forecast_by = workspace.lake.forecasts.read(where, columns=["model_version"])["model_version"]
    promoted = workspace.lake.read_promotions(series)["to_version"]
    return max((int(number) for number in {*forecast_by, *promoted} if str(number).isdigit()), default=0)
