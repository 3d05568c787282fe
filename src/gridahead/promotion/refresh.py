"""A champion that was merely trained again: what makes a version that, and whether its procedure has been tested."""

from __future__ import annotations

from gridahead.registry.versions import Version
from gridahead.workspace import Workspace


def refreshes(champion: Version, version: Version) -> bool:
    """Whether a version is the champion trained again: the same model, settings and code, and newer days learnt."""
    return same_procedure(champion, version) and version.last_day_learnt > champion.last_day_learnt


def same_procedure(first: Version, second: Version) -> bool:
    """Whether two versions came of the same model, settings and code."""
    hashes = [version.tags.get("settings_hash") for version in (first, second)]
    return first.model == second.model and hashes[0] is not None and hashes[0] == hashes[1]


def may_refresh(workspace: Workspace, champion: Version, version: Version) -> bool:
    """Whether a version is the champion trained again, by a procedure that has been tested."""
    return refreshes(champion, version) and passed(workspace, version)


def passed(workspace: Workspace, version: Version) -> bool:
    """Whether the newest test of the procedure that a version came of has been passed."""
    rows = workspace.lake.read_procedures(version.series)
    mine = rows[(rows["model"] == version.model) & (rows["settings_hash"] == version.tags.get("settings_hash"))]
    return bool(len(mine) and mine["outcome"].iloc[-1] == "passed")
