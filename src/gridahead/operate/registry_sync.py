"""Registry sync: aliases that somebody set on MLflow's pages brought into the exports, and the other way round."""

from __future__ import annotations

import logging

from gridahead.core.each import of_each, require
from gridahead.promotion.sync import Synced, sync
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)


def registry_sync(workspace: Workspace) -> list[Synced]:
    """The aliases that were not the same in MLflow and in the exports, and are now.

    Nothing is asked where no series has a version, or the lake remembers one.

    Raises:
        LakeError: the lake or the exports cannot be written.
        ModelError: the registry does not answer, is damaged or gone.
        PartialError: some series could not be brought in line; the rest is done.
    """
    known = workspace.registered()
    if not known:
        return []
    registry = workspace.registry
    done, failed = of_each(sorted(known), lambda series: sync(workspace, registry, series))
    changes = [change for found in done.values() for change in found]
    require(failed, changes)
    return changes
