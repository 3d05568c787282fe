"""Quality of the data: what waits in quarantine, what was found lately, and one case with all that speaks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from gridahead.core.grid import Series, quantity_of
from gridahead.quarantine.cases import Case
from gridahead.quarantine.rulings import CaseDetails, case_details
from gridahead.reports import wording
from gridahead.reports.quality_page import span
from gridahead.reports.quality_views import CaseLine
from gridahead.settings.model import Settings
from gridahead.web import render
from gridahead.web.charts import accepted_chart, case_chart
from gridahead.web.files import PUBLISHED, QUALITY, folders
from gridahead.web.share import Share
from gridahead.web.state import State
from gridahead.web.status_page import data_rows
from gridahead.workspace import Workspace

SHOWN = {"open": "Waiting for a decision", "all": "Everything found"}
MOST = 100
"""Cases on one page; who has more open than that has one fault, not a hundred."""
MOST_ROWS = 200
"""Rows of a case in its table: eight days of hours."""
STATES = {"open": "waits", "released": "released", "rejected": "rejected"}


def quality_page(share: Share, found: Sequence[Case], state: State, shown: str, page: int, reader: str = "") -> bytes:
    """What waits for a decision, and how fresh the data are.

    Args:
        share: what may be shown.
        found: every case of it, the newest first.
        state: of operation, which knows how fresh everything is.
        shown: `open`, or `all` for what is flagged or decided as well.
        page: which hundred of the cases, from 1.
        reader: who has signed in.
    """
    settings = share.workspace.settings
    waiting = [case for case in found if case.state == "open" and case.severity == "quarantine"]
    everything = found if shown == "all" else waiting
    first = (page - 1) * MOST
    clocks = {settings.zone(entry.series.zone).timezone for entry in settings.series}
    return render.page(
        "quality_list.html.j2",
        depth=0,
        room="quality",
        reader=reader,
        shown=shown,
        choices=SHOWN,
        cases=[case_row(settings, case) for case in everything[first : first + MOST]],
        count=len(everything),
        page=page,
        pages=max(1, -(-len(everything) // MOST)),
        waiting=sum(len(case.rows) for case in waiting),
        data=list(data_rows(state, settings, clocks.pop() if len(clocks) == 1 else "UTC")),
        links=_links(share),
    )


def case_page(
    workspace: Workspace, identity: str, *, reader: str = "", problem: str = "", reason: str = "", may_rule: bool = True
) -> bytes:
    """One case: picture, reasons, rows, payloads, and the form by which a person rules on it.

    Args:
        workspace: whose.
        identity: of the case.
        reader: who has signed in.
        problem: why a ruling was not recorded.
        reason: what had been typed by then.
        may_rule: whether there are tokens at all; without one that may write nobody rules here.

    Raises:
        LakeError: there is no such case.
    """
    details = case_details(workspace, identity)
    case, timezone = details.case, workspace.settings.zone(details.case.series.zone).timezone
    row = case_row(workspace.settings, case)
    in_question = case.rows.set_index("valid_time")["value"]
    return render.page(
        "case.html.j2",
        depth=2,
        room="quality",
        reader=reader,
        case=case,
        row=row,
        unit=details.unit,
        timezone=timezone,
        found=wording.moment(case.decided_at.tz_convert(timezone)),
        rules=list(zip(case.rules.items(), case.reasons, strict=True)),
        picture=case_chart(details.accepted, in_question, row["title"], details.unit, timezone),
        alone=accepted_chart(details.accepted, in_question, row["title"], details.unit, timezone),
        rows=list(_rows(details, timezone)),
        more=max(0, len(details.rows) - MOST_ROWS),
        payloads=[place.rsplit("/", 1)[-1] for place in details.payloads],
        problem=problem,
        reason=reason,
        may_rule=may_rule,
    )


def case_row(settings: Settings, case: Case) -> dict[str, Any]:
    """A case in words."""
    timezone = settings.zone(case.series.zone).timezone
    title = title_of(case.series)
    line = CaseLine(
        id=case.id,
        title=title,
        start=case.start.tz_convert(timezone),
        end=case.end.tz_convert(timezone),
        rows=len(case.rows),
        severity=case.severity,
        state=case.state,
        rules=tuple(case.rules),
        reason=case.reasons[0],
        found_at=case.decided_at,
    )
    state = "flagged" if case.state == "open" and case.severity == "flag" else STATES[case.state]
    return {
        "id": case.id,
        "series": str(case.series),
        "title": title,
        "span": span(line),
        "rows": len(case.rows),
        "reason": case.reasons[0],
        "others": [wording.words(rule) for rule in list(case.rules)[1:]],
        "state": state,
        "why": case.why,
    }


def title_of(series: Series) -> str:
    """A series for people, such as Load DE."""
    return f"{quantity_of(series.quantity).title} {series.zone}"


def _rows(details: CaseDetails, timezone: str) -> Sequence[tuple[str, list[str], str]]:
    """The rows in question beside the same hours of the weeks around: local time, values, rules."""
    shown = details.rows.head(MOST_ROWS)
    columns = ("value", "week_before", "week_after")
    return [
        (
            wording.moment(pd.Timestamp(row["valid_time"]).tz_convert(timezone)),
            [wording.figure(float(row[name])) for name in columns],
            ", ".join(wording.words(rule) for rule in str(row["rules"]).split(", ")),
        )
        for row in shown.to_dict("records")
    ]


def _links(share: Share) -> list[tuple[str, str]]:
    """Pages about the quality of the data that have been written: name and address below the first page."""
    pages = {
        "Completeness by day and week": (PUBLISHED, "quality.html"),
        "Rules of the gate and their results": (QUALITY, "index.html"),
    }
    kept = folders(share.workspace.settings)
    return [
        (title, f"{folder}/{name}")
        for title, (folder, name) in pages.items()
        if share.gives(folder, name) and kept[folder].exists(name)
    ]
