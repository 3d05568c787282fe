"""Aliases of the exports and of MLflow in line: what was set on its pages comes in, what was given here goes there.

Which side has changed is seen by what MLflow had when the two were last in line. Where both have, the exports count:
a command has a name and a reason.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION, PREVIOUS, ROLES, Role
from gridahead.promotion.serving import record, recorded, serving, since_tag
from gridahead.registry.exports import given
from gridahead.workspace import Workspace

if TYPE_CHECKING:  # MLflow takes seconds to import
    from gridahead.registry.registry import Registry

log = logging.getLogger(__name__)

_SOURCES = {"mlflow": "set in MLflow", "exports": "told to MLflow"}


@dataclass(frozen=True)
class Synced:
    """An alias that was not the same in the exports and in MLflow."""

    series: Series
    alias: Role
    number: str | None
    """The version that has it now on both sides, None if none has."""
    source: Literal["mlflow", "exports"]
    """Which side it was taken from."""

    def __str__(self) -> str:
        holder = f"v{self.number}" if self.number else "nobody"
        return f"{self.series}: {holder} is {self.alias}, {_SOURCES[self.source]}"


def sync(workspace: Workspace, registry: Registry, series: Series) -> list[Synced]:
    """Bring the aliases of a series in line; returns those that were not.

    A champion that somebody takes away in MLflow without naming another goes on serving.

    Args:
        workspace: with the exports and the lake.
        registry: of the versions.
        series: which.

    Raises:
        LakeError: the lake or the exports cannot be written.
        ModelError: the registry does not answer.
    """
    exports = workspace.exports
    aliases, theirs = serving(workspace, series), registry.aliases(series)
    agreed = _agreed(workspace, series, aliases)
    changes = []
    for alias in ROLES:
        ours, its = aliases.get(alias), theirs.get(alias)
        if ours == its:
            agreed[alias] = its
            continue
        came_in = ours == agreed.get(alias) and not (its is None and alias == CHAMPION)
        if came_in and its is not None and not _can_serve(registry, series, alias, its):
            continue
        if came_in:
            aliases = _bring_in(workspace, series, aliases, alias, its)
        else:
            _bring_out(registry, series, alias, ours)
        agreed[alias] = its if came_in else ours
        changes.append(Synced(series, alias, agreed[alias], "mlflow" if came_in else "exports"))
    aliases = {**_previous(workspace, series, aliases), **aliases}
    for number in {*aliases.values()}:
        if (held := exports.version(series, number)) is not None:
            registry.sound(held)  # what is lost of it is fetched before a forecast needs it
    exports.serve(series, aliases)
    exports.note_registry(series, {alias: number for alias, number in agreed.items() if number})
    return changes


def _previous(workspace: Workspace, series: Series, aliases: Mapping[str, str]) -> dict[str, str]:
    """The champion before, of exports that were written before it was kept there."""
    if PREVIOUS in aliases or CHAMPION not in aliases:
        return {}
    known = recorded(workspace.lake.read_promotions(series))
    is_known = known.get(CHAMPION) == aliases[CHAMPION] and PREVIOUS in known
    return {PREVIOUS: known[PREVIOUS]} if is_known else {}


def _agreed(workspace: Workspace, series: Series, aliases: Mapping[str, str]) -> dict[str, str | None]:
    """What MLflow had last; where the note of it is damaged, what was exported."""
    try:
        return {**workspace.exports.in_registry(series)}
    except ModelError as error:
        log.warning("%s", error)
        return {**aliases}


def _can_serve(registry: Registry, series: Series, alias: Role, number: str) -> bool:
    """Whether a version is ours and has its weights; its record is exported then."""
    version = next((one for one in registry.versions(series) if one.number == number), None)
    if version is not None and registry.sound(version):
        registry.exports.put(version)
        return True
    reason = "gridahead has not made it" if version is None else "its weights are lost"
    log.warning(
        "%s: v%s is %s in MLflow and cannot serve, for %s: what served before goes on. Give the alias to another one, "
        "or run `gridahead models promote VERSION --reason …`",
        series,
        number,
        alias,
        reason,
    )
    return False


def _bring_in(
    workspace: Workspace, series: Series, aliases: Mapping[str, str], alias: Role, number: str | None
) -> dict[str, str]:
    """The aliases of the exports with one that was set in MLflow; it is recorded, if it was not."""
    if number is None:
        log.info("%s: nobody is %s any more, taken away in MLflow", series, alias)
        return {name: held for name, held in aliases.items() if name != alias}
    promotions = workspace.lake.read_promotions(series)
    numbers = promotions.loc[promotions["alias"] == alias, "to_version"]
    last = str(numbers.iloc[-1]) if len(numbers) else ""
    if last != number:
        record(workspace, series, alias, "mlflow", (last, number), "the alias was set in MLflow", "MLflow")
    log.info("%s: v%s is %s, set in MLflow", series, number, alias)
    return given(aliases, alias, number)


def _bring_out(registry: Registry, series: Series, alias: Role, number: str | None) -> None:
    """Give an alias of the exports in MLflow, with the reason that was written down."""
    registry.set_alias(series, alias, number)
    version = registry.exports.version(series, number) if number else None
    if version is not None and (since := version.tags.get(since_tag(alias))):
        registry.note(version, {since_tag(alias): since})
    log.info("%s: %s is %s in MLflow now as in the exports", series, f"v{number}" if number else "nobody", alias)
