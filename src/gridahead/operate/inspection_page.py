"""Inspection page: write what an inspection found and expected, and keep the pages of the newest ones."""

from __future__ import annotations

import os
from pathlib import Path

from gridahead.core.files import write_whole
from gridahead.quality.report import QualityReport
from gridahead.reports.inspection_page import render_inspection

INDEX = "index.html"
KEPT = 10
"""Earlier inspections whose pages are kept."""
_INSPECTION = "inspection-"


def write_inspection_page(folder: Path, report: QualityReport, quality_page: Path, attribution: str = "") -> Path:
    """Write the page of an inspection and the first page, which is that of the newest one; returns the first page.

    Args:
        folder: where the pages are.
        report: the inspection.
        quality_page: the page of the data over time, to link to.
        attribution: whom the licences of the data ask to name.
    """
    link = Path(os.path.relpath(quality_page, folder)).as_posix()
    page = folder / f"{_INSPECTION}{report.decided_at:%Y-%m-%dT%H%M%S.%fZ}.html"
    write_whole(page, render_inspection(report, link, attribution=attribution).encode())
    earlier = sorted((path for path in folder.glob(f"{_INSPECTION}*.html") if path != page), reverse=True)
    links = [(path.stem.removeprefix(_INSPECTION), path.name) for path in earlier[:KEPT]]
    write_whole(folder / INDEX, render_inspection(report, link, links, attribution=attribution).encode())
    for old in earlier[KEPT:]:
        old.unlink(missing_ok=True)
    return folder / INDEX
