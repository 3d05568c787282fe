"""Status: is the forecast out, and by which rung; how fresh everything is, what is not in order, and who was told.

It is read from the lake, the published folder and the exports, changes nothing, and loads neither torch nor MLflow.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from gridahead.core.each import of_each
from gridahead.core.errors import GridaheadError
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION
from gridahead.forecasting.publish import latest_manifest
from gridahead.forecasting.slot import Slot
from gridahead.lake.freshness import Freshness
from gridahead.lake.run_log import Run
from gridahead.monitoring.checks import Coverage, Out
from gridahead.monitoring.checks_of_machines import Disk
from gridahead.monitoring.conditions import Condition
from gridahead.monitoring.incidents import Incident, events_in, incidents_of
from gridahead.monitoring.watch_state import WatchState
from gridahead.operate.checking import Checking
from gridahead.operate.outlook import Outlook
from gridahead.operate.slots import is_live
from gridahead.operate.watch import late_slots, state_file
from gridahead.promotion.serving import holder, serving
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Day:
    """A delivery day of a series: when its forecast is due, and whether it is out."""

    slot: Slot
    out: Out | None
    """The forecast, None if it is not published."""


@dataclass(frozen=True)
class SeriesStatus:
    """What there is of one series of the settings."""

    series: Series
    due: Day | None
    """The newest delivery day whose deadline has passed since the installation began; None in a demonstration, where
    nothing is due."""
    next: Slot | None
    """The slot that is due next."""
    manifest: Mapping[str, object] | None
    """Of the newest forecast that is published."""
    freshness: Freshness | None
    """None if nothing of it is in the lake."""
    inputs: tuple[Freshness, ...]
    """The same of its official forecast and its covariates, as far as they are in the lake."""
    coverage: Coverage | None
    """Of the band that was published; None in a demonstration."""


@dataclass(frozen=True)
class Status:
    """The answer to `gridahead status`."""

    workspace: Workspace = field(repr=False)
    at: pd.Timestamp
    series: tuple[SeriesStatus, ...]
    conditions: tuple[Condition, ...]
    """What is not in order now."""
    incidents: tuple[Incident, ...]
    """What is open by the last watch, with who was told of it."""
    late: tuple[Slot, ...]
    """What is due and not published."""
    disks: tuple[Disk, ...]
    runs: Mapping[str, Sequence[Run]]
    """By kind, the newest first."""
    watched_at: pd.Timestamp | None
    """When this machine watched last."""
    failures: Mapping[str, str]
    """By channel, why it could not be told the last time."""
    serving: Mapping[str, Mapping[str, str]]
    """By series: version, model, training days, validation metrics."""

    @property
    def forecasts(self) -> list[dict[str, object]]:
        """The newest published forecast of each series and its age in hours."""
        published = [one.manifest for one in self.series if one.manifest is not None]
        ages = [(self.at - pd.Timestamp(str(row["issue_time"]))) / pd.Timedelta(hours=1) for row in published]
        return [{**row, "age_hours": round(age, 1)} for row, age in zip(published, ages, strict=True)]

    @cached_property
    def lake(self) -> pd.DataFrame:
        """series, first, last, rows, available_at, mtu, source of all that is in the lake; every row is read for it."""
        return self.workspace.lake.contents()

    @property
    def is_live(self) -> bool:
        """Whether a forecast is due every day."""
        return is_live(self.workspace)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not healthy, in sentences; empty if it is."""
        return tuple(one.what for one in self.conditions if one.severity == "critical" or one.kind == "missing")

    @property
    def healthy(self) -> bool:
        """Whether everything that is due is published, and nothing is critical."""
        return not self.late and not self.reasons


def status(workspace: Workspace) -> Status:
    """The state of everything, read without changing anything."""
    at, state = workspace.clock(), state_file(workspace).read()
    events = _known(workspace, state)
    checking = Checking(workspace, state, at)
    conditions, _ = checking.conditions()
    return Status(
        workspace=workspace,
        at=at,
        series=_series(workspace, checking),
        conditions=tuple(conditions),
        incidents=tuple(one for one in incidents_of(events) if one.is_open),
        late=late_slots(checking.outlook),
        disks=tuple(checking.disks()),
        runs=_runs(checking),
        watched_at=state.watched_at,
        failures=dict(state.failures),
        serving=_serving(workspace),
    )


def _known(workspace: Workspace, state: WatchState) -> list[Mapping[str, object]]:
    """The rows of incidents, as the lake and this machine know them."""
    try:
        state.know([*state.events, *events_in(workspace.lake.incidents.read())])
    except (GridaheadError, OSError) as error:
        log.warning("%s; incidents are those that this machine knows", error)
    return list(state.events)


def _runs(checking: Checking) -> Mapping[str, Sequence[Run]]:
    try:
        return checking.runs
    except (GridaheadError, OSError) as error:
        log.warning("%s; what ran is not known", error)
        return {}


def _series(workspace: Workspace, checking: Checking) -> tuple[SeriesStatus, ...]:
    outlook = checking.outlook
    try:
        fresh = checking.freshness()
        coverages = {one.series: one for one in checking.coverages()}
    except (GridaheadError, OSError) as error:
        log.warning("%s; how fresh the lake is is not known", error)
        fresh, coverages = {}, {}
    found = []
    for entry in workspace.settings.series:
        inputs = (entry.series.official, *entry.past_covariates, *entry.future_covariates)
        found.append(
            SeriesStatus(
                series=entry.series,
                due=_day(outlook, entry.series),
                next=outlook.next_due(entry.series) if outlook.is_live else None,
                manifest=latest_manifest(workspace.settings.published_place, entry.series),
                freshness=fresh.get(entry.series),
                inputs=tuple(fresh[one] for one in dict.fromkeys(inputs) if one in fresh),
                coverage=coverages.get(entry.series),
            )
        )
    return tuple(found)


def _day(outlook: Outlook, series: Series) -> Day | None:
    if not outlook.is_live:
        return None
    slot = outlook.last_due(series)
    return None if outlook.is_before(slot) else Day(slot, outlook.out(slot))


def _serving(workspace: Workspace) -> dict[str, dict[str, str]]:
    """By series that has a champion: its version and its tags."""
    champions, damaged = of_each(
        workspace.exports.series(), lambda series: holder(workspace, series, serving(workspace, series), CHAMPION)
    )
    for error in damaged.values():
        log.warning("%s", error)
    return {
        str(series): {"version": champion.number, **champion.tags}
        for series, champion in champions.items()
        if champion is not None
    }
