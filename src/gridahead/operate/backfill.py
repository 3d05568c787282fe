"""Back-fill: the history of services, window by window; started again it goes on where it was killed."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from gridahead.core.errors import AccessError, SettingsError, did_you_mean
from gridahead.core.time import delivery_range
from gridahead.operate.ingest import Ingestion, ingest
from gridahead.settings.model import Settings
from gridahead.settings.services import LiveSource
from gridahead.settings.source_catalogue import SOURCE_INFOS
from gridahead.sources.base import RawPayload
from gridahead.sources.catalogue import open_source
from gridahead.sources.wanted import Wanted
from gridahead.workspace import Workspace

if TYPE_CHECKING:
    from gridahead.sources.http.source import HttpSource

ROUNDS = 3
"""What a host failed to give is asked for again at the end, when it may have recovered; twice, if that brought any."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a back-fill has come."""

    done: int
    """Windows that are in the lake."""
    windows: int
    """Windows in all."""
    seconds: float
    """Since it began."""
    payload: str
    """The last that was taken in."""

    @property
    def left(self) -> float | None:
        """How long it will take still [s], if the rest is as quick; None before the first window."""
        return self.seconds / self.done * (self.windows - self.done) if self.done else None


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, eq=False)
class Backfilled:
    """What a back-fill brought."""

    rounds: Sequence[Ingestion]
    windows: int
    """That were wanted and not there."""

    @property
    def series(self) -> pd.DataFrame:
        """What is new by series: rows, the first and the last valid time."""
        rows = pd.concat([one.series for one in self.rounds])
        return (
            rows.groupby("series").agg(rows=("rows", "sum"), first=("first", "min"), last=("last", "max")).reset_index()
        )

    @property
    def failed(self) -> Sequence[Exception]:
        """What could not be fetched or read in the last round."""
        return self.rounds[-1].failed

    def require(self, max_share: float) -> None:
        """Let it pass only if everything is there and the gate does not refuse.

        Raises:
            QualityError: the gate withholds more than this share of what is new of a series.
            SourceError: windows could not be fetched, or payloads not be read.
        """
        for one in self.rounds[:-1]:
            if one.report is not None:
                one.report.require(max_share)
        self.rounds[-1].require(max_share)


def backfill(
    workspace: Workspace,
    *,
    source: str | None = None,
    zones: Collection[str] = (),
    start: dt.date | None = None,
    end: dt.date | None = None,
    on_progress: OnProgress = lambda progress: None,
) -> Backfilled:
    """Fetch what is missing of the history of services; what is there is not asked for again.

    Args:
        workspace: whose lake, and whose sources.
        source: kind of one service; every service of the settings unless given.
        zones: of which; all of the services unless given.
        start: first local day; that of the settings unless given.
        end: last local day; as far as there are values unless given.
        on_progress: told of each payload.

    Raises:
        SettingsError: the settings have no such service or zone, or the days are in no order.
    """
    settings = workspace.settings
    chosen = _services(settings, source, zones)
    codes = frozenset(zones) or frozenset(zone for one in chosen for zone in one.zones)
    if start is None and any(one.since is None for one in chosen):
        raise SettingsError('from which day on? Say --start 2024-01-01, or since = "2024-01-01" in the settings')
    if start is not None and end is not None and end < start:
        raise SettingsError(f"--start {start} is after --end {end}")
    wanted = Wanted(workspace.clock(), _first(settings, codes, start), _last(settings, codes, end), codes)
    kinds = {one.kind for one in chosen}
    windows = _windows(workspace, chosen, wanted)
    progress, rounds = _Counter(windows, on_progress), list[Ingestion]()
    for _ in range(ROUNDS):
        rounds.append(ingest(workspace, wanted, kinds, progress.note))
        done = rounds[-1]
        recoverable = any(error.retryable for error in done.failed)
        if not recoverable or not done.payloads or any(isinstance(error, AccessError) for error in done.failed):
            break
    return Backfilled(rounds, windows)


class _Counter:
    """Counts the windows of a back-fill that have come."""

    def __init__(self, windows: int, on_progress: OnProgress) -> None:
        self._windows, self._on_progress = windows, on_progress
        self._began, self._done = time.monotonic(), 0

    def note(self, payload: RawPayload) -> None:
        """A payload was taken in."""
        self._done += bool(payload.completes)
        seconds = time.monotonic() - self._began
        self._on_progress(Progress(min(self._done, self._windows), self._windows, seconds, payload.name))


def _services(settings: Settings, kind: str | None, zones: Collection[str]) -> list[LiveSource]:
    """The services of the settings that are meant.

    Raises:
        SettingsError: there is none, or none that has one of the zones.
    """
    services = [one for one in settings.sources if isinstance(one, LiveSource)]
    chosen = [one for one in services if kind in (None, one.kind)]
    if not chosen:
        known = ", ".join(one.kind for one in services) or "none"
        wrong = kind is not None and kind not in SOURCE_INFOS
        hint = did_you_mean(str(kind), SOURCE_INFOS) if wrong else ""
        written = f'[[sources]] kind = "{kind or "entsoe"}", zones = {_toml(zones or ["FR"])}'
        raise SettingsError(f"the settings have no service {kind or ''}; {hint}they have {known}. Add {written}")
    for zone in zones:
        if not any(zone in one.zones for one in chosen):
            kinds = ", ".join(one.kind for one in chosen)
            has = ", ".join(dict.fromkeys(code for one in chosen for code in one.zones))
            raise SettingsError(
                f"{kinds} is not asked for zone {zone!r}, only for {has}; add it to `zones` of the source"
            )
    return chosen


def _toml(codes: Collection[str]) -> str:
    return "[" + ", ".join(f'"{code}"' for code in codes) + "]"


def _windows(workspace: Workspace, services: Sequence[LiveSource], wanted: Wanted) -> int:
    """How many windows have to be fetched."""
    fetched = workspace.lake.fetched.read()
    known = Wanted(wanted.now, wanted.start, wanted.end, wanted.zones, fetched)
    opened: list[HttpSource] = [open_source(one, workspace.settings, workspace.clock) for one in services]  # type: ignore[misc]
    return sum(len(one.jobs(known)) for one in opened)


def _first(settings: Settings, zones: Collection[str], day: dt.date | None) -> pd.Timestamp | None:
    """The earliest local midnight that the day begins with."""
    return None if day is None else min(_local(settings, zone, day)[0] for zone in zones)


def _last(settings: Settings, zones: Collection[str], day: dt.date | None) -> pd.Timestamp | None:
    """The latest local midnight that the day ends with."""
    return None if day is None else max(_local(settings, zone, day)[1] for zone in zones)


def _local(settings: Settings, zone: str, day: dt.date) -> tuple[pd.Timestamp, pd.Timestamp]:
    window = delivery_range(day, settings.zone(zone).timezone)
    return window.start, window.end
