"""Serving: a process that answers until it is told to stop."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from gridahead.web.app import application
from gridahead.workspace import Workspace

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
LAST_ANSWERS_SECONDS = 5
"""How long answers that are under way may take after it was told to stop."""

log = logging.getLogger(__name__)


def serve(workspace: Workspace, host: str | None = None, port: int | None = None) -> None:
    """Answer until SIGTERM or SIGINT; answers that are under way are finished.

    Args:
        workspace: what is shown.
        host: the address to listen on; that of the settings unless given.
        port: its port; that of the settings unless given.

    Raises:
        LakeError: the lake has the layout of another release.
        SystemExit: the port is taken; the reason is in the log.
    """
    settings = workspace.settings.serve
    host, port = host or settings.host, settings.port if port is None else port
    workspace.lake  # noqa: B018 - a lake of another release is told now, not by every answer
    if host not in LOOPBACK:
        log.warning(
            "listening on %s: whoever reaches this machine there can read what is published, without a password. Keep "
            "it behind a proxy that asks for one, or behind a firewall",
            host,
        )
    config = uvicorn.Config(
        application(workspace),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=LAST_ANSWERS_SECONDS,
    )
    with _ended_in_order():
        uvicorn.Server(config).run()


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM end the process with exit code 0: uvicorn hands it on once its last answer is out."""
    before = signal.signal(signal.SIGTERM, lambda *_: log.info("stopped"))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
