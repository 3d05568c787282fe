"""What every flow shares: the workspace, and when a failure is worth another try."""

from __future__ import annotations

import logging
from typing import Any

from prefect.tasks import exponential_backoff

from gridahead.errors import PublicationError, SourceError
from gridahead.pipeline.workspace import Workspace
from gridahead.settings_file import load_settings

# Prefect hands our log lines on (prefect.toml), from this level.
logging.getLogger("gridahead").setLevel(logging.INFO)

RETRIES: dict[str, Any] = {
    "retries": 3,
    "retry_delay_seconds": exponential_backoff(10),
    "retry_jitter_factor": 0.5,
}


def open_workspace(settings: str | None) -> Workspace:
    """The workspace of a settings file; of $GRIDAHEAD_SETTINGS or flows/settings.toml without one."""
    return Workspace(load_settings(settings))


def artifact_key(kind: str, series: str) -> str:
    """A key of an artifact, of lower-case letters and dashes as Prefect asks for."""
    return f"{kind}-{series}".lower().replace("/", "-").replace("_", "-")


def if_retryable(_task: Any, _run: Any, state: Any) -> bool:
    """Whether the error itself says that trying again can help."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, SourceError | PublicationError) and error.retryable
