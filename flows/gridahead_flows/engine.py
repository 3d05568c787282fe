"""What every flow shares: the workspace, which series are meant, and when a failure is worth another try."""

from __future__ import annotations

import functools
import inspect
import logging
import os
from collections.abc import Callable, Sequence
from typing import Any, Literal, ParamSpec, TypeVar
from urllib.parse import quote

from prefect.blocks.system import Secret
from prefect.tasks import exponential_backoff

from gridahead.core.errors import GridaheadError, SettingsError, did_you_mean
from gridahead.operate.recorded import recorded
from gridahead.workspace import Workspace

P = ParamSpec("P")
T = TypeVar("T")

# Prefect hands our log lines on (prefect.toml), from this level.
logging.getLogger("gridahead").setLevel(logging.INFO)


def open_workspace(settings: str | None) -> Workspace:
    """The workspace of a settings file; of $GRIDAHEAD_SETTINGS or flows/settings.toml without one.

    Raises:
        SettingsError: it says something that cannot be meant, or names a secret block that Prefect does not have.
    """
    workspace = Workspace.open(settings)
    workspace.settings.logging.set_up()
    for variable, block in workspace.settings.schedule.secret_blocks.items():
        if variable not in os.environ:
            os.environ[variable] = _secret(variable, block)
    return workspace


def _secret(variable: str, block: str) -> str:
    try:
        return str(Secret.load(block).get())  # type: ignore[union-attr]
    except ValueError as error:
        raise SettingsError(
            f"{variable} is to be read from the secret block {block!r}, and Prefect has none of that name; make it on "
            f"Prefect's page under Blocks, of the type Secret, or put {variable} into the environment of the worker"
        ) from error


def kept_on_record(flow: Callable[P, T]) -> Callable[P, T]:
    """The same, leaving a record in the lake: a watch sees by it that a run has failed, or shows no more that it lives.

    Of forecasts a watch sees more: whether they are published.
    """
    kind = flow.__name__.removesuffix("_flow").replace("_", "-")

    @functools.wraps(flow)
    def call(*arguments: P.args, **named: P.kwargs) -> T:
        settings = inspect.signature(flow).bind(*arguments, **named).arguments.get("settings")
        with recorded(open_workspace(settings), kind):
            return flow(*arguments, **named)

    return call


def series_meant(workspace: Workspace, asked: Sequence[str]) -> list[str]:
    """The series that a run is for: those asked for, or else all of the settings.

    Raises:
        SettingsError: the settings do not have one of them.
    """
    known = [str(entry.series) for entry in workspace.settings.series]
    for name in asked:
        if name not in known:
            raise SettingsError(f"{name}: no such series; {did_you_mean(name, known)}known: {', '.join(known)}")
    return list(asked) or known


def artifact_key(kind: str, series: str) -> str:
    """A key of an artifact, of lower-case letters and dashes as Prefect asks for."""
    return f"{kind}-{series}".lower().replace("/", "-").replace("_", "-")


def page_link(workspace: Workspace, page: str, words: str) -> str:
    """A published page in Markdown: a link that browsers elsewhere can follow, or else where the file lies.

    A link to a file opens from no page that a server has sent.

    Args:
        workspace: with `public_url` under [serve] in its settings, or not.
        page: its name in the folder of what is published.
        words: what is shown.
    """
    settings = workspace.settings
    if settings.serve.public_url is None:
        return f"{words}: `{settings.published_folder}/{page}`"
    return f"[{words}]({settings.serve.public_url}/published/{quote(page)})"


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

MINUTE, HOUR = 60, 3600
LIMITS: dict[Literal["watch", "forecast", "ingest", "night", "score", "train", "history"], int] = {
    "watch": 15 * MINUTE,
    "forecast": 30 * MINUTE,
    "ingest": 50 * MINUTE,
    "night": 4 * HOUR,
    "score": 4 * HOUR,
    "train": 24 * HOUR,
    "history": 7 * 24 * HOUR,
}
"""After which a run is ended [s]: several times what the work takes, so that only one that hangs is met. An ingest that
hangs is ended before the next hour's; a watch after three that it has kept from running."""
