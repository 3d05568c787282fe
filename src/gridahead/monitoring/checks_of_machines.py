"""Checks of the machines: runs that died or failed, disks that fill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from gridahead.lake.run_log import Run
from gridahead.monitoring.conditions import Condition, clock_time, span_words

GB = 1e9
TOLD_ELSEWHERE = frozenset({"SourceError", "AccessError", "FetchError", "QualityError"})
"""Errors of a run that are told as what they are: a source that fails, a gate that withholds."""
SHORTEST = pd.Timedelta(hours=12)
"""Over less than this the pace of a disk is that of one run, not of the days."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system of a folder."""

    folder: str
    total: int
    free: int
    """Bytes; of those that this user may write."""
    days_left: float | None = None
    """Until it is full at the pace of the last days; None where it does not fill, or that is not known."""


def days_until_full(samples: Sequence[tuple[pd.Timestamp, int]]) -> float | None:
    """How many days are left at the pace of some samples of free bytes, in the order of time."""
    if len(samples) < 2 or samples[-1][0] - samples[0][0] < SHORTEST:
        return None
    used_a_day = (samples[0][1] - samples[-1][1]) / ((samples[-1][0] - samples[0][0]) / pd.Timedelta(days=1))
    return samples[-1][1] / used_a_day if used_a_day > 0 else None


def filling_disks(
    disks: Iterable[Disk], limits_gb: tuple[float, float], days: float, at: pd.Timestamp
) -> Iterator[Condition]:
    """Disks with little room, or that will have none soon.

    Args:
        disks: each file system once.
        limits_gb: free bytes below which it is told, and below which it is critical [GB].
        days: fewer than so many left are told.
        at: the present.
    """
    told, critical = limits_gb
    for disk in disks:
        soon = disk.days_left is not None and disk.days_left < days
        if disk.free >= told * GB and not soon:
            continue
        pace = f"; at the pace of the last days it is full in {disk.days_left:.1f} days" if soon else ""
        yield Condition(
            kind="disk",
            severity="critical" if disk.free < critical * GB else "warning",
            subject=disk.folder,
            since=at,
            what=f"The disk of {disk.folder} has {disk.free / GB:.1f} GB free of {disk.total / GB:.0f} GB{pace}.",
            meanwhile="forecasts are published for as long as there is room for them",
            advice="Make room, or take a larger disk: `gridahead lake stats` shows what is large, `archive.keep_days` "
            "says how long raw payloads are kept, `gridahead lake compact` merges small files.",
        )


def dead_runs(runs: Mapping[str, Sequence[Run]], at: pd.Timestamp, silent_after: pd.Timedelta) -> Iterator[Condition]:
    """Runs that died or failed, until one of the same kind and subject has ended well.

    Args:
        runs: by kind, the newest first.
        at: the present.
        silent_after: so long without a sign of life is death.
    """
    for kind, of_kind in runs.items():
        for subject in dict.fromkeys(run.subject for run in of_kind):
            same = [run for run in of_kind if run.subject == subject]
            over = [run for run in same if run.ended is not None or is_dead(run, at, silent_after)]
            if over and (over[0].ended is None or over[0].fault not in ("", *TOLD_ELSEWHERE)):
                yield _dead(kind, subject, over[0], any(run.began > over[0].began for run in same))


def is_dead(run: Run, at: pd.Timestamp, silent_after: pd.Timedelta) -> bool:
    """Whether a run has not ended and shows no sign of life."""
    return run.ended is None and (run.is_gone or at - run.alive > silent_after)


def _dead(kind: str, subject: str, run: Run, again: bool) -> Condition:
    name = f"{kind} of {subject}" if subject else kind
    if run.ended is None:
        what = f"The run {name} that began at {clock_time(run.began)} on {run.host} has died; it was alive at "
        what += f"{clock_time(run.alive)}."
    else:
        what = f"The run {name} that began at {clock_time(run.began)} on {run.host} failed: {run.error}"
    return Condition(
        kind="crashed",
        severity="warning",
        subject=name,
        since=run.began,
        what=what,
        meanwhile="another run of it is under way" if again else "what it had done so far is kept",
        advice="Nothing if the next run ends well, which clears this; else look at its log, and run it by hand.",
    )


def took(run: Run) -> str:
    """How long a run took, as a person says it."""
    return "" if run.ended is None else span_words(run.ended - run.began)
