"""Keys of sources: read from the environment, added to a request at the last moment, struck out of every text.

The key is added below httpx's own client, to a copy of the request: what logs, errors and archives see never had it.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from gridahead.core.errors import AccessError
from gridahead.settings.source_catalogue import Key, SourceInfo

STRUCK_OUT = "***"


@dataclass(frozen=True)
class Secret:
    """The key of a source, or that it has none."""

    key: Key | None = None
    values: tuple[str, ...] = field(default=(), repr=False)

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
            headers["authorization"] = "Basic " + base64.b64encode(":".join(self.values).encode()).decode()
        return httpx.Request(request.method, url, headers=headers, stream=request.stream, extensions=request.extensions)

    def struck_out(self, text: str) -> str:
        """The text without the key, should a host repeat it in what it says."""
        for value in self.values:
            for written in (value, str(httpx.QueryParams({"k": value}))[2:]):
                text = text.replace(written, STRUCK_OUT) if written else text
        return text


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
