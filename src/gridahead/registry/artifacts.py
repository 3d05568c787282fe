"""Addresses of MLflow's artifacts that stay right wherever its folder goes.

MLflow keeps the address of every artifact in its database. One that names a folder of this machine is wrong as soon as
the folder is moved, restored from a backup or mounted in a container. `mlflow-artifacts:/…` names none: it is relative
to what the server of MLflow is told by `--artifacts-destination`. Here, where the database is read without a server, it
is relative to the place that the settings name, or to the folder beside the database.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlparse

from gridahead.registry import mlflow_state  # noqa: F401  # before MLflow

# isort: split
import mlflow
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import _artifact_repository_registry, get_artifact_repository
from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

from gridahead.registry.address import ROOT, Address
from gridahead.settings.stores import is_address

_ADDRESSES: dict[str, Address] = {}
"""By what MLflow is told: every address that has been opened."""


def know(address: Address) -> None:
    """Remember where the artifacts of an address are."""
    _ADDRESSES[address.uri] = address


def relative(place: str, address: Address) -> str:
    """The path of an artifact below the root of all of an address, without a slash before it."""
    if address.root != ROOT:
        return place.removeprefix(address.root).strip("/")
    return unquote(urlparse(place).path).strip("/")


def _repository(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> ArtifactRepository:
    """The artifacts of a database, or those of a server."""
    address = _ADDRESSES.get(tracking_uri or mlflow.get_tracking_uri())
    if address is None or address.artifacts is None or address.is_server:
        return MlflowArtifactsRepository(artifact_uri, tracking_uri, registry_uri)
    path = relative(artifact_uri, address)
    if is_address(address.artifacts):
        return get_artifact_repository(f"{address.artifacts.rstrip('/')}/{path}")
    return get_artifact_repository((Path(address.artifacts).absolute() / path).as_uri())


# The public way is an entry point of the installed package; MLflow looks for those once, when it is imported.
_artifact_repository_registry.register(ROOT.removesuffix(":/"), _repository)  # type: ignore[no-untyped-call]
