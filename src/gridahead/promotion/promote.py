"""Who serves because a person says so, and how it is undone. Every change is recorded, whoever decided it."""

from __future__ import annotations

import logging

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.runs import CHALLENGER, CHAMPION, Role
from gridahead.core.tables import Promotions
from gridahead.promotion.serving import reconcile, record
from gridahead.registry.versions import Version
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)


def promote(workspace: Workspace, series: Series, number: str, reason: str, by: str) -> Version:
    """Let a version serve because a person says so; returns the version.

    Raises:
        ModelError: there is no such version, it serves already, or nobody says why.
    """
    if not reason.strip():
        raise ModelError(str(series), "a promotion by a person needs a reason; say it with --reason")
    reconcile(workspace, series)
    version = workspace.registry.version(series, number)
    if CHAMPION in version.aliases:
        raise ModelError(str(series), f"{version} serves already; `gridahead models list` shows who else there is")
    return move(workspace, version, CHAMPION, "person", reason, by)


def rollback(workspace: Workspace, series: Series, reason: str, by: str) -> Version:
    """Let the champion before serve again; returns it. Done twice, it is the one before that.

    Raises:
        ModelError: there was none before.
    """
    reconcile(workspace, series)
    champion = workspace.registry.champion(series).about
    served = served_so_far(workspace.lake.read_promotions(series))
    if len(served) < 2 or served[-1] != champion.number:
        raise ModelError(
            str(series), f"{champion} has no champion before it to go back to; promote a version by its number instead"
        )
    return move(workspace, workspace.registry.version(series, served[-2]), CHAMPION, "rollback", reason, by)


def served_so_far(promotions: Promotions) -> list[str]:
    """The champions one after the other, the present one last; a rollback takes the last one off."""
    served: list[str] = []
    for how, number in promotions.loc[promotions["alias"] == CHAMPION, ["how", "to_version"]].itertuples(index=False):
        if how == "rollback":
            served.pop()
        else:
            served.append(str(number))
    return served


def move(workspace: Workspace, version: Version, alias: Role, how: str, reason: str, by: str) -> Version:
    """The version with an alias that it is given here; the lake and the registry record who did so, how and why.

    Who serves does not forecast along besides.
    """
    registry = workspace.registry
    before = registry.holder(version.series, alias)
    # Recorded first: a change that nobody can trace is worse than a record of one that was cut short.
    moved = (before.number if before else "", version.number)
    since = record(workspace, version.series, alias, how, moved, reason, by)
    registry.note(version, {f"{alias}_since": f"{since:%Y-%m-%d %H:%M UTC} by {by} ({how}): {reason}"})
    changed = registry.give(version, alias)
    if alias == CHAMPION and CHALLENGER in version.aliases:
        registry.take(version.series, CHALLENGER)
    log.info("%s: %s is %s, decided by %s: %s", version.series, version, alias, by, reason)
    return changed
