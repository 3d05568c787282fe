"""Telling people: a message through a channel, and the sign of life that an outside watcher waits for."""

from __future__ import annotations

import logging
import os
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from urllib.parse import quote

from gridahead.core.errors import PublicationError
from gridahead.settings.alerts import VARIABLE, ChannelSettings

log = logging.getLogger(__name__)

Send = Callable[[ChannelSettings, str, str], None]
"""Sends a title and a text through a channel.

Raises:
    PublicationError: it could not be delivered.
"""
SECONDS = 10.0
"""So long a service may be silent: a watch is every five minutes, and must not wait for one that is down."""


def send(channel: ChannelSettings, title: str, text: str) -> None:
    """Send a message through a channel.

    Raises:
        PublicationError: the channel is not known, its secret is not set, or the message was not delivered.
    """
    import apprise  # a third of a second, which a watch that has nothing to tell need not spend

    url = filled(channel.url, channel.title)
    options = f"cto={SECONDS:g}&rto={SECONDS:g}{'' if 'format=' in url else '&format=text'}"
    address = f"{url}{'&' if '?' in url else '?'}{options}"
    service = apprise.Apprise()
    said = _Said()
    logger = logging.getLogger("apprise")
    logger.addHandler(said)
    try:
        if not service.add(address):
            raise PublicationError(channel.title, f"is no address that Apprise {apprise.__version__} knows")
        if not service.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT):
            raise PublicationError(channel.title, said.text or "did not take the message", retryable=True)
    finally:
        logger.removeHandler(said)


class _Said(logging.Handler):
    """The last that Apprise says of a failure: it raises nothing."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        line = " ".join(record.getMessage().split())
        self.text = f"{self.text}; {line}" if self.text else line


def filled(url: str, what: str) -> str:
    """An address with its variables of the environment; what they hold is quoted where it stands inside of one.

    Raises:
        PublicationError: one of them is not set.
    """
    missing = [name for name in VARIABLE.findall(url) if not os.environ.get(name)]
    if missing:
        raise PublicationError(what, f"needs {', '.join(f'${name}' for name in missing)}, which is not set")
    if VARIABLE.fullmatch(url):
        return os.environ[url[2:-1]]
    return VARIABLE.sub(lambda found: quote(os.environ[found[1]], safe=_safe(url[found.end() :])), url)


def _safe(rest: str) -> str:
    """Which characters stay as they are: in a path the slashes between its parts, in a password before an @ none."""
    return "" if "@" in rest.partition("/")[0] else "/"


def show_alive(url: str, *, healthy: bool) -> None:
    """Ask for the address of the outside watcher, with /fail behind it where something that is due is not published.

    Source: healthchecks.io, pinging API: success is the address itself, failure the address with /fail; others such as
        Cronitor and Better Stack have the same.

    Raises:
        PublicationError: it does not answer.
    """
    address, _, query = filled(url, "heartbeat").partition("?")
    address = address if healthy else f"{address.rstrip('/')}/fail"
    request = urllib.request.Request(  # noqa: S310 - whose scheme the settings name
        f"{address}?{query}" if query else address, headers={"User-Agent": "gridahead"}
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310
            return
    except (OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise PublicationError("heartbeat", f"was not taken: {reason}", retryable=True) from error
