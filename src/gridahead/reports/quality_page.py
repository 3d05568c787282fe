"""The page that answers whether the data are all there and right: by series, over time, and what waits for a decision.

Plain data in, one self-contained HTML page out: no scripts, nothing loaded from anywhere, same data, same bytes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby

import pandas as pd
from markupsafe import Markup, escape

from gridahead.core.time import lasting
from gridahead.reports import wording
from gridahead.reports.forecast_page import templates
from gridahead.reports.palette import DARK, LIGHT
from gridahead.reports.quality_views import CaseLine, Cell, QualityView

MOST_STRIPS = 100
"""Series that are drawn over time: with a thousand of them a page of strips is no overview, and the table has all."""
LEGEND = (
    ("whole", "complete"),
    ("gap", "values missing"),
    ("hole", "more than half missing"),
    ("flag", "flagged"),
    ("out", "quarantined"),
)


def render_quality(view: QualityView) -> str:
    """The page: what to look at, open cases, series, strips over time, newest findings."""
    return (
        templates()
        .get_template("quality.html.j2")
        .render(
            view=view,
            created=f"{wording.moment(view.created_at)} UTC",
            inspected=None if view.inspected_at is None else f"{wording.moment(view.inspected_at)} UTC",
            headline=headline(view),
            series=[_series_row(view, n) for n in range(len(view.series))],
            day_strips=[(quality.title, strip(quality.days)) for quality in view.series[:MOST_STRIPS]],
            week_strips=[(quality.title, strip(quality.weeks)) for quality in view.series[:MOST_STRIPS]],
            more_series=max(0, len(view.series) - MOST_STRIPS),
            day_ticks=ticks(view.days, most=9),
            week_ticks=ticks(view.weeks, most=9),
            cases=view.open_cases,
            more_cases=view.open_count - len(view.open_cases),
            span=span,
            legend=LEGEND,
            light=LIGHT,
            dark=DARK,
        )
    )


def headline(view: QualityView) -> list[tuple[bool, str]]:
    """What an analyst must know, a sentence each, and whether it is in order."""
    stretches, rows = view.open_count, view.open_rows
    late = [quality.title for quality in view.series if view.created_at - quality.end > _stale_after(view)]
    share = [quality.completeness(quality.days) for quality in view.series]
    thin = [quality.title for quality, known in zip(view.series, share, strict=True) if known < 1]
    flagged = sum(cell.flagged for quality in view.series for cell in quality.days)
    recent = f"the last {len(view.days)} days with data"
    waiting = f"{_count(stretches, 'stretch', 'stretches')} in quarantine, {_count(rows, 'value')}, to decide on."
    return [
        (not stretches, waiting if stretches else "Nothing in quarantine waits for a decision."),
        (
            not thin,
            f"Values are missing in {recent}: {_names(thin, len(view.series))}."
            if thin
            else f"Every value of {recent} is there.",
        ),
        (
            not flagged,
            f"{_count(flagged, 'value')} of {recent} flagged: read, but not learnt from."
            if flagged
            else f"No value of {recent} is flagged.",
        ),
        (
            not late,
            f"The newest value is more than two days old: {_names(late, len(view.series))}."
            if late
            else "Every series is up to date.",
        ),
    ]


def strip(cells: Sequence[Cell]) -> Markup:
    """A row of cells as an SVG that is stretched to its place; equal neighbours that are whole are one rectangle."""
    parts, at = [], 0
    for state, run in groupby(cells, key=lambda cell: cell.state):
        some = list(run)
        if state == "whole":
            parts.append(f'<rect class="whole" x="{at}" width="{len(some)}" height="1"/>')
        elif state != "none":
            parts += [
                f'<rect class="{state}" x="{at + n}" width="1" height="1"><title>{escape(cell.words)}</title></rect>'
                for n, cell in enumerate(some)
            ]
        at += len(some)
    worst = ", ".join(dict.fromkeys(cell.state for cell in cells))
    head = f'<svg viewBox="0 0 {max(at, 1)} 1" preserveAspectRatio="none" role="img" aria-label="{escape(worst)}">'
    return Markup(f"{head}{''.join(parts)}</svg>")  # noqa: S704


def ticks(starts: Sequence[pd.Timestamp], most: int) -> list[tuple[float, str]]:
    """Where dates stand above a strip, in percent of its width: months, or every so many days where it is short."""
    if not starts:
        return []
    months = [n for n, start in enumerate(starts) if n and (start.month != starts[n - 1].month)]
    short = len(months) < 4
    marks = list(range(0, len(starts), -(-len(starts) // most))) if short else months[:: -(-len(months) // most)]
    wide = starts[-1] - starts[0] > pd.Timedelta(days=300)
    return [(100 * n / len(starts), f"{starts[n]:%b %Y}" if wide else f"{starts[n].day} {starts[n]:%b}") for n in marks]


def span(case: CaseLine) -> str:
    """From when to when, such as 3 Jun 2025, 00:00 to 04:00, or the days where they are whole."""
    start, end = case.start, case.end
    if case.rows == 1:
        return wording.moment(start)
    last = end - pd.Timedelta(minutes=1)
    if start.time() == end.time() == dt.time():
        return wording.day(start) if start.date() == last.date() else f"{wording.day(start)} to {wording.day(last)}"
    return f"{wording.moment(start)} to {f'{end:%H:%M}' if start.date() == last.date() else wording.moment(end)}"


def _series_row(view: QualityView, n: int) -> dict[str, object]:
    quality = view.series[n]
    age = view.created_at - quality.end
    return {
        "title": quality.title,
        "end": quality.end,
        "age": "ahead" if age < pd.Timedelta(0) else lasting(age),
        "late": age > _stale_after(view),
        "recent": quality.completeness(quality.days),
        "all": quality.completeness(quality.weeks),
        "flagged": quality.flagged,
        "quarantined": quality.quarantined,
    }


def _stale_after(view: QualityView) -> pd.Timedelta:
    return pd.Timedelta(hours=view.stale_after_hours)


def _count(number: int, single: str, several: str | None = None) -> str:
    return f"{wording.number(number)} {single if number == 1 else several or single + 's'}"


def _names(titles: Sequence[str], of: int, most: int = 4) -> str:
    if len(titles) == of > 1:
        return f"all {of} series"
    more = f" and {len(titles) - most} more" if len(titles) > most else ""
    return ", ".join(titles[:most]) + more
