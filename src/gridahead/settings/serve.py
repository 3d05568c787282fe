"""Where the server is, and under which names it may be asked."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from gridahead.settings.section import Section


def _checked_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{text!r} is no address of a server, such as https://forecasts.example.org/gridahead")
    return text.rstrip("/")


def _checked_host(text: str) -> str:
    if not text or any(sign in text for sign in "/@ ") or "*" in text.removeprefix("*."):
        raise ValueError(f"{text!r} is no name of a host, such as forecasts.example.org or *.example.org")
    return text.lower()


LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Addresses that only this machine reaches."""
HostText = Annotated[str, AfterValidator(_checked_host)]


class ServeSettings(Section):
    """`gridahead serve`: the status page, the probes and what is published, over HTTP."""

    host: str = "127.0.0.1"
    """The address of this machine that it listens on. On another one than 127.0.0.1 it asks for a token."""
    port: int = Field(8080, ge=0, le=65535)
    """On which port."""
    public_url: Annotated[str, AfterValidator(_checked_address)] | None = None
    """How browsers reach it, such as https://forecasts.example.org/gridahead: links in alerts and in Prefect begin with
    it, and its host may be asked for."""
    allowed_hosts: tuple[HostText, ...] = ()
    """Names under which it may be asked, besides those of this machine and of `public_url`; *.example.org allows all
    below. A request to another name is refused: a page elsewhere cannot make a browser read it."""

    require_tokens: bool | None = None
    """Whether readers need a token (`gridahead serve token add`): yes, no, or, where nothing is said, only if it
    listens on another address than 127.0.0.1. Say false where a proxy in front asks for passwords. Who writes needs a
    token that may write, whatever stands here."""
    requests_per_minute: int = Field(1200, ge=0, le=1_000_000)
    """How many requests of one token, or of one address where there are no tokens, are answered in a minute, and how
    many at once; 0 for as many as come. A proxy in front is one address."""

    def asks_for_tokens(self, host: str | None = None) -> bool:
        """Whether readers need a token.

        Args:
            host: the address that it listens on; that of the settings unless given.
        """
        return (host or self.host) not in LOOPBACK if self.require_tokens is None else self.require_tokens

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every name under which it may be asked."""
        own = ("localhost", "127.0.0.1", "::1")
        public = urlsplit(self.public_url).hostname if self.public_url else None
        bound = self.host if self.host not in ("0.0.0.0", "::", "") else None  # noqa: S104 - compared, not bound
        return tuple(dict.fromkeys((*own, *filter(None, (bound, public)), *self.allowed_hosts)))
