"""Quarantine: show a case with its picture, and rule on cases, with the quality page brought up to date."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gridahead.core.files import write_whole
from gridahead.core.grid import Series
from gridahead.core.tables import Rulings
from gridahead.core.time import TimeRange
from gridahead.operate.quality_page import quality_page
from gridahead.quarantine import rulings
from gridahead.quarantine.rulings import CaseDetails, Ruling
from gridahead.workspace import Workspace


@dataclass(frozen=True, eq=False)
class ShownCase:
    """A case as a person looks at it."""

    details: CaseDetails
    picture: Path
    """PNG: the stretch with its surroundings."""


def show_case(workspace: Workspace, identity: str) -> ShownCase:
    """One case with its details, and its picture in the quality folder.

    Raises:
        LakeError: no case has this id, or several do.
    """
    # The library of pictures takes half a second to load, and the server, which only rules, does without.
    from gridahead.reports.case_picture import case_picture
    from gridahead.reports.drawing import with_licence

    details = rulings.case_details(workspace, identity)
    case = details.case
    picture = workspace.settings.quality_folder / "cases" / f"{case.id}.png"
    timezone = workspace.settings.zone(case.series.zone).timezone
    in_question = case.rows.set_index("valid_time")["value"]
    title = f"{case.series}: {', '.join(case.rules)}"
    drawn = case_picture(details.accepted, in_question, title, details.unit, timezone)
    write_whole(picture, with_licence(drawn, workspace.settings.attribution_of(case.series)))
    return ShownCase(details, picture)


def rule_on_case(workspace: Workspace, identity: str, ruling: Ruling, reason: str, by: str) -> Rulings:
    """Record a ruling on all rows of a case and rewrite the quality page; returns what was recorded.

    Raises:
        LakeError: no case has this id, or several do.
    """
    recorded = rulings.record_ruling(workspace, identity, ruling, reason, by)
    quality_page(workspace)
    return recorded


def rule_on_range(
    workspace: Workspace, series: Series, time_range: TimeRange, ruling: Ruling, reason: str, by: str
) -> Rulings:
    """Record a ruling on the quarantined rows of a window of valid times and rewrite the quality page.

    Raises:
        LakeError: nothing of the series is in quarantine there.
    """
    recorded = rulings.record_ruling_on_range(workspace, series, time_range, ruling, reason, by)
    quality_page(workspace)
    return recorded
