"""What MLflow keeps for a whole process: set while we use it, and put back.

Imported before anything of MLflow, which looks at the environment when it is imported.
"""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""No telemetry, no progress bar for files copied, nothing printed where a command prints JSON, and 15 s instead of
minutes until a server that is gone is named; what the environment has set already counts."""
NOISY = ("mlflow", "alembic")
_ONE_AT_A_TIME = threading.RLock()
"""One thread's tracking address must not be that of another meanwhile."""


@contextmanager
def quiet() -> Iterator[None]:
    """MLflow without telemetry, progress bars, and lines below a warning."""
    before = dict(os.environ)
    levels = {name: logging.getLogger(name).level for name in NOISY}
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        # An example would repeat what the signature says, at the price of a copy of the data in every model.
        warnings.filterwarnings("ignore", message=".*input example was not provided.*")
        os.environ.update({name: value for name, value in ENVIRONMENT.items() if name not in before})
        for name in NOISY:
            logging.getLogger(name).setLevel(logging.WARNING)
        try:
            yield
        finally:
            for name in {name for name in {*os.environ, *before} if name.startswith("MLFLOW")}:
                _set(name, before.get(name))
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


with quiet():
    import mlflow


@contextmanager
def tracking_at(uri: str) -> Iterator[None]:
    """The same, and MLflow's global functions work on this address."""
    with quiet():
        before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None  # type: ignore[no-untyped-call]
        mlflow.set_tracking_uri(uri)
        try:
            yield
        finally:
            mlflow.set_tracking_uri(before or "")  # nothing is what it was before anybody said
