"""An operation whose time is an argument: every flow's use case at its hour, in this process.

Nothing here waits for a clock on the wall.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from children.dying import Interruption, interrupt

from builders.replay import Host
from builders.servers import Cluster, postgres_cluster
from builders.services import limits
from builders.world import BERLIN, HISTORY_DAYS, HOUR, MINUTE, PATIENCE, Clock, Inbox, World
from gridahead.core.errors import GridaheadError
from gridahead.core.grid import Series
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)

SERIES = (Series("DE", "load"), Series("FR", "load"))
DEADLINE = "11:00"
RETRY_AFTER = tuple(pd.Timedelta(seconds=seconds) for seconds in (10, 20, 40))
"""As the flows wait before they try again what may succeed."""
ROOM = 500_000_000_000
"""Bytes that the disk has free unless it is full."""


def settings_of(folder: Path, service: str, inbox: str, world: World, **more: Any) -> Settings:
    """Two zones, small networks, and somebody who is told."""
    begins = (world.first - pd.Timedelta(days=HISTORY_DAYS)).date()
    common = {"kind": "file", "zone": "DE", "time_column": "time", "timezone": "UTC"}
    official = {"column": "forecast", "name": "load_official", "unit": "MW", "known_ahead": True}
    said = {
        "data_folder": folder,
        "mode": "live",
        "sources": [
            {**common, "path": world.loads, "quantity": "load", "value_column": "load"},
            {**common, "path": world.officials, "covariates": [{**official, "available": f"D-1T1000[{BERLIN}]"}]},
            {
                "kind": "energy_charts",
                "zones": ["FR"],
                "quantities": ["load", "load_official"],
                "since": begins,
                "base_url": service,
                "attempts": 2,
                "retry_wait_seconds": 0.01,
                "timeout_seconds": PATIENCE,
            },
        ],
        "series": [
            {
                "series": str(series),
                "deadline": f"D-1T1100[{BERLIN}]",
                "gate_closure": f"D-1T1200[{BERLIN}]",
                "models": ["gru"],
            }
            for series in SERIES
        ],
        "models": {"gru": {"cell": "gru", "hidden": 8, "decoder_hidden": 8, "anchor": "week", "dropout": 0.0}},
        "training": {"context_days": 8, "validation_days": 60, "epochs": 3, "workers": 1, "quantiles": LEVELS},
        "alerts": {
            "channels": [{"url": f"json://{inbox}/alerts", "name": "inbox"}],
            "heartbeat_url": f"http://{inbox}/beat",
        },
        **more,
    }
    return Settings.model_validate(said)


LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True)
class Done:
    """A run of a use case, and how it ended."""

    at: pd.Timestamp
    job: str
    error: str = ""
    """Empty if it ended well."""
    unexpected: str = ""
    """The traceback of an error that is none of ours."""
    seconds: float = 0.0


@dataclass
class Operation:
    """A workspace in which every flow's use case is run at its hour, in this process."""

    settings: Settings
    world: World
    inbox: Inbox
    database: Cluster | None = None
    """The server that MLflow keeps its runs in; a file if there is none."""
    is_up: bool = True
    """Whether the machine runs."""
    kills: dict[str, int] = field(default_factory=dict)
    """By job, at which file operation its next runs are killed; they run in a child then."""
    free: int = ROOM
    """Bytes that the disk has free, as the watch sees it."""
    again: list[str] = field(default_factory=list)
    """Runs that were killed: the next watch begins them again, as the flow of that name does."""
    journal: list[Done] = field(default_factory=list)
    pointed: list[tuple[pd.Timestamp, str, str]] = field(default_factory=list)
    """At every tick and for every series, what is wrong with its latest.*; nothing where it is right."""

    @property
    def clock(self) -> Clock:
        """What time it is."""
        return self.world.clock

    @property
    def workspace(self) -> Workspace:
        """The workspace as a run opens it for itself."""
        return Workspace(self.settings, clock=self.clock)

    def run(self, job: str, at: pd.Timestamp) -> None:
        """Run a job at its time, whatever becomes of it."""
        self.clock.set(at)
        self.world.publish()
        if not self.is_up:
            return
        began = time.perf_counter()
        error, unexpected = "", ""
        try:
            self._with_retries(job)
        except KilledError as caught:
            error = f"{type(caught).__name__}: {caught}"
            if job not in ("watch", "forecast"):
                self.again.append(job)
        except GridaheadError as caught:
            error = f"{type(caught).__name__}: {caught}"
        except Exception as caught:
            error, unexpected = f"{type(caught).__name__}: {caught}", traceback.format_exc()
            log.exception("%s at %s", job, at)
        self.journal.append(Done(at, job, error, unexpected, time.perf_counter() - began))

    def _with_retries(self, job: str) -> None:
        """Run a job, as often as its flow would."""
        for wait in (*RETRY_AFTER, None):
            try:
                if job in self.kills:
                    in_child(partial(JOBS[job], self), self.kills[job])
                else:
                    JOBS[job](self)
                return
            except GridaheadError as error:
                if wait is None or not error.retryable:
                    raise
                self.clock.set(self.clock.at + wait)


class KilledError(GridaheadError):
    """A worker that was killed."""


def in_child(work: Callable[[], object], at: int) -> None:
    """Do something in a child of this process that is killed at its so manieth file operation.

    Raises:
        KilledError: it was.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            interrupt(Interruption(at))
            work()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        raise KilledError(f"killed at file operation {at}")
    if status:
        raise KilledError(f"a child ended with status {status}")


# -- the use cases, as the flows call them --------------------------------------------------------------------------


def ingest(operation: Operation) -> None:
    """Every hour."""
    from gridahead.operate.ingest import ingest as use_case

    workspace = operation.workspace
    use_case(workspace).require(workspace.settings.quality.max_quarantined_share)


def forecast(operation: Operation) -> None:
    """At the deadline: every series that is due by itself, so that none keeps another waiting."""
    from gridahead.operate.due import due
    from gridahead.operate.forecast import forecast as use_case

    workspace, failed = operation.workspace, list[str]()
    for slot in due(workspace, workspace.clock()):
        try:
            use_case(workspace, slot.series, day=slot.day)
        except GridaheadError as error:
            failed.append(str(error))
    if failed:
        raise GridaheadError("; ".join(failed))


def watch(operation: Operation) -> None:
    """Every few minutes: publish what is due, make up for what is missed, tell people."""
    from gridahead.operate.checking import Usage
    from gridahead.operate.due import due, missed, unpointed
    from gridahead.operate.watch import watch as use_case

    workspace, failed = operation.workspace, list[str]()
    wanted = [*operation.again]
    at = workspace.clock()
    if due(workspace, at) or missed(workspace, at) or unpointed(workspace, at):
        wanted.insert(0, "catch-up")
    operation.again.clear()
    for job in wanted:
        try:
            if job in operation.kills:
                in_child(partial(JOBS[job], operation), operation.kills[job])
            else:
                JOBS[job](operation)
        except KilledError:
            operation.again.append(job)
        except GridaheadError as error:
            failed.append(str(error))
    use_case(operation.workspace, usage=lambda path: Usage(2 * ROOM, 2 * ROOM - operation.free, operation.free))
    if failed:
        raise GridaheadError("; ".join(failed))


def catch_up(operation: Operation) -> None:
    """What is due is published, what is missed is made up for."""
    from gridahead.operate.catch_up import catch_up as use_case

    use_case(operation.workspace).require()


def score(operation: Operation) -> None:
    """Every morning: what is published is kept in the lake, then scores and the page."""
    from gridahead.operate.report import report
    from gridahead.operate.score import score_published

    catch_up(operation)
    workspace = operation.workspace
    for series in SERIES:
        score_published(workspace, series)
    report(workspace)


def compact(operation: Operation) -> None:
    """Every night."""
    from gridahead.operate.lake import compact_lake

    compact_lake(operation.workspace)


def sync(operation: Operation) -> None:
    """What was set on MLflow's pages."""
    from gridahead.operate.registry_sync import registry_sync

    registry_sync(operation.workspace)


def train(operation: Operation) -> None:
    """Every week."""
    from gridahead.operate.train import train as use_case

    for series in SERIES:
        use_case(operation.workspace, series)


JOBS: dict[str, Callable[[Operation], None]] = {
    "ingest": ingest,
    "forecast": forecast,
    "watch": watch,
    "catch-up": catch_up,
    "score": score,
    "compact": compact,
    "sync": sync,
    "train": train,
}


def local(day: dt.date, time_of_day: str) -> pd.Timestamp:
    """A time of day on the clock of Berlin, as UTC; one that is skipped or there twice is never scheduled."""
    return pd.Timestamp(f"{day} {time_of_day}", tz=BERLIN).tz_convert("UTC")


def schedule(
    first: dt.date, last: dt.date, *, every_minutes: int = 5, ingest_at: Sequence[int] = ()
) -> list[tuple[pd.Timestamp, str]]:
    """Every run of the days, in order; around the deadline somebody looks every five minutes, else every hour.

    Args:
        first: the first day.
        last: the last.
        every_minutes: between two looks from the deadline to the gate closure.
        ingest_at: hours of local time; every hour unless given.
    """
    events: list[tuple[pd.Timestamp, str]] = []
    begin, end = local(first, "00:00"), local(last + dt.timedelta(days=1), "00:00")
    for hour in pd.date_range(begin, end, freq="h", inclusive="left"):
        if not ingest_at or hour.tz_convert(BERLIN).hour in ingest_at:
            events.append((hour + 5 * MINUTE, "ingest"))
        events.append((hour + 10 * MINUTE, "watch"))
    for day in pd.date_range(first, last, freq="D"):
        date = day.date()
        jobs = {"03:45": "compact", "07:30": "score", "09:30": "sync", DEADLINE: "forecast"}
        events += [(local(date, time_of_day), job) for time_of_day, job in jobs.items()]
        for minutes in range(5, 61, every_minutes):
            at = local(date, DEADLINE) + minutes * MINUTE
            if at.minute != 10:
                events.append((at, "watch"))
        if day.dayofweek == 5:
            events.append((local(date, "04:30"), "train"))
    order = list(JOBS)
    return sorted(events, key=lambda event: (event[0], order.index(event[1])))


@contextmanager
def operated(folder: Path, first: dt.date, *, with_database: bool = False, **more: Any) -> Iterator[Operation]:
    """An operation that begins on a day, with a history and two versions of every model, of which the second serves.

    Args:
        folder: an empty one.
        first: the day.
        with_database: whether MLflow keeps its runs in a PostgreSQL of this operation's own.
        more: settings.
    """
    with ExitStack() as stack:
        database = stack.enter_context(postgres_cluster()) if with_database else None
        if database is not None:
            more["mlflow"] = {"tracking_uri": database.address, "artifacts": str(folder / "artifacts")}
        stack.enter_context(limits())
        clock = Clock(local(first, "00:00") - HOUR)
        world = World(folder / "world", clock, clock.at.floor("h"))
        host = stack.enter_context(Host([world.answer]))
        inbox = stack.enter_context(Inbox())
        settings = settings_of(folder / "data", host.url, inbox.address, world, **more)
        operation = Operation(settings, world, inbox, database)
        _prepare(operation)
        yield operation


def _prepare(operation: Operation) -> None:
    """History, two versions of every model, and the forecast of the first day: operation has begun."""
    from gridahead.operate.ingest import ingest as take_in
    from gridahead.operate.train import train as use_case
    from gridahead.promotion.promote import promote

    operation.world.publish()
    patient = [
        one.model_copy(update={"timeout_seconds": 30.0}) if hasattr(one, "timeout_seconds") else one
        for one in operation.settings.sources
    ]
    settings = operation.settings.model_copy(update={"sources": tuple(patient)})
    workspace = Workspace(settings, clock=operation.clock)
    done = take_in(workspace)
    if done.failed:
        raise done.failed[0]
    for series in SERIES:
        use_case(workspace, series)
    later = settings.training.model_copy(update={"seed": 1})
    again = Workspace(settings.model_copy(update={"training": later}), clock=operation.clock)
    for series in SERIES:
        use_case(again, series)
        newest = again.registry.versions(series)[0]
        if "champion" not in newest.aliases:
            promote(again, series, newest.number, "the second of two alike, so that there is one before it", "month")
    operation.clock.set(operation.clock.at + MINUTE)
