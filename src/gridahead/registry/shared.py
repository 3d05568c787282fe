"""A training of a group as MLflow keeps it: trained once, registered once, and served to many series.

One logged model has the code once and the bundles of all candidates of all series (`bundles/DE/load/north_tuned`). It
is a version of a registered model that has the name of the group. The versions of the series, each with its own
trial and aliases, refer to it by the tag `of_group`, and by `copy` to their own bundle within it; the runs of
their fits are below its run.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import textwrap
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from gridahead.registry import mlflow_state  # noqa: F401  # before MLflow

# isort: split
from mlflow.entities import LoggedModelStatus

from gridahead.core.errors import ModelError
from gridahead.core.fingerprint import digest
from gridahead.core.grid import Series
from gridahead.models.storage import bundle_hash, load
from gridahead.registry.bundled import BUNDLES, PARAMS
from gridahead.registry.client import PAGE
from gridahead.registry.exports import Exports
from gridahead.registry.logged import Logged, log_bundles, make_version, reserve, signature
from gridahead.registry.runs import Tracking
from gridahead.registry.versions import OF_GROUP

log = logging.getLogger(__name__)

TRAINING = "training"
"""Tag of a logged model and of the version of a group: fingerprint of all bundles that came of the training."""
_LONGEST = 4900
"""MLflow takes 5000 characters of description."""


class Candidate(NamedTuple):
    """What a training of a group has made for one of its series."""

    series: Series
    model: str

    @property
    def path(self) -> str:
        """Where its bundle is among those of the group."""
        return f"{self.series}/{self.model}"


class Kept(NamedTuple):
    """A training of a group in MLflow."""

    number: str
    """Of the version of the group."""
    run_id: str
    logged: Logged


class SharedTraining:
    """What one training of a group has made; MLflow gets it when the first version of a series needs it.

    Args:
        tracking: where MLflow is.
        exports: that have the bundles.
        group: name of the group.
        bundles: of every candidate, the hash of its bundle.
        params: of its run.
    """

    def __init__(
        self,
        tracking: Tracking,
        exports: Exports,
        group: str,
        bundles: Mapping[Candidate, str],
        params: Mapping[str, Any],
    ) -> None:
        self.group, self.bundles = group, dict(sorted(bundles.items()))
        self._tracking, self._client, self._exports, self._params = tracking, tracking.client, exports, params
        self._is_ours = False

    @cached_property
    def kept(self) -> Kept:
        """The training in MLflow, which keeps it now if it did not yet.

        One that was interrupted after MLflow had got it, or that another host has brought there, is not kept twice.
        """
        logged, run_id = self._found() or self._log()
        self._client.set_terminated(run_id)
        return Kept(self._version_of(logged, run_id), run_id, logged)

    @property
    def name(self) -> str:
        """The version of the group in words, such as `north v3`."""
        return f"{self.group} v{self.kept.number}"

    def copy_of(self, candidate: Candidate) -> str:
        """Where MLflow's copy of a bundle is, below the root of all artifacts."""
        return f"{self.kept.logged.artifacts}/{BUNDLES}/{candidate.path}"

    def withdraw_if_unused(self) -> None:
        """Take back what MLflow got from here, if no version refers to it: those of another host came first."""
        if not self._is_ours or self._client.search_model_versions(f"tags.`{OF_GROUP}` = '{self.name}'", max_results=1):
            return
        log.info("%s: another host has registered the same training, which stays", self.group)
        self._client.delete_model_version(self.group, self.kept.number)
        self._client.delete_logged_model(self.kept.logged.model_id)
        self._client.delete_run(self.kept.run_id)

    @property
    def _fingerprint(self) -> str:
        return digest([[candidate.path, bundle] for candidate, bundle in self.bundles.items()])

    def _found(self) -> tuple[Logged, str] | None:
        """The same training among what MLflow has, if that is whole."""
        where = f"tags.`{TRAINING}` = '{self._fingerprint}'"
        for model in self._client.search_logged_models([self._tracking.experiment_id], where):
            logged = Logged.of(model, self._tracking)
            if model.status != LoggedModelStatus.READY:
                log.warning(
                    "%s: MLflow has a part of this training in %s, to which nothing refers: its storing was "
                    "interrupted, or another host is about it",
                    self.group,
                    logged.artifacts,
                )
            elif self._is_whole(logged):
                log.info("%s: MLflow has got this training before, and keeps it once", self.group)
                return logged, str(model.source_run_id)
        return None

    def _is_whole(self, logged: Logged) -> bool:
        """Whether MLflow's copy has every bundle as it is here."""
        with tempfile.TemporaryDirectory() as scratch:
            try:
                copies = self._tracking.fetch(f"{logged.artifacts}/{BUNDLES}", Path(scratch))
            except ModelError as error:
                log.warning("%s: a copy of this training is lost, and another is kept (%s)", self.group, error)
                return False
            return all(bundle_hash(copies / candidate.path) == kept for candidate, kept in self.bundles.items())

    def _log(self) -> tuple[Logged, str]:
        """Give MLflow all bundles as one logged model, in a run of the group."""
        self._is_ours = True
        tags = {"group": self.group, TRAINING: self._fingerprint}
        series = sorted({candidate.series for candidate in self.bundles})
        run_id = self._tracking.begin(self.group, tags)
        self._tracking.note(run_id, {**self._params, "group.series": len(series)}, {})
        self._tracking.keep_text(run_id, "series.txt", "".join(f"{one}\n" for one in series))
        with tempfile.TemporaryDirectory() as scratch:
            for candidate, bundle in self.bundles.items():
                shutil.copytree(self._exports.kept(bundle), Path(scratch, BUNDLES, candidate.path))
            first = load(self._exports.kept(next(iter(self.bundles.values()))))
            shapes = signature(first, PARAMS)
            logged = log_bundles(self._tracking, run_id, BUNDLES, Path(scratch, BUNDLES), shapes, tags)
        return logged, run_id

    def _version_of(self, logged: Logged, run_id: str) -> str:
        """The number of the version of the group, which is made if it is not there."""
        reserve(self._tracking, self.group, f"Series that share the network {self.group}")
        fingerprint = self._fingerprint
        for row in self._client.search_model_versions(f"name='{self.group}'", max_results=PAGE):
            if row.tags.get(TRAINING) == fingerprint and row.source == logged.uri:
                return str(row.version)
        series = sorted({str(candidate.series) for candidate in self.bundles})
        words = textwrap.shorten(f"{len(series)} series: {', '.join(series)}", _LONGEST, placeholder=" …")
        return make_version(self._tracking, self.group, logged, run_id, {TRAINING: fingerprint}, words)
