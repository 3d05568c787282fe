"""The gate: judge what is new in the lake, with the context that the rules need, and keep the verdicts.

Verdicts are only ever added. A row that is in quarantine stays there until a person releases it, even where a rule that
has been changed since would pass it; a row that a person has released is not judged again.

Every verdict says from which issue time on it counts. What is judged as it comes nobody has read before; of a history
that is taken in late it is when a gate of then could have known (`quality.dating`); but a row that came in operation
and was read meanwhile is hidden only from now on.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pandas as pd

from gridahead.grid import Series
from gridahead.lake.lake import Lake
from gridahead.lake.waiting import Waiting
from gridahead.pipeline.limits import limits_for, relearn
from gridahead.pipeline.served import served_intervals
from gridahead.pipeline.workspace import Workspace
from gridahead.quality.gate import CONTEXT_DAYS, inspect, related
from gridahead.quality.report import QualityReport
from gridahead.tables import OBSERVATIONS, Observations, Verdicts
from gridahead.timeline import Window, now
from gridahead.vintages import decided, identities

log = logging.getLogger(__name__)


def inspect_new(workspace: Workspace) -> QualityReport | None:
    """Judge all batches that wait, together; None if none does.

    Killed at any point and started again it ends with the same verdicts: what has not left the waiting room is judged
    again, and a verdict that is given twice is one.
    """
    lake, settings = workspace.lake, workspace.settings
    batches, new = _waiting(lake)
    if not batches:
        return None
    if new.empty:
        _leave(lake, batches)
        return None
    series, around = _series_of(new), _window_of(new, days=CONTEXT_DAYS)
    wanted = sorted({*series, *(other for one in series for other in related(one))})
    known = lake.read_accepted(*wanted, window=around)
    report = inspect(
        new,
        known,
        settings,
        decided_at=now(),
        limits=limits_for(lake, new),
        served=served_intervals(workspace, series, _window_of(new)),
    )
    _keep(lake, report, known)
    _leave(lake, batches)
    relearn(workspace, series, report.decided_at)
    return report


def inspect_everything(workspace: Workspace) -> QualityReport:
    """Judge the whole lake again, what waits included, by limits that are learnt anew."""
    lake = workspace.lake
    batches, waiting = _waiting(lake)
    read = lake.read_accepted()
    released = identities(read).isin(decided(lake.read_decisions(), "release"))
    new = Observations(pd.concat([read[~released], waiting], ignore_index=True))
    series, decided_at = _series_of(new), now()
    relearn(workspace, series, decided_at, all_of_them=True)
    report = inspect(
        new,
        Observations(read[released].reset_index(drop=True)),
        workspace.settings,
        decided_at=decided_at,
        limits=limits_for(lake, new),
        served=None if new.empty else served_intervals(workspace, series, _window_of(new)),
    )
    _keep(lake, report, read)
    _leave(lake, batches)
    return report


def _waiting(lake: Lake) -> tuple[list[Waiting], Observations]:
    """The batches that wait and are in the lake with all their rows, and the rows that nobody has decided on."""
    waiting = lake.waiting.all()
    if not waiting:
        return [], Observations(OBSERVATIONS.empty())
    spans = [(series, span) for one in waiting for series, span in one.spans.items()]
    where = {
        "batch": [one.batch for one in waiting],
        "zone": sorted({series.zone for series, _ in spans}),
        "quantity": sorted({series.quantity for series, _ in spans}),
    }
    window = Window(min(span.start for _, span in spans), max(span.end for _, span in spans))
    rows = lake.observations.read(where, window)
    found = rows["batch"].value_counts()
    whole = [one for one in waiting if found.get(one.batch, 0) >= one.rows]
    for one in waiting:
        if one not in whole:
            log.warning(
                "batch %s is not in the lake with all its rows; `gridahead ingest` ends what began it", one.batch
            )
    new = rows[rows["batch"].isin([one.batch for one in whole])]
    released = decided(lake.read_decisions(), "release")
    return whole, Observations(new[~identities(new).isin(released)].reset_index(drop=True))


def _keep(lake: Lake, report: QualityReport, read: Observations) -> None:
    """Append the verdicts that are new, and the figures of the inspection.

    Args:
        lake: where to.
        report: of the inspection.
        read: the rows that anybody may have read before it.
    """
    verdicts = report.verdicts
    if not verdicts.empty:
        live = identities(verdicts).isin(identities(read[read["availability"] == "recorded"]))
        verdicts = verdicts.assign(known_at=verdicts["known_at"].mask(live, report.decided_at))
        key = list(lake.verdicts.table.key)
        window = Window(verdicts["valid_time"].min(), verdicts["valid_time"].max() + pd.Timedelta(microseconds=1))
        held = pd.MultiIndex.from_frame(lake.read_verdicts(*_series_of(verdicts), window=window)[key])
        lake.verdicts.append(Verdicts(verdicts[~pd.MultiIndex.from_frame(verdicts[key]).isin(held)]))
    lake.quality.append(report.metrics)


def _leave(lake: Lake, batches: Sequence[Waiting]) -> None:
    for one in batches:
        lake.waiting.leave(one.batch)


def _series_of(rows: pd.DataFrame) -> list[Series]:
    pairs = rows[["zone", "quantity"]].drop_duplicates()
    return sorted(Series(*pair) for pair in pairs.itertuples(index=False, name=None))


def _window_of(rows: pd.DataFrame, days: int = 0) -> Window:
    """From the first to just after the last valid time, and so many days around."""
    around = pd.Timedelta(days=days)
    return Window(rows["valid_time"].min() - around, rows["valid_time"].max() + around + pd.Timedelta(microseconds=1))
