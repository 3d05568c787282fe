"""Addresses of MLflow's artifacts that stay right wherever its folder goes.

MLflow keeps the address of every artifact in its database. One that names a folder of this machine is wrong as soon as
the folder is moved, restored from a backup or mounted in a container. `mlflow-artifacts:/…` names none: it is relative
to what the server of MLflow is told by `--artifacts-destination`. Here, where the database is read without a server, it
is relative to the folder beside the database.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlparse

from gridahead.registry import mlflow_state  # noqa: F401  # before MLflow

# isort: split
import mlflow
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import _artifact_repository_registry
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository
from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

SCHEME = "mlflow-artifacts"
ROOT = f"{SCHEME}:/"
ARTIFACTS = "artifacts"
"""The folder beside the database."""
_SQLITE = "sqlite:///"


def relative(address: str) -> str:
    """The path of an artifact below the folder of artifacts, without a slash before it."""
    return unquote(urlparse(address).path).strip("/")


def _repository(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> ArtifactRepository:
    """The artifacts beside a database, or those of a server."""
    tracking = tracking_uri or mlflow.get_tracking_uri()
    if not tracking.startswith(_SQLITE):
        return MlflowArtifactsRepository(artifact_uri, tracking_uri, registry_uri)
    folder = Path(tracking.removeprefix(_SQLITE)).absolute().parent / ARTIFACTS
    return LocalArtifactRepository((folder / relative(artifact_uri)).as_uri())


# The public way is an entry point of the installed package; MLflow looks for those once, when it is imported.
_artifact_repository_registry.register(SCHEME, _repository)  # type: ignore[no-untyped-call]
