"""A registry made again from what is exported of its versions, and exports from what is registered."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.registry.registry import Registry
from gridahead.registry.versions import CREATED, Version

log = logging.getLogger(__name__)

NOT_KEPT = ("copy",)
"""Tags that are made anew with the version: where MLflow's copy lies."""


def register_again(registry: Registry, series: Series, above: int, until: int) -> Iterator[Version]:
    """Register the exported versions above a number, under the numbers that they had; returns them one by one.

    A number of which nothing is exported, or whose weights are lost, is not given again: forecasts in the lake bear it.

    Args:
        registry: that does not know them.
        series: of which.
        above: the newest version that the registry knows.
        until: the newest version that anything knows of.
    """
    registry.reserve(series)
    for number in range(above + 1, until + 1):
        version = _exported(registry, series, number)
        if version is None:
            registry.skip(series)
        else:
            yield _again(registry, version)


def export_all(registry: Registry) -> tuple[list[Version], list[Version]]:
    """Export the description of every version; returns those with weights, and those whose weights are lost."""
    sound: list[Version] = []
    lost: list[Version] = []
    for series in registry.series():
        for version in registry.versions(series):
            registry.exports.put(version)
            (sound if registry.sound(version) else lost).append(version)
    return sound, lost


def _exported(registry: Registry, series: Series, number: int) -> Version | None:
    try:
        version = registry.exports.version(series, str(number))
    except ModelError as error:
        log.warning("%s", error)
        return None
    return version if version is not None and registry.sound(version) else None


def _again(registry: Registry, version: Version) -> Version:
    """The same version, with a run that has its figures and what was kept with the former run."""
    tracking, model = registry.tracking, registry.load(version).model
    tags = {name: value for name, value in version.tags.items() if name not in NOT_KEPT}
    run_id = tracking.begin(f"{version.series} {version.model}", tags)
    tracking.note(run_id, {}, {name: {0: value} for name, value in version.validation.items()})
    tracking.copy_artifacts(version.run_id, run_id)
    tracking.client.set_terminated(run_id)
    number = registry.add(model, run_id, {**tags, CREATED: version.created_at.isoformat()})
    return registry.version(version.series, number)
