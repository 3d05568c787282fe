"""Refusals that programs can read (RFC 9457) and people can follow: each says what is wrong, and the way out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from gridahead.core.errors import GridaheadError

MEDIA_TYPE = "application/problem+json"
EXPLAINED_AT = "/docs/api"
"""The page that explains every kind of problem, under its name."""
LONGEST_DETAIL = 1000
"""What a message may quote of a request is bounded with it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: programs tell them apart by it."""

    name: str
    status: int
    title: str
    """The same whatever the occasion."""
    meaning: str
    """For the page of examples."""

    @property
    def address(self) -> str:
        """What stands as `type` in an answer: where the page explains it."""
        return f"{EXPLAINED_AT}#{self.name}"


KINDS = {
    kind.name: kind
    for kind in (
        Kind("invalid", 422, "A parameter is not valid", "The message names the parameter and what would do."),
        Kind("token-needed", 401, "A token is needed", "None was sent, or one that is unknown, revoked or expired."),
        Kind("not-allowed", 403, "This token may not do that", "It may read only, or is of other series."),
        Kind("unknown-address", 404, "There is nothing at this address", "The page of examples lists the addresses."),
        Kind("unknown-series", 404, "There is no such series", "`/api/v1/series` lists those that there are."),
        Kind("not-published", 404, "There is no such forecast", "`…/issues` lists those that are published."),
        Kind("unknown-case", 404, "There is no such case", "`/api/v1/quality/cases` lists those that there are."),
        Kind("wrong-method", 405, "This address knows other methods", "The header `Allow` names them."),
        Kind("not-acceptable", 406, "No such format", "`format=` says which; see below for those that there are."),
        Kind("too-slow", 408, "The request did not come to its end", "Send the whole of it at once."),
        Kind("too-large", 413, "The request is too large", "Nothing that can be written here is as large."),
        Kind("too-long", 414, "The address is too long", "No address of this server is as long."),
        Kind("wrong-host", 421, "This is not its name", "`[serve] allowed_hosts` names what it may be called."),
        Kind("too-many", 429, "Too many requests", "The header `Retry-After` says when to ask again [s]."),
        Kind("too-large-headers", 431, "The headers are too large", "No client of ours sends as much."),
        Kind("malformed", 400, "This is no HTTP request", "It cannot be read, or its headers are too large."),
        Kind("failed", 500, "This is a fault of ours", "The log of the server has the reason."),
        Kind("too-busy", 503, "Too many connections", "The header `Retry-After` says when to come again [s]."),
        Kind("unreadable", 503, "The data cannot be read just now", "`/healthz` and the log say why; ask again."),
    )
}


class RequestError(GridaheadError):
    """A request that is refused.

    Args:
        kind: one of `KINDS`.
        detail: what is wrong, this time.
        hint: the way out.
        headers: that come with the answer.
    """

    def __init__(self, kind: str, detail: str, hint: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.kind = KINDS[kind]
        self.detail = detail
        self.hint = hint
        self.headers = dict(headers or {})

    def said(self, instance: str | None = None) -> dict[str, Any]:
        """What stands in the answer.

        Args:
            instance: the path that was asked for.
        """
        told = {"type": self.kind.address, "title": self.kind.title, "status": self.kind.status}
        named = {} if instance is None else {"instance": instance[:LONGEST_DETAIL]}
        return {**told, "detail": self.detail[:LONGEST_DETAIL], "hint": self.hint[:LONGEST_DETAIL], **named}

    def answer(self, instance: str | None = None) -> Response:
        """The answer."""
        content = json.dumps(self.said(instance)).encode()
        return Response(content, self.kind.status, {"Cache-Control": "no-store", **self.headers}, MEDIA_TYPE)
