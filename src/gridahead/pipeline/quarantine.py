"""Quarantine: look at what the gate has put aside, and decide on it; a decision is recorded, never a row changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from gridahead.errors import LakeError
from gridahead.grid import Series
from gridahead.lake.lake import Lake
from gridahead.pipeline.cases import Case, cases_of, find_case
from gridahead.pipeline.quality_page import quality_page
from gridahead.pipeline.workspace import Workspace
from gridahead.serving.case_picture import case_picture
from gridahead.tables import DECISIONS, Decisions
from gridahead.timeline import Window, now
from gridahead.vintages import IDENTITY, as_of
from gridahead.whole_files import write_whole

Decision = Literal["release", "reject"]

AROUND = pd.Timedelta(days=7)
"""What a picture shows before and after a case: the same weekday on either side."""
WEEK = pd.Timedelta(days=7)


@dataclass(frozen=True, eq=False)
class Shown:
    """A case with what a person needs to decide on it."""

    case: Case
    rows: pd.DataFrame
    """valid_time, available_at, value, week_before, week_after (accepted values of the same hour), rules."""
    unit: str
    payloads: list[str]
    """The payloads that brought it, as they were received."""
    picture: Path
    """PNG: the stretch with its surroundings."""


def cases(workspace: Workspace, *, flags: bool = False, closed: bool = False) -> list[Case]:
    """What is in quarantine, newest first.

    Args:
        workspace: whose lake.
        flags: what is only flagged as well.
        closed: what has been decided on as well.
    """
    lake = workspace.lake
    found = cases_of(lake.read_verdicts(), lake.read_decisions())
    return [one for one in found if (flags or one.severity == "quarantine") and (closed or one.state == "open")]


def show_case(workspace: Workspace, identity: str) -> Shown:
    """One case: its rows beside the same hours of the weeks around, the payload, a picture.

    Raises:
        LakeError: no case has this id, or several do.
    """
    case, lake = _the_case(workspace, identity), workspace.lake
    window = Window(case.start - AROUND, case.end + AROUND + pd.Timedelta(hours=1))
    rows = lake.read_observations(case.series, window=window)
    known = as_of(lake.read_accepted(case.series, window=window), now()).set_index("valid_time")["value"]
    unit = str(rows["unit"].mode().iloc[0]) if len(rows) else ""
    picture = workspace.settings.quality_folder / "cases" / f"{case.id}.png"
    timezone = workspace.settings.zone(case.series.zone).timezone
    condemned = case.rows.set_index("valid_time")["value"]
    title = f"{case.series}: {', '.join(case.rules)}"
    write_whole(picture, case_picture(known, condemned, title, unit, timezone))
    return Shown(case, _beside(case, known), unit, _payloads(lake, case.batches), picture)


def decide(workspace: Workspace, identity: str, decision: Decision, reason: str, by: str) -> Decisions:
    """Record a decision on all rows of a case; gives what was recorded.

    Raises:
        LakeError: no case has this id, or several do.
    """
    return _record(workspace, _the_case(workspace, identity).rows, decision, reason, by)


def decide_window(
    workspace: Workspace, series: Series, window: Window, decision: Decision, reason: str, by: str
) -> Decisions:
    """Record a decision on every quarantined row of a series in a window of valid times; gives what was recorded.

    Raises:
        LakeError: nothing of the series is in quarantine there.
    """
    verdicts = workspace.lake.read_verdicts(series, window=window)
    rows = verdicts[verdicts["severity"] == "quarantine"].drop_duplicates(IDENTITY)
    if rows.empty:
        listed = _listed([one for one in cases(workspace) if one.series == series])
        raise LakeError(f"nothing of {series} is in quarantine in {window}; open cases of it: {listed}")
    return _record(workspace, rows, decision, reason, by)


def _record(workspace: Workspace, rows: pd.DataFrame, decision: Decision, reason: str, by: str) -> Decisions:
    told = rows[IDENTITY].assign(decision=decision, reason=reason, decided_by=by, decided_at=now())
    decisions = Decisions(DECISIONS.check(told))
    workspace.lake.decisions.append(decisions)
    quality_page(workspace)
    return decisions


def _the_case(workspace: Workspace, identity: str) -> Case:
    every = cases(workspace, flags=True, closed=True)
    case = find_case(every, identity)
    if case is None:
        like = [one for one in every if one.id.startswith(identity)] if identity else []
        problem = f"{len(like)} cases begin with {identity!r}" if like else f"there is no case {identity!r}"
        raise LakeError(f"{problem}; {'they are' if like else 'open are'}: {_listed(like or cases(workspace))}")
    return case


def _listed(some: list[Case], most: int = 8) -> str:
    told = [f"{one.id} ({one.series}, {one.start:%Y-%m-%d %H:%M} UTC, {len(one.rows)} rows)" for one in some[:most]]
    more = [f"and {len(some) - most} more, see `gridahead quarantine list`"] if len(some) > most else []
    return "; ".join([*told, *more]) or "none"


def _beside(case: Case, known: pd.Series) -> pd.DataFrame:
    """The rows of a case beside what was accepted a week before and a week after."""
    rules = case.verdicts.groupby(IDENTITY)["rule"].agg(", ".join)
    rows = case.rows.merge(rules.rename("rules").reset_index(), on=IDENTITY)
    for name, shift in (("week_before", -WEEK), ("week_after", WEEK)):
        rows[name] = known.reindex(rows["valid_time"] + shift).to_numpy()
    return rows[["valid_time", "available_at", "value", "week_before", "week_after", "rules"]]


def _payloads(lake: Lake, batches: list[str]) -> list[str]:
    kept = sorted({one.payload for one in lake.receipts.all() if not one.batches.isdisjoint(batches)})
    return [lake.archive.folder.file(name) for name in kept]
