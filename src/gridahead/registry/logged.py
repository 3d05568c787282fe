"""Models as MLflow serves them: a pyfunc made from code, the package beside it, and bundles among its artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version as release_of
from pathlib import Path
from typing import NamedTuple

from gridahead.registry import mlflow_state  # noqa: F401  # before MLflow

# isort: split
import mlflow
import numpy as np
from mlflow.entities import LoggedModel
from mlflow.models import ModelSignature
from mlflow.types.schema import ParamSchema, ParamSpec, Schema, TensorSpec

from gridahead.core.release import PACKAGE
from gridahead.models.base import Forecaster
from gridahead.registry.artifacts import relative
from gridahead.registry.client import RegistryError, told
from gridahead.registry.runs import Tracking

_REQUIREMENTS = ("torch", "numpy", "pandas", "pyarrow", "safetensors", "holidays", "pydantic")


class Logged(NamedTuple):
    """A model that MLflow keeps."""

    model_id: str
    uri: str
    artifacts: str
    """Where its bundles are, below the root of all artifacts."""

    @classmethod
    def of(cls, model: LoggedModel, tracking: Tracking) -> Logged:
        """What is needed of MLflow's description."""
        place = relative(model.artifact_location, tracking.address)
        return cls(model.model_id, model.model_uri, f"{place}/artifacts")


def log_bundles(
    tracking: Tracking, run_id: str, name: str, folder: Path, signature: ModelSignature, tags: Mapping[str, str]
) -> Logged:
    """Store a folder of the given name among the artifacts of a new logged model of a run.

    Args:
        tracking: where.
        run_id: of which run.
        name: by which `served_model` finds the folder: `bundle`, or `bundles` of several.
        folder: a bundle, or folders of them.
        signature: what the model takes and gives.
        tags: of the logged model.
    """
    with told(tracking.address), tracking.active(), mlflow.start_run(run_id=run_id):
        made = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(Path(__file__).with_name("served_model.py")),
            code_paths=[str(PACKAGE)],
            artifacts={name: str(folder)},
            signature=signature,
            pip_requirements=[f"{package}=={release_of(package).partition('+')[0]}" for package in _REQUIREMENTS],
            tags=dict(tags),
        )
    return Logged.of(tracking.client.get_logged_model(made.model_id), tracking)


def reserve(tracking: Tracking, name: str, description: str) -> None:
    """Make room for the versions of a registered model, if there is none yet."""
    try:
        tracking.client.create_registered_model(name, description=description)
    except RegistryError as error:
        if not error.is_there:  # it is from the second version on
            raise


def make_version(
    tracking: Tracking, name: str, logged: Logged, run_id: str, tags: Mapping[str, str], description: str | None = None
) -> str:
    """Make a logged model a version of a registered one; gives its number."""
    with tracking.active():  # MLflow looks for the logged model at the global address
        made = tracking.client.create_model_version(
            name, logged.uri, run_id, model_id=logged.model_id, tags=dict(tags), description=description
        )
    return str(made.version)


def signature(model: Forecaster, params: tuple[str, ...] = ()) -> ModelSignature:
    """The shapes that the served model takes and gives, and what else it has to be told, in words."""
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
        params=ParamSchema([ParamSpec(name, "string", "") for name in params]) if params else None,  # type: ignore[arg-type]
    )
