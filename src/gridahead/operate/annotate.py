"""Annotate: what a person knows of a stretch of a series, and what is done without it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import pandas as pd

from gridahead.core.errors import LakeError
from gridahead.core.fingerprint import digest
from gridahead.core.grid import Series
from gridahead.core.tables import ANNOTATIONS, Annotations
from gridahead.core.time import TimeRange
from gridahead.lake.annotations import Use
from gridahead.workspace import Workspace

Kind = Literal["outage", "strike", "holiday", "event", "error"]
USES: tuple[Use, ...] = ("training", "scores")
ID_DIGITS = 8


def annotate(
    workspace: Workspace,
    series: Series,
    time_range: TimeRange,
    kind: Kind,
    reason: str,
    by: str,
    exclude: Collection[Use] = (),
) -> Annotations:
    """Keep what a person says of a stretch of a series; gives the row.

    Args:
        workspace: whose lake.
        series: of which.
        time_range: the stretch.
        kind: what it was.
        reason: why, in the words of the person.
        by: who.
        exclude: what does without it: `training` learns no targets of it, `scores` leave it out and name the reason.

    Raises:
        LakeError: the lake cannot be written.
    """
    at = workspace.clock()
    said = {"zone": series.zone, "quantity": series.quantity, "start": time_range.start, "end": time_range.end}
    said |= {"kind": kind, "excluded": ",".join(use for use in USES if use in exclude) or "nothing", "reason": reason}
    identity = digest("\n".join(map(str, said.values())))[:ID_DIGITS]
    return _keep(workspace, {"id": identity, **said, "state": "stands", "decided_by": by, "decided_at": at})


def withdraw(workspace: Workspace, identity: str, reason: str, by: str) -> Annotations:
    """Take an annotation back; gives the row that does. What was learnt or scored meanwhile stays as it is.

    Raises:
        LakeError: no annotation that stands has this id, or the lake cannot be written.
    """
    standing = workspace.lake.read_annotations()
    found = standing[standing["id"] == identity]
    if found.empty:
        known = ", ".join(standing["id"]) or "there is none"
        raise LakeError(f"no annotation {identity} stands; `gridahead annotations` lists those that do: {known}")
    said = {str(name): value for name, value in found.iloc[0].items()}
    taken_back = {"state": "withdrawn", "reason": reason, "decided_by": by, "decided_at": workspace.clock()}
    return _keep(workspace, {**said, **taken_back})


def _keep(workspace: Workspace, row: dict[str, object]) -> Annotations:
    rows = Annotations(ANNOTATIONS.check(pd.DataFrame([row])))
    workspace.lake.annotations.append(rows)
    return rows
