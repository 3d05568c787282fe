"""The page of operation: is tomorrow out and by which rung, is everything fresh, what ran last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from gridahead.core.grid import quantity_of
from gridahead.core.runs import FULL, RUNG_WORDS, maker
from gridahead.core.time import lasting
from gridahead.reports import wording
from gridahead.settings.model import Settings
from gridahead.web import render
from gridahead.web.health import late_words
from gridahead.web.runs import Run
from gridahead.web.state import Line, State, runs_of

REFRESH_SECONDS = 60
PAGES = {"report.html": "Forecasts", "quality.html": "Quality of the data"}
"""Pages that may be published."""


def render_status(state: State, settings: Settings, pages: Sequence[str] = tuple(PAGES), reader: str = "") -> bytes:
    """The page of a state.

    Args:
        state: what is shown.
        settings: of the workspace.
        pages: those of the published pages that are there.
        reader: who has signed in.
    """
    timezones = {settings.zone(outlook.series.zone).timezone for outlook in state.outlooks}
    clock = timezones.pop() if len(timezones) == 1 else "UTC"
    low, high = settings.promotion.coverage_alarm
    return render.page(
        "status.html.j2",
        depth=0,
        room="operations",
        reader=reader,
        state=state,
        pages=[(PAGES[name], f"published/{name}") for name in pages],
        at=f"{wording.day(state.at.tz_convert(clock))}, {state.at.tz_convert(clock):%H:%M} ({clock})",
        refresh=REFRESH_SECONDS,
        verdicts=list(_verdicts(state, settings)),
        forecasts=[_forecast_row(outlook, state, clock) for outlook in state.outlooks],
        data=list(data_rows(state, settings, clock)),
        runs=list(_run_rows(state, clock)),
        incidents=[(one, _ago(state.at - one.since)) for one in state.incidents],
        disk=f"{_gb(state.disk_free)} of {_gb(state.disk_size)} GB free",
        rows_withheld=sum(state.withheld.values()),
        low=low,
        high=high,
    )


def _verdicts(state: State, settings: Settings) -> Iterator[tuple[bool, str]]:
    """What a person should know first: whether it is in order, and a sentence."""
    for outlook in state.late:
        yield False, late_words(outlook)
    for part, why in state.problems.items():
        yield False, f"The state of {part} cannot be told: {why}"
    if not state.outlooks:
        yield False, "No series is forecast yet: `gridahead init` writes settings for a file or a zone."
    elif settings.mode == "demo":
        yield True, 'History is shown here (mode = "demo" in the settings): no forecast is due.'
    elif not state.late and "forecasts" not in state.problems:
        yield True, "Nothing that was due is missing."
    if not state.freshness and "data" not in state.problems:
        yield False, "The lake is empty: run `gridahead ingest`."
    stale = [line.series for line in state.freshness if _is_stale(state, settings, line.end)]
    if stale and settings.mode == "live":
        yield False, f"No new value for more than {settings.quality.stale_after_hours:g} hours: {', '.join(stale)}."
    if waiting := sum(state.withheld.values()):
        yield (
            False,
            f"{waiting:,} values wait in quarantine for a person: see Data quality, or `gridahead quarantine list`.",
        )


def _is_stale(state: State, settings: Settings, end: pd.Timestamp) -> bool:
    return state.at - end > pd.Timedelta(hours=settings.quality.stale_after_hours)


def _forecast_row(outlook: Line, state: State, clock: str) -> dict[str, object]:
    """A line of the table of forecasts."""
    about = outlook.manifest
    row: dict[str, object] = {
        "title": f"{quantity_of(outlook.series.quantity).title} {outlook.series.zone}",
        "series": str(outlook.series),
        "slug": outlook.series.slug,
        "day": wording.day(pd.Timestamp(outlook.due)),
        "deadline": wording.moment(outlook.deadline.tz_convert(clock)),
        "until": _until(outlook.deadline - state.at),
        "is_late": outlook.is_late,
        "out": "out" if outlook.is_out else "late" if outlook.is_late else "not due",
        "newest": None,
    }
    if state.mode == "demo":  # no day is due, whatever the clock says
        row |= {"day": "none", "out": "history", "deadline": "none", "until": ""}
    if about is not None and outlook.issue_time is not None:
        row |= {
            "newest": str(about["delivery_day"]),
            "issued": wording.moment(outlook.issue_time.tz_convert(clock)),
            "rung": RUNG_WORDS.get(str(about["rung"]), str(about["rung"])),
            "is_full": about["rung"] == FULL,
            "missing": str(about["missing"]),
            "model": maker(about["model"], about["model_version"]),
        }
    return row


def data_rows(state: State, settings: Settings, clock: str) -> Iterator[dict[str, object]]:
    """How fresh every series is, by source, in the words of a table."""
    for line in state.freshness:
        yield {
            "series": line.series,
            "source": line.source,
            "end": wording.moment(line.end.tz_convert(clock)),
            "age": _until(line.end - state.at),
            "is_stale": settings.mode == "live" and _is_stale(state, settings, line.end),
            "came": wording.moment(line.available_at.tz_convert(clock)),
            "withheld": state.withheld.get(line.series, 0),
        }


def _run_rows(state: State, clock: str) -> Iterator[tuple[Run, str, str]]:
    """The last runs, when they ended and how long ago that is."""
    for run in runs_of(state):
        yield run, wording.moment(run.ended_at.tz_convert(clock)), _ago(state.at - run.ended_at)


def _ago(span: pd.Timedelta) -> str:
    return f"{lasting(abs(span))} ago"


def _until(span: pd.Timedelta) -> str:
    return f"in {lasting(span)}" if span >= pd.Timedelta(0) else _ago(span)


def _gb(size: int) -> str:
    return wording.number(size / 1e9, 1)
