"""MLflow's client, whose errors are ours: what is wrong with the registry, without secrets, and retryable or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gridahead.registry import mlflow_state  # before MLflow

# isort: split
import httpx
import mlflow
import requests
import sqlalchemy
from mlflow.exceptions import MlflowException

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.registry.address import Address, is_locked

NEWEST = "gridahead.newest"
"""Tag of a registered model: its newest version, also where that has been deleted since."""
PAGE = 10_000
"""Versions that MLflow tells of at once, at most; a model has fewer."""
_MISSING, _THERE = "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS"
_PASSING = ("TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED")
_REFUSED = (
    "does not let us in: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, in the "
    "environment, of a user that may write there"
)
_ANSWER_SECONDS = 5.0
"""A server on the same network answers in milliseconds; MLflow itself would try for minutes."""


class RegistryError(ModelError):
    """The registry does not answer, or not as asked; `code` is that of MLflow, empty if it has none."""

    def __init__(self, model: str, reason: str, *, code: str = "", retryable: bool = False) -> None:
        super().__init__(model, reason, retryable=retryable)
        self.code = code

    @property
    def is_missing(self) -> bool:
        """Whether what was asked for is not there."""
        return self.code == _MISSING

    @property
    def is_there(self) -> bool:
        """Whether what was to be made is there already."""
        return self.code == _THERE


@contextmanager
def told(address: Address) -> Iterator[None]:
    """Whatever MLflow raises is a `RegistryError`."""
    try:
        yield
    except (MlflowException, sqlalchemy.exc.SQLAlchemyError, requests.RequestException) as error:
        code = str(getattr(error, "error_code", ""))
        text = " ".join(str(error).split())
        refused = " 401 " in text or " 403 " in text
        passing = (
            not isinstance(error, MlflowException) or code in _PASSING or is_locked(error) or "Max retries" in text
        )
        problem = _REFUSED if refused else f"says: {text}"
        retryable = passing and not refused
        shown = f"the registry of models in {address}"
        raise RegistryError(shown, address.without_secrets(problem), code=code, retryable=retryable) from error
    except ModuleNotFoundError as error:
        raise _lacking(address, error) from error


def _lacking(address: Address, error: ModuleNotFoundError) -> ModelError:
    """A library that a database or an object store needs is not installed."""
    return address.error(f"needs {error.name}, which is not installed: pip install 'gridahead[service]'")


class Client:
    """MLflow's client at an address, every method of it."""

    def __init__(self, address: Address) -> None:
        self._address = address
        with told(address), mlflow_state.tracking_at(address.uri):
            self._client = mlflow.MlflowClient(address.uri)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*given: Any, **named: Any) -> Any:
            with told(self._address), mlflow_state.quiet():
                return method(*given, **named)

        return call


def require_answer(address: Address) -> None:
    """See that somebody answers there, before MLflow tries for minutes.

    Raises:
        ModelError: nobody does, or the library for such a database is missing.
    """
    try:
        if address.is_server:
            httpx.get(f"{address.uri.rstrip('/')}/health", timeout=_ANSWER_SECONDS)
        elif address.database is None:
            limit = {"connect_timeout": int(_ANSWER_SECONDS)}
            engine = sqlalchemy.create_engine(address.uri, connect_args=limit)
            engine.connect().close()
            engine.dispose()
    except (httpx.HTTPError, httpx.InvalidURL, sqlalchemy.exc.SQLAlchemyError) as error:
        reason = (
            f"does not answer: {' '.join(str(error).split())}. See whether it is up, and whether its address is right"
        )
        raise address.error(f"{reason}; forecasts go on without it", retryable=True) from error
    except ModuleNotFoundError as error:
        raise _lacking(address, error) from error


def newest(client: Client, series: Series) -> int:
    """The newest version of a series, also where it has been deleted since; 0 if there was none."""
    try:
        model = client.get_registered_model(series.slug)
    except RegistryError as error:
        if error.is_missing:
            return 0
        raise
    rows = client.search_model_versions(f"name='{series.slug}'", max_results=PAGE)
    return max(int(model.tags.get(NEWEST, 0)), *(int(row.version) for row in rows), 0)
