"""What a machine keeps of its watches beside the lake: in a file that was made large enough while there was room.

A full disk takes no new file, and a lake out of reach no row; what is written over in place needs neither. The file
has two halves that are written in turn, so that one of them is always whole.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from gridahead.core.fingerprint import digest
from gridahead.core.tables import INCIDENTS
from gridahead.monitoring.incidents import Event, Noticed, identity

log = logging.getLogger(__name__)

HALF = 2**20
"""Bytes of a half: a thousand incidents that are open at once."""
_REMEMBERED: dict[Path, bytes] = {}
"""What this process wrote last, for a machine on which nothing at all can be written."""
_INSTANTS = tuple(column.name for column in INCIDENTS.columns if column.kind == "instant")


@dataclass
class WatchState:
    """What a machine knows from its last watch."""

    watched_at: pd.Timestamp | None = None
    events: list[Event] = field(default_factory=list)
    """Rows of the table of incidents, of open ones and of those that ended lately."""
    unwritten: list[Event] = field(default_factory=list)
    """Those of them that the lake has not taken yet."""
    noticed: Noticed = field(default_factory=Noticed)
    waiting: dict[str, pd.Timestamp] = field(default_factory=dict)
    """By batch, since when it was seen to wait for the gate."""
    free: dict[str, list[tuple[pd.Timestamp, int]]] = field(default_factory=dict)
    """By folder, free bytes of the last days."""
    coverage: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By series, what was computed last, and when."""
    failures: dict[str, str] = field(default_factory=dict)
    """By channel, why it could not be reached the last time; `heartbeat` is one."""

    def to_json(self) -> bytes:
        """The state as JSON."""
        return json.dumps(
            {
                "watched_at": _text(self.watched_at),
                "events": [_plain(event) for event in self.events],
                "unwritten": [_plain(event) for event in self.unwritten],
                "begun": {name: _text(at) for name, at in self.noticed.begun.items()},
                "gone": {name: _text(at) for name, at in self.noticed.gone.items()},
                "waiting": {name: _text(at) for name, at in self.waiting.items()},
                "free": {folder: [[_text(at), free] for at, free in row] for folder, row in self.free.items()},
                "coverage": self.coverage,
                "failures": self.failures,
            }
        ).encode()

    @classmethod
    def from_json(cls, content: bytes) -> WatchState:
        """The state of such JSON."""
        told = json.loads(content)

        def instants(name: str) -> dict[str, pd.Timestamp]:
            return {key: pd.Timestamp(at) for key, at in told[name].items()}

        return cls(
            watched_at=None if told["watched_at"] is None else pd.Timestamp(told["watched_at"]),
            events=[_event(event) for event in told["events"]],
            unwritten=[_event(event) for event in told["unwritten"]],
            noticed=Noticed(instants("begun"), instants("gone")),
            waiting=instants("waiting"),
            free={folder: [(pd.Timestamp(at), free) for at, free in row] for folder, row in told["free"].items()},
            coverage=told["coverage"],
            failures=told["failures"],
        )

    def note(self, events: list[Event]) -> None:
        """Keep rows that the lake has not taken yet."""
        self.events += events
        self.unwritten += events

    def know(self, events: list[Event]) -> None:
        """Keep rows that the lake has; those that wait to be written stay."""
        by_identity = {identity(event): event for event in (*events, *self.unwritten)}
        self.events = list(by_identity.values())


class StateFile:
    """The file of a machine's watches.

    Args:
        path: where it lies; where that cannot be written, a file of that folder's name in the folder for passing files.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        name = f"gridahead-{digest(str(path.resolve()))}"
        self._places = (path, Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}")

    def read(self) -> WatchState:
        """What the last watch left; nothing where there was none."""
        written = [found for place in self._places for found in _halves(place)]
        if self.path in _REMEMBERED:
            written.append(_REMEMBERED[self.path])
        whole = [state for state in map(_state, written) if state is not None]
        known = [state for state in whole if state.watched_at is not None]
        return max(known, key=lambda state: state.watched_at, default=WatchState())  # type: ignore[arg-type,return-value]

    def write(self, state: WatchState) -> None:
        """Write the state in the place of the one before last, wherever there is room for it."""
        content = _fitting(state)
        _REMEMBERED[self.path] = content
        for place in self._places:
            try:
                _write(place, content)
            except OSError as error:
                log.warning("cannot write %s: %s", place, error.strerror or error)
            else:
                return


def _fitting(state: WatchState) -> bytes:
    """The state as JSON that fits a half: of too many rows the oldest that the lake has are left out."""
    content = state.to_json()
    while len(content) > HALF - 100 and state.events:
        state.events = state.events[len(state.events) // 4 + 1 :]
        content = state.to_json()
    return content


def _halves(place: Path) -> list[bytes]:
    with contextlib.suppress(OSError):
        content = place.read_bytes()
        return [content[:HALF], content[HALF : 2 * HALF]]
    return []


def _state(half: bytes) -> WatchState | None:
    """The state of a half, None if it is none or was not written to its end."""
    head, _, rest = half.partition(b"\n")
    with contextlib.suppress(ValueError, KeyError, TypeError):
        stamp, length = head.decode().split()
        content = rest[: int(length)]
        if digest(content) == stamp:
            return WatchState.from_json(content)
    if half[:1] == b"{":
        return WatchState.from_json(half)
    return None


def _write(place: Path, content: bytes) -> None:
    """Write over the older half, in a file that is made large enough first."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        if os.fstat(handle).st_size < 2 * HALF:
            os.posix_fallocate(handle, 0, 2 * HALF)
        first, second = (_watched_at(_state(os.pread(handle, HALF, start))) for start in (0, HALF))
        start = 0 if first <= second else HALF
        os.pwrite(handle, f"{digest(content)} {len(content)}\n".encode() + content, start)
        os.fsync(handle)
    finally:
        os.close(handle)


def _watched_at(state: WatchState | None) -> pd.Timestamp:
    at = None if state is None else state.watched_at
    return pd.Timestamp(0, tz="UTC") if at is None else at


def _text(at: pd.Timestamp | None) -> str | None:
    return None if at is None else at.isoformat()


def _plain(event: Event) -> dict[str, object]:
    return {name: pd.Timestamp(str(value)).isoformat() if name in _INSTANTS else value for name, value in event.items()}


def _event(told: dict[str, object]) -> Event:
    return {name: pd.Timestamp(str(value)) if name in _INSTANTS else value for name, value in told.items()}
