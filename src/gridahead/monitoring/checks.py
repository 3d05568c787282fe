"""Checks of what is published: whether a forecast is out, in time, whole, and holds what its band says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.runs import BY_HAND, FULL, RECORD_DAMAGED, RUNG_WORDS, RUNGS, WEIGHTS_DAMAGED, Rung
from gridahead.forecasting.slot import Slot
from gridahead.monitoring.conditions import Condition, clock_time, span_words


@dataclass(frozen=True, slots=True)
class Out:
    """A forecast that is published."""

    series: Series
    day: dt.date
    """The delivery day."""
    rung: Rung
    missing: str
    model: str
    """Name and version."""
    issue_time: pd.Timestamp
    published_at: pd.Timestamp | None
    """When it first was; not known of what older releases published."""

    @property
    def words(self) -> str:
        """Which forecast it is and what made it, for the middle of a sentence."""
        return f"the forecast for {self.day:%a %d %b %Y} by {self.model}, rung {self.rung} ({RUNG_WORDS[self.rung]})"


def standing(newest: Out | None, at: pd.Timestamp, end: pd.Timestamp | None) -> str:
    """What readers have in the meantime.

    Args:
        newest: the newest forecast that is published, None if there is none.
        at: the present.
        end: of its delivery day.
    """
    if newest is None:
        return "nothing has been published of it"
    over = ", a day that is over" if end is not None and end <= at else ""
    return f"readers have {newest.words}{over}"


def missing_forecasts(
    due: Iterable[Slot],
    missed: Iterable[Slot],
    at: pd.Timestamp,
    grace: pd.Timedelta,
    timezones: Mapping[Series, str],
    meanwhile: Mapping[Series, str],
) -> Iterator[Condition]:
    """Forecasts that are due and not published: a warning until the gate closes, and critical from then on.

    Args:
        due: slots whose deadline has passed and whose gate is open, without a forecast.
        missed: slots whose gate has closed without one.
        at: the present.
        grace: so long after its deadline a forecast may be on its way.
        timezones: of the delivery days.
        meanwhile: what readers have of each series.
    """
    for slot in due:
        if at >= slot.deadline + grace:
            left = span_words(slot.gate_closure - at)
            yield _missing(slot, "warning", f"and the gate closes in {left}", timezones, meanwhile)
    for slot in missed:
        closed = f"and the gate closed at {clock_time(slot.gate_closure, timezones[slot.series])}"
        yield _missing(slot, "critical", closed, timezones, meanwhile)


def _missing(
    slot: Slot, severity: str, gate: str, timezones: Mapping[Series, str], meanwhile: Mapping[Series, str]
) -> Condition:
    timezone = timezones[slot.series]
    return Condition(
        kind="missing",
        severity="critical" if severity == "critical" else "warning",
        subject=str(slot.series),
        part=str(slot.day),
        since=slot.deadline,
        what=f"There is no forecast of {slot.series} for {slot.day:%a %d %b %Y}. It was due at "
        f"{clock_time(slot.deadline, timezone)}, {gate}.",
        meanwhile=meanwhile.get(slot.series, ""),
        advice="Run `gridahead catch-up` and read what it says: it publishes what is in time, makes up for the rest. "
        "`gridahead status` shows what is stale or gone.",
        page="report.html",
    )


def late_forecasts(
    published: Iterable[tuple[Out, Slot]],
    at: pd.Timestamp,
    timezones: Mapping[Series, str],
) -> Iterator[Condition]:
    """Forecasts that first were published after their deadline, until their delivery day is over.

    Args:
        published: the first forecast of a slot, with the slot.
        at: the present.
        timezones: of the delivery days.
    """
    for out, slot in published:
        late = None if out.published_at is None else slot.late_by(out.published_at)
        if out.published_at is None or late is None or at >= slot.end:
            continue
        timezone, too_late = timezones[slot.series], out.published_at >= slot.gate_closure
        gate = "after the gate had closed" if too_late else "before the gate closed"
        yield Condition(
            kind="late",
            severity="critical" if too_late else "warning",
            subject=str(slot.series),
            part=str(slot.day),
            since=slot.deadline,
            what=f"The forecast of {slot.series} for {slot.day:%a %d %b %Y} was published "
            f"{span_words(late)} late, at {clock_time(out.published_at, timezone)}, "
            f"{gate}.",
            meanwhile=f"readers have {out.words}",
            advice="Look at the last runs in `gridahead status` for what held it up; that day needs nothing more.",
            page="report.html",
        )


def made_up_for(slot: Slot, timezone: str, meanwhile: str) -> Condition:
    """That nothing was published of a slot before its gate closed, and that it was made up for since.

    Args:
        slot: which.
        timezone: of its delivery day.
        meanwhile: what readers have of the series.
    """
    return Condition(
        kind="late",
        severity="critical",
        subject=str(slot.series),
        part=str(slot.day),
        since=slot.deadline,
        what=f"No forecast of {slot.series} for {slot.day:%a %d %b %Y} was published before the gate closed at "
        f"{clock_time(slot.gate_closure, timezone)}; one was made afterwards, as of the deadline, for the scores.",
        meanwhile=meanwhile,
        advice="Look at the last runs in `gridahead status` for what held it up; that day needs nothing more.",
        page="report.html",
    )


def degraded_forecasts(
    newest: Iterable[Out], ends: Mapping[Series, pd.Timestamp], at: pd.Timestamp
) -> Iterator[Condition]:
    """The newest forecasts that come from below the top of the ladder, until their delivery day is over.

    Args:
        newest: the newest forecast of each series.
        ends: of their delivery days.
        at: the present.
    """
    for out in newest:
        if out.rung in (FULL, BY_HAND) or at >= ends[out.series]:
            continue
        why = f": {out.missing}" if out.missing else ""
        yield Condition(
            kind="degraded",
            severity="warning",
            subject=str(out.series),
            since=out.published_at or out.issue_time,
            what=f"The forecast of {out.series} for {out.day:%a %d %b %Y} was made with less than it needs{why}.",
            meanwhile=f"readers have {out.words}; its band is as wide as such forecasts err",
            advice=f"{_way_out(out)}; the next forecast is whole then, "
            f"and `gridahead forecast --series {out.series} --issue-time now` renews this one.",
            page="report.html",
            depth=RUNGS.index(out.rung),
        )


def _way_out(out: Out) -> str:
    """What a person does about what was missing."""
    if WEIGHTS_DAMAGED in out.missing or RECORD_DAMAGED in out.missing:
        return f"Run `gridahead models repair`, and `gridahead train --series {out.series}` for what it calls lost"
    return "See in `gridahead status` what is stale or gone, and mend that"


@dataclass(frozen=True, slots=True)
class Coverage:
    """The share of outturns in the 80 % band of what was published, over the newest days."""

    series: Series
    days: int
    share: float
    low: float
    """The lower end of the 95 % interval that resampled days give; NaN where the days are too few, or the share is in
    order, so that nobody asks for it."""
    high: float
    first: dt.date | None
    last: dt.date | None


def coverage_of(series: Series, inside: pd.Series, days: int, alarm: tuple[float, float]) -> Coverage:
    """The coverage over the newest days.

    Args:
        series: of which.
        inside: by delivery day, in the order of time, the share of its outturns in the band; NaN days do not count.
        days: how many of the newest.
        alarm: inside of which it is in order.
    """
    counted = inside.dropna().tail(days)
    if counted.empty:
        return Coverage(series, 0, np.nan, np.nan, np.nan, None, None)
    share, low, high = float(counted.mean()), np.nan, np.nan
    if not alarm[0] <= share <= alarm[1]:
        from gridahead.evaluation.bootstrap import bootstrap_mean  # SciPy, which `gridahead status` seldom needs

        share, low, high = bootstrap_mean(counted.to_numpy(dtype=float))
    first, last = (pd.Timestamp(counted.index[place]).date() for place in (0, -1))
    return Coverage(series, len(counted), share, low, high, first, last)


def coverage_lost(found: Iterable[Coverage], alarm: tuple[float, float], at: pd.Timestamp) -> Iterator[Condition]:
    """Bands that hold less or more than they say, by more than luck explains.

    Args:
        found: the coverage of each series.
        alarm: inside of which nobody is told.
        at: the present.
    """
    low, high = alarm
    for one in found:
        too_narrow, too_wide = one.high < low, one.low > high
        if not too_narrow and not too_wide:  # NaN where the days are too few
            continue
        yield Condition(
            kind="coverage",
            severity="warning",
            subject=str(one.series),
            since=at,
            what=f"The 80 % band of {one.series} held {one.share:.0%} of the outturns of {one.days} days from "
            f"{one.first} to {one.last}; luck explains {one.low:.0%} to {one.high:.0%}, and {low:.0%} to "
            f"{high:.0%} is in order.",
            meanwhile=f"readers have bands that are too {'narrow' if too_narrow else 'wide'}",
            advice=f"See `gridahead drift --series {one.series}` for what has changed, and train again: "
            f"`gridahead train --series {one.series}`.",
            page="report.html",
        )
