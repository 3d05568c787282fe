"""Inspect what is new in the lake, with the context that the rules need, and keep the verdicts.

Verdicts are only ever added. A row that is in quarantine stays there until a person releases it, even where a rule that
has been changed since would pass it; a row that a person has released is not inspected again.

Every verdict says from which issue time on it counts. What is inspected as it comes nobody has read before; of a
history that is taken in late it is when a gate of then could have known (`quality.dating`); but a row that came in
operation and was read meanwhile is hidden only from now on.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

import pandas as pd

from gridahead.core.errors import SettingsError
from gridahead.core.grid import Series
from gridahead.core.tables import OBSERVATIONS, Observations, Quality, Verdicts
from gridahead.core.time import TimeRange
from gridahead.core.vintages import FOREVER, IDENTITY, among, ruled, standing
from gridahead.lake.lake import Lake
from gridahead.lake.waiting import Waiting
from gridahead.quality.gate import CONTEXT_DAYS, inspect, related
from gridahead.quality.report import ALL, QualityReport, joined
from gridahead.quarantine.limits import limits_for, relearn
from gridahead.quarantine.served_intervals import served_intervals
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

ROWS_AT_ONCE = 500_000
"""That are inspected together with their context: 25 series of two years of hours, which take two gigabytes
meanwhile, or one hour of 250."""

log = logging.getLogger(__name__)


def inspect_new(workspace: Workspace, anew: Collection[Series] = ()) -> QualityReport | None:
    """Inspect all batches that wait; None if none does.

    Series of one zone are looked at together, and so many zones at a time as fit into memory. Killed at any point and
    started again it ends with the same verdicts: a batch that still waits is inspected again, and a verdict that is
    given twice is one.

    Args:
        workspace: whose lake.
        anew: series whose limits are learnt from the rows at hand, as their history is another now.
    """
    decided_at, lake = workspace.clock(), workspace.lake
    groups = lake.waiting.groups(ROWS_AT_ONCE, beside=24 * CONTEXT_DAYS)
    found = (_inspect(workspace, names, anew, decided_at) for names in groups)
    reports = [report for report in found if report is not None]
    if not reports:
        return None
    together = joined(reports)
    lake.quality.append(Quality(together.metrics[together.metrics["zone"] == ALL]))
    return together


def _inspect(
    workspace: Workspace, names: Sequence[str], anew: Collection[Series], decided_at: pd.Timestamp
) -> QualityReport | None:
    """Inspect the batches in some files of the waiting room; None where they bring nothing to inspect."""
    lake, settings = workspace.lake, workspace.settings
    batches, new = _waiting(lake, settings, names)
    if new.empty:
        _leave(lake, batches)
        return None
    series, around = _series_of(new), _window_of(new, days=CONTEXT_DAYS)
    all_series = sorted({*series, *(member for entry in series for member in related(entry))})
    accepted = lake.read_accepted(*all_series, time_range=around)
    report = inspect(
        new,
        accepted,
        settings,
        decided_at=decided_at,
        limits=limits_for(lake, new, anew),
        served=served_intervals(workspace, series, _window_of(new)),
        later=_later(lake, series, around),
    )
    _keep(lake, report, accepted)
    _leave(lake, batches)
    relearn(workspace, [entry for entry in series if entry not in anew], report.decided_at)
    relearn(workspace, [entry for entry in series if entry in anew], report.decided_at, all_of_them=True)
    return report


def inspect_everything(workspace: Workspace) -> QualityReport:
    """Inspect the whole lake again, what waits included, by limits that are learnt anew."""
    lake = workspace.lake
    batches, waiting = _waiting(lake, workspace.settings)
    read = lake.read_accepted()
    released = among(read, ruled(lake.read_rulings(), "release"), IDENTITY)
    new = Observations(pd.concat([read[~released], waiting], ignore_index=True))
    series, decided_at = _series_of(new), workspace.clock()
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
    lake.quality.append(Quality(report.metrics[report.metrics["zone"] == ALL]))
    _leave(lake, batches)
    return report


def _waiting(lake: Lake, settings: Settings, names: Sequence[str] | None = None) -> tuple[list[Waiting], Observations]:
    """The batches that wait, all of them in the lake now, and their rows that have a value and no ruling.

    What the lake lacks of it is appended here: whoever wrote it may have died before he had, or may be about to.

    Args:
        lake: where they wait.
        settings: which know the zones.
        names: of the files that are read; all unless given.
    """
    read = lake.waiting.all() if names is None else lake.waiting.read(names)
    waiting = [batch for batch in read if _knows_zones(settings, batch)]
    everything = pd.concat([OBSERVATIONS.empty(), *(batch.rows for batch in waiting)], ignore_index=True)
    brought = standing(everything)
    if everything.empty:
        return waiting, Observations(brought)
    where = {name: sorted(everything[name].unique()) for name in ("zone", "quantity")}
    stored = lake.observations.read(where, _window_of(everything))
    lacking = everything[~among(everything, stored, [*IDENTITY, "batch"])]
    if len(lacking):
        lake.observations.append(lacking.drop_duplicates([*IDENTITY, "batch"]))
        stored = lake.observations.read(where, _window_of(everything))
    stored = standing(stored)
    # Two batches may bring one row; which of them counts, the lake decides.
    stored = stored[among(stored, brought, IDENTITY) & stored["value"].notna()]
    released = ruled(lake.read_rulings(), "release")
    return waiting, Observations(stored[~among(stored, released, IDENTITY)].reset_index(drop=True))


def _later(lake: Lake, series: Sequence[Series], time_range: TimeRange) -> pd.DataFrame:
    """The valid times of these series after a window: a value of long ago that is revised is not the newest."""
    rows = lake.read_observations(*series, time_range=TimeRange(time_range.end, FOREVER))
    return rows.loc[rows["value"].notna(), ["zone", "quantity", "valid_time"]]


def _knows_zones(settings: Settings, batch: Waiting) -> bool:
    """Whether the settings know every zone of a batch; one of which they do not goes on waiting."""
    for zone in batch.rows["zone"].unique():
        try:
            settings.zone(zone)
        except SettingsError as error:
            log.warning("batch %s waits to be judged and is not read until then: %s", batch.batch, error)
            return False
    return True


def _keep(lake: Lake, report: QualityReport, read: Observations) -> None:
    """Append the verdicts that are new, and the figures of each series.

    Args:
        lake: where to.
        report: of the inspection.
        read: the rows that anybody may have read before it.
    """
    verdicts = report.verdicts
    if not verdicts.empty:
        live = among(verdicts, read[read["availability"] == "recorded"], IDENTITY)
        verdicts = verdicts.assign(known_at=verdicts["known_at"].mask(live, report.decided_at))
        key = list(lake.verdicts.table.key)
        time_range = TimeRange.spanning(verdicts["valid_time"])
        stored = lake.read_verdicts(*_series_of(verdicts), time_range=time_range)
        lake.verdicts.append(Verdicts(verdicts[~among(verdicts, stored, key)]))
    lake.quality.append(Quality(report.metrics[report.metrics["zone"] != ALL]))


def _leave(lake: Lake, batches: Sequence[Waiting]) -> None:
    for batch in batches:
        lake.waiting.leave(batch)


def _series_of(rows: pd.DataFrame) -> list[Series]:
    pairs = rows[["zone", "quantity"]].drop_duplicates()
    return sorted(Series(*pair) for pair in pairs.itertuples(index=False, name=None))


def _window_of(rows: pd.DataFrame, days: int = 0) -> TimeRange:
    """From the first to just after the last valid time, and so many days around."""
    return TimeRange.spanning(rows["valid_time"], around=pd.Timedelta(days=days))
