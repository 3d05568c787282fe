"""Rulings: look at what the quality gate has withheld, and rule on it; a ruling is recorded, never a row changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from gridahead.core.errors import LakeError
from gridahead.core.grid import Series
from gridahead.core.tables import RULINGS, Rulings
from gridahead.core.time import TimeRange
from gridahead.core.vintages import IDENTITY, as_of
from gridahead.lake.lake import Lake
from gridahead.quarantine.cases import Case, cases_of, find_case
from gridahead.workspace import Workspace

Ruling = Literal["release", "reject"]

AROUND = pd.Timedelta(days=7)
"""What is shown before and after a case: the same weekday on either side."""
WEEK = pd.Timedelta(days=7)


@dataclass(frozen=True, eq=False)
class CaseDetails:
    """A case with what a person needs to rule on it."""

    case: Case
    rows: pd.DataFrame
    """valid_time, available_at, value, week_before, week_after (accepted values of the same hour), rules."""
    accepted: pd.Series
    """The accepted values around it [unit], by valid time."""
    unit: str
    payloads: list[str]
    """The payloads that brought it, as they were received."""


def cases(workspace: Workspace, *, flags: bool = False, closed: bool = False) -> list[Case]:
    """What is in quarantine, newest first.

    Args:
        workspace: whose lake.
        flags: what is only flagged as well.
        closed: what has been ruled on as well.
    """
    lake = workspace.lake
    every_case = cases_of(lake.read_verdicts(), lake.read_rulings())
    return [
        case for case in every_case if (flags or case.severity == "quarantine") and (closed or case.state == "open")
    ]


def case_details(workspace: Workspace, identity: str) -> CaseDetails:
    """One case: its rows beside the same hours of the weeks around, the accepted values around it, the payloads.

    Raises:
        LakeError: no case has this id, or several do.
    """
    case, lake = _the_case(workspace, identity), workspace.lake
    time_range = TimeRange(case.start - AROUND, case.end + AROUND + pd.Timedelta(hours=1))
    rows = lake.read_observations(case.series, time_range=time_range)
    accepted = as_of(lake.read_accepted(case.series, time_range=time_range), workspace.clock()).set_index("valid_time")[
        "value"
    ]
    unit = str(rows["unit"].mode().iloc[0]) if len(rows) else ""
    return CaseDetails(case, _beside(case, accepted), accepted, unit, _payloads(lake, case.batches))


def record_ruling(workspace: Workspace, identity: str, ruling: Ruling, reason: str, by: str) -> Rulings:
    """Record a ruling on all rows of a case; returns what was recorded.

    Raises:
        LakeError: no case has this id, or several do.
    """
    return _record(workspace, _the_case(workspace, identity).rows, ruling, reason, by)


def record_ruling_on_range(
    workspace: Workspace, series: Series, time_range: TimeRange, ruling: Ruling, reason: str, by: str
) -> Rulings:
    """Record a ruling on every quarantined row of a series in a window of valid times; returns what was recorded.

    Raises:
        LakeError: nothing of the series is in quarantine there.
    """
    verdicts = workspace.lake.read_verdicts(series, time_range=time_range)
    rows = verdicts[verdicts["severity"] == "quarantine"].drop_duplicates(IDENTITY)
    if rows.empty:
        open_cases = _listed([case for case in cases(workspace) if case.series == series])
        raise LakeError(f"nothing of {series} is in quarantine in {time_range}; open cases of it: {open_cases}")
    return _record(workspace, rows, ruling, reason, by)


def _record(workspace: Workspace, rows: pd.DataFrame, ruling: Ruling, reason: str, by: str) -> Rulings:
    lines = rows[IDENTITY].assign(ruling=ruling, reason=reason, decided_by=by, decided_at=workspace.clock())
    rulings = Rulings(RULINGS.check(lines))
    workspace.lake.rulings.append(rulings)
    return rulings


def _the_case(workspace: Workspace, identity: str) -> Case:
    every_case = cases(workspace, flags=True, closed=True)
    case = find_case(every_case, identity)
    if case is None:
        like = [case for case in every_case if case.id.startswith(identity)] if identity else []
        problem = f"{len(like)} cases begin with {identity!r}" if like else f"there is no case {identity!r}"
        raise LakeError(f"{problem}; {'they are' if like else 'open are'}: {_listed(like or cases(workspace))}")
    return case


def _listed(some: list[Case], most: int = 8) -> str:
    shown = [
        f"{case.id} ({case.series}, {case.start:%Y-%m-%d %H:%M} UTC, {len(case.rows)} rows)" for case in some[:most]
    ]
    more = [f"and {len(some) - most} more, see `gridahead quarantine list`"] if len(some) > most else []
    return "; ".join([*shown, *more]) or "none"


def _beside(case: Case, accepted: pd.Series) -> pd.DataFrame:
    """The rows of a case beside what was accepted a week before and a week after."""
    rules = case.verdicts.groupby(IDENTITY)["rule"].agg(", ".join)
    rows = case.rows.merge(rules.rename("rules").reset_index(), on=IDENTITY)
    for name, shift in (("week_before", -WEEK), ("week_after", WEEK)):
        rows[name] = accepted.reindex(rows["valid_time"] + shift).to_numpy()
    return rows[["valid_time", "available_at", "value", "week_before", "week_after", "rules"]]


def _payloads(lake: Lake, batches: list[str]) -> list[str]:
    names = sorted({receipt.payload for receipt in lake.receipts.all() if not receipt.batches.isdisjoint(batches)})
    return [lake.archive.place(name) for name in names]
