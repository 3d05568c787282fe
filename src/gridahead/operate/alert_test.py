"""A test message through every channel, so that a person knows before the night whether it arrives."""

from __future__ import annotations

import socket
from collections.abc import Callable

from gridahead.core.errors import PublicationError
from gridahead.operate.notify import Send, send, show_alive
from gridahead.workspace import Workspace

TITLE = "gridahead: a test, nothing is wrong"


def alert_test(workspace: Workspace, send: Send = send, ping: Callable[..., None] = show_alive) -> dict[str, str]:
    """By channel why it could not be reached, empty if it was; the heartbeat is one of them.

    Args:
        workspace: with the settings.
        send: sends a message through a channel.
        ping: asks for the address of the outside watcher.
    """
    alerts = workspace.settings.alerts
    series = ", ".join(str(entry.series) for entry in workspace.settings.series)
    found = {}
    for channel in alerts.channels:
        text = (
            f"This is a test of channel {channel.title}, sent by hand from {socket.gethostname()}.\n"
            f"It is told of what is {channel.least} or worse about {series or 'no series yet'}.\n"
            "There is nothing to do."
        )
        found[channel.title] = _reason(lambda channel=channel, text=text: send(channel, TITLE, text))  # type: ignore[misc]
    if alerts.heartbeat_url is not None:
        found["heartbeat"] = _reason(lambda: ping(alerts.heartbeat_url, healthy=True))
    return found


def _reason(call: Callable[[], None]) -> str:
    try:
        call()
    except PublicationError as error:
        return error.reason
    return ""
