"""The lake: its tables in one folder, or under one address of an object store, and its archive in another."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.tables import (
    ANNOTATIONS,
    FETCHED,
    FORECASTS,
    INCIDENTS,
    LIMITS,
    OBSERVATIONS,
    PROCEDURES,
    PROMOTIONS,
    QUALITY,
    RULINGS,
    SCORES,
    TABLES,
    VERDICTS,
    Annotations,
    Forecasts,
    JudgedObservations,
    Limits,
    Observations,
    Procedures,
    Promotions,
    Rulings,
    Scores,
    Verdicts,
)
from gridahead.core.time import TimeRange
from gridahead.core.vintages import accepted, among, readable, series_names, standing
from gridahead.lake.ahead import HeldRows
from gridahead.lake.annotations import with_annotations
from gridahead.lake.archive import Archive
from gridahead.lake.folder import Folder
from gridahead.lake.partitions import Where
from gridahead.lake.receipts import Receipts
from gridahead.lake.run_log import RunLog
from gridahead.lake.store import Store
from gridahead.lake.waiting import WaitingRoom


class Ahead(NamedTuple):
    """What has been read ahead."""

    inspected: HeldRows
    verdicts: HeldRows
    rulings: HeldRows
    vintages: HeldRows


class Lake:
    """Everything that flows leave for one another."""

    def __init__(self, place: str | Path | Folder, archive: str | Path | Folder) -> None:
        self.folder = folder = Folder.at(place)
        self.archive = Archive(archive)
        self.receipts = Receipts(folder / "receipts")
        self.observations = Store(folder / "observations", OBSERVATIONS)
        self.waiting = WaitingRoom(folder / "waiting")
        self.verdicts = Store(folder / "verdicts", VERDICTS)
        self.rulings = Store(folder / "rulings", RULINGS)
        self.quality = Store(folder / "quality", QUALITY)
        self.limits = Store(folder / "limits", LIMITS)
        self.forecasts = Store(folder / "forecasts", FORECASTS)
        self.scores = Store(folder / "scores", SCORES)
        self.promotions = Store(folder / "promotions", PROMOTIONS)
        self.procedures = Store(folder / "procedures", PROCEDURES)
        self.fetched = Store(folder / "fetched", FETCHED)
        self.annotations = Store(folder / "annotations", ANNOTATIONS)
        self.incidents = Store(folder / "incidents", INCIDENTS)
        self.runs = RunLog(folder / "runs")
        self._ahead: Ahead | None = None

    @property
    def stores(self) -> tuple[Store, ...]:
        """The store of every table of the lake."""
        return tuple(getattr(self, table.name) for table in TABLES)

    def reading_ahead(self, series: Sequence[Series], time_range: TimeRange | None = None) -> Lake:
        """The same lake, of which these rows are read now, and given from memory to whoever asks for some of them.

        Args:
            series: of which inspected rows, vintages, verdicts and rulings are read.
            time_range: of valid times; all that there is unless given.

        Raises:
            LakeError: a file cannot be read.
        """
        ahead, judged = copy.copy(self), self._judged(tuple(series), time_range)
        ahead._ahead = Ahead(*(HeldRows(rows, series, time_range) for rows in (*judged, readable(*judged))))
        return ahead

    def sweep(self) -> None:
        """Delete what killed writers left aside."""
        for folder in (self.folder, self.archive.folder):
            folder.sweep()

    def read_observations(self, *series: Series, time_range: TimeRange | None = None) -> Observations:
        """Every vintage of the series, quarantined, waiting and withdrawn ones too; all series if none is named."""
        return Observations(standing(_of_series(self.observations, series, time_range)).reset_index(drop=True))

    def read_inspected(self, *series: Series, time_range: TimeRange | None = None) -> Observations:
        """Every vintage of the series that has been through the quality gate, quarantined and withdrawn ones too."""
        held = None if self._ahead is None else self._ahead.inspected.of(series, time_range)
        if held is not None:
            return Observations(held)
        rows = self.read_observations(*series, time_range=time_range)
        return Observations(rows[~rows["batch"].isin(self.waiting.batches())].reset_index(drop=True))

    def read_verdicts(self, *series: Series, time_range: TimeRange | None = None) -> Verdicts:
        """The verdicts of the quality gate on rows of the series."""
        held = None if self._ahead is None else self._ahead.verdicts.of(series, time_range)
        return Verdicts(_of_series(self.verdicts, series, time_range) if held is None else held)

    def read_rulings(self, *series: Series, time_range: TimeRange | None = None) -> Rulings:
        """What people have decided on rows of the series."""
        held = None if self._ahead is None else self._ahead.rulings.of(series, time_range)
        return Rulings(_of_series(self.rulings, series, time_range) if held is None else held)

    def read_accepted(self, *series: Series, time_range: TimeRange | None = None) -> Observations:
        """Every vintage of the series that is accepted now: judged, not in quarantine unless released, not rejected.

        For what was known at an earlier instant ask `read_vintages`.

        Args:
            series: all if none is named.
            time_range: of valid times.
        """
        return accepted(*self._judged(series, time_range))

    def read_vintages(
        self, *series: Series, time_range: TimeRange | None = None, flags: bool = False
    ) -> JudgedObservations:
        """Every vintage of the series that could ever be read, and from which issue time until which.

        Whatever forecasts of any issue time are made or scored with comes through here: `vintages.as_of` and
        `build_windows` leave out what was not known yet, and read what was not yet known to be wrong.

        Args:
            series: all if none is named.
            time_range: of valid times.
            flags: whether the column `flags` tells which rules flag a row, and which annotations exclude it from
                something; else it is empty.
        """
        if self._ahead is not None and not flags:
            held = self._ahead.vintages.of(series, time_range)
            if held is not None:
                return JudgedObservations(Observations(held))
        rows = readable(*self._judged(series, time_range), flags=flags)
        return with_annotations(rows, self.read_annotations(*series)) if flags else rows

    def _judged(
        self, series: tuple[Series, ...], time_range: TimeRange | None
    ) -> tuple[Observations, Verdicts, Rulings]:
        """The rows that have been through the quality gate, and all verdicts and rulings on the series."""
        # In this order: rows that are read here are judged, or their batch waits; and where it waits no longer, its
        # verdicts are there to be read.
        return (
            self.read_inspected(*series, time_range=time_range),
            self.read_verdicts(*series, time_range=time_range),
            self.read_rulings(*series, time_range=time_range),
        )

    def read_annotations(self, *series: Series) -> Annotations:
        """What people say of stretches of the series and have not taken back, by its beginning."""
        rows = _of_series(self.annotations, series, None).sort_values("decided_at", kind="stable")
        newest = rows.drop_duplicates("id", keep="last")
        standing_rows = newest[newest["state"] == "stands"]
        return Annotations(standing_rows.sort_values(["start", "id"], kind="stable", ignore_index=True))

    def read_limits(self, *series: Series) -> Limits:
        """What the history of the series has taught, the newest of each."""
        limits = _of_series(self.limits, series, None).sort_values("learned_at", kind="stable")
        newest = limits.groupby(["zone", "quantity"])["learned_at"].transform("max")
        return Limits(limits[limits["learned_at"] == newest].reset_index(drop=True))

    def read_forecasts(self, series: Series, run: str, time_range: TimeRange | None = None) -> Forecasts:
        """The forecasts of one series in one run."""
        return self.read_run(run, series, time_range=time_range)

    def read_run(self, run: str, *series: Series, time_range: TimeRange | None = None) -> Forecasts:
        """The forecasts of several series in one run, or of all if none is named; read once for all of them."""
        return Forecasts(_of_series(self.forecasts, series, time_range, {"run": run}))

    def read_scores(self, as_of: pd.Timestamp | None = None, by: Literal["scored_at", "end"] = "scored_at") -> Scores:
        """The newest scores of every run.

        Args:
            as_of: only those of then.
            by: what was then: they were made, or, where history is scored long after, all that they are of was over.
        """
        scores = self.scores.read().sort_values("scored_at")
        if as_of is not None:
            scores = scores[scores[by] <= as_of]
        newest = scores.groupby(["run", "zone", "quantity"])["scored_at"].transform("max")
        return Scores(scores[scores["scored_at"] == newest].reset_index(drop=True))

    def read_promotions(self, *series: Series) -> Promotions:
        """Who made which version champion or challenger, in the order in which it was decided."""
        promotions = _of_series(self.promotions, series, None)
        return Promotions(promotions.sort_values("decided_at", kind="stable", ignore_index=True))

    def read_procedures(self, *series: Series) -> Procedures:
        """What has been shown of training models again, in the order in which it was."""
        procedures = _of_series(self.procedures, series, None)
        return Procedures(procedures.sort_values("decided_at", kind="stable", ignore_index=True))

    def contents(self) -> pd.DataFrame:
        """One row a series: first and last valid time, values, newest availability, market time units in order."""
        rows = self.read_observations()
        if rows.empty:
            return pd.DataFrame(columns=["series", "first", "last", "rows", "available_at", "mtu", "source"])
        rows = rows.sort_values("valid_time", kind="stable")
        rows["series"] = series_names(rows)
        return (
            rows.groupby("series")
            .agg(
                first=("valid_time", "min"),
                last=("valid_time", "max"),
                rows=("value", "count"),
                available_at=("available_at", "max"),
                mtu=("mtu", _in_order),
                source=("source", "first"),
            )
            .reset_index()
        )


def _in_order(units: pd.Series) -> str:
    """The market time units of a series, from the oldest to the newest."""
    return ", ".join(units.drop_duplicates())


def _of_series(
    store: Store, series: tuple[Series, ...], time_range: TimeRange | None, where: Where | None = None
) -> pd.DataFrame:
    if not series:
        return store.read(where, time_range)
    rows = store.read(
        {
            **(where or {}),
            "zone": sorted({member.zone for member in series}),
            "quantity": sorted({member.quantity for member in series}),
        },
        time_range,
    )
    if len({member.zone for member in series}) == 1:
        return rows
    wanted = pd.MultiIndex.from_tuples([(member.zone, member.quantity) for member in series])
    return rows[among(rows, wanted, ["zone", "quantity"])].reset_index(drop=True)
