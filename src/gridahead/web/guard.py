"""What holds for every request before anything is read: its name, its size, its rate, its token.

Browsers are told to trust nothing beyond the page, and to run no script but those that are ours to the byte.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ipaddress
from collections.abc import Sequence
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gridahead.core.errors import LakeError
from gridahead.web.problems import RequestError
from gridahead.web.rate import Rate
from gridahead.web.tokens import Token, TokenError, Tokens

LONGEST = {"raw_path": ("path", 1_000), "query_string": ("query", 2_000)}
"""[bytes] What each part of an address is called, and its bound: the longest that means anything is a third of it."""
LARGEST_HEADERS = 16 * 1024
"""[bytes] Four times what a browser sends."""
LARGEST_BODY = 64 * 1024
"""[bytes] What is written here is a reason in words."""
BODY_SECONDS = 10.0
"""How long a body may take to come."""
SIGN_IN, COOKIE = "/sign-in", "gridahead_token"
"""Where a browser is given a token, and how it shows it from then on."""
PROBES = frozenset({"/livez", "/healthz"})
"""Addresses without a token and as often as they like: those who ask whether all is in order need none."""
REALM = 'Bearer realm="gridahead", Basic realm="gridahead: any name, and a token as password"'
"""Spreadsheets ask for a name and a password; a token is one."""


HEADERS = {
    # A page that runs scripts or has forms says so itself; nothing else runs, nothing is sent, nobody frames it.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Refuses what was sent to another name, is too large, comes too often or has no token where one is needed.

    Without the name a page elsewhere could let its own name point to this machine and read what its visitors may read
    here. Who has shown a token is in `request.state.token`, None where nobody had to.

    Args:
        app: that answers.
        hosts: names that are ours; `*.example.org` is every name below.
        tokens: those that may read; None where everybody may.
        per_minute: requests of one token or address; 0 for as many as come.
        sign_in: where browsers are sent that have none.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: Sequence[str],
        tokens: Tokens | None = None,
        per_minute: int = 0,
        sign_in: str = SIGN_IN,
    ) -> None:
        self._app = app
        self._hosts = frozenset(host for host in hosts if not host.startswith("*."))
        self._below = tuple(host[1:] for host in hosts if host.startswith("*."))
        self._tokens = tokens
        self._rate = Rate(per_minute)
        self._sign_in = sign_in

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

        try:
            scope.setdefault("state", {})["token"] = self._admitted(scope)
            receive = await _whole(scope, receive)
        except RequestError as problem:
            await self._refusal(problem, scope)(scope, receive, send_with_headers)
            return
        except ConnectionResetError:  # there is nobody to answer
            return
        await self._app(scope, receive, send_with_headers)

    def _admitted(self, scope: Scope) -> Token | None:
        """The token that a request has shown, None where none is needed."""
        headers = Headers(scope=scope)
        asked = host_of(headers.get("host", ""))
        if not self.knows(asked):
            way_out = "allow it in the settings: [serve] allowed_hosts"
            raise RequestError("wrong-host", f"{asked[:200]!r} is no name of this server", way_out)
        for part, (name, longest) in LONGEST.items():
            if len(scope.get(part) or b"") > longest:
                raise RequestError("too-long", f"the {name} has more than {longest} bytes", "Shorten it")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEADERS:
            reason = f"the headers have more than {LARGEST_HEADERS:,} bytes"
            raise RequestError("too-large-headers", reason, "Send fewer cookies")
        if any(ord(sign) < 32 or ord(sign) == 127 for sign in scope["path"]):
            raise RequestError("unknown-address", "no address has a control character", "/docs/api has the addresses")
        if scope["path"] in PROBES:
            return self._perhaps(token_in(headers))
        needed = self._tokens is not None and scope["path"] != SIGN_IN
        token = self._shown(scope, token_in(headers)) if needed else None
        self._pace(f"token {token.name}" if token else _address(scope))
        return token

    def _shown(self, scope: Scope, said: str) -> Token:
        assert self._tokens is not None
        try:
            return self._tokens.holder(said, "read")
        except TokenError as error:
            self._pace(_address(scope))
            raise refused(error) from error
        except LakeError as error:
            raise RequestError("unreadable", "the tokens cannot be read", "The log of the server says why") from error

    def _perhaps(self, said: str) -> Token | None:
        """The token that a probe has shown, if it is one: nobody is refused for another."""
        try:
            return self._tokens.holder(said, "read") if self._tokens is not None and said else None
        except (TokenError, LakeError):
            return None

    def _refusal(self, problem: RequestError, scope: Scope) -> Response:
        """The answer to a request that is refused; a person without a token is led to where one is typed."""
        wants_page = "text/html" in Headers(scope=scope).get("accept", "")
        if problem.kind.status == 401 and wants_page and scope["method"] == "GET":
            return RedirectResponse(self._sign_in, 303)
        return problem.answer(scope["path"])

    def _pace(self, who: str) -> None:
        if seconds := self._rate.wait(who):
            way_out = f"Ask again in {seconds} s, or less often; [serve] requests_per_minute says how often"
            raise RequestError(
                "too-many", "more requests than this server answers", way_out, {"Retry-After": str(seconds)}
            )

    def knows(self, host: str) -> bool:
        """Whether a name is ours."""
        return host in self._hosts or any(host.endswith(ending) for ending in self._below)


def refused(error: TokenError) -> RequestError:
    """The answer to a token that may not."""
    challenge = {"WWW-Authenticate": REALM} if error.status == 401 else {}
    return RequestError("token-needed" if error.status == 401 else "not-allowed", error.reason, error.hint, challenge)


def bearer_in(header: str) -> str:
    """The token of a bearer in an Authorization header, empty if there is none."""
    scheme, _, said = header.strip().partition(" ")
    return said.strip() if scheme.lower() == "bearer" else ""


def token_in(headers: Headers) -> str:
    """The token that a request shows: a bearer's, the password of a spreadsheet, or a browser's that has signed in."""
    header = headers.get("authorization", "")
    scheme, _, said = header.strip().partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(said, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return bearer_in(header) or cookie_parser(headers.get("cookie", "")).get(COOKIE, "")


def host_of(header: str) -> str:
    """The name in a Host header, without port, brackets and the dot at its end."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].rstrip(".").lower()


def _address(scope: Scope) -> str:
    """Who asks, as far as is known: of IPv6 the network, in which a machine takes whatever address it likes."""
    said = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return str(said)
    return said if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


async def _whole(scope: Scope, receive: Receive) -> Receive:
    """The body, read to its end before anything is done with it; a request without one costs nothing."""
    headers = Headers(scope=scope)
    length = headers.get("content-length", "0")
    if length == "0" and "transfer-encoding" not in headers:
        return receive
    too_large = RequestError("too-large", f"the body has more than {LARGEST_BODY:,} bytes", "Send less")
    if not length.isdecimal() or int(length) > LARGEST_BODY:
        raise too_large
    body, more = bytearray(), True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ConnectionResetError
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > LARGEST_BODY:
                    raise too_large
    except TimeoutError as error:
        raise RequestError("too-slow", f"the body did not come within {BODY_SECONDS:g} s", "Send it at once") from error
    replayed: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def again() -> Any:
        return replayed.pop() if replayed else await receive()

    return again
