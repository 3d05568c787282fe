"""Validate: the quality gate over everything in the lake, or over what has not been through it."""

from __future__ import annotations

import logging
from pathlib import Path

from gridahead.operate.inspection_page import write_inspection_page
from gridahead.operate.quality_page import quality_page
from gridahead.quality.report import QualityReport
from gridahead.quarantine.inspection import inspect_everything, inspect_new
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)


def validate(workspace: Workspace, *, only_new: bool = False) -> QualityReport | None:
    """Inspect the lake, keep the verdicts, write the page of the inspection and the page that analysts read.

    Args:
        workspace: where the lake is.
        only_new: whether only what waits is inspected, as every ingest does.

    Returns:
        The report; None if only what is new was asked for, and nothing is. Whether the gate refuses is for the caller
        to ask, with `report.require`: the verdicts are kept either way.
    """
    report = inspect_new(workspace) if only_new else inspect_everything(workspace)
    if report is not None:
        publish_inspection(workspace, report)
    return report


def publish_inspection(workspace: Workspace, report: QualityReport) -> Path:
    """Log the figures of an inspection and write the pages that show it; returns the page of the data over time."""
    follows = report.verdicts["severity"].value_counts()
    log.info(
        "inspected %s rows of %d series: %d findings, %s verdicts to quarantine and %s to flag",
        f"{report.completeness['rows'].sum():,}",
        len(report.completeness),
        len(report.findings),
        f"{follows.get('quarantine', 0):,}",
        f"{follows.get('flag', 0):,}",
    )
    page = quality_page(workspace)
    write_inspection_page(workspace.settings.quality_folder, report, page, workspace.settings.attribution)
    return page
