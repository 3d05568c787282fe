"""Validate: the quality gate over everything in the lake that it has not yet put aside."""

from __future__ import annotations

import logging
from pathlib import Path

from gridahead.pipeline.workspace import Workspace
from gridahead.quality.docs import write_data_docs
from gridahead.quality.gate import inspect
from gridahead.quality.report import QualityReport
from gridahead.timeline import now

log = logging.getLogger(__name__)


def validate(workspace: Workspace) -> tuple[QualityReport, Path]:
    """Inspect the accepted observations, quarantine what fails, write the Data Docs.

    Returns:
        The report, and the index page of the Data Docs.

    Raises:
        QualityError: more rows failed than the settings allow; they are in quarantine all the same.
    """
    settings, lake = workspace.settings, workspace.lake
    report = inspect(lake.read_accepted(), settings, decided_at=now())
    lake.quarantine.append(report.quarantine)
    page = write_data_docs(settings.quality_folder, report)
    for line in report.summary().splitlines():
        log.info(line)
    report.require(settings.quality.max_quarantined_share)
    return report, page
