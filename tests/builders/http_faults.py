"""What hosts do to those who ask them: each fault as a server plays it, and which of several requests it befalls."""

from __future__ import annotations

import gzip
import json
import random
import socket
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler


@dataclass(frozen=True)
class Reply:
    """What a host answers."""

    content: bytes
    content_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Fault = Callable[[BaseHTTPRequestHandler, Reply], None]


def send(handler: BaseHTTPRequestHandler, reply: Reply, *, length: int | None = None) -> None:
    """Send a reply in one piece, packed if the client takes that.

    Args:
        handler: of the request.
        reply: what is sent.
        length: that the header claims; the true one unless given.
    """
    content, headers = reply.content, {"Content-Type": reply.content_type, **reply.headers}
    takes_gzip = "gzip" in handler.headers.get("Accept-Encoding", "")
    if takes_gzip and len(content) > 500 and "Content-Encoding" not in headers and reply.status == 200:
        content, headers = gzip.compress(content, 1, mtime=0), {**headers, "Content-Encoding": "gzip"}
    headers["Content-Length"] = str(len(content) if length is None else length)
    handler.send_response(reply.status)
    for name, value in headers.items():
        handler.send_header(name, value)
    buffered = b"".join([*handler._headers_buffer, b"\r\n"])  # type: ignore[attr-defined]
    handler._headers_buffer = []  # type: ignore[attr-defined]
    handler.wfile.write(buffered + content)


def _hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection as a crash does: the client reads a reset."""
    handler.close_connection = True
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def _silence(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    time.sleep(SILENCE_SECONDS)
    _hang_up(handler)


def _reset(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    half = replace(reply, content=reply.content[: len(reply.content) // 2], headers={"Content-Encoding": "identity"})
    send(handler, half, length=len(reply.content))
    _hang_up(handler)


def _refused_connection(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    _hang_up(handler)


def _truncated(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    send(handler, replace(reply, content=reply.content[: len(reply.content) * 2 // 3]))


def _truncated_gzip(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    packed = gzip.compress(reply.content, mtime=0)
    send(handler, replace(reply, content=packed[: len(packed) // 2], headers={"Content-Encoding": "gzip"}))


def _gzip_bomb(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    send(handler, replace(reply, content=BOMB, headers={"Content-Encoding": "gzip"}))


def _too_many_until(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    until = formatdate(time.time() + 1, usegmt=True)
    send(handler, Reply(TOO_MANY_HTML, "text/html", 429, {"Retry-After": until}))


def _always(reply: Reply) -> Fault:
    return lambda handler, _: send(handler, reply)


SILENCE_SECONDS = 1.5
"""A test's client is less patient."""
TOO_MANY_HTML = (
    b"<html><head><title>429 Too Many Requests</title></head><body><h1>Too Many Requests</h1><p>Max allowed requests "
    b"per minute from each unique IP is max up to 400 only</p></body></html>"
)
BOMB = gzip.compress(bytes(64_000_000), 9, mtime=0)
"""64 MB of zeros in 62 kB."""
ENTITY_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a0 "lol">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    + b"]><lolz>&a9;</lolz>"
)
"""A billion laughs. Source: https://en.wikipedia.org/wiki/Billion_laughs_attack."""
GARBAGE = random.Random(7).randbytes(10_000_000)
_ERROR_INSIDE = json.dumps({"error": "the database is being maintained"}).encode()

FAULTS: Mapping[str, Fault] = {
    "silence": _silence,
    "reset": _reset,
    "hang up": _refused_connection,
    "truncated": _truncated,
    "truncated gzip": _truncated_gzip,
    "429": _always(Reply(b"", "text/plain", 429)),
    "429 html": _always(Reply(TOO_MANY_HTML, "text/html", 429)),
    "429 retry-after": _always(Reply(TOO_MANY_HTML, "text/html", 429, {"Retry-After": "1"})),
    "429 until": _too_many_until,
    "429 tomorrow": _always(Reply(TOO_MANY_HTML, "text/html", 429, {"Retry-After": "86400"})),
    "500": _always(Reply(b'{"message": "internal error"}', status=500)),
    "502": _always(Reply(b"<html><title>Bad Gateway</title></html>", "text/html", 502)),
    "503": _always(Reply(b"<html><title>Service Unavailable</title></html>", "text/html", 503)),
    "503 empty": _always(Reply(b"", "application/xml", 503)),
    "empty": _always(Reply(b"")),
    "html page": _always(Reply(b"<!DOCTYPE html><html><title>Maintenance</title></html>", "text/html")),
    "wrong type": _always(Reply(b"\x89PNG\r\n\x1a\n" + bytes(100), "image/png")),
    "error inside": _always(Reply(_ERROR_INSIDE)),
    "garbage": _always(Reply(GARBAGE, "application/octet-stream", headers={"Content-Encoding": "identity"})),
    "entity bomb": _always(Reply(ENTITY_BOMB, "text/xml")),
    "gzip bomb": _gzip_bomb,
    "401": _always(Reply(b'{"message": "invalid token"}', status=401)),
    "403": _always(Reply(b"<html><title>Forbidden</title></html>", "text/html", 403)),
    "404": _always(Reply(b'{"detail": "Not Found"}', status=404)),
}
"""By name, as a test scripts them."""

PASSING = (
    "silence",
    "reset",
    "hang up",
    "truncated",
    "truncated gzip",
    "429",
    "429 html",
    "500",
    "502",
    "503",
    "503 empty",
    "empty",
    "html page",
    "wrong type",
    "error inside",
)
"""Faults after which the same request may be answered rightly."""
BURST = ("500", "503")
"""Faults that come three in a row."""


@dataclass(frozen=True)
class Weather:
    """How often faults come, the same in every run: it depends on the request and on how often it was asked.

    Whichever of several threads asks first makes no difference.
    """

    share: float = 0.0
    kinds: tuple[str, ...] = PASSING
    seed: int = 20251231

    def fault(self, target: str, asked_before: int) -> str | None:
        """The fault that befalls a request which was asked so often before, if any."""
        for back in range(min(asked_before, 2) + 1):
            chance = random.Random(f"{self.seed} {target} {asked_before - back}")
            if chance.random() < self.share:
                kind = chance.choice(self.kinds)
                if back == 0 or kind in BURST:
                    return kind
        return None
