"""Which version serves: the alias in the registry, whoever has set it; without a registry, the alias that was exported.

No MLflow is imported for it: aliases are read from its database, versions and weights from what is exported.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from gridahead.core.errors import LakeError, ModelError
from gridahead.core.grid import Series
from gridahead.core.runs import CHALLENGER, CHAMPION, Role
from gridahead.core.tables import PROMOTIONS, Promotions
from gridahead.registry.exports import REPAIR
from gridahead.registry.versions import Registered, Version
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)


def champion(workspace: Workspace, series: Series, aliases: Mapping[str, str]) -> Registered:
    """The version that serves, with its weights.

    Raises:
        ModelError: the series has no champion, or its weights are damaged or gone.
    """
    version = holder(workspace, series, aliases, CHAMPION)
    if version is None:
        raise ModelError(str(series), f"has no champion; train one with `gridahead train --series {series}`")
    return workspace.exports.load(version)


def holder(workspace: Workspace, series: Series, aliases: Mapping[str, str], alias: Role) -> Version | None:
    """The version that has an alias, as it is exported; None if nobody has.

    Raises:
        ModelError: the version is not exported, or what is exported of it is damaged.
    """
    if alias not in aliases:
        return None
    version = workspace.exports.version(series, aliases[alias])
    if version is None:
        raise ModelError(
            f"{series} v{aliases[alias]}",
            f"is {alias} in the registry, and is not in {workspace.exports.folder}: {REPAIR} puts it there if "
            "gridahead has made it; else let another one serve: `gridahead models promote VERSION --reason …`",
        )
    return replace(version, aliases=tuple(sorted(name for name, number in aliases.items() if number == version.number)))


def serving(workspace: Workspace, series: Series) -> dict[str, str]:
    """The version of each alias now."""
    newest = workspace.registered(series).get(series, 0)
    try:
        return workspace.database.aliases(series, newest)
    except ModelError as error:
        log.warning("%s. Until then %s is served by what is exported", error, series)
        return workspace.exports.serving(series)


def reconcile(workspace: Workspace, series: Series) -> dict[str, str]:
    """The same; who has got an alias otherwise than by a command of ours, such as on MLflow's pages, is recorded."""
    aliases, exported = serving(workspace, series), workspace.exports.serving(series)
    if aliases == exported:
        return aliases
    promotions = workspace.lake.read_promotions(series)
    for alias in (CHAMPION, CHALLENGER):
        recorded = promotions.loc[promotions["alias"] == alias, "to_version"]
        last = str(recorded.iloc[-1]) if len(recorded) else ""
        if alias in aliases and aliases[alias] not in (last, exported.get(alias)):
            record(workspace, series, alias, "mlflow", (last, aliases[alias]), "the alias was set in MLflow", "MLflow")
            log.info("%s: v%s is %s, set in MLflow", series, aliases[alias], alias)
    try:
        workspace.exports.serve(series, aliases)
    except LakeError as error:  # a disk that can only be read is enough to forecast from
        log.warning("%s", error)
    return aliases


def record(
    workspace: Workspace, series: Series, alias: Role, how: str, moved: tuple[str, str], reason: str, by: str
) -> pd.Timestamp:
    """Keep who gave an alias to whom and why; returns the time of it.

    Args:
        workspace: with the lake.
        series: of which.
        alias: which.
        how: trial, person and so on, as the table lists them.
        moved: the version that had it, empty if none, and the one that has it since.
        reason: why.
        by: who.
    """
    decided_at = workspace.clock()
    row = {
        "zone": series.zone,
        "quantity": series.quantity,
        "alias": alias,
        "how": how,
        "from_version": moved[0],
        "to_version": moved[1],
        "reason": reason,
        "decided_by": by,
        "decided_at": decided_at,
    }
    workspace.lake.promotions.append(Promotions(PROMOTIONS.check(pd.DataFrame([row]))))
    return decided_at
