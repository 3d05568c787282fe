"""The record of runs: what was begun when, whether it is alive, and how it ended. It needs no orchestrator.

    runs/ingest/20251230T100500Z-4f0c….json     one small file a run, written anew at every sign of life

A run that is killed cannot say so: whoever looks sees that its last sign of life is too old, or that its process is
gone from this machine.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from gridahead.core.errors import LakeError
from gridahead.lake.folder import Folder

log = logging.getLogger(__name__)

INGEST = "ingest"
"""The kind of the runs whose parts are sources."""
KEPT = 30
"""Runs of a kind whose record is kept: a day of an hourly one, a month of a daily one."""
SUFFIX = ".json"
_INSTANTS = ("began", "alive", "ended")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a flow or a command."""

    name: str
    """Of its record."""
    kind: str
    """What it does, such as ingest."""
    began: pd.Timestamp
    alive: pd.Timestamp
    """Its last sign of life."""
    ended: pd.Timestamp | None = None
    error: str = ""
    """Why it failed, in a line; empty if it did not."""
    fault: str = ""
    """The kind of that error, such as SourceError."""
    subject: str = ""
    """Of what it is, such as a series; empty for everything."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """By part, such as a source: why it failed, empty if it did not."""
    host: str = ""
    process: str = ""
    """Of the host: its number, and when it began, which tells it from a later one of that number."""

    @property
    def is_gone(self) -> bool:
        """Whether it has not ended, ran on this machine, and its process is there no longer."""
        return self.ended is None and self.host == this_host() and self.process != process_of(self.process)


class RunLog:
    """The records of the newest runs of every kind."""

    def __init__(self, folder: str | Path | Folder) -> None:
        self.folder = Folder.at(folder)

    def begin(self, kind: str, at: pd.Timestamp, subject: str = "") -> Run:
        """Record that a run has begun; the records of old runs of its kind are deleted.

        Raises:
            LakeError: the lake cannot be written.
        """
        home = self.folder / kind
        name = f"{at:%Y%m%dT%H%M%S%fZ}-{uuid.uuid4().hex[:8]}{SUFFIX}"
        run = Run(name, kind, at, at, subject=subject, host=this_host(), process=process_of(str(os.getpid())))
        self.write(run)
        for old in home.names(SUFFIX)[:-KEPT]:
            home.delete(old)
        return run

    def show_alive(self, run: Run, at: pd.Timestamp) -> Run:
        """Record that a run is still at work."""
        alive = replace(run, alive=at)
        self.write(alive)
        return alive

    def write(self, run: Run) -> None:
        """Write the record of a run in the place of the one before.

        Raises:
            LakeError: the lake cannot be written.
        """
        about = {name: value for name, value in asdict(run).items() if name != "name"}
        about |= {name: value.isoformat() for name in _INSTANTS if (value := about[name]) is not None}
        (self.folder / run.kind).write(run.name, json.dumps(about).encode() + b"\n")

    def newest(self, count: int = KEPT) -> dict[str, list[Run]]:
        """By kind its newest runs, the newest first.

        Raises:
            LakeError: the lake cannot be read.
        """
        found: dict[str, list[Run]] = {}
        for kind in self.folder.folders():
            home = self.folder / kind
            runs = [_run(home, name) for name in reversed(home.names(SUFFIX)[-count:])]
            found[kind] = [run for run in runs if run is not None]
        return found


def _run(home: Folder, name: str) -> Run | None:
    """The record of that name; none where it was deleted meanwhile or cannot be read."""
    try:
        about: dict[str, Any] = json.loads(home.read(name))
        instants = {key: pd.Timestamp(about[key]) if about[key] is not None else None for key in _INSTANTS}
        return Run(**{**about, **instants, "name": name})
    except FileNotFoundError:
        return None
    except (LakeError, ValueError, TypeError, KeyError) as error:
        log.warning("%s is no record of a run (%s)", home / name, error)
        return None


def this_host() -> str:
    """The name of this machine or container."""
    return socket.gethostname()


def process_of(process: str) -> str:
    """A process as it is on this machine now, by the number that its name begins with; empty where there is none."""
    number = process.partition("@")[0]
    with contextlib.suppress(OSError, IndexError):
        about = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return f"{number}@{about[19]}"  # field 22 of proc(5): when it began, in ticks since the boot
    return ""
