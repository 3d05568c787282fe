"""What holds for every request: the name it was sent to is ours, and browsers are told to trust nothing beyond."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    # The pages hold their styles and pictures themselves; nothing runs, nothing is sent, nobody frames them.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Refuses requests that were sent to another name, and adds the headers that make browsers careful.

    Without it a page elsewhere could let its own name point to this machine and read what its visitors may read here.

    Args:
        app: that answers.
        hosts: names that are ours; `*.example.org` is every name below.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = app
        self._hosts = frozenset(host for host in hosts if not host.startswith("*."))
        self._below = tuple(host[1:] for host in hosts if host.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        asked = host_of(Headers(scope=scope).get("host", ""))
        if self.knows(asked):
            await self._app(scope, receive, send_with_headers)
            return
        refusal = f"{asked!r} is no name of this server; allow it in the settings: [serve] allowed_hosts\n"
        await PlainTextResponse(refusal, 421)(scope, receive, send_with_headers)

    def knows(self, host: str) -> bool:
        """Whether a name is ours."""
        return host in self._hosts or any(host.endswith(ending) for ending in self._below)


def host_of(header: str) -> str:
    """The name in a Host header, without port, brackets and the dot at its end."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].rstrip(".").lower()
