"""Checks of what comes in: sources that fail or fall silent, and a quality gate that withholds or does not judge."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import pandas as pd

from gridahead.core.grid import Series
from gridahead.lake.freshness import Freshness
from gridahead.lake.run_log import Run
from gridahead.monitoring.conditions import Condition, clock_time, span_words


def silent_series(
    found: Iterable[Freshness], at: pd.Timestamp, stale_after: pd.Timedelta, failing: Collection[str] = ()
) -> Iterator[Condition]:
    """Series of which nothing new has come for too long.

    Args:
        found: the newest value of each series.
        at: the present.
        stale_after: for how long nothing may come.
        failing: sources of which is told already that they fail.
    """
    for one in found:
        if at - one.at <= stale_after or one.source in failing:
            continue
        yield Condition(
            kind="silent",
            severity="warning",
            subject=str(one.series),
            cause=one.source,
            since=one.at,
            what=f"Nothing new of {one.series} has come from {one.source} for {span_words(at - one.at)}: it ends "
            f"at {clock_time(one.until)}.",
            meanwhile="forecasts go on without its newest values, by a lower rung and with a wider band",
            advice=f"Run `gridahead ingest` and see what {one.source} answers; ask whoever runs it whether it is down "
            "or has moved.",
            page="quality.html",
        )


def failing_sources(runs: Sequence[Run], count: int) -> Iterator[Condition]:
    """Sources that have failed at each of their newest ingests.

    Args:
        runs: of ingests, the newest first; their parts are the sources.
        count: so many times in a row.
    """
    for source in dict.fromkeys(name for run in runs for name in run.parts):
        asked = [run for run in runs if source in run.parts]
        failed = next((place for place, run in enumerate(asked) if not run.parts[source]), len(asked))
        if failed < count:
            continue
        yield Condition(
            kind="failing",
            severity="warning",
            subject=source,
            since=asked[failed - 1].began,
            what=f"Source {source} has failed {failed} times in a row"
            f"{' or more' if failed == len(asked) else ''}; the last time: {asked[0].parts[source]}",
            meanwhile="forecasts go on without its newest values, by a lower rung and with a wider band as they age",
            advice="Run `gridahead ingest` and see what it says; a key that is refused or an address that has moved is "
            "mended in the settings, a service that is down comes back by itself.",
            page="quality.html",
        )


def gate_blocked(quality: pd.DataFrame, max_share: float) -> Iterator[Condition]:
    """Series of which the gate withheld more than it may, at its newest inspection.

    Args:
        quality: figures of inspections.
        max_share: share of the rows in quarantine that is allowed.
    """
    counts = quality[quality["metric"].isin(["rows", "quarantined"])]
    for (zone, quantity), rows in counts.groupby(["zone", "quantity"]):
        newest = rows[rows["inspected_at"] == rows["inspected_at"].max()].set_index("metric")["value"]
        total, withheld = float(newest.get("rows", 0)), float(newest.get("quarantined", 0))
        if not total or withheld / total <= max_share:
            continue
        series = Series(str(zone), str(quantity))
        yield Condition(
            kind="gate",
            severity="warning",
            subject=str(series),
            since=rows["inspected_at"].max(),
            what=f"The quality gate keeps {withheld:,.0f} of {total:,.0f} new rows of {series} out "
            f"({withheld / total:.1%}; {max_share:.1%} is allowed).",
            meanwhile="forecasts go on without these values",
            advice="See the cases in `gridahead quarantine list` and decide: release what is right, reject the rest.",
            page="quality.html",
        )


def batches_waiting(waiting: Mapping[str, pd.Timestamp], at: pd.Timestamp) -> Iterator[Condition]:
    """Batches that have come in and have not been judged.

    Args:
        waiting: by batch, since when it was seen to wait.
        at: the present.
    """
    if waiting:
        since = min(waiting.values())
        yield Condition(
            kind="waiting",
            severity="warning",
            subject="quality gate",
            since=since,
            what=f"{len(waiting)} batch{'es' if len(waiting) > 1 else ''} of new values wait to be judged, the first "
            f"for {span_words(at - since)}; nothing reads them until then.",
            meanwhile="forecasts go on without these values",
            advice="Run `gridahead validate --new` and read what it says.",
            page="quality.html",
        )
