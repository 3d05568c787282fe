"""The one way to the network: every source asks through it.

It waits for its turn at the host, tries again what may succeed, and turns everything else into an error that names the
source, the request and the way out. What comes back is whole, within the size limits, and of the kind that was asked.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import NoReturn
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
import pandas as pd
import stamina

from gridahead.core.errors import AccessError, SourceError
from gridahead.core.release import VERSION
from gridahead.core.time import Clock, now
from gridahead.settings.services import LiveSource
from gridahead.settings.source_catalogue import SourceInfo
from gridahead.sources.http.body import BodyError, page_title, require_expected, unpacked
from gridahead.sources.http.limits import HostLimits, limits_of
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.secrets import KeyedTransport, Secret, keep_from_logs, secret_of, way_to_key

log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 120.0
"""A host that asks for a longer pause is left alone until the next run: a schedule comes back within the hour."""
CONNECT_SECONDS = 10.0
LONGEST_ANSWER = 20
"""An answer that is still coming after so many timeouts is a host that sends a byte now and then."""
MAX_REDIRECTS = 3
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 522, 524})
_REFUSED = frozenset({401, 403})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
Check = Callable[[Answer], None]
"""Looks at an answer before it counts; raises SourceError, retryable if the host may answer better when asked again."""


class _AttemptError(Exception):
    """One attempt that failed."""

    def __init__(self, reason: str, *, again: bool = True, wait: float | None = None, is_refusal: bool = False) -> None:
        super().__init__(reason)
        self.again = again
        self.wait = wait
        self.is_refusal = is_refusal


@dataclass(frozen=True)
class Attempts:
    """How patiently a host is asked."""

    attempts: int = 6
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 60.0
    timeout_seconds: float = 60.0
    max_bytes: int = 256_000_000


class Transport:
    """Asks one source.

    Args:
        info: what is known of the source.
        base_url: where it is, if not where `info` says.
        attempts: how patiently it is asked.
        secret: its key; read from the environment unless given.
        limited_as: the host under whose limits it counts, where a service has several; its own unless given.
        clock: what time it is when an answer comes; waiting is in real time, whatever it says.
    """

    def __init__(
        self,
        info: SourceInfo,
        base_url: str | None = None,
        attempts: Attempts = Attempts(),
        secret: Secret | None = None,
        limited_as: str | None = None,
        clock: Clock = now,
    ) -> None:
        self.info = info
        self.base_url = (base_url or info.base_url).rstrip("/")
        self.limited_as = limited_as or urlsplit(self.base_url).netloc
        self.attempts = attempts
        self.clock = clock
        self._secret = secret
        self._client: httpx.Client | None = None
        self._refusal: AccessError | None = None
        self._opening = threading.Lock()

    @classmethod
    def of(cls, settings: LiveSource, clock: Clock = now) -> Transport:
        """The transport that the settings of a source ask for."""
        return cls(
            settings.info,
            settings.base_url,
            Attempts(
                settings.attempts,
                settings.retry_wait_seconds,
                max(settings.retry_wait_seconds, 60.0) if settings.retry_wait_seconds >= 1 else 1.0,
                settings.timeout_seconds,
                int(settings.max_size_mb * 1e6),
            ),
            clock=clock,
        )

    @property
    def secret(self) -> Secret:
        """The key of the source.

        Raises:
            SourceError: it needs one, and the environment has none.
        """
        if self._secret is None:
            self._secret = secret_of(self.info)
        return self._secret

    def get(self, request: Request, check: Check | None = None) -> Answer:
        """The answer to a request.

        Raises:
            AccessError: there is no key, or it is refused.
            SourceError: the host fails as often as it is tried, or says no; says what it said, and the way out.
        """
        secret = self.secret
        if self._refusal is not None:  # the next request would be refused as well
            raise self._refusal
        try:
            for attempt in stamina.retry_context(
                on=_wait_or_give_up,
                attempts=self.attempts.attempts,
                timeout=None,
                wait_initial=self.attempts.first_wait_seconds,
                wait_max=self.attempts.longest_wait_seconds,
                wait_jitter=self.attempts.first_wait_seconds,
            ):
                with attempt:
                    return self._attempt(request, check)
        except _AttemptError as failure:
            tries = f", {self.attempts.attempts} times" if failure.again and failure.wait is None else ""
            reason = secret.struck_out(f"{self._name_of(request)}: {failure}{tries}")
            if failure.is_refusal:
                self._refusal = AccessError(self.info.kind, reason)
                raise self._refusal from None
            raise SourceError(self.info.kind, reason, retryable=failure.again) from None
        raise AssertionError("a retry context ends with an answer or an error")

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def _attempt(self, request: Request, check: Check | None) -> Answer:
        self._limits(request).take(request.weight)
        try:
            return self._checked(request, check)
        except _AttemptError as failure:
            failure.args = (self.secret.struck_out(str(failure)),)
            log.debug("%s: %s", self._name_of(request), failure)
            raise

    def _checked(self, request: Request, check: Check | None) -> Answer:
        try:
            answer = self._send(request)
        except httpx.TimeoutException:
            raise _AttemptError(f"no answer within {self.attempts.timeout_seconds:g} s") from None
        except httpx.TransportError as error:
            raise _AttemptError(f"the connection failed ({type(error).__name__}: {error})") from None
        except BodyError as error:
            raise _AttemptError(f"the answer is {error}", again=error.again) from None
        if check is not None:
            try:
                check(answer)
            except SourceError as error:
                raise _AttemptError(error.reason, again=error.retryable) from None
        return answer

    def _send(self, request: Request) -> Answer:
        """The answer of the host, or of the one that it sends us to; with the key to its own host alone."""
        url = httpx.URL(self.base_url + request.path)
        if request.parameters:
            url = url.copy_merge_params(dict(request.parameters))
        for _ in range(MAX_REDIRECTS + 1):
            with self._opened().stream("GET", url, headers=dict(request.headers)) as response:
                if response.status_code not in _REDIRECTS:
                    return self._read(response, request)
                location = self.secret.taken_from(url.join(response.headers.get("location", "")))
            if location.scheme not in ("http", "https") or (url.scheme, location.scheme) == ("https", "http"):
                raise _AttemptError(f"sent on from {url.scheme} to {location.scheme}://{location.host}", again=False)
            url = location
        raise _AttemptError(f"sent on more than {MAX_REDIRECTS} times, at last to {url.host}", again=False)

    def _read(self, response: httpx.Response, request: Request) -> Answer:
        encoding = response.headers.get("content-encoding", "").lower().strip()
        status = response.status_code
        chunks = _until(response.iter_raw(), LONGEST_ANSWER * self.attempts.timeout_seconds)
        content = unpacked(chunks, encoding, self.attempts.max_bytes)
        if status not in request.answers:
            self._fail(response, content, request)
        if status == 200 or content:
            require_expected(content, request.expected, self.attempts.max_bytes)
        return Answer(content, status, _media_type(response), _filename(response), self.clock())

    def _fail(self, response: httpx.Response, content: bytes, request: Request) -> NoReturn:
        status = response.status_code
        said = _said(content)
        reason = f"status {status}" + (f", {said}" if said else "")
        if status in _REFUSED and self.info.key is not None:
            fault = f"the key is refused ({reason})" if self.secret.is_there else f"it asks for a key ({reason})"
            raise _AttemptError(f"{fault}. {way_to_key(self.info)}", again=False, is_refusal=True)
        if status not in _AGAIN:
            raise _AttemptError(reason, again=False)
        wait = _retry_after(response)
        if wait is None:
            raise _AttemptError(reason)
        if wait > LONGEST_WAIT_SECONDS:
            raise _AttemptError(f"{reason}; it asks to wait {wait:.0f} s", wait=wait)
        self._limits(request).pause(wait)
        raise _AttemptError(reason, wait=wait)

    def _limits(self, request: Request) -> HostLimits:
        """How often the host may be asked such a thing."""
        return limits_of(self.limited_as + request.counted_as, self.info.limits)

    def _opened(self) -> httpx.Client:
        with self._opening:
            if self._client is None:
                keep_from_logs(self.secret)
                home, patience = httpx.URL(self.base_url), self.attempts.timeout_seconds
                self._client = httpx.Client(
                    transport=KeyedTransport(self.secret, home.netloc.decode(), _way_out(home)),
                    timeout=httpx.Timeout(patience, connect=min(CONNECT_SECONDS, patience)),
                    headers={"user-agent": f"gridahead/{VERSION}", "accept-encoding": "gzip", "accept": "*/*"},
                    trust_env=False,  # the proxies are read above, and the key lies below them
                )
            return self._client

    def _name_of(self, request: Request) -> str:
        """The request for people: the address without any key."""
        query = f"?{request.query}" if request.parameters else ""
        return f"{self.base_url}{request.path}{query}"


def _until(chunks: Iterator[bytes], seconds: float) -> Iterator[bytes]:
    """What comes of an answer until it has taken too long."""
    end = time.monotonic() + seconds
    for chunk in chunks:
        if time.monotonic() > end:
            raise BodyError(f"not complete after {seconds:g} s")
        yield chunk


def _way_out(base_url: httpx.URL) -> httpx.HTTPTransport:
    """Straight to a host, or through the proxy that the environment names for it."""
    proxies = {} if proxy_bypass(base_url.host) else getproxies()
    proxy = proxies.get(base_url.scheme) or proxies.get("all")
    return httpx.HTTPTransport(proxy=proxy if proxy is None or "://" in proxy else f"http://{proxy}")


def _wait_or_give_up(error: Exception) -> bool | float:
    """Whether a failed attempt is worth another one, or the seconds that the host asks to wait before it."""
    if not isinstance(error, _AttemptError) or not error.again:
        return False
    if error.wait is None:
        return True
    return error.wait if error.wait <= LONGEST_WAIT_SECONDS else False


def _retry_after(response: httpx.Response) -> float | None:
    """The seconds after which the host wants to be asked again, if it says so."""
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    try:
        return max((pd.Timestamp(parsedate_to_datetime(text)) - now()).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None


def _media_type(response: httpx.Response) -> str:
    content_type: str = response.headers.get("content-type", "")
    return content_type.partition(";")[0].strip().lower()


def _filename(response: httpx.Response) -> str:
    header = Message()
    header["content-disposition"] = response.headers.get("content-disposition", "")
    return header.get_filename() or ""


_REASON_KEYS = ("error", "reason", "message", "detail", "title", "errors", "Message", "statusMessage")


def _said(content: bytes) -> str:
    """What a host says of an error, in a line."""
    try:
        reply = json.loads(content)
    except ValueError:
        if b"<html" in content[:2000].lower():
            return page_title(content)
        words = re.sub(rb"<[^>]*>", b" ", content[:2000]).decode(errors="replace").split()
        return " ".join(words)[:300]
    if isinstance(reply, dict):
        found = [reply[key] for key in _REASON_KEYS if reply.get(key) not in (None, True, False)]
        return " ".join(str(entry) for entry in found)[:300] or str(reply)[:300]
    return str(reply)[:300]
