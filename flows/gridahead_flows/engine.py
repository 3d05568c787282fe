"""What every flow shares: the workspace, and when a failure is worth another try."""

from __future__ import annotations

import logging
from typing import Any

from prefect.tasks import exponential_backoff

from gridahead.core.errors import GridaheadError
from gridahead.workspace import Workspace

# Prefect hands our log lines on (prefect.toml), from this level.
logging.getLogger("gridahead").setLevel(logging.INFO)


def open_workspace(settings: str | None) -> Workspace:
    """The workspace of a settings file; of $GRIDAHEAD_SETTINGS or flows/settings.toml without one."""
    return Workspace.open(settings)


def artifact_key(kind: str, series: str) -> str:
    """A key of an artifact, of lower-case letters and dashes as Prefect asks for."""
    return f"{kind}-{series}".lower().replace("/", "-").replace("_", "-")


def if_retryable(_task: Any, _run: Any, state: Any) -> bool:
    """Whether the error itself says that trying again can help."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, GridaheadError) and error.retryable


RETRIES: dict[str, Any] = {
    "retries": 3,
    "retry_delay_seconds": exponential_backoff(10),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": if_retryable,
}
"""Of every task: after about 10, 20 and 40 s, where the error says that it helps. What is done is not done twice."""
