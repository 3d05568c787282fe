"""The record that a run leaves of itself: that it began, that it lives, how it ended. A full lake stops no run."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Collection, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from gridahead.core.errors import GridaheadError
from gridahead.lake.run_log import Run
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)

ALIVE_EVERY = 30.0
"""Seconds between two signs of life, so that a death is noticed within minutes."""
LINE = 300
"""Characters of an error that are kept: the first line says whose fault it is."""


@dataclass
class Recorder:
    """The record of a run that is under way."""

    workspace: Workspace
    run: Run | None = None
    """None where it cannot be written."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, part: str, errors: Collection[object] = ()) -> None:
        """Record how a part of the run ended, such as a source: why it failed, if it did. Parts of one name are one."""
        with self._lock:
            if self.run is not None:
                before = self.run.parts.get(part) or None
                first = next(filter(None, (before, *errors)), "")
                self.run = replace(self.run, parts={**self.run.parts, part: _line(str(first))})

    def show_alive(self) -> None:
        """Record that the run is still at work."""
        self._write(lambda run: replace(run, alive=self.workspace.clock()))

    def end(self, error: BaseException | None = None) -> None:
        """Record how the run ended."""
        at = self.workspace.clock()
        fault, words = ("", "") if error is None else (type(error).__name__, _line(str(error)) or "stopped")
        self._write(lambda run: replace(run, alive=at, ended=at, error=words, fault=fault))

    def _write(self, change: Callable[[Run], Run]) -> None:
        with self._lock:
            if self.run is not None and self.run.ended is None:
                self.run = change(self.run)
                with _harmless():
                    self.workspace.lake.runs.write(self.run)


_CURRENT: ContextVar[Recorder | None] = ContextVar("recorder", default=None)


@contextlib.contextmanager
def recorded(workspace: Workspace, kind: str, subject: str = "") -> Iterator[Recorder]:
    """Record a run from its begin to its end; one inside another of the same kind and subject is part of that.

    Args:
        workspace: whose lake keeps the record.
        kind: what it does, such as ingest.
        subject: of what, such as a series; empty for everything.
    """
    outer = _CURRENT.get()
    if outer is not None and outer.run is not None and (outer.run.kind, outer.run.subject) == (kind, subject):
        yield outer
        return
    recorder = Recorder(workspace)
    with _harmless():
        recorder.run = workspace.lake.runs.begin(kind, workspace.clock(), subject)
    token, over = _CURRENT.set(recorder), threading.Event()
    beat = threading.Thread(target=_beat, args=(recorder, over), name=f"alive {kind}", daemon=True)
    beat.start()
    try:
        yield recorder
    except BaseException as error:
        recorder.end(error)
        raise
    else:
        recorder.end()
    finally:
        over.set()
        _CURRENT.reset(token)


def _beat(recorder: Recorder, over: threading.Event) -> None:
    while not over.wait(ALIVE_EVERY):
        recorder.show_alive()


@contextlib.contextmanager
def _harmless() -> Iterator[None]:
    """What cannot be recorded is said, and harms no run."""
    try:
        yield
    except (GridaheadError, OSError) as error:
        log.warning("the run is not recorded: %s", error)


def _line(text: str) -> str:
    return text.partition("\n")[0][:LINE]
