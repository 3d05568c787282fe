"""Which part of an installation a token may see: the same server, over settings that have only the series of its own.

What goes through the settings, as nearly everything does, knows of no other series by that. What is read from the whole
lake or lies in files asks here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property

from gridahead.core.errors import SettingsError, did_you_mean, some_of
from gridahead.core.grid import Series
from gridahead.settings.model import Settings
from gridahead.web.files import PUBLISHED
from gridahead.web.tokens import Token
from gridahead.workspace import Workspace

MOST_NAMED = 20
"""Of the series that a message names: enough to see how they are written."""
UNTOLD = "it cannot be read just now; the log of the server says why"
"""Whoever may not see everything is told so: an error of the lake names files, and those are called by their series."""


@dataclass(frozen=True)
class Share:
    """What somebody may see."""

    workspace: Workspace
    """In whose settings there are only the series of it."""
    part_of: Workspace | None = None
    """What it is a part of, and for which it is written; None where it is everything."""

    @property
    def whole(self) -> bool:
        """Whether it is everything."""
        return self.part_of is None

    @cached_property
    def _names(self) -> frozenset[str]:
        series = [entry.series for entry in self.workspace.settings.series]
        return frozenset(str(one) for member in series for one in (member, member.official))

    @cached_property
    def _slugs(self) -> frozenset[str]:
        return frozenset(entry.series.slug for entry in self.workspace.settings.series)

    def has(self, series: Series | str) -> bool:
        """Whether a series, or the one whose official forecast it is, is part of it."""
        return self.whole or str(series) in self._names

    def gives(self, folder: str, name: str) -> bool:
        """Whether a file is given away; pages, cards and pictures of several series are of the whole.

        Args:
            folder: `published` or `quality`.
            name: of the file below it.
        """
        return self.whole or (folder == PUBLISHED and name.partition("/")[0] in self._slugs)


def share_of(workspace: Workspace, token: Token | None) -> Share:
    """What a token may see of a workspace; everything without one.

    Args:
        workspace: the whole of it, or the part that is shown already.
        token: of who asks.
    """
    if token is None or not token.is_restricted:
        return Share(workspace)
    settings = workspace.settings
    chosen = tuple(
        entry for entry in settings.series if token.sees(entry.series, _groups(settings).get(entry.series.zone))
    )
    part = replace(
        workspace,
        settings=settings.model_copy(update={"series": chosen}),
        lake_of=lambda _: workspace.lake,
        registry_of=lambda _: workspace.registry,
    )
    return Share(part, workspace)


def checked_part(
    settings: Settings, series: Sequence[str], groups: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Series and groups that a token is to see, as they are kept: a zone alone stands for all of its series.

    Raises:
        SettingsError: one of them fits nothing in the settings, or all of them together do not.
    """
    known, of_zone = [entry.series for entry in settings.series], _groups(settings)
    patterns = tuple(one if "/" in one else f"{one}/*" for one in series)
    for said, pattern in zip(series, patterns, strict=True):
        if not any(fnmatchcase(str(one), pattern) for one in known):
            names = [str(one) for one in known]
            meant = did_you_mean(said, [*names, *(one.zone for one in known)])
            there = some_of(names, MOST_NAMED) or "none"
            raise SettingsError(f"--series {said}: fits no series of the settings; {meant}there are: {there}")
    there_are = sorted(set(of_zone.values()))
    for group in groups:
        if group not in there_are:
            none = "none: `group` under [[zones]] or in the zone table names one"
            way_out = f"{did_you_mean(group, there_are)}there are: {', '.join(there_are) or none}"
            raise SettingsError(f"--group {group}: no zone is of it; {way_out}")
    both = Token("", (), "", "", series=patterns, groups=tuple(groups))
    if not any(both.sees(one, of_zone.get(one.zone)) for one in known):
        asked = " ".join((*(f"--series {one}" for one in series), *(f"--group {one}" for one in groups)))
        raise SettingsError(
            f"{asked}: no series of the settings is both of these series and of these groups, which is what such a "
            "token sees; leave one of them out"
        )
    return patterns, both.groups


def _groups(settings: Settings) -> dict[str, str]:
    """The group of each zone that has one."""
    return {zone.code: zone.group for zone in settings.zones if zone.group is not None}
