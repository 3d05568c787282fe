"""The page an analyst reads at eight in the morning: what is forecast, how sure, by what, and whether to trust it.

Plain data in, one self-contained HTML page out: nothing is loaded from anywhere, same data, same bytes. All of it
can be read without script; with it, the charts can be pointed at, earlier days be picked and values be downloaded.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import jinja2
import pandas as pd
from markupsafe import Markup

from gridahead.core.time import lasting
from gridahead.reports import csp, wording
from gridahead.reports.article import article_of
from gridahead.reports.page_data import MANY, page_data
from gridahead.reports.palette import DARK, LIGHT
from gridahead.reports.score_rows import headings, score_rows
from gridahead.reports.views import QualityLine, ReportView, SeriesView

__all__ = ["QualityLine", "ReportView", "SeriesView", "render_report"]

LONG_AGO = pd.Timedelta(days=1)
"""Between what is known and the page: a demonstration shows history."""


def render_report(view: ReportView) -> str:
    """The page: a sentence and a card a series, score table, data quality, provenance."""
    many = len(view.series) > MANY
    articles = [article_of(series, series.card.at, brief=many) for series in view.series]
    zones = {series.card.timezone for series in view.series}
    clock = zones.pop() if len(zones) == 1 else "UTC"
    template = templates().get_template("report.html.j2")
    return template.render(
        title=view.title,
        attribution=view.attribution,
        created=f"{wording.moment(view.created_at.tz_convert(clock))} ({clock})",
        days=list(dict.fromkeys(article["day"].name for article in articles if article["day"])),
        articles=articles,
        many=many,
        of_history=_is_of_history(view),
        headings=headings(view),
        scores=score_rows(view),
        quality_page=view.quality_page,
        inspection_page=view.inspection_page,
        **scripted(page_data([series.card for series in view.series])),
    )


def _is_of_history(view: ReportView) -> bool:
    """Whether all of it is of long before the page is made."""
    newest = max((series.card.at for series in view.series), default=view.created_at)
    return bool(view.created_at - newest > LONG_AGO)


def scripted(data: str) -> dict[str, object]:
    """What a template with charts needs: the colours, the scripts and the rule that allows them, and the data.

    Args:
        data: of the series, as `page_data` gives it.
    """
    # What is not escaped here is ours, comes with this package, or has no < in it.
    return {
        "light": LIGHT,
        "dark": DARK,
        "policy": Markup(csp.policy()),  # noqa: S704
        "scripts": [Markup(script) for script in csp.scripts()],  # noqa: S704
        "chart_style": Markup(csp.text_of(csp.UPLOT_STYLE)),  # noqa: S704
        "data": Markup(data),  # noqa: S704
    }


def templates() -> jinja2.Environment:
    """Where the pages are, and how values are written in them."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": wording.number,
        "completeness": wording.floored_percent,
        "date": wording.day,
        "moment": wording.moment,
        "age": lasting,
        "words": wording.words,
        # A colon or a leading slash would make another address of what is a file beside the page.
        "relative": lambda path: quote(str(path).lstrip("/")),
    }
    return environment
