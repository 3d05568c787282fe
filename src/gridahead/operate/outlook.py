"""What is published and what is due, read from the published folder and the lake: no model, no registry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.runs import Rung, maker
from gridahead.core.time import delivery_range
from gridahead.forecasting.publish import issues_of, latest_manifest, newest_of, published_days
from gridahead.forecasting.slot import Slot, due_day
from gridahead.monitoring.checks import Out, standing
from gridahead.operate.due import due, missed
from gridahead.operate.slots import due_slot, is_live
from gridahead.workspace import Workspace


@dataclass(frozen=True)
class Outlook:
    """The forecasts of a workspace at one moment."""

    workspace: Workspace
    at: pd.Timestamp
    seen_due: frozenset[tuple[Series, dt.date]] = frozenset()
    """Delivery days that a watch has found missing: a new installation has missed nothing of the days before it."""

    @property
    def is_live(self) -> bool:
        """Whether a forecast is due every day; in a demonstration none is."""
        return is_live(self.workspace)

    @cached_property
    def timezones(self) -> dict[Series, str]:
        """Of the delivery days of every series."""
        settings = self.workspace.settings
        return {entry.series: settings.zone(entry.series.zone).timezone for entry in settings.series}

    @cached_property
    def due(self) -> list[Slot]:
        """Slots whose deadline has passed and whose gate is open, without a forecast."""
        return due(self.workspace, self.at)

    @cached_property
    def missed(self) -> list[Slot]:
        """Slots whose gate has closed without a forecast; where none was ever published, what was seen to be due."""
        if not self.is_live:
            return []
        place = self.workspace.settings.published_place
        never = [self.last_due(series) for series in self.timezones if not published_days(place, series)]
        seen = [slot for slot in never if slot.gate_closure <= self.at and (slot.series, slot.day) in self.seen_due]
        return [*missed(self.workspace, self.at), *seen]

    @property
    def overdue(self) -> tuple[Slot, ...]:
        """What is due for longer than a run takes, and what is missed."""
        grace = pd.Timedelta(minutes=self.workspace.settings.alerts.grace_minutes)
        return (*(slot for slot in self.due if self.at >= slot.deadline + grace), *self.missed)

    @cached_property
    def newest(self) -> dict[Series, Out]:
        """The newest forecast that is published of each series that has one."""
        folder = self.workspace.settings.published_place
        found = {series: latest_manifest(folder, series) for series in self.timezones}
        return {series: out_of(manifest) for series, manifest in found.items() if manifest is not None}

    @cached_property
    def ends(self) -> dict[Series, pd.Timestamp]:
        """When the delivery day of each newest forecast is over."""
        return {series: delivery_range(out.day, self.timezones[series]).end for series, out in self.newest.items()}

    @cached_property
    def meanwhile(self) -> dict[Series, str]:
        """What readers have of each series."""
        return {series: standing(self.newest.get(series), self.at, self.ends.get(series)) for series in self.timezones}

    def slot(self, series: Series, day: dt.date) -> Slot:
        """The slot of a delivery day."""
        return due_slot(self.workspace, series, day)

    def last_due(self, series: Series) -> Slot:
        """The newest slot of a series whose deadline has passed."""
        deadline = self.workspace.settings.series_settings(series).deadline
        day = due_day(deadline, self.at)
        return self.slot(series, day if deadline.for_delivery(day) <= self.at else day - dt.timedelta(days=1))

    def next_due(self, series: Series) -> Slot:
        """The slot of a series whose deadline comes next."""
        return self.slot(series, self.last_due(series).day + dt.timedelta(days=1))

    def closed_or_out(self, series: Series) -> list[Slot]:
        """The slots of a series whose gate has closed and whose day is not over, and that of its newest forecast."""
        settings, newest = self.workspace.settings, self.newest[series]
        closure, today = settings.gate_closure_of(series), self.at.tz_convert(self.timezones[series]).date()
        days = {today + dt.timedelta(days=ahead) for ahead in range(closure.days_before + 1)}
        days = {day for day in days if day > self.began(series)} | ({newest.day} if newest.day >= today else set())
        slots = [self.slot(series, day) for day in sorted(days)]
        return [slot for slot in slots if slot.gate_closure <= self.at or slot.day == newest.day]

    def out(self, slot: Slot) -> Out | None:
        """What readers have of a slot; None if nothing is published of it, or only what was issued before."""
        if any((one.series, one.day) == (slot.series, slot.day) for one in (*self.due, *self.missed)):
            return None
        issue = newest_of(self.workspace.settings.published_place, slot.series, slot.day)
        return None if issue is None else out_of(issue.manifest)

    def is_before(self, slot: Slot) -> bool:
        """Whether a slot was due before the installation began: nothing was published by then, and nothing missed."""
        if any((one.series, one.day) == (slot.series, slot.day) for one in (*self.due, *self.missed)):
            return False
        return slot.day < min(published_days(self.workspace.settings.published_place, slot.series), default=dt.date.max)

    def began(self, series: Series) -> dt.date:
        """The first delivery day that was published of a series that has one."""
        return published_days(self.workspace.settings.published_place, series)[0]

    def first(self, slot: Slot) -> Out | None:
        """The first forecast that was published of a slot when it was due or later, None if there is none."""
        for issue in issues_of(self.workspace.settings.published_place, slot.series, slot.day):
            if issue.at("issue_time") >= slot.deadline:
                return out_of(issue.manifest)
        return None


def out_of(manifest: Mapping[str, object]) -> Out:
    """What a manifest says of a forecast."""
    when = manifest.get("published_at")
    return Out(
        series=Series.parse(str(manifest["series"])),
        day=dt.date.fromisoformat(str(manifest["delivery_day"])),
        rung=cast(Rung, manifest["rung"]),
        missing=str(manifest["missing"] or ""),
        model=maker(str(manifest["model"]), str(manifest["model_version"])),
        issue_time=pd.Timestamp(str(manifest["issue_time"])),
        published_at=None if when is None else pd.Timestamp(str(when)),
    )
