"""The registry of models in MLflow: one registered model a series, one version a fit, two aliases.

`champion` serves; `challenger` forecasts along without being published. A version carries everything that a decision on
it needs as tags: data, settings, issue-time policy, inputs, commit, metrics, and what the gate said.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types.schema import Schema, TensorSpec

import gridahead
from gridahead.config import ModelSettings, TrainingSettings
from gridahead.errors import ModelError
from gridahead.grid import Series
from gridahead.models.ensemble import Model, load_model
from gridahead.training.fit import Fit
from gridahead.training.tracking import Tracking, git_commit
from gridahead.training.versions import CHAMPION, Alias, Registered, Version

_REQUIREMENTS = ("torch", "numpy", "pandas", "pyarrow", "safetensors", "holidays", "pydantic")
_LONGEST_TAG = 4900
"""MLflow takes 5000 characters."""


class Registry:
    """Versions, aliases and tags."""

    def __init__(self, tracking: Tracking) -> None:
        self.tracking, self.client = tracking, tracking.client

    def register(
        self, fit: Fit, config: ModelSettings | None, settings: TrainingSettings, settings_hash: str
    ) -> Version:
        """Record a fit and make its model a new version, which serves nobody yet.

        Args:
            fit: what was trained.
            config: its network; an ensemble has none of its own.
            settings: how it was trained.
            settings_hash: fingerprint of the settings, by which the same fit is known again.
        """
        run_id = self.tracking.record(fit, config, settings)
        series, spec = fit.model.spec.series, fit.model.spec
        tags = {
            "series": str(series),
            "model": fit.model.name,
            "data_fingerprint": fit.data_fingerprint,
            "settings_hash": settings_hash,
            "deadline": str(spec.deadline),
            "inputs": ", ".join(map(str, spec.inputs)),
            "git_commit": git_commit(),
            "train_days": " to ".join(map(str, fit.train_days)),
            "validation_days": " to ".join(map(str, fit.validation_days)),
            "judged_days": " to ".join(map(str, fit.judged_days)),
            "learnt_until": str(fit.learnt_until),
            **{name: f"{value:.2f}" for name, value in fit.validation.items()},
        }
        return self.version(series, self._log_model(fit.model, run_id, tags))

    def versions(self, series: Series) -> list[Version]:
        """Every version of a series, the newest first."""
        try:
            aliases = self.client.get_registered_model(series.slug).aliases
        except MlflowException:  # nothing has been registered yet
            return []
        found = self.client.search_model_versions(f"name='{series.slug}'", max_results=10_000)
        versions = [_version(series, one, aliases) for one in found]
        return sorted(versions, key=lambda one: int(one.number), reverse=True)

    def version(self, series: Series, number: str) -> Version:
        """A version by its number, with or without a v before it, or by its alias.

        Raises:
            ModelError: there is none.
        """
        wanted = number.removeprefix("v")
        known = self.versions(series)
        for one in known:
            if one.number == wanted or number in one.aliases:
                return one
        there = ", ".join(str(one) for one in known[:10]) or f"none; train one with `gridahead train --series {series}`"
        raise ModelError(str(series), f"has no version {number!r}; there are {there}")

    def find(self, series: Series, model: str, same: Mapping[str, str]) -> Version | None:
        """The newest version of a model with these tags."""
        known = (one for one in self.versions(series) if one.model == model)
        return next((one for one in known if all(one.tags.get(tag) == value for tag, value in same.items())), None)

    def holder(self, series: Series, alias: Alias) -> Version | None:
        """The version that has an alias, None if nobody has."""
        return next((one for one in self.versions(series) if alias in one.aliases), None)

    def champion(self, series: Series) -> Registered:
        """The version that serves.

        Raises:
            ModelError: the series has no champion.
        """
        found = self.holder(series, CHAMPION)
        if found is None:
            raise ModelError(str(series), f"has no champion; train one with `gridahead train --series {series}`")
        return self.load(found)

    def newest(self, series: Series, model: str) -> Registered:
        """The newest version of that model, whether it serves or not.

        Raises:
            ModelError: the series has none.
        """
        found = self.find(series, model, {})
        if found is None:
            of_model = sorted({one.model for one in self.versions(series)})
            raise ModelError(
                f"{series} {model}",
                f"has never been trained; there are {', '.join(of_model) or 'no models at all'}. "
                f"Train it with `gridahead train --series {series}`",
            )
        return self.load(found)

    def load(self, found: Version) -> Registered:
        """A version with its weights.

        Raises:
            ModelError: this release cannot read them.
        """
        uri = f"models:/{found.series.slug}/{found.number}"
        folder = Path(mlflow.artifacts.download_artifacts(f"{uri}/artifacts/bundle", tracking_uri=self.tracking.uri))
        return Registered(found, load_model(folder))

    def give(self, found: Version, alias: Alias) -> Version:
        """Give an alias to a version; whoever had it has it no longer."""
        self.client.set_registered_model_alias(found.series.slug, alias, found.number)
        return replace(found, aliases=tuple({*found.aliases, alias}))

    def take(self, series: Series, alias: Alias) -> None:
        """Take an alias away from whoever has it."""
        if self.holder(series, alias) is not None:
            self.client.delete_registered_model_alias(series.slug, alias)

    def note(self, found: Version, tags: Mapping[str, str]) -> None:
        """Add tags to a version."""
        for name, value in tags.items():
            self.client.set_model_version_tag(found.series.slug, found.number, name, value[:_LONGEST_TAG])

    def serving(self) -> dict[str, dict[str, str]]:
        """For every registered series that has a champion: its version and everything that is said of it."""
        table = {}
        for registered in self.client.search_registered_models():
            if CHAMPION in registered.aliases:
                found = self.client.get_model_version_by_alias(registered.name, CHAMPION)
                table[found.tags["series"]] = {"version": str(found.version), **found.tags}
        return table

    def _log_model(self, model: Model, run_id: str, tags: Mapping[str, str]) -> str:
        """Store the bundle as a pyfunc made from code and register it; gives the version."""
        package = Path(gridahead.__file__).parent
        with tempfile.TemporaryDirectory() as scratch:
            bundle = Path(scratch) / "bundle"
            model.save(bundle)
            with mlflow.start_run(run_id=run_id):
                logged = mlflow.pyfunc.log_model(
                    name="model",
                    python_model=str(package / "training" / "served_model.py"),
                    code_paths=[str(package)],
                    artifacts={"bundle": str(bundle)},
                    signature=signature(model),
                    pip_requirements=[f"{name}=={version(name).partition('+')[0]}" for name in _REQUIREMENTS],
                )
        name = model.spec.series.slug
        with contextlib.suppress(MlflowException):  # it is there from the second fit on
            self.client.create_registered_model(name, description=f"Day-ahead forecast of {model.spec.series}")
        registered = self.client.create_model_version(
            name, logged.model_uri, run_id, tags=dict(tags), model_id=logged.model_id
        )
        return str(registered.version)


def _version(series: Series, found: Any, aliases: Mapping[str, Any]) -> Version:
    number = str(found.version)
    return Version(
        series=series,
        number=number,
        run_id=str(found.run_id),
        created_at=pd.Timestamp(found.creation_timestamp, unit="ms", tz="UTC"),
        aliases=tuple(sorted(alias for alias, holder in aliases.items() if str(holder) == number)),
        tags=dict(found.tags),
    )


def signature(model: Model) -> ModelSignature:
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
