"""Serving: a process that answers until it is told to stop."""

from __future__ import annotations

import http
import json
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h11
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from gridahead.core.errors import SettingsError
from gridahead.settings.serve import LOOPBACK
from gridahead.web.app import application
from gridahead.web.problems import MEDIA_TYPE, RequestError
from gridahead.web.tokens import Tokens
from gridahead.workspace import Workspace

LAST_ANSWERS_SECONDS = 5
"""How long answers that are under way may take after it was told to stop."""
LARGEST_HEAD = 16 * 1024
"""[bytes] Of a request, its first line and all headers: four times what a browser sends."""
MOST_CONNECTIONS = 500
"""At once; who comes then is told to come again. Each costs a few KB."""
AGAIN_SECONDS = 5
"""When who comes then may come again."""
KEEP_ALIVE_SECONDS = 15
"""How long a connection without a request stays open."""

log = logging.getLogger(__name__)


def serve(
    workspace: Workspace, host: str | None = None, port: int | None = None, require_tokens: bool | None = None
) -> None:
    """Answer until SIGTERM or SIGINT; answers that are under way are finished.

    Args:
        workspace: what is shown.
        host: the address to listen on; that of the settings unless given.
        port: its port; that of the settings unless given.
        require_tokens: whether readers need a token; as the settings say unless given.

    Raises:
        SettingsError: readers need a token there, and there is none.
        LakeError: the lake has the layout of another release.
        SystemExit: the port is taken; the reason is in the log.
    """
    settings = workspace.settings.serve
    host, port = host or settings.host, settings.port if port is None else port
    workspace.lake  # noqa: B018 - a lake of another release is told now, not by every answer
    config = uvicorn.Config(
        application(workspace, closed=closed_at(workspace, host, require_tokens)),
        host=host,
        port=port,
        http=Protocol,
        loop="asyncio",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=LAST_ANSWERS_SECONDS,
    )
    with _ended_in_order():
        uvicorn.Server(config).run()


def closed_at(workspace: Workspace, host: str, require_tokens: bool | None = None) -> bool:
    """Whether readers need a token at an address.

    Args:
        workspace: whose tokens.
        host: the address.
        require_tokens: whether they do; as the settings say unless given.

    Raises:
        SettingsError: they need one, and there is none that has not expired.
    """
    settings = workspace.settings.serve
    if not (settings.asks_for_tokens(host) if require_tokens is None else require_tokens):
        if host not in LOOPBACK:
            log.warning("listening on %s, and whoever reaches it there reads without a token, as was asked for", host)
        return False
    tokens = Tokens.of(workspace.settings, workspace.clock)
    if all(token.is_over(workspace.clock()) for token in tokens.all()):
        raise SettingsError(
            f"nobody could read at {host}: readers need a token there, and there is none. Make one with `gridahead "
            "serve token add NAME`; or listen on 127.0.0.1; or, if a proxy in front asks for passwords, say so in the "
            "settings ([serve] require_tokens = false) or with --open"
        )
    return True


class Protocol(H11Protocol):
    """HTTP as h11 reads it, strictly; what it cannot read, or comes to too many, is refused as programs can read it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._answers, self.app = self.app, self._if_there_is_room

    async def _if_there_is_room(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The server's answer, or that it has too many connections: uvicorn itself would say so as a text."""
        if len(self.connections) <= MOST_CONNECTIONS:
            await self._answers(scope, receive, send)
            return
        reason = f"{MOST_CONNECTIONS} connections are open, and it has room for no more"
        headers = {"Retry-After": str(AGAIN_SECONDS), "Connection": "close"}
        problem = RequestError("too-busy", reason, f"Ask again in {AGAIN_SECONDS} s, over fewer connections", headers)
        await problem.answer(scope["path"])(scope, receive, send)

    def send_400_response(self, msg: str) -> None:
        """Refuse a request that is none, and close."""
        if self.cycle is not None and not self.cycle.response_complete:
            # Its head could be read and its body cannot: whoever answers the head answers nobody.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        problem = RequestError("malformed", msg, "Send a request of HTTP/1.1 with headers of 16 KB at most")
        content = json.dumps(problem.said()).encode()
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"connection", b"close")]
        headers.append((b"content-length", str(len(content)).encode()))
        reason = http.HTTPStatus(problem.kind.status).phrase.encode()
        for event in (
            h11.Response(status_code=problem.kind.status, headers=headers, reason=reason),
            h11.Data(data=content),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM end the process with exit code 0: uvicorn hands it on once its last answer is out."""
    before = signal.signal(signal.SIGTERM, lambda *_: log.info("stopped"))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
