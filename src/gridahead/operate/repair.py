"""Repair: the registry and what is exported of it made whole again, each from the other. Nothing is deleted."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from gridahead.core.grid import Series
from gridahead.core.runs import LIVE, SHADOW, VALIDATION
from gridahead.operate.regression import mend_regressions
from gridahead.promotion.serving import serving
from gridahead.promotion.sync import sync
from gridahead.registry.client import newest as newest_of
from gridahead.registry.rebuild import Trainings, export_all, register_again
from gridahead.registry.registry import Registry
from gridahead.registry.runs import Tracking
from gridahead.registry.versions import Version
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Repaired:
    """What a repair changed: the versions registered and exported again, those that are lost, and the regressions."""

    aside: Path | None
    """Where the damaged database lies now."""
    registered: tuple[Version, ...]
    """Versions that the registry knows again."""
    exported: tuple[Version, ...]
    """Versions whose weights can be forecast with."""
    lost: tuple[Version, ...]
    """Versions whose weights are neither exported nor in MLflow's copy: they are known and cannot forecast."""
    regressions: tuple[Version, ...]
    """Regressions beside champions that were fitted anew."""
    without: tuple[Series, ...]
    """Series that have none and for which none could be fitted."""


def repair(workspace: Workspace) -> Repaired:
    """Make the registry again where it is damaged or gone, and export anew what is damaged or missing there.

    The regressions that stand by are in no registry: those that are damaged or gone are fitted anew.

    Raises:
        LakeError: a folder cannot be written.
        ModelError: the database cannot be opened for another reason, such as another release of MLflow.
    """
    exports = workspace.exports
    aside = workspace.mlflow.set_aside(f"{workspace.clock():%Y%m%dT%H%M%S}")
    registry = Registry(Tracking(workspace.mlflow, {}), exports)
    registered, trainings = list[Version](), Trainings(registry)
    named = [entry.series for entry in workspace.settings.series]
    for series in sorted({*exports.series(), *named}):
        registered_newest, newest = (
            newest_of(registry.client, series),
            max(exports.newest_of(series), _newest_in_lake(workspace, series)),
        )
        if registered_newest < newest:
            registered += register_again(registry, series, registered_newest, newest, trainings)
            registry.restore(series, serving(workspace, series))
    exported, lost = export_all(registry)
    for series in registry.series():
        sync(workspace, registry, series)
    regressions, without = mend_regressions(workspace)
    return Repaired(aside, tuple(registered), tuple(exported), tuple(lost), tuple(regressions), tuple(without))


def _newest_in_lake(workspace: Workspace, series: Series) -> int:
    """The newest version of which the lake has a forecast or a promotion, 0 if there is none."""
    where = {"zone": series.zone, "quantity": series.quantity, "run": [LIVE, SHADOW, VALIDATION]}
    forecast_by = workspace.lake.forecasts.read(where, columns=["model_version"])["model_version"]
    promoted = workspace.lake.read_promotions(series)["to_version"]
    return max((int(number) for number in {*forecast_by, *promoted} if str(number).isdigit()), default=0)
