"""Validate: the quality gate over everything in the lake, or over what has not been through it."""

from __future__ import annotations

import logging
from pathlib import Path

from gridahead.pipeline.gate import inspect_everything, inspect_new
from gridahead.pipeline.quality_page import quality_page
from gridahead.pipeline.workspace import Workspace
from gridahead.quality.docs import write_data_docs
from gridahead.quality.report import QualityReport

log = logging.getLogger(__name__)


def validate(workspace: Workspace, *, only_new: bool = False) -> QualityReport | None:
    """Inspect the lake, keep the verdicts, write the Data Docs and the page that analysts read.

    Args:
        workspace: where the lake is.
        only_new: whether only what waits is judged, as every ingest does.

    Returns:
        The report; None if only what is new was asked for, and nothing is. Whether the gate refuses is for the caller
        to ask, with `report.require`: the verdicts are kept either way.
    """
    report = inspect_new(workspace) if only_new else inspect_everything(workspace)
    if report is not None:
        tell(workspace, report)
    return report


def tell(workspace: Workspace, report: QualityReport) -> Path:
    """Say shortly in the log, and in full in the Data Docs and on the page what an inspection found; gives the page."""
    follows = report.verdicts["severity"].value_counts()
    log.info(
        "inspected %s rows of %d series: %d findings, %s verdicts to quarantine and %s to flag",
        f"{report.completeness['rows'].sum():,}", len(report.completeness), len(report.findings),
        f"{follows.get('quarantine', 0):,}", f"{follows.get('flag', 0):,}",
    )  # fmt: skip
    page = quality_page(workspace)
    write_data_docs(workspace.settings.quality_folder, report, page)
    return page
