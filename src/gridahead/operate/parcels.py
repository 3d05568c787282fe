"""Versions of models taken from one installation to another: exported as one file, imported with new numbers."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from gridahead.core.errors import LakeError, ModelError
from gridahead.core.grid import Series
from gridahead.promotion.promote import exported
from gridahead.registry.parcels import Parcel, card_name, pack, unpacked
from gridahead.registry.registry import Registry
from gridahead.registry.versions import CREATED, OF_GROUP, Version
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)

CARD = "card.html"
FROM = "imported_from"
"""Tag of a version that came from elsewhere: its number there and the file."""
_OF_THERE = ("copy", OF_GROUP, "champion_since", "challenger_since", "candidates", "named_at")
"""Tags that speak of the other installation."""


@dataclass(frozen=True)
class Imported:
    """A version that came from elsewhere."""

    version: Version
    former: str
    """Its number there."""
    is_new: bool
    """False if it was here already."""


def export_versions(workspace: Workspace, series: Series, file: Path, number: str | None = None) -> list[Version]:
    """Write a version of a series, or all that have their weights, as one file; returns them.

    Raises:
        ModelError: there is no such version, or its weights are lost.
        LakeError: the file cannot be written.
    """
    exports = workspace.exports
    if number is not None:
        versions = [exported(workspace, series, number)]
    else:
        versions = [version for version in workspace.versions(series) if exports.sound(version)]
    if not versions:
        raise ModelError(str(series), f"has no version to export; train one with `gridahead train --series {series}`")
    cards = {}
    for version in versions:
        try:
            cards[card_name(version)] = workspace.published.read(f"cards/{card_name(version)}")
        except (FileNotFoundError, LakeError) as error:
            log.info("%s %s has no card: %s", series, version, error)
    pack(file, versions, exports, cards)
    return versions


def import_versions(workspace: Workspace, file: Path) -> list[Imported]:
    """Register the versions of a file here, the oldest first, each with a new number; none of them serves by that.

    One whose bundle is here already, of the same data and settings, stays the version it is.

    Raises:
        ModelError: the file is damaged or none of ours, a version cannot be read by this release, or the registry does
            not answer.
        LakeError: the exports cannot be written.
    """
    with unpacked(file) as parcel:
        registry = workspace.registry
        ordered = sorted(parcel.versions, key=lambda version: (str(version.series), int(version.number)))
        return [_import(workspace, registry, parcel, version, file.name) for version in ordered]


def _import(workspace: Workspace, registry: Registry, parcel: Parcel, version: Version, file: str) -> Imported:
    from gridahead.models.storage import load

    identity = {name: version.tags.get(name, "") for name in ("data_fingerprint", "settings_hash", "bundle")}
    known = registry.find(version.series, version.model, identity)
    if known is not None and registry.sound(known):
        return Imported(known, version.number, is_new=False)
    model = load(parcel.bundle(version))
    workspace.exports.keep_bundle(parcel.bundle(version))
    tags = {name: value for name, value in version.tags.items() if name not in _OF_THERE}
    made = registry.adopt(
        model, {**tags, CREATED: version.created_at.isoformat(), FROM: f"v{version.number} of {file}"}
    )
    if (card := parcel.card(version)) is not None:
        registry.tracking.keep_text(made.run_id, CARD, card)
    log.info("%s: v%s of %s is v%s here", version.series, version.number, file, made.number)
    return Imported(made, version.number, is_new=True)
