"""Keys of sources: read from the environment, added to a request at the last moment, struck out of every text.

The key is added below httpx's own client, to a copy of the request: what logs, errors and archives see never had it.
"""

from __future__ import annotations

import base64
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote, quote_plus

import httpx

from gridahead.core.errors import AccessError
from gridahead.settings.source_catalogue import Key, SourceInfo

STRUCK_OUT = "***"
SHORT = 6
"""A user name that is shorter is left as it is: it may be part of any word, and is no secret by itself."""
_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy", "httpcore.socks")
"""Of the HTTP client: at the level of debugging they repeat the headers that a host sends."""


@dataclass(frozen=True)
class Secret:
    """The key of a source, or that it has none."""

    key: Key | None = None
    values: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_there(self) -> bool:
        """Whether the source has a key and the environment has it."""
        return bool(self.values)

    def added(self, request: httpx.Request) -> httpx.Request:
        """A copy of the request that has the key."""
        if self.key is None or not self.values:
            return request
        url, headers = request.url, dict(request.headers)
        if self.key.placed == "parameter":
            url = url.copy_merge_params({self.key.name: self.values[0]})
        elif self.key.placed == "header":
            headers[self.key.name] = self.values[0]
        else:
            headers["authorization"] = f"Basic {self._basic}"
        return httpx.Request(request.method, url, headers=headers, stream=request.stream, extensions=request.extensions)

    @property
    def _basic(self) -> str:
        return base64.b64encode(":".join(self.values).encode()).decode()

    @cached_property
    def _written(self) -> tuple[str, ...]:
        """The key in every way in which it may be written, the longest first."""
        *users, last = self.values
        secrets = [last, *(user for user in users if len(user) >= SHORT), *([self._basic] if users else [])]
        ways = {
            way(value) for value in secrets for way in (str, _quoted, quote_plus, lambda text: json.dumps(text)[1:-1])
        }
        return tuple(sorted(ways, key=len, reverse=True))

    def struck_out(self, text: str) -> str:
        """The text without the key, should a host repeat it in what it says."""
        for written in self._written if self.values else ():
            text = text.replace(written, STRUCK_OUT)
        return text

    def taken_from(self, url: httpx.URL) -> httpx.URL:
        """An address, to which a host sends us on, without the key that it has taken over from ours."""
        kept = [(name, value) for name, value in url.params.multi_items() if not set(self._written) & {value}]
        return url if len(kept) == len(url.params.multi_items()) else url.copy_with(params=kept)


def secret_of(info: SourceInfo, environment: Mapping[str, str] | None = None) -> Secret:
    """The key of a source as the environment has it.

    Raises:
        AccessError: the source needs one and the environment has none; says which variable, and where to get one.
    """
    environment = os.environ if environment is None else environment
    if info.key is None:
        return Secret()
    values = tuple(environment.get(name, "").strip() for name in info.key.variables)
    if all(values):
        if not all(value.isascii() and value.isprintable() for value in values):
            reason = f"the key in {' and '.join(info.key.variables)} has letters that no key has: was it copied whole?"
            raise AccessError(info.kind, reason)
        return Secret(info.key, values)
    if not info.key.required:
        return Secret()
    raise AccessError(info.kind, f"{info.title} needs a key, and there is none. {way_to_key(info)}")


def way_to_key(info: SourceInfo) -> str:
    """How a user gets and sets the key of a source, in a sentence; empty where it has none."""
    if info.key is None:
        return ""
    variables = " and ".join(info.key.variables)
    return f"Get one at {info.key.where}, and set {variables} in the environment"


class _KeyFilter(logging.Filter):
    """Strikes the keys of this process out of what the HTTP client logs."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets = set[Secret]()

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, without keys."""
        text = struck = record.getMessage()
        for secret in list(self.secrets):
            struck = secret.struck_out(struck)
        if struck != text:
            record.msg, record.args = struck, ()
        return True


_FILTER = _KeyFilter()


def keep_from_logs(secret: Secret) -> None:
    """Strike a key out of what the HTTP client logs from now on."""
    _FILTER.secrets.add(secret)
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)  # once, however often it is said


def _quoted(text: str) -> str:
    return quote(text, safe="")


class KeyedTransport(httpx.BaseTransport):
    """Adds the key to what goes to the source's own host, and to nothing else: no redirect takes it away."""

    def __init__(self, secret: Secret, host: str, inner: httpx.BaseTransport) -> None:
        self.secret = secret
        self.host = host
        self.inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, with the key if it goes home."""
        at_home = request.url.netloc.decode() == self.host
        return self.inner.handle_request(self.secret.added(request) if at_home else request)

    def close(self) -> None:
        """Close the connections."""
        self.inner.close()
