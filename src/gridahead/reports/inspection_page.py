"""The page of one inspection: every series, every finding, every expectation and whether it held.

Plain data in, one self-contained HTML page out: no scripts, nothing loaded from anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from gridahead.quality.report import QualityReport
from gridahead.reports.forecast_page import templates
from gridahead.reports.palette import DARK, LIGHT


def render_inspection(
    report: QualityReport, quality_page: str, earlier: Sequence[tuple[str, str]] = (), *, attribution: str = ""
) -> str:
    """The page of an inspection.

    Args:
        report: the inspection.
        quality_page: the page of the data over time, relative to this one.
        earlier: name and address of the pages of earlier inspections, newest first.
        attribution: whom the licences of the data ask to name.
    """
    return (
        templates()
        .get_template("inspection.html.j2")
        .render(
            inspected=f"{report.decided_at:%Y-%m-%d %H:%M} UTC",
            success=report.success,
            series=report.completeness.to_dict("records"),
            findings=report.findings.to_dict("records"),
            suites=report.suite_results,
            quality_page=quality_page,
            earlier=earlier,
            attribution=attribution,
            light=LIGHT,
            dark=DARK,
        )
    )
