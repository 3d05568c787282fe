"""Every check on the state of a workspace: what they look at is read here, and one that fails stops no other."""

from __future__ import annotations

import datetime as dt
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow.dataset as ds

from gridahead.core.errors import LakeError
from gridahead.core.files import nearest_existing
from gridahead.core.grid import Series
from gridahead.core.time import TimeRange
from gridahead.forecasting.slot import Slot
from gridahead.lake.freshness import Freshness, freshness
from gridahead.lake.run_log import INGEST, Run
from gridahead.monitoring.checks import (
    Coverage,
    coverage_lost,
    coverage_of,
    degraded_forecasts,
    late_forecasts,
    made_up_for,
    missing_forecasts,
)
from gridahead.monitoring.checks_of_data import batches_waiting, failing_sources, gate_blocked, silent_series
from gridahead.monitoring.checks_of_machines import Disk, days_until_full, dead_runs, filling_disks
from gridahead.monitoring.conditions import Condition, ConditionKind
from gridahead.monitoring.watch_state import WatchState
from gridahead.operate.due import backfilled_days
from gridahead.operate.outlook import Outlook
from gridahead.operate.sink import failing_since
from gridahead.reading.compared import held_in_band
from gridahead.registry.address import Address
from gridahead.settings.file_source import FileSource
from gridahead.settings.source_catalogue import SOURCE_INFOS
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)

OF_SERIES = frozenset({"missing", "late", "degraded", "silent", "gate", "coverage"})
"""Kinds whose subject is a series."""
COVERAGE_EVERY = pd.Timedelta(hours=6)
"""A coverage of weeks moves by days; reading them at every watch would cost a second a series."""
INSPECTED = pd.Timedelta(days=14)
"""So far back the newest inspection of a series is looked for: years of them need not be read at every watch."""
SAMPLES_FOR, SAMPLE_EVERY = pd.Timedelta(days=7), pd.Timedelta(hours=1)
"""Free bytes are kept for a week, every hour."""


class Usage(NamedTuple):
    """Bytes of a file system, as `shutil.disk_usage` gives them."""

    total: int
    used: int
    free: int


@dataclass
class Checking:
    """Everything that checks look at, each read when it is needed first."""

    workspace: Workspace
    state: WatchState
    """What the last watch left, with the rows of incidents; samples and coverages in it are brought up to date."""
    at: pd.Timestamp
    usage: Callable[[Path], Usage] = field(default=lambda path: Usage(*shutil.disk_usage(path)))

    def __post_init__(self) -> None:
        missing = (str(event["incident"]).split() for event in self.state.events if event["kind"] == "missing")
        seen_due = frozenset((Series.parse(series), dt.date.fromisoformat(day)) for _, series, day in missing)
        self.outlook = Outlook(self.workspace, self.at, seen_due)
        self.alerts = self.workspace.settings.alerts
        self._runs: dict[str, list[Run]] | None = None
        self._fresh: dict[Series, Freshness] | None = None

    def conditions(self) -> tuple[list[Condition], set[str]]:
        """What is not in order, and the kinds of which that could not be told."""
        found, unknown, lake_errors = list[Condition](), set[str](), list[str]()
        for kinds, check in self._checks():
            try:
                found += check()
            except LakeError as error:
                unknown |= set(kinds)
                lake_errors.append(str(error))
            except Exception as error:  # a fault in one check must not hide what the others see
                log.exception("the check of %s failed", ", ".join(kinds))
                unknown |= set(kinds)
                found.append(self._failed(kinds, error))
        if lake_errors:
            found.append(self._lake(lake_errors[0]))
        return [one for one in found if self.is_watched(one.kind, one.subject)], unknown

    def is_watched(self, kind: str, subject: str) -> bool:
        """Whether the settings name the series, or the source, that something is of."""
        if kind in OF_SERIES:
            return Series.parse(subject) in self._read_series
        return kind != "failing" or subject in self._sources_named

    @cached_property
    def _read_series(self) -> frozenset[Series]:
        """Everything that forecasts read, and the forecast series themselves."""
        return frozenset(
            series
            for entry in self.workspace.settings.series
            for series in (entry.series, entry.series.official, *entry.past_covariates, *entry.future_covariates)
        )

    @cached_property
    def _sources_named(self) -> frozenset[str]:
        return frozenset(
            source.path.name if isinstance(source, FileSource) else source.kind
            for source in self.workspace.settings.sources
        )

    def _checks(self) -> tuple[tuple[tuple[ConditionKind, ...], Callable[[], Iterator[Condition]]], ...]:
        return (
            (("missing",), self._missing),
            (("late",), self._late),
            (("degraded",), self._degraded),
            (("failing", "silent"), self._sources),
            (("gate",), lambda: gate_blocked(self._quality(), self.workspace.settings.quality.max_quarantined_share)),
            (("waiting",), self._waiting),
            (("coverage",), self._coverage),
            (("crashed",), lambda: dead_runs(self.runs, self.at, self._minutes(self.alerts.silent_run_minutes))),
            (("disk",), self._disks),
            (("database",), self._database),
            (("registry",), self._registry),
        )

    def _database(self) -> Iterator[Condition]:
        """Whether forecasts have not come to the database of `[published] database` since some time."""
        failing = failing_since(self.workspace) if self.workspace.settings.published.database else None
        if failing is not None:
            since, error = failing
            yield Condition(
                kind="database",
                severity="warning",
                subject="published.database",
                since=since,
                what=f"Forecasts do not come to the database: {error}.",
                meanwhile="forecasts are published in files as always, and the lake has them",
                advice="See whether the database is up and lets gridahead in. The next forecast writes all that it "
                "lacks; `gridahead sink sync` does it at once.",
            )

    def _registry(self) -> Iterator[Condition]:
        """Whether MLflow's file of SQLite has the versions that are exported; worth knowing, as forecasts go on."""
        exports = self.workspace.exports
        entries = [entry.series for entry in self.workspace.settings.series]
        exported = {series: newest for series in entries if (newest := exports.newest_of(series))}
        address = Address.of(self.workspace.settings)
        if wrong := address.wrong(exported):
            yield Condition(
                kind="registry",
                severity="info",
                subject=str(address),
                since=self.at,
                what=f"The registry of models in {address} {wrong}.",
                meanwhile="forecasts go on with the models that are exported; training and promotions do not",
                advice="Put the file back from a backup, or run `gridahead models repair`, which registers what is "
                "exported again.",
            )

    def _minutes(self, minutes: float) -> pd.Timedelta:
        return pd.Timedelta(minutes=minutes)

    @property
    def runs(self) -> dict[str, list[Run]]:
        """By kind the newest runs, the newest first."""
        if self._runs is None:
            self._runs = self.workspace.lake.runs.newest()
        return self._runs

    def _missing(self) -> Iterator[Condition]:
        outlook, grace = self.outlook, self._minutes(self.alerts.grace_minutes)
        return missing_forecasts(outlook.due, outlook.missed, self.at, grace, outlook.timezones, outlook.meanwhile)

    def _late(self) -> Iterator[Condition]:
        """Of the newest delivery day; of one that was told of as missing, the all-clear says how late it came."""
        outlook = self.outlook
        told = {str(event["incident"]) for event in self.state.events}
        if not outlook.is_live:
            return
        missed = {series: {slot.day for slot in outlook.missed if slot.series == series} for series in outlook.newest}
        firsts = []
        for series in outlook.newest:
            for slot in outlook.closed_or_out(series):
                first = outlook.first(slot)
                if f"missing {series} {slot.day}" in told:
                    continue
                if first is not None:
                    firsts.append((first, slot))
                elif slot.gate_closure <= self.at and slot.day not in missed[series] and self._is_made_up_for(slot):
                    yield made_up_for(slot, outlook.timezones[series], outlook.meanwhile[series])
        yield from late_forecasts(firsts, self.at, outlook.timezones)

    def _is_made_up_for(self, slot: Slot) -> bool:
        return slot.day in backfilled_days(self.workspace, slot.series, slot.day, slot.day)

    def _degraded(self) -> Iterator[Condition]:
        newest = self.outlook.newest.values() if self.outlook.is_live else ()
        return degraded_forecasts(newest, self.outlook.ends, self.at)

    def _sources(self) -> Iterator[Condition]:
        stale_after = pd.Timedelta(hours=self.workspace.settings.quality.stale_after_hours)
        found = failing_sources(self.runs.get(INGEST, []), self.alerts.failed_ingests)
        failing = [one for one in found if self._is_watched(one.subject)]
        yield from failing
        fresh = [one for one in self.freshness().values() if self._is_watched(one.source)]
        yield from silent_series(fresh, self.at, stale_after, [one.subject for one in failing])

    def _is_watched(self, source: str) -> bool:
        """Whether a source has to bring something new: files of a demonstration are history."""
        return self.outlook.is_live or source in SOURCE_INFOS

    def freshness(self) -> dict[Series, Freshness]:
        """The newest value of everything that forecasts read, as far as there is one."""
        if self._fresh is None:
            self._fresh = self._read_freshness()
        return self._fresh

    def _read_freshness(self) -> dict[Series, Freshness]:
        return freshness(self.workspace.lake.observations, sorted(self._read_series), self.at)

    def _quality(self) -> pd.DataFrame:
        store, since = self.workspace.lake.quality, self.at - INSPECTED
        newest = (ds.field("inspected_at") >= since) & ds.field("metric").isin(["rows", "quarantined"])
        return store.table.frame(store.try_again(lambda: store.rows_of(store.files(), newest)))

    def _waiting(self) -> Iterator[Condition]:
        waiting = self.workspace.lake.waiting.batches()
        self.state.waiting = {batch: self.state.waiting.get(batch, self.at) for batch in sorted(waiting)}
        return batches_waiting(self.state.waiting, self.at)

    def _coverage(self) -> Iterator[Condition]:
        alarm = self.workspace.settings.promotion.coverage_alarm
        return coverage_lost(self.coverages(), alarm, self.at)

    def coverages(self) -> list[Coverage]:
        """The coverage of each series over the newest days, computed every few hours."""
        found = []
        for series in self.outlook.newest if self.outlook.is_live else ():
            kept = self.state.coverage.get(str(series))
            if kept is None or self.at - pd.Timestamp(kept["at"]) >= COVERAGE_EVERY:
                one = coverage(self.workspace, series, self.at)
                dates = [day and day.isoformat() for day in (one.first, one.last)]
                kept = {
                    "at": self.at.isoformat(),
                    "days": one.days,
                    "share": [one.share, one.low, one.high],
                    "dates": dates,
                }
                self.state.coverage[str(series)] = kept
            first, last = (pd.Timestamp(day).date() if day else None for day in kept["dates"])
            share, low, high = kept["share"]
            found.append(Coverage(series, kept["days"], share, low, high, first, last))
        return found

    def disks(self) -> list[Disk]:
        """The file systems of data folder and lake, each once, with the pace at which they fill."""
        settings = self.workspace.settings
        folders = [settings.data_folder, *([Path(settings.lake_folder)] if "://" not in settings.lake_folder else [])]
        found: dict[int, Disk] = {}
        for folder in folders:
            there = nearest_existing(folder)
            if (device := there.stat().st_dev) in found:
                continue
            usage, samples = self.usage(there), self.state.free.setdefault(str(folder), [])
            if not samples or self.at - samples[-1][0] >= SAMPLE_EVERY:
                samples.append((self.at, usage.free))
            samples[:] = [sample for sample in samples if self.at - sample[0] <= SAMPLES_FOR]
            found[device] = Disk(str(folder), usage.total, usage.free, days_until_full(samples))
        return list(found.values())

    def _disks(self) -> Iterator[Condition]:
        return filling_disks(self.disks(), self.alerts.disk_free_gb, self.alerts.disk_days, self.at)

    def _failed(self, kinds: tuple[ConditionKind, ...], error: Exception) -> Condition:
        return Condition(
            kind="check",
            severity="warning",
            subject=", ".join(kinds),
            since=self.at,
            what=f"The check of {', '.join(kinds)} fails: {type(error).__name__}: {error}",
            meanwhile="nobody is told of these meanwhile",
            advice="Run `gridahead watch` and read the log; report it if it is a fault of gridahead.",
        )

    def _lake(self, error: str) -> Condition:
        return Condition(
            kind="lake",
            severity="critical",
            subject=self.workspace.settings.lake_folder.partition("?")[0],
            since=self.at,
            what=f"The lake cannot be read: {error}",
            meanwhile="what is published stays",
            advice="See whether its disk or object store is up, and run `gridahead lake verify`.",
        )


def coverage(workspace: Workspace, series: Series, at: pd.Timestamp) -> Coverage:
    """The coverage of what was published in time of a series, over the newest days that have an outturn.

    Raises:
        LakeError: the lake cannot be read.
    """
    days, alarm = workspace.settings.alerts.coverage_days, workspace.settings.promotion.coverage_alarm
    held = held_in_band(workspace, series, TimeRange(at - pd.Timedelta(days=days + 7), at), at)
    return coverage_of(series, held["inside"].astype(float).groupby(held["day"]).mean(), days, alarm)
