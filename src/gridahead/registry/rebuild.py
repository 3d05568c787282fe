"""A registry made again from what is exported of its versions, and exports from what is registered."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.registry.exports import Exports
from gridahead.registry.registry import Registry
from gridahead.registry.shared import Candidate, SharedTraining
from gridahead.registry.versions import CREATED, OF_GROUP, Version

log = logging.getLogger(__name__)

NOT_KEPT = ("copy", OF_GROUP)
"""Tags that are made anew with the version: where MLflow's copy lies, and with which version of its group."""


class Trainings:
    """The trainings of groups, each as far as its bundles are sound: MLflow gets it once for all of its series."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[str, SharedTraining] = {}

    def of(self, version: Version) -> SharedTraining | None:
        """The training that a version was made in, None if it was trained alone."""
        if version.of_group and version.of_group not in self._known:
            self._known[version.of_group] = self._training(version.of_group)
        return self._known.get(version.of_group)

    @cached_property
    def _versions(self) -> dict[str, list[Version]]:
        """What is exported, by the training that it was made in."""
        exports, found = self._registry.exports, defaultdict[str, list[Version]](list)
        for series in exports.series():
            for number in range(1, exports.newest_of(series) + 1):
                if (version := _recorded(exports, series, number)) is not None:
                    found[version.of_group].append(version)
        return found

    def _training(self, name: str) -> SharedTraining:
        registry = self._registry
        sound = [version for version in self._versions[name] if registry.sound(version)]
        bundles = {Candidate(version.series, version.model): version.tags["bundle"] for version in sound}
        return SharedTraining(registry.tracking, registry.exports, name.rpartition(" v")[0], bundles, {})


def register_again(
    registry: Registry, series: Series, above: int, until: int, trainings: Trainings
) -> Iterator[Version]:
    """Register the exported versions above a number, under the numbers that they had; returns them one by one.

    A number of which nothing is exported, or whose weights are lost, is not given again: forecasts in the lake bear it.

    Args:
        registry: that does not know them.
        series: of which.
        above: the newest version that the registry knows.
        until: the newest version that anything knows of.
        trainings: of groups, in which versions were made.
    """
    registry.reserve(series)
    for number in range(above + 1, until + 1):
        version = _exported(registry, series, number)
        if version is None:
            registry.skip(series)
        else:
            yield _again(registry, version, trainings.of(version))


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
    version = _recorded(registry.exports, series, number)
    return version if version is not None and registry.sound(version) else None


def _recorded(exports: Exports, series: Series, number: int) -> Version | None:
    try:
        return exports.version(series, str(number))
    except ModelError as error:
        log.warning("%s", error)
        return None


def _again(registry: Registry, version: Version, training: SharedTraining | None) -> Version:
    """The same version, with a run that has its figures and what was kept with the former run."""
    tracking, model = registry.tracking, registry.load(version).model
    tags = {name: value for name, value in version.tags.items() if name not in NOT_KEPT}
    parent = None if training is None else training.kept.run_id
    run_id = tracking.begin(f"{version.series} {version.model}", tags, parent)
    tracking.note(run_id, {}, {name: {0: value} for name, value in version.validation.items()})
    tracking.copy_artifacts(version.run_id, run_id)
    tracking.client.set_terminated(run_id)
    number = registry.add(model, run_id, {**tags, CREATED: version.created_at.isoformat()}, training)
    return registry.version(version.series, number)
