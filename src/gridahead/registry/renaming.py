"""Versions of layout 2 with the names of today: bundle, record and tags of each, so that it is read as before.

Weights are not touched. A bundle has its content for a name, so the renamed one is a bundle beside the former; the copy
that MLflow serves is made with code of its own and stays what it is, and another one takes its place as the spare.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from gridahead.core.errors import ModelError
from gridahead.core.renamed import renamed, renamed_series
from gridahead.core.runs import ROLES
from gridahead.registry.exports import Exports
from gridahead.registry.versions import Version

if TYPE_CHECKING:  # MLflow takes seconds to import
    from gridahead.registry.registry import Registry

log = logging.getLogger(__name__)

SPARE = "bundles"
"""The folder of renamed spare copies among the artifacts of MLflow."""


def rename_versions(exports: Exports, registry: Registry | None, on_progress: Callable[[str], None]) -> int:
    """Give every version the names of today, the newest last; gives how many had others.

    Args:
        exports: of the versions.
        registry: that has tags of them as well; None where there is no database of MLflow.
        on_progress: called with the version that is at hand.

    Raises:
        ModelError: the registry cannot be written.
        LakeError: the folder of the exports cannot be written.
    """
    count = 0
    for version in list(_every(exports, registry)):
        on_progress(f"model {version.series} {version}")
        tags = _tags(version, exports)
        if all(version.tags.get(name) == text for name, text in tags.items()):
            continue
        count += 1
        if registry is None:
            exports.put(replace(version, tags={**version.tags, **tags}))
        else:
            registry.note(version, tags)
    return count


def unreadable(exports: Exports) -> list[tuple[Version, str]]:
    """The versions that serve and that this release cannot read, and why not."""
    reasons = []
    for series in exports.series():
        for alias in ROLES:
            number = exports.serving(series).get(alias)
            version = exports.version(series, number) if number else None
            if version is None:
                continue
            try:
                exports.load(version)
            except (ModelError, KeyError) as error:
                reasons.append((version, str(error)))
    return reasons


def _every(exports: Exports, registry: Registry | None) -> Iterable[Version]:
    for series in exports.series() if registry is None else registry.series():
        versions = exports.versions(series) if registry is None else registry.versions(series)
        yield from reversed(versions)


def _tags(version: Version, exports: Exports) -> dict[str, str]:
    """The tags that have another value now."""
    tags = {"inputs": renamed_series(version.tags.get("inputs", ""))}
    try:
        bundle = exports.bundle(version)
    except (ModelError, KeyError) as error:
        log.warning("%s %s keeps its former bundle: %s", version.series, version, error)
        return tags
    if (digest := exports.keep_bundle(bundle, renamed)) != version.tags["bundle"]:
        spare = exports.keep_spare(digest, SPARE)
        tags |= {"bundle": digest} | ({} if spare is None else {"copy": f"{SPARE}/{spare}"})
    return tags
