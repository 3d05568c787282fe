"""The registry of models in MLflow: one registered model a series, one version a fit, two aliases.

`champion` serves; `challenger` forecasts along without being published. A version carries everything that a decision on
it needs as tags: data, settings, issue-time policy, inputs, commit, metrics, and the outcome of its trial. Whatever
changes here is exported at once: forecasts are made from the exports (`registry.exports`) and need no MLflow.
"""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version as release_of
from pathlib import Path
from typing import Any

from gridahead.registry import mlflow_state  # noqa: F401  # before MLflow

# isort: split
import mlflow
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types.schema import Schema, TensorSpec

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.release import PACKAGE
from gridahead.core.runs import CHAMPION, Role
from gridahead.models.base import Forecaster
from gridahead.registry.artifacts import ROOT, relative
from gridahead.registry.exports import Exports
from gridahead.registry.runs import Tracking, git_commit
from gridahead.registry.versions import CREATED, Registered, Version, figure_tags
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.fit import Fit

log = logging.getLogger(__name__)

_REQUIREMENTS = ("torch", "numpy", "pandas", "pyarrow", "safetensors", "holidays", "pydantic")
_LONGEST_TAG = 4900
"""MLflow takes 5000 characters."""


class Registry:
    """The registered versions of every series, their aliases and tags."""

    def __init__(self, tracking: Tracking, exports: Exports) -> None:
        self.tracking, self.client, self.exports = tracking, tracking.client, exports

    def register(
        self, fit: Fit, config: ModelSettings | None, settings: TrainingSettings, settings_hash: str
    ) -> Version:
        """Record a fit, export its model and make it a new version, which serves nobody yet.

        A model that is registered to the bit, whose bundle had been lost, gets it back and stays the version it is.

        Args:
            fit: what was trained.
            config: its network; an ensemble has none of its own.
            settings: how it was trained.
            settings_hash: fingerprint of the settings, by which the same fit is known again.
        """
        series, spec = fit.model.spec.series, fit.model.spec
        identity = {
            "data_fingerprint": fit.data_fingerprint,
            "settings_hash": settings_hash,
            "bundle": self.exports.keep(fit.model),
        }
        if (known := self.find(series, fit.model.name, identity)) is not None:
            log.info("%s: %s is the same to the bit, and has its bundle again", series, known)
            return known
        run_id = self.tracking.record(fit, config, settings)
        tags = {
            "series": str(series),
            "model": fit.model.name,
            **identity,
            "deadline": str(spec.deadline),
            "inputs": ", ".join(map(str, spec.inputs)),
            "git_commit": git_commit(),
            "train_days": " to ".join(map(str, fit.train_days)),
            "validation_days": " to ".join(map(str, fit.validation_days)),
            "judged_days": " to ".join(map(str, fit.judged_days)),
            "learnt_until": str(fit.learnt_until),
            **figure_tags(fit.validation),
        }
        return self._export(self.version(series, self.add(fit.model, run_id, tags)))

    def versions(self, series: Series) -> list[Version]:
        """Every version of a series that is ours, the newest first."""
        aliases = self.aliases(series)
        rows = self.client.search_model_versions(f"name='{series.slug}'", max_results=10_000)
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
        """Whether the weights of a version are there, and what they were."""
        return self.exports.sound(version)

    def give(self, version: Version, alias: Role) -> Version:
        """Give an alias to a version; whoever had it has it no longer."""
        self.client.set_registered_model_alias(version.series.slug, alias, version.number)
        self._export(version)
        return replace(version, aliases=tuple({*version.aliases, alias}))

    def take(self, series: Series, alias: Role) -> None:
        """Take an alias away from whoever has it."""
        if self.holder(series, alias) is not None:
            self.client.delete_registered_model_alias(series.slug, alias)
            self.exports.serve(series, self.aliases(series))

    def note(self, version: Version, tags: Mapping[str, str]) -> None:
        """Add tags to a version, and export them."""
        for name, value in tags.items():
            self.client.set_model_version_tag(version.series.slug, version.number, name, value[:_LONGEST_TAG])
        self._export(version)

    def aliases(self, series: Series) -> dict[str, str]:
        """The number of the version that has each alias."""
        try:
            aliases = self.client.get_registered_model(series.slug).aliases
        except MlflowException:  # nothing has been registered yet
            return {}
        return {str(alias): str(number) for alias, number in aliases.items()}

    def add(self, model: Forecaster, run_id: str, tags: Mapping[str, str]) -> str:
        """Store the bundle as a pyfunc made from code and make it a version; returns its number."""
        with tempfile.TemporaryDirectory() as scratch:
            bundle = Path(scratch) / "bundle"
            model.save(bundle)
            with self.tracking.active(), mlflow.start_run(run_id=run_id):
                logged = mlflow.pyfunc.log_model(
                    name="model",
                    python_model=str(Path(__file__).with_name("served_model.py")),
                    code_paths=[str(PACKAGE)],
                    artifacts={"bundle": str(bundle)},
                    signature=signature(model),
                    pip_requirements=[f"{name}=={release_of(name).partition('+')[0]}" for name in _REQUIREMENTS],
                )
        name = model.spec.series.slug
        address = self.client.get_logged_model(logged.model_id).artifact_location
        self.reserve(model.spec.series)
        with self.tracking.active():  # MLflow looks for the logged model at the global address
            registered = self.client.create_model_version(
                name,
                logged.model_uri,
                run_id,
                model_id=logged.model_id,
                tags={**tags, "copy": f"{relative(address)}/artifacts/bundle"},
            )
        return str(registered.version)

    def series(self) -> list[Series]:
        """Every series that has a version."""
        rows = self.client.search_model_versions(max_results=10_000)
        return sorted({Series.parse(row.tags["series"]) for row in rows if "series" in row.tags})

    def reserve(self, series: Series) -> None:
        """Make room for the versions of a series."""
        with contextlib.suppress(MlflowException):  # it is there from the second fit on
            self.client.create_registered_model(series.slug, description=f"Day-ahead forecast of {series}")

    def skip(self, series: Series) -> None:
        """Use up the next number without a version."""
        with self.tracking.active():
            gone = self.client.create_model_version(series.slug, ROOT)
        self.client.delete_model_version(series.slug, gone.version)

    def restore(self, series: Series, aliases: Mapping[str, str]) -> None:
        """Give aliases to the versions that had them, as far as these are there."""
        numbers = {version.number for version in self.versions(series)}
        for alias, number in aliases.items():
            if number in numbers:
                self.client.set_registered_model_alias(series.slug, alias, number)

    def _export(self, version: Version) -> Version:
        """Export the present tags of a version, and who has which alias; returns the version."""
        changed = self.version(version.series, version.number)
        self.exports.put(changed)
        self.exports.serve(version.series, self.aliases(version.series))
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


def signature(model: Forecaster) -> ModelSignature:
    """The shapes that the served model takes and gives."""
    spec, single = model.spec, np.dtype("float32")
    context = spec.context_days * spec.steps_per_day
    return ModelSignature(
        inputs=Schema(
            [
                TensorSpec(single, (-1, context, len(spec.past_names)), "past"),
                TensorSpec(single, (-1, -1, len(spec.future_names)), "future"),
                TensorSpec(np.dtype("int64"), (-1, -1), "valid_time"),
                TensorSpec(np.dtype("bool"), (-1, -1), "delivery"),
            ]
        ),
        outputs=Schema([TensorSpec(single, (-1, -1, len(model.quantiles)))]),
    )
