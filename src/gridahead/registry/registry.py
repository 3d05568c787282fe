"""The registry of models in MLflow: one registered model a series, one version a fit, two aliases.

`champion` serves; `challenger` forecasts along without being published. A version carries everything that a decision on
it needs as tags: data, settings, issue-time policy, inputs, commit, metrics, and the outcome of its trial. Whatever
is changed through here is exported at once: forecasts are made from the exports (`registry.exports`) without MLflow.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from gridahead.registry import mlflow_state  # noqa: F401  # before MLflow

# isort: split
import pandas as pd

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION, ROLES, TAUGHT_BY, Role
from gridahead.models.base import Forecaster
from gridahead.models.storage import bundle_hash
from gridahead.registry.address import ROOT
from gridahead.registry.bundled import BUNDLE
from gridahead.registry.client import NEWEST, PAGE, RegistryError
from gridahead.registry.exports import Exports, given
from gridahead.registry.logged import log_bundles, make_version, reserve, signature
from gridahead.registry.runs import Tracking, git_commit, settings_params
from gridahead.registry.shared import Candidate, SharedTraining
from gridahead.registry.versions import CREATED, METRICS, OF_GROUP, Registered, Version, figure_tags
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.fit import Fit

log = logging.getLogger(__name__)

_LONGEST_TAG = 4900
"""MLflow takes 5000 characters."""


class Registration(NamedTuple):
    """A version, and whether it was made now: else it was there, or another host has made it in this moment."""

    version: Version
    is_new: bool


class Registry:
    """The registered versions of every series, their aliases and tags."""

    def __init__(self, tracking: Tracking, exports: Exports) -> None:
        self.tracking, self.client, self.exports = tracking, tracking.client, exports

    def together(
        self, group: str, fits: Sequence[Fit], config: ModelSettings, settings: TrainingSettings
    ) -> SharedTraining:
        """Export the models of one training of a group, which MLflow gets as one.

        Args:
            group: its name.
            fits: every candidate of every series.
            config: the network that they share.
            settings: how it was trained.
        """
        bundles = {Candidate(fit.model.spec.series, fit.model.name): self.exports.keep(fit.model) for fit in fits}
        return SharedTraining(self.tracking, self.exports, group, bundles, settings_params(config, settings))

    def register(
        self,
        fit: Fit,
        config: ModelSettings | None,
        settings: TrainingSettings,
        settings_hash: str,
        training: SharedTraining | None = None,
    ) -> Registration:
        """Record a fit, export its model and make it a new version, which serves nobody yet.

        A model that is registered to the bit, whose bundle had been lost, gets it back and stays the version it is.
        One that another host has registered meanwhile, of the same data and settings, is not registered twice: of two
        that come at once the one with the lower number stays, on whichever host.

        Args:
            fit: what was trained.
            config: its network; an ensemble has none of its own.
            settings: how it was trained.
            settings_hash: fingerprint of the settings, by which the same fit is known again.
            training: of which it is one of the candidates, if it was trained with others.
        """
        series, spec = fit.model.spec.series, fit.model.spec
        identity = {
            "data_fingerprint": fit.data_fingerprint,
            "settings_hash": settings_hash,
            "bundle": training.bundles[Candidate(series, fit.model.name)] if training else self.exports.keep(fit.model),
        }
        if (known := self.find(series, fit.model.name, identity)) is not None:
            log.info("%s: %s is the same to the bit, and has its bundle again", series, known)
            return Registration(known, is_new=False)
        same = {name: identity[name] for name in ("data_fingerprint", "settings_hash")}
        if (other := self._first_sound(series, fit.model.name, same)) is not None:
            log.info("%s: %s has been registered meanwhile, of the same data and settings", series, other)
            return Registration(self._export(other), is_new=False)
        parent = None if training is None else training.kept.run_id
        run_id = self.tracking.record(fit, config, settings, parent)
        tags = {
            "series": str(series),
            "model": fit.model.name,
            **identity,
            "deadline": str(spec.deadline),
            "issued_until": str(spec.issued_until or spec.deadline),
            "intraday": str(spec.intraday).lower(),
            "inputs": ", ".join(map(str, spec.inputs)),
            "git_commit": git_commit(),
            "train_days": " to ".join(map(str, fit.train_days)),
            "validation_days": " to ".join(map(str, fit.validation_days)),
            "judged_days": " to ".join(map(str, fit.judged_days)),
            "learnt_until": str(fit.learnt_until),
            **({TAUGHT_BY: str(fit.taught_by)} if fit.taught_by else {}),
            **figure_tags(fit.validation),
        }
        version = self.version(series, self.add(fit.model, run_id, tags, training))
        # Looked at once more: MLflow has no lock that two hosts see, but numbers that it gives only once.
        first = self._first_sound(series, fit.model.name, same)
        if first is not None and int(first.number) < int(version.number):
            log.info("%s: %s came at the same time as %s, which stays", series, version, first)
            self.client.delete_model_version(series.slug, version.number)
            self.client.delete_run(run_id)
            return Registration(self._export(first), is_new=False)
        return Registration(self._export(version), is_new=True)

    def _first_sound(self, series: Series, model: str, same: Mapping[str, str]) -> Version | None:
        """The oldest version of a model with these tags whose weights are what they were."""
        of_model = (version for version in reversed(self.versions(series)) if version.model == model)
        equal = (version for version in of_model if all(version.tags.get(tag) == value for tag, value in same.items()))
        return next((version for version in equal if self.sound(version)), None)

    def adopt(self, model: Forecaster, tags: Mapping[str, str]) -> Version:
        """Make a model that was not trained here a version, with a run that has its figures.

        Args:
            model: whose bundle is exported already.
            tags: of the version.
        """
        series = model.spec.series
        run_id = self.tracking.begin(f"{series} {tags['model']}", tags)
        figures = {name: {0: float(tags[name])} for name in METRICS if name in tags}
        self.tracking.note(run_id, {}, figures)
        self.client.set_terminated(run_id)
        return self._export(self.version(series, self.add(model, run_id, tags)))

    def versions(self, series: Series) -> list[Version]:
        """Every version of a series that is ours, the newest first."""
        aliases = self.aliases(series)
        rows = self.client.search_model_versions(f"name='{series.slug}'", max_results=PAGE)
        versions = [_version(series, row, aliases) for row in rows if "bundle" in row.tags]
        return sorted(versions, key=lambda version: int(version.number), reverse=True)

    def version(self, series: Series, number: str) -> Version:
        """A version by its number, with or without a v before it, or by its alias.

        Raises:
            ModelError: there is none.
        """
        bare_number = number.removeprefix("v")
        versions = self.versions(series)
        for version in versions:
            if version.number == bare_number or number in version.aliases:
                return version
        listing = (
            ", ".join(str(version) for version in versions[:10])
            or f"none; train one with `gridahead train --series {series}`"
        )
        raise ModelError(str(series), f"has no version {number!r}; there are {listing}")

    def find(self, series: Series, model: str, same: Mapping[str, str]) -> Version | None:
        """The newest version of a model with these tags."""
        of_model = (version for version in self.versions(series) if version.model == model)
        return next(
            (version for version in of_model if all(version.tags.get(tag) == value for tag, value in same.items())),
            None,
        )

    def holder(self, series: Series, alias: Role) -> Version | None:
        """The version that has an alias, None if nobody has."""
        return next((version for version in self.versions(series) if alias in version.aliases), None)

    def champion(self, series: Series) -> Registered:
        """The version that serves.

        Raises:
            ModelError: the series has no champion.
        """
        version = self.holder(series, CHAMPION)
        if version is None:
            raise ModelError(str(series), f"has no champion; train one with `gridahead train --series {series}`")
        return self.load(version)

    def newest(self, series: Series, model: str) -> Registered:
        """The newest version of that model, whether it serves or not.

        Raises:
            ModelError: the series has none.
        """
        version = self.find(series, model, {})
        if version is None:
            of_model = sorted({candidate.model for candidate in self.versions(series)})
            raise ModelError(
                f"{series} {model}",
                f"has never been trained; there are {', '.join(of_model) or 'no models at all'}. "
                f"Train it with `gridahead train --series {series}`",
            )
        return self.load(version)

    def load(self, version: Version) -> Registered:
        """A version with its weights.

        Raises:
            ModelError: they are gone or damaged, or this release cannot read them.
        """
        return self.exports.load(version)

    def sound(self, version: Version) -> bool:
        """Whether the weights of a version are what they were; MLflow's copy takes the place of lost ones."""
        try:
            self.exports.bundle(version)
        except ModelError as error:
            return self._fetch_copy(version, error)
        return True

    def _fetch_copy(self, version: Version, lost: ModelError) -> bool:
        """Export the copy of a bundle that MLflow keeps; whether it is what was registered."""
        with tempfile.TemporaryDirectory() as scratch:
            try:
                copy = self.tracking.fetch(version.tags["copy"], Path(scratch))
            except ModelError as error:
                log.warning("%s (%s)", lost, error)
                return False
            if bundle_hash(copy) != version.tags["bundle"]:
                log.warning("%s (MLflow's copy has another hash)", lost)
                return False
            self.exports.keep_bundle(copy)
        log.warning("%s %s: its bundle was lost, and has been fetched from MLflow's copy", version.series, version)
        return True

    def give(self, version: Version, alias: Role) -> Version:
        """Give an alias to a version, here and in the exports; whoever had it has it no longer."""
        self.set_alias(version.series, alias, version.number)
        self.exports.serve(version.series, given(self.exports.serving(version.series), alias, version.number))
        return replace(version, aliases=tuple({*version.aliases, alias}))

    def take(self, series: Series, alias: Role) -> None:
        """Take an alias away from whoever has it, here and in the exports."""
        self.set_alias(series, alias, None)
        self.exports.serve(series, {name: held for name, held in self.exports.serving(series).items() if name != alias})

    def set_alias(self, series: Series, alias: Role, number: str | None) -> None:
        """Give an alias to a version in MLflow alone, or to none, and note that MLflow has it so."""
        if number is not None:
            self.client.set_registered_model_alias(series.slug, alias, number)
        elif alias in self.aliases(series):
            self.client.delete_registered_model_alias(series.slug, alias)
        agreed = self.exports.in_registry(series) | {alias: number or ""}
        self.exports.note_registry(series, {name: held for name, held in agreed.items() if held})

    def note(self, version: Version, tags: Mapping[str, str]) -> None:
        """Add tags to a version, and export them."""
        for name, value in tags.items():
            self.client.set_model_version_tag(version.series.slug, version.number, name, value[:_LONGEST_TAG])
        self._export(version)

    def aliases(self, series: Series) -> dict[str, str]:
        """The number of the version that has each alias."""
        try:
            aliases = self.client.get_registered_model(series.slug).aliases
        except RegistryError as error:
            if error.is_missing:  # nothing has been registered yet
                return {}
            raise
        return {str(alias): str(number) for alias, number in aliases.items()}

    def add(
        self, model: Forecaster, run_id: str, tags: Mapping[str, str], training: SharedTraining | None = None
    ) -> str:
        """Make a model a version of its series; returns its number.

        Its bundle is stored as a pyfunc of its own, or is there already with those of the training that it is part of.
        """
        series = model.spec.series
        if training is None:
            with tempfile.TemporaryDirectory() as scratch:
                bundle = Path(scratch) / BUNDLE
                model.save(bundle)
                logged = log_bundles(self.tracking, run_id, BUNDLE, bundle, signature(model), {})
            tags = {**tags, "copy": f"{logged.artifacts}/{BUNDLE}"}
        else:
            logged = training.kept.logged
            copy = training.copy_of(Candidate(series, model.name))
            tags = {**tags, "copy": copy, OF_GROUP: training.name}
        self.reserve(series)
        number = make_version(self.tracking, series.slug, logged, run_id, tags)
        self._note_newest(series, number)
        return number

    def series(self) -> list[Series]:
        """Every series that has a version."""
        found, token = set[Series](), None
        while True:
            rows = self.client.search_model_versions(max_results=PAGE, page_token=token)
            found |= {Series.parse(row.tags["series"]) for row in rows if "series" in row.tags}
            if not (token := rows.token):
                return sorted(found)

    def reserve(self, series: Series) -> None:
        """Make room for the versions of a series."""
        reserve(self.tracking, series.slug, f"Forecasts of {series}")

    def skip(self, series: Series) -> None:
        """Use up the next number without a version."""
        with self.tracking.active():
            gone = self.client.create_model_version(series.slug, ROOT)
        self._note_newest(series, gone.version)
        self.client.delete_model_version(series.slug, gone.version)

    def _note_newest(self, series: Series, number: object) -> None:
        """Remember a number that has been given, should its version be deleted."""
        self.client.set_registered_model_tag(series.slug, NEWEST, str(number))

    def restore(self, series: Series, aliases: Mapping[str, str]) -> None:
        """Give aliases to the versions that had them, as far as these are there."""
        numbers = {version.number for version in self.versions(series)}
        for alias in ROLES:
            if aliases.get(alias) in numbers:
                self.set_alias(series, alias, aliases[alias])

    def _export(self, version: Version) -> Version:
        """Export the present tags of a version; returns the version."""
        changed = self.version(version.series, version.number)
        self.exports.put(changed)
        return changed


def _version(series: Series, row: Any, aliases: Mapping[str, Any]) -> Version:
    number = str(row.version)
    return Version(
        series=series,
        number=number,
        run_id=str(row.run_id),
        created_at=pd.Timestamp(row.tags.get(CREATED) or pd.Timestamp(row.creation_timestamp, unit="ms", tz="UTC")),
        aliases=tuple(sorted(alias for alias, holder in aliases.items() if str(holder) == number)),
        tags=dict(row.tags),
    )
