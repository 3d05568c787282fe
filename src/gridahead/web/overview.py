"""The first page: the card of every series, as in `report.html`, and what leads to everything else about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from gridahead.reports import wording
from gridahead.reports.article import article_of
from gridahead.reports.forecast_page import scripted
from gridahead.reports.page_data import MANY, page_data
from gridahead.reports.views import SeriesView
from gridahead.web import render
from gridahead.workspace import Workspace

SCRIPTS = ("uplot.js", "page.js")
"""What the charts of a card are drawn with, in the order in which they run."""


def overview(workspace: Workspace, views: Sequence[SeriesView], at: pd.Timestamp, reader: str = "") -> bytes:
    """The page.

    Args:
        workspace: whose.
        views: of every series, as the report has them.
        at: as of when.
        reader: who has signed in.
    """
    settings = workspace.settings
    articles = [article_of(view, view.card.at, brief=len(views) > MANY) for view in views]
    clocks = {view.card.timezone for view in views}
    clock = clocks.pop() if len(clocks) == 1 else "UTC"
    return render.page(
        "overview.html.j2",
        depth=0,
        room="overview",
        reader=reader,
        title=wording.title_of_forecasts(settings.lead_days(entry.series) for entry in settings.series),
        articles=articles,
        days=list(dict.fromkeys(one["day"].name for one in articles if one["day"])),
        at=f"{wording.moment(at.tz_convert(clock))} ({clock})",
        nothing=not settings.series,
        attribution=settings.attribution,
        script_names=SCRIPTS,
        **_drawn(views),
    )


def _drawn(views: Sequence[SeriesView]) -> dict[str, Any]:
    """The style of the charts and the data that they are drawn from."""
    kept = scripted(page_data([view.card for view in views]))
    return {name: kept[name] for name in ("chart_style", "data")}
