"""The state of operation as the server shows it: put together at most every few seconds, whoever asks.

A part that cannot be read is named and leaves the others as they are: a page about what is wrong must come up when
something is wrong.
"""

from __future__ import annotations

import datetime as dt
import shutil
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pandas as pd

from gridahead.core.errors import GridaheadError
from gridahead.core.files import nearest_existing
from gridahead.core.grid import Series
from gridahead.forecasting.publish import latest_manifest
from gridahead.forecasting.slot import Slot
from gridahead.lake.store import Store
from gridahead.monitoring.incidents import Incident, events_in, incidents_of
from gridahead.operate.outlook import Outlook
from gridahead.web.facts import Coverage, Freshness, coverage, freshness, withheld
from gridahead.web.runs import Run, Runs, recorded, runs
from gridahead.web.share import UNTOLD, Share
from gridahead.workspace import Workspace

T = TypeVar("T")
KEPT_SECONDS = 5.0
"""Several watchers that ask at the same time cost one look; a minute's alert is not late by it."""
RUNS_SECONDS = 15.0
COVERAGE_SECONDS = 300.0
"""It changes by a day in a month with every day; reading it costs the most."""


@dataclass(frozen=True)
class Line:
    """The forecast of a series that is due, the next that will be, and the newest there is."""

    series: Series
    due: dt.date
    """The day that is late, or else the newest whose deadline has passed."""
    wanted: dt.date
    """The day that is late while its gate is open, or else the next."""
    deadline: pd.Timestamp
    """Of the day that is wanted."""
    gate_closure: pd.Timestamp
    """Of the day that is wanted."""
    manifest: Mapping[str, Any] | None
    """Of the newest forecast; None if none was ever published."""
    late: Slot | None
    """What was due and is not out, if so."""

    @property
    def is_late(self) -> bool:
        """Whether a forecast was due and is not out."""
        return self.late is not None

    @property
    def issue_time(self) -> pd.Timestamp | None:
        """Of the newest forecast."""
        return None if self.manifest is None else pd.Timestamp(str(self.manifest["issue_time"]))

    @property
    def is_out(self) -> bool:
        """Whether the day that is due is published."""
        return self.manifest is not None and str(self.manifest["delivery_day"]) >= str(self.due)


@dataclass(frozen=True)
class State:
    """What is shown; parts that could not be read are empty and stand in `problems`."""

    at: pd.Timestamp
    mode: str
    outlooks: tuple[Line, ...]
    incidents: tuple[Incident, ...]
    """What the last watch found not in order."""
    freshness: tuple[Freshness, ...]
    coverage: tuple[Coverage, ...]
    withheld: Mapping[str, int]
    runs: Runs | None
    """None where no orchestrator is known, or it does not answer."""
    recorded: tuple[Run, ...]
    """The last runs of every kind and outcome that left a record, whoever began them."""
    disk_free: int
    """[bytes]"""
    disk_size: int
    """[bytes]"""
    problems: Mapping[str, str]
    """By part, why it cannot be told."""

    @property
    def late(self) -> tuple[Line, ...]:
        """Forecasts that were due and are not out."""
        return tuple(outlook for outlook in self.outlooks if outlook.is_late)


class Watch:
    """Puts the state together for whoever asks.

    Args:
        workspace: whose.
        seconds: how long a state is given again.
        orchestrator: says what the flows did.
        share: what of the workspace is told; everything unless given.
    """

    def __init__(
        self,
        workspace: Workspace,
        seconds: float = KEPT_SECONDS,
        orchestrator: Callable[[], Runs | None] = runs,
        share: Share | None = None,
    ) -> None:
        self.workspace = workspace
        self._share = share or Share(workspace)
        self._seconds = seconds
        self._orchestrator = orchestrator
        self._one_at_a_time = threading.Lock()
        self._kept: dict[str, tuple[float, Hashable, Any]] = {}

    def of(self, share: Share) -> Watch:
        """The same for a part of the workspace."""
        return Watch(share.workspace, self._seconds, self._orchestrator, share)

    def state(self) -> State:
        """The state, at most a few seconds old."""
        with self._one_at_a_time:
            return self._again("state", self._seconds, self._state)

    def data(self) -> tuple[tuple[Freshness, ...], Mapping[str, int]]:
        """How new the data are and how much of them is withheld, by series.

        Raises:
            LakeError: the lake cannot be read.
        """
        with self._one_at_a_time:
            return self._freshness(), self._withheld()

    def _state(self) -> State:
        workspace, problems = self.workspace, dict[str, str]()
        settings = workspace.settings

        def part(name: str, read: Callable[[], T], otherwise: T) -> T:
            try:
                return read()
            except GridaheadError as error:
                problems[name] = str(error) if self._share.whole else UNTOLD
            except OSError as error:
                problems[name] = f"{type(error).__name__}: {error}" if self._share.whole else UNTOLD
            return otherwise

        disk = part("disk", lambda: shutil.disk_usage(nearest_existing(settings.data_folder)), None)
        return State(
            at=workspace.clock(),
            mode=settings.mode,
            outlooks=part("forecasts", lambda: lines(workspace), ()),
            incidents=part("incidents", self._incidents, ()),
            freshness=part("data", self._freshness, ()),
            coverage=part("coverage", lambda: self._again("coverage", COVERAGE_SECONDS, self._coverage), ()),
            withheld=part("quarantine", self._withheld, {}),
            runs=part("runs", lambda: self._again("runs", RUNS_SECONDS, self._orchestrator), None),
            recorded=part("records", lambda: self._again("records", RUNS_SECONDS, lambda: recorded(workspace)), ()),
            disk_free=disk.free if disk else 0,
            disk_size=disk.total if disk else 0,
            problems=problems,
        )

    def _freshness(self) -> tuple[Freshness, ...]:
        every = self._while_same("freshness", (self.workspace.lake.observations,), lambda: freshness(self.workspace))
        return tuple(line for line in every if self._share.has(line.series))

    def _withheld(self) -> dict[str, int]:
        lake = self.workspace.lake
        every = self._while_same("withheld", (lake.verdicts, lake.rulings), lambda: withheld(self.workspace))
        return {series: rows for series, rows in every.items() if self._share.has(series)}

    def _incidents(self) -> tuple[Incident, ...]:
        every = self._while_same("incidents", (self.workspace.lake.incidents,), lambda: open_incidents(self.workspace))
        return tuple(one for one in every if self._share.has(one.subject))

    def _coverage(self) -> tuple[Coverage, ...]:
        return coverage(self.workspace)

    def _again(self, name: str, seconds: float, read: Callable[[], T]) -> T:
        """What was read less than so many seconds ago."""
        kept = self._kept.get(name)
        if kept is None or time.monotonic() - kept[0] >= seconds:
            kept = time.monotonic(), None, read()
            self._kept[name] = kept
        found: T = kept[2]
        return found

    def _while_same(self, name: str, stores: tuple[Store, ...], read: Callable[[], T]) -> T:
        """What was read while the tables had the files that they have now: no file ever changes."""
        files = tuple(tuple(store.files()) for store in stores)
        kept = self._kept.get(name)
        if kept is None or kept[1] != files:
            kept = 0.0, files, read()
            self._kept[name] = kept
        found: T = kept[2]
        return found


def runs_of(state: State) -> tuple[Run, ...]:
    """The last runs by flow and outcome: what the orchestrator says of its flows, and records of all else."""
    asked = state.runs.last if state.runs is not None else ()
    flows = {run.flow for run in asked}
    return (*asked, *(run for run in state.recorded if run.flow not in flows))


def lines(workspace: Workspace) -> tuple[Line, ...]:
    """Of every series the day that is due by now, and the next that will be."""
    outlook = Outlook(workspace, workspace.clock())
    late = outlook.overdue
    return tuple(_line(outlook, entry.series, late) for entry in workspace.settings.series)


def _line(outlook: Outlook, series: Series, late: Sequence[Slot]) -> Line:
    own = next((slot for slot in late if slot.series == series), None)
    due = (own or outlook.last_due(series)).day
    is_open = own is not None and own.gate_closure > outlook.at
    wanted = outlook.slot(series, due) if is_open else outlook.next_due(series)
    manifest = latest_manifest(outlook.workspace.settings.published_place, series)
    return Line(series, due, wanted.day, wanted.deadline, wanted.gate_closure, manifest, own)


def open_incidents(workspace: Workspace) -> tuple[Incident, ...]:
    """What is not in order, as the last watch found it."""
    return tuple(one for one in incidents_of(events_in(workspace.lake.incidents.read())) if one.is_open)
