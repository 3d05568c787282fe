"""Who serves because a person says so, and how it is undone. Every change is recorded, whoever decided it.

The exports change at once, whether MLflow answers or not; where it does not, `gridahead models sync` tells it later.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.runs import CHALLENGER, CHAMPION, PREVIOUS, Role
from gridahead.promotion.serving import holder, record, served_so_far, serving, since_tag
from gridahead.promotion.sync import sync
from gridahead.registry.exports import given
from gridahead.registry.versions import Version
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)


def promote(workspace: Workspace, series: Series, number: str, reason: str, by: str) -> Version:
    """Let a version serve because a person says so; returns the version.

    Raises:
        ModelError: there is no such version, its weights are lost, it serves already, or nobody says why.
    """
    if not reason.strip():
        raise ModelError(str(series), "a promotion by a person needs a reason; say it with --reason")
    _sync_if_up(workspace, series)
    version = exported(workspace, series, number)
    if CHAMPION in version.aliases:
        raise ModelError(str(series), f"{version} serves already; `gridahead models list` shows who else there is")
    return move(workspace, version, CHAMPION, "person", reason, by)


def rollback(workspace: Workspace, series: Series, reason: str, by: str) -> Version:
    """Let the champion before serve again; returns it. Done twice, it is the one before that.

    Raises:
        ModelError: there was none before.
    """
    _sync_if_up(workspace, series)
    champion = holder(workspace, series, serving(workspace, series), CHAMPION)
    served = served_so_far(workspace.lake.read_promotions(series))
    if champion is None or len(served) < 2 or served[-1] != champion.number:
        raise ModelError(
            str(series),
            f"{champion or 'nobody serves, and'} has no champion before it to go back to; promote a version by its "
            "number instead",
        )
    return move(workspace, exported(workspace, series, served[-2]), CHAMPION, "rollback", reason, by)


def exported(workspace: Workspace, series: Series, number: str) -> Version:
    """A version as it is exported, by its number, with or without a v before it, or by its alias.

    Raises:
        ModelError: there is none.
    """
    versions = workspace.versions(series)
    for version in versions:
        if version.number == number.removeprefix("v") or number in version.aliases:
            return version
    listing = ", ".join(map(str, versions[:10])) or f"none; train one with `gridahead train --series {series}`"
    raise ModelError(str(series), f"has no version {number!r}; there are {listing}")


def move(workspace: Workspace, version: Version, alias: Role, how: str, reason: str, by: str) -> Version:
    """The version with an alias that it is given here; lake, exports and registry record who did so, how and why.

    Who serves does not forecast along besides.
    """
    series, before = version.series, serving(workspace, version.series)
    # Recorded first: a change that nobody can trace is worse than a record of one that was cut short.
    since = record(workspace, series, alias, how, (before.get(alias, ""), version.number), reason, by)
    tags = {since_tag(alias): f"{since:%Y-%m-%d %H:%M UTC} by {by} ({how}): {reason}"}
    after = given(before, alias, version.number)
    if alias == CHAMPION:
        after = _with_previous(workspace, series, after)
    changed = replace(version, tags={**version.tags, **tags}, aliases=_of(after, version.number))
    workspace.exports.put(changed)
    workspace.exports.serve(series, after)
    log.info("%s: %s is %s, decided by %s: %s", series, version, alias, by, reason)
    try:
        workspace.registry.give(version, alias)
        workspace.registry.note(version, tags)
        if alias == CHAMPION and before.get(CHALLENGER) == version.number:
            workspace.registry.take(series, CHALLENGER)
    except ModelError as error:
        log.warning("%s. Forecasts are made by %s all the same; `gridahead models sync` tells MLflow", error, version)
    return changed


def _with_previous(workspace: Workspace, series: Series, aliases: dict[str, str]) -> dict[str, str]:
    """The aliases with the champion before as the lake has it recorded: who was taken back is not."""
    served = served_so_far(workspace.lake.read_promotions(series))
    if len(served) < 2 or served[-1] != aliases[CHAMPION]:
        aliases.pop(PREVIOUS, None)
        return aliases
    return {**aliases, PREVIOUS: served[-2]}


def _of(aliases: dict[str, str], number: str) -> tuple[str, ...]:
    return tuple(sorted(alias for alias, held in aliases.items() if held == number))


def _sync_if_up(workspace: Workspace, series: Series) -> None:
    """Hear first what MLflow has to say; a decision does not wait for it."""
    try:
        sync(workspace, workspace.registry, series)
    except ModelError as error:
        log.warning("%s", error)
