"""Which version serves: alias, record and weights as they are exported. Neither MLflow nor its database is read.

`promotion.sync` brings aliases that were set on MLflow's pages into the exports.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from gridahead.core.errors import LakeError, ModelError
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION, PREVIOUS, Role
from gridahead.core.tables import PROMOTIONS, Promotions
from gridahead.core.time import Deadline
from gridahead.features.windows import AHEAD_OF_OURS
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
            f"is {alias}, and is not in {workspace.exports.folder}: {REPAIR} puts it there if the registry has it; "
            "else let another one serve: `gridahead models promote VERSION --reason …`",
        )
    return replace(version, aliases=tuple(sorted(name for name, number in aliases.items() if number == version.number)))


def serving(workspace: Workspace, series: Series) -> dict[str, str]:
    """The version of each alias, and of `previous`, which served before the champion: as it is exported.

    Where the exports do not say, it is what the lake has recorded, so that nobody loses a forecast by a damaged file.
    """
    try:
        aliases = workspace.exports.serving(series)
    except (ModelError, OSError) as error:
        log.warning("%s. Until then %s is served by what the lake has recorded", error, series)
        aliases = {}
    try:
        return aliases or recorded(workspace.lake.read_promotions(series))
    except LakeError as error:
        log.warning("%s: who serves is not known: %s", series, error)
        return {}


def is_trained_for(version: Version, deadline: Deadline) -> bool:
    """Whether a version was trained to be asked at a deadline, by what its tags say; True where they do not say it."""
    if "deadline" not in version.tags:
        return True
    day, own = version.last_day_seen, version.tags["deadline"]
    first, last = (Deadline.parse(at).for_delivery(day) for at in (own, version.tags.get("issued_until", own)))
    asked = deadline.for_delivery(day)
    return first - AHEAD_OF_OURS <= asked and (asked <= last or version.tags.get("intraday") == "true")


def served_so_far(promotions: Promotions) -> list[str]:
    """The champions one after the other, the present one last; a rollback takes the last one off."""
    served: list[str] = []
    for how, number in promotions.loc[promotions["alias"] == CHAMPION, ["how", "to_version"]].itertuples(index=False):
        if how == "rollback":
            served.pop()
        elif served[-1:] != [str(number)]:
            served.append(str(number))
    return served


def recorded(promotions: Promotions) -> dict[str, str]:
    """The champion and the one before, as the lake has them recorded."""
    return dict(zip((CHAMPION, PREVIOUS), reversed(served_so_far(promotions)[-2:]), strict=False))


def since_tag(alias: str) -> str:
    """The tag of a version that says since when it has an alias, by whom and why."""
    return f"{alias}_since"


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
