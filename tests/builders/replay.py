"""A host on this machine that answers from recordings or from generators, and plays the faults of real ones.

It counts what it was asked and when, so that a test sees rate limits, parallel requests and where keys went.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from builders.http_faults import FAULTS, Reply, Weather, send
from builders.recordings import Recording, manifest, recording

KEYS = frozenset({"securitytoken", "security_token", "api_key", "apikey", "x-api-key", "authorization"})
"""Parameters and headers that bring a key, in small letters."""
_HEADERS = ("Content-Disposition",)


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    query: Mapping[str, str]
    """Without keys; the last of a parameter that is repeated."""
    pairs: tuple[tuple[str, str], ...]
    """The same with all of them, in their order."""
    target: str
    """Path and sorted query without keys: the same for the same question."""
    keys: tuple[str, ...]
    """What came as a key."""
    headers: Mapping[str, str]
    """In small letters."""
    at: float
    """Seconds, as `time.monotonic` counts."""


FAIR = Weather()
"""No faults."""
Answer = Callable[[Asked], Reply | None]
"""What answers a request, or None if it is another's."""


@dataclass
class Host:
    """A server on an ephemeral port, to be used as a context manager.

    Args:
        answers: the first that has a reply gives it; 404 if none has.
        weather: how often faults come.
        script: names of faults of the first requests, None for one that is answered.
        token: that is asked for; anything else is refused with 401.
        delay: before an answer [s].
    """

    answers: Sequence[Answer] = ()
    weather: Weather = FAIR
    script: Sequence[str | None] = ()
    token: str | None = None
    delay: float = 0.0
    asked: list[Asked] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._at_once = 0
        self._asked_before: Counter[str] = Counter()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"home": self}))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def most_within(self, seconds: float) -> int:
        """The largest number of requests within so many seconds."""
        times = sorted(one.at for one in self.asked)
        return max((sum(begin <= at < begin + seconds for at in times) for begin in times), default=0)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer a request, or play the fault that befalls it."""
        asked = _asked(handler)
        with self._at_work():
            with self._lock:
                number = len(self.asked)
                self.asked.append(asked)
                before = self._asked_before[asked.target]
                self._asked_before[asked.target] += 1
            scripted = number < len(self.script)
            name = self.script[number] if scripted else self.weather.fault(asked.target, before)
            if self.delay:
                time.sleep(self.delay)
            reply = next((reply for one in self.answers if (reply := one(asked))), FOUND_NOTHING)
            if self.token is not None and not any(self.token in key for key in asked.keys):
                name = "401"
            if name is None:
                send(handler, reply)
            else:
                with self._lock:
                    self.faults[name] += 1
                FAULTS[name](handler, reply)

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1


FOUND_NOTHING = Reply(b'{"detail": "Not Found"}', status=404)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up; a mistake of a test's own is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    home: Host
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.home.answer(self)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _asked(handler: BaseHTTPRequestHandler) -> Asked:
    parts = urlsplit(handler.path)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    headers = {name.lower(): value for name, value in handler.headers.items()}
    keys = [value for name, value in [*pairs, *headers.items()] if name.lower() in KEYS]
    query = [(name, value) for name, value in pairs if name.lower() not in KEYS]
    target = _target(parts.path, query)
    return Asked(parts.path, dict(query), tuple(query), target, tuple(keys), headers, time.monotonic())


def _target(path: str, query: Collection[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(sorted(query))}"


# -- answers --------------------------------------------------------------------------------------------------------


def fixed(reply: Reply, path: str | None = None) -> Answer:
    """The same reply to everything, or to everything that is asked of a path."""
    return lambda asked: reply if path in (None, asked.path) else None


def redirect(location: str, path: str = "/", status: int = 302) -> Answer:
    """Sends what is asked of a path on to another place."""
    return lambda asked: Reply(b"", status=status, headers={"Location": location}) if asked.path == path else None


def recorded(prefix: str, path: str | None = None) -> Answer:
    """The recordings whose names begin so, to whoever asks what was asked when they were made.

    Args:
        prefix: of the names in the manifest.
        path: under which they are asked for, if not under the one they were recorded at.
    """
    replies: dict[str, Reply] = {}
    for entry in manifest():
        request = entry.get("request")
        if entry["file"].startswith(prefix) and isinstance(request, dict) and "target" in request:
            parts = urlsplit(request["target"])
            query = [pair for pair in parse_qsl(parts.query) if pair[0].lower() not in KEYS]
            replies.setdefault(_target(path or parts.path, query), reply_of(recording(entry["file"])))
    return lambda asked: replies.get(asked.target)


def reply_of(recorded: Recording) -> Reply:
    """A recording as a host sends it."""
    headers = {name.title(): value for name, value in (recorded.about.get("headers") or {}).items()}
    kept = {name: headers[name] for name in _HEADERS if name in headers}
    default = {"json": "application/json", "xml": "text/xml", "html": "text/html", "zip": "application/zip"}
    content_type = headers.get("Content-Type") or default.get(recorded.name.rsplit(".", 1)[-1], "text/plain")
    return Reply(recorded.content, content_type, int(recorded.about.get("status") or 200), kept)
