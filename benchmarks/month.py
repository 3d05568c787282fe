"""Is every forecast out before its gate closes, whatever breaks? A month of operation, with both clock changes.

The clock is an argument: ingest, gate, forecast, watch, catch-up, compaction, scores and training are the use cases
that the flows call, at the hours at which their deployments call them, in one process. The load of DE comes in files
that grow by the hour, that of FR from a service on this machine; something breaks nearly every day. At the end
everything is looked at: what was out when, by which rung and with which words; every row of the lake against what its
publisher has; every message; latest.* at every tick; and every forecast made again.
"""

from __future__ import annotations

import datetime as dt
import logging
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
from common import CHECKOUT, Bench, Row, measure, say

sys.path.append(str(CHECKOUT / "tests"))
from builders import faults_of_operation as break_
from builders.faults_of_operation import Fault, wrong
from builders.generators import values
from builders.month import SERIES, Operation, operated, schedule
from builders.programs import DEBIAN_POSTGRES
from builders.world import BERLIN
from month_checks import (
    Planned,
    SlotDone,
    labelled,
    pointed_right,
    pointer_fault,
    published_in_time,
    rows_whole,
    says_the_same,
    slots_of,
    today_fault,
    told_once,
)

from gridahead.core.grid import Series
from gridahead.core.runs import FULL
from gridahead.monitoring.incidents import CLOSED, OPENED
from gridahead.operate.lake import compact_lake

DE, FR = (str(series) for series in SERIES)
BELOW = ("degraded", "previous", "ridge", "official_corrected", "naive")
"""Without an input a lower rung may err less than a network of three epochs: then that one is published."""
HOUR, DAY = pd.Timedelta(hours=1), pd.Timedelta(days=1)


@dataclass(frozen=True)
class Wanted:
    """A line of the schedule: local times, and what has to follow."""

    name: str
    begin: str
    end: str
    fault: Fault | Callable[[Operation], AbstractContextManager[None]]
    de: Sequence[str] = ()
    """Rungs that the forecasts of DE may come from which are due meanwhile; the whole one if there are none."""
    fr: Sequence[str] = ()
    missing: str = ""
    incidents: Sequence[str] = ()
    unreachable: bool = False
    echo_days: int = 0
    """So many days after it forecasts of DE may lack something of it in what they look back at."""

    def on(self, day: dt.date) -> Wanted:
        """The same on another day."""
        begin, end = pd.Timestamp(self.begin), pd.Timestamp(self.end)
        moved = pd.Timestamp(f"{day} {begin:%H:%M}")
        return replace(self, begin=str(moved), end=str(moved + (end - begin)))

    @property
    def plan(self) -> list[Planned]:
        """The same for the checks, and the days after it that may still show it."""
        own = self.planned
        after = Planned(f"{self.name}: the days after", own.end, own.end + self.echo_days * DAY, {DE: (FULL, *BELOW)})
        return [own, after] if self.echo_days else [own]

    @property
    def planned(self) -> Planned:
        """Begin, end, and what has to follow."""
        begin, end = (pd.Timestamp(one, tz=BERLIN).tz_convert("UTC") for one in (self.begin, self.end))
        rungs = {name: allowed for name, allowed in ((DE, self.de), (FR, self.fr)) if allowed}
        return Planned(self.name, begin, end, rungs, self.missing, self.incidents, self.unreachable)


OLD = "old|h old|newest"
GONE = "official"

AUTUMN = (
    Wanted("every source down for 12 hours", "2025-10-13 01:30", "2025-10-13 13:30",
           wrong(load="down", official="late", service="down"), BELOW, BELOW, OLD,
           ("failing load", "failing energy_charts", f"degraded {DE}", f"degraded {FR}")),
    Wanted("official forecast of DE four hours late", "2025-10-14 08:00", "2025-10-14 14:00",
           wrong(official="late"), BELOW, (), GONE, (f"degraded {DE}",)),
    Wanted("official forecasts missing for a day", "2025-10-15 06:00", "2025-10-15 22:00",
           wrong(official="missing"), BELOW, (), GONE, (f"degraded {DE}",), echo_days=2),
    Wanted("service slow: no answer in time", "2025-10-16 01:30", "2025-10-16 13:00",
           wrong(service="slow"), (), BELOW, OLD, ("failing energy_charts", f"degraded {FR}")),
    Wanted("load of DE in kW instead of MW", "2025-10-17 02:30", "2025-10-17 13:30",
           wrong(load="kilowatts"), BELOW, (), OLD, (f"gate {DE}", f"degraded {DE}")),
    Wanted("garbage from both publishers", "2025-10-18 01:30", "2025-10-18 13:30",
           wrong(load="garbage", service="garbage"), BELOW, BELOW, OLD, ("failing load", f"degraded {FR}")),
    Wanted("file cut in a line", "2025-10-19 01:30", "2025-10-19 12:30", wrong(load="truncated"), (FULL, *BELOW)),
    Wanted("MLflow's database damaged", "2025-10-20 06:00", "2025-10-20 13:00", break_.mlflow_damaged),
    Wanted("MLflow gone, database and artifacts", "2025-10-21 06:00", "2025-10-21 13:00", break_.mlflow_gone),
    Wanted("what says who serves is gone", "2025-10-22 06:00", "2025-10-22 13:00", break_.serving_gone),
    Wanted("registry empty: all exports gone", "2025-10-23 06:00", "2025-10-23 13:00", break_.models_gone,
           ("official_corrected",), ("official_corrected",), "champion", (f"degraded {DE}", f"degraded {FR}")),
    Wanted("champion's file damaged", "2025-10-24 06:00", "2025-10-24 13:00", break_.weights_damaged("champion"),
           ("previous",), ("previous",), "champion", (f"degraded {DE}", f"degraded {FR}")),
    Wanted("champion and previous altered; day of 25 hours", "2025-10-25 06:00", "2025-10-25 13:00",
           break_.weights_damaged("champion", "previous", altered=True), ("ridge",), ("ridge",), "champion"),
    Wanted("every model damaged, no official forecast of DE", "2025-10-27 06:00", "2025-10-27 13:00",
           lambda operation: _both(operation, break_.weights_damaged("champion", "previous", "fallback"),
                                   wrong(official="missing")),
           ("naive",), ("official_corrected",), "champion", echo_days=2),
    Wanted("lake can only be read", "2025-10-28 10:30", "2025-10-28 13:00", break_.read_only("lake")),
    Wanted("disk full for an hour", "2025-10-29 10:30", "2025-10-29 11:30", break_.disk_full(),
           incidents=(f"missing {DE}", f"missing {FR}")),
    Wanted("no room for the lake for five hours", "2025-10-30 08:00", "2025-10-30 13:00", break_.disk_full("lake"),
           (FULL, *BELOW), (FULL, *BELOW)),
    Wanted("worker killed while it forecasts, three times", "2025-10-31 11:00", "2025-10-31 11:12",
           break_.killed(forecast=5, watch=9), incidents=(f"late {DE}", f"late {FR}")),
    Wanted("worker killed in ingest, training and compaction", "2025-11-01 01:30", "2025-11-01 05:30",
           break_.killed(ingest=9, train=20, compact=6)),
    Wanted("machine down for six hours, over a gate closure", "2025-11-02 08:00", "2025-11-02 14:00",
           break_.machine_down, incidents=(f"late {DE}",), unreachable=True),
    Wanted("machine down until 20 minutes before the gate closes", "2025-11-03 10:20", "2025-11-03 11:40",
           break_.machine_down, incidents=(f"late {DE}",), unreachable=True),
    Wanted("machine down for 30 hours", "2025-11-04 08:00", "2025-11-05 14:00", break_.machine_down, unreachable=True),
    Wanted("nobody can be told, and the official forecast is late", "2025-11-06 08:00", "2025-11-06 15:00",
           lambda operation: _both(operation, break_.inbox_down, wrong(official="late")), BELOW, (), GONE),
    Wanted("service down for two days", "2025-11-07 01:30", "2025-11-09 06:00", wrong(service="down"), (), BELOW,
           OLD, ("failing energy_charts", f"degraded {FR}")),
    Wanted("MLflow gone while it trains", "2025-11-08 04:00", "2025-11-08 05:00", break_.mlflow_gone),
)  # fmt: skip
SPRING = (
    Wanted("PostgreSQL down", "2025-03-29 09:00", "2025-03-29 13:00", break_.database_down),
    Wanted("PostgreSQL restarted again and again while it trains", "2025-03-29 04:00", "2025-03-29 05:00",
           break_.database_restarting),
    Wanted("champion's weights altered; MLflow's copy on the store takes their place", "2025-03-28 06:00",
           "2025-03-28 13:00", break_.weights_damaged("champion", altered=True)),
    Wanted("official forecast of DE late; day of 23 hours", "2025-03-29 08:00", "2025-03-29 14:00",
           wrong(official="late"), BELOW, (), GONE, (f"degraded {DE}",)),
)  # fmt: skip
QUICK = ("official forecast of DE four hours late", "champion's file damaged", "disk full for an hour")


class _both(ExitStack):  # noqa: N801 - used as the two that it enters
    """Two faults at once."""

    def __init__(self, operation: Operation, *faults: Fault) -> None:
        super().__init__()
        self._operation, self._faults = operation, faults

    def __enter__(self) -> None:  # type: ignore[override]
        super().__enter__()
        for fault in self._faults:
            self.enter_context(fault(self._operation))


@dataclass(frozen=True)
class Part:
    """A stretch of operation, and what was found at its end."""

    slots: list[SlotDone]
    wrongs: dict[str, list[str]]
    """By check, what is not as it should be."""
    plan: list[Planned]
    incidents: pd.DataFrame
    seconds: float
    processor: float
    runs: Counter[str]
    failures: Counter[str]
    messages: int
    spent: dict[str, float]
    """Seconds by job."""


def operate(
    folder: Path,
    first: dt.date,
    last: dt.date,
    wanted: Sequence[Wanted],
    hours: Sequence[int] = (),
    *,
    with_database: bool = False,
) -> Part:
    """Operate from the midnight of a day to the end of another, break what is to be broken, and look.

    Args:
        folder: an empty one.
        first: the first day.
        last: the last.
        wanted: the faults.
        hours: of local time at which is ingested; every hour unless given.
        with_database: whether MLflow keeps its runs in a PostgreSQL; in a file where none is installed.
    """
    began, processor = time.perf_counter(), used()
    if with_database and not has_postgres():
        say(
            "PostgreSQL is not installed: MLflow keeps its runs in a file, and what would happen to PostgreSQL does not"
        )
        with_database, wanted = False, [one for one in wanted if "PostgreSQL" not in one.name]
    with operated(folder, first, with_database=with_database) as operation:
        say(f"prepared in {time.perf_counter() - began:.0f} s")
        run_through(operation, schedule(first, last, ingest_at=hours), wanted)
        return look(operation, first, last, wanted, began, processor)


def run_through(operation: Operation, events: Sequence[tuple[pd.Timestamp, str]], wanted: Sequence[Wanted]) -> None:
    """Every run at its time, with what is broken by then."""
    coming = sorted(wanted, key=lambda one: one.planned.begin)
    broken: list[tuple[Wanted, ExitStack]] = []
    day = None
    with ExitStack() as at_the_end:
        for at, job in events:
            for one, stack in [pair for pair in broken if pair[0].planned.end <= at]:
                operation.clock.set(one.planned.end)
                stack.close()
                broken.remove((one, stack))
            while coming and coming[0].planned.begin <= at:
                one, stack = coming.pop(0), at_the_end.enter_context(ExitStack())
                operation.clock.set(one.planned.begin)
                stack.enter_context(one.fault(operation))
                broken.append((one, stack))
            if at.date() != day:
                day = at.date()
                say(f"{day} {'; '.join(one.name for one, _ in broken)}")
            operation.run(job, at)
            if operation.is_up:
                for series in SERIES:
                    place = operation.settings.published_folder / series.slug
                    found = pointer_fault(place, operation.clock.at, BERLIN)
                    if job == "watch" and not found:  # the first after midnight points at the new day
                        found = today_fault(place, operation.clock.at, BERLIN)
                    operation.pointed.append((at, str(series), found))


def look(
    operation: Operation, first: dt.date, last: dt.date, wanted: Sequence[Wanted], began: float, processor: float
) -> Part:
    """Every check, at the end."""
    workspace, plan = operation.workspace, [planned for one in wanted for planned in one.plan]
    days = [day.date() + dt.timedelta(days=1) for day in pd.date_range(first, last)]
    slots = slots_of(workspace, days, plan)
    compact_lake(workspace)
    incidents = workspace.lake.incidents.read()
    wrongs = {
        "published in time": list(published_in_time(slots)),
        "labelled": list(labelled(workspace, slots, plan)),
        "rows": list(rows_whole(workspace, truth_of(operation), operation.world.spoilt, operation.clock.at)),
        "alerts": list(told_once(incidents, len(operation.inbox.messages), plan, operation.clock.at)),
        "latest": list(pointed_right(operation.pointed)),
        "made again": list(says_the_same(workspace, slots)),
        "crashes": [f"{done.at} {done.job}: {done.error}" for done in operation.journal if done.unexpected],
    }
    spent = Counter[str]()
    for done in operation.journal:
        spent[done.job] += done.seconds  # type: ignore[assignment]
    return Part(
        slots,
        wrongs,
        plan,
        incidents,
        time.perf_counter() - began,
        used() - processor,
        Counter(done.job for done in operation.journal),
        Counter(done.job for done in operation.journal if done.error),
        len(operation.inbox.messages),
        {job: float(seconds) for job, seconds in spent.items()},
    )


def used() -> float:
    """Seconds of the processor so far, those of children that have ended among them."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def has_postgres() -> bool:
    """Whether a PostgreSQL is installed."""
    return any(DEBIAN_POSTGRES.glob("*/bin/postgres")) or shutil.which("postgres") is not None


def truth_of(operation: Operation) -> dict[Series, pd.Series]:
    """What both publishers have by the last ingest, from the first day of operation on [MW]."""
    last = max(done.at for done in operation.journal if done.job == "ingest" and not done.error)
    hours = {SERIES[0]: operation.world.known_hours(last)}
    hours[SERIES[1]] = pd.date_range(operation.world.first, last.floor("h"), freq="h", inclusive="left")
    named = {SERIES[0]: SERIES[0].zone, SERIES[1]: SERIES[1].zone.lower()}  # as the publishers are asked
    return {series: pd.Series(values(named[series], "load", times), times) for series, times in hours.items()}


INGEST_AT = (1, 5, 8, 9, 10, 16)
"""Local hours of ingests: each costs more than a second for the quality gate, and the month is to take minutes. Files
grow by the hour all the same."""


def run(bench: Bench) -> list[Row]:
    """A month with the clock change of autumn, and the days around that of spring; or three days of autumn."""
    logging.disable(logging.ERROR)
    rows = []
    with tempfile.TemporaryDirectory(prefix="gridahead-month-") as folder:
        for name, begin in (QUICK_PARTS if bench.quick else PARTS).items():
            part = begin(Path(folder) / name)
            for line in table_of({name: part}):
                say(line)
            rows += rows_of({name: part})
    return rows


def _moved() -> tuple[dt.date, dt.date, list[Wanted]]:
    """Three days with a fault each, over the clock change of autumn."""
    days = [dt.date(2025, 10, 24) + dt.timedelta(days=number) for number in range(len(QUICK))]
    chosen = [one for one in AUTUMN if one.name in QUICK]
    return days[0], days[-1], [one.on(day) for one, day in zip(chosen, days, strict=True)]


PARTS: dict[str, Callable[[Path], Part]] = {
    "spring": lambda folder: operate(
        folder, dt.date(2025, 3, 28), dt.date(2025, 3, 31), SPRING, INGEST_AT, with_database=True
    ),
    "autumn": lambda folder: operate(folder, dt.date(2025, 10, 12), dt.date(2025, 11, 11), AUTUMN, INGEST_AT),
}
"""Stretches of operation by name."""
QUICK_PARTS: dict[str, Callable[[Path], Part]] = {"three days": lambda folder: operate(folder, *_moved(), INGEST_AT)}


def rows_of(parts: dict[str, Part]) -> list[Row]:
    """The table as it is kept: a row a fault and figure, the totals, and how many findings each check has."""
    rows = []
    for part in parts.values():
        for one in part.plan:
            rows += [Row("fault", one.name, *figure) for figure in figures_of(part, one).items()]
    for name, part in parts.items():
        totals: dict[str, float] = {
            "slots": len(part.slots),
            "slots that could be published": sum(slot.reachable for slot in part.slots),
            "published in time": sum(slot.in_time for slot in part.slots),
            "made up for": sum(slot.backfilled for slot in part.slots),
            "incidents": int((part.incidents["event"] == OPENED).sum()),
            "all clear": int((part.incidents["event"] == CLOSED).sum()),
            "messages": part.messages,
            "runs": sum(part.runs.values()),
            "runs that failed": sum(part.failures.values()),
            "seconds": part.seconds,
            "seconds of the processor": part.processor,
            **{f"findings: {check}": len(found) for check, found in part.wrongs.items()},
            **{f"seconds of {job}": seconds for job, seconds in part.spent.items()},
        }
        rows += [Row("total", name, *figure) for figure in totals.items()]
    return rows


def figures_of(part: Part, one: Planned) -> dict[str, float]:
    """Of a fault: forecasts that were due meanwhile, by which rung they came, how close to the gate, who was told."""
    met = [slot for slot in part.slots if one.name in slot.faults]
    rungs = Counter(slot.rung or "none" for slot in met)
    margins = [slot.margin for slot in met if slot.published_at is not None and slot.in_time]
    stages = part.incidents[(part.incidents["at"] >= one.begin) & (part.incidents["at"] < one.end + 30 * HOUR)]
    return {
        "slots": len(met),
        **{f"rung {rung}": count for rung, count in rungs.items()},
        **({"least minutes before gate closure": min(margins)} if margins else {}),
        "incidents until 30 h after it": int((stages["event"] == OPENED).sum()),
        "all clear until 30 h after it": int((stages["event"] == CLOSED).sum()),
    }


def table_of(parts: dict[str, Part]) -> list[str]:
    """The table in Markdown, and every finding."""
    head = "| fault | forecasts due meanwhile | by rung | closest to the gate [min] | opened / all clear |"
    lines = ["", head, "|---|---|---|---|---|"]
    for part in parts.values():
        for one in part.plan:
            told = figures_of(part, one)
            counts = {name.removeprefix("rung "): int(n) for name, n in told.items() if name.startswith("rung ")}
            rungs = ", ".join(f"{rung} {count}" for rung, count in counts.items())
            least = told.get("least minutes before gate closure")
            lines.append(
                f"| {one.name} | {int(told['slots'])} | {rungs or '–'} | {'–' if least is None else f'{least:.1f}'} | "
                f"{int(told['incidents until 30 h after it'])} / {int(told['all clear until 30 h after it'])} |"
            )
    for name, part in parts.items():
        reachable = [slot for slot in part.slots if slot.reachable]
        lines.append(
            f"{name}: {sum(slot.in_time for slot in reachable)} of {len(reachable)} forecasts that could be published "
            f"were out before their gate closed; {sum(slot.backfilled for slot in part.slots)} made up for; "
            f"{part.messages} messages; {sum(part.runs.values())} runs in {part.seconds:.0f} s "
            f"({part.processor:.0f} s of the processor)"
        )
        lines += [f"  ! {check}: {found}" for check, every in part.wrongs.items() for found in every[:20]]
    return lines


if __name__ == "__main__":
    measure(run)
