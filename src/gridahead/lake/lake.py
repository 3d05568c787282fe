"""The lake: its tables and its archive in one folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from gridahead.errors import LakeError
from gridahead.grid import Series
from gridahead.lake.archive import Archive, Receipts
from gridahead.lake.store import Store
from gridahead.tables import FORECASTS, OBSERVATIONS, QUARANTINE, SCORES, Forecasts, Observations, Quarantine, Scores
from gridahead.timeline import Mtu, Window
from gridahead.vintages import accepted, of_series


class Lake:
    """Everything that flows leave for one another."""

    def __init__(self, folder: Path, archive: Path) -> None:
        self.folder = folder
        self.archive = Archive(archive)
        self.receipts = Receipts(folder / "receipts")
        self.observations = Store(folder / "observations", OBSERVATIONS)
        self.quarantine = Store(folder / "quarantine", QUARANTINE)
        self.forecasts = Store(folder / "forecasts", FORECASTS)
        self.scores = Store(folder / "scores", SCORES)

    def read_observations(self, *series: Series, window: Window | None = None) -> Observations:
        """Every vintage of the series, quarantined rows too; all series if none is named."""
        return Observations(_of_series(self.observations, series, window))

    def read_quarantine(self, *series: Series) -> Quarantine:
        """The verdicts of the gate on the series."""
        return Quarantine(_of_series(self.quarantine, series, None))

    def read_accepted(self, *series: Series, window: Window | None = None) -> Observations:
        """Every vintage of the series without what the gate has quarantined: what models and scores read."""
        return accepted(self.read_observations(*series, window=window), self.read_quarantine(*series))

    def read_forecasts(self, series: Series, run: str, window: Window | None = None) -> Forecasts:
        """The forecasts of one series in one run."""
        where = {"zone": series.zone, "quantity": series.quantity, "run": run}
        return Forecasts(self.forecasts.read(where, window))

    def read_scores(self) -> Scores:
        """The newest scores of every run."""
        scores = self.scores.read().sort_values("scored_at")
        newest = scores.groupby(["run", "series"])["scored_at"].transform("max")
        return Scores(scores[scores["scored_at"] == newest].reset_index(drop=True))

    def contents(self) -> pd.DataFrame:
        """One row a series: first and last valid time, rows, vintages, newest availability, market time unit."""
        rows = self.observations.read()
        if rows.empty:
            return pd.DataFrame(columns=["series", "first", "last", "rows", "available_at", "mtu", "source"])
        rows["series"] = rows["zone"] + "/" + rows["quantity"]
        return (
            rows.groupby("series")
            .agg(
                first=("valid_time", "min"),
                last=("valid_time", "max"),
                rows=("value", "size"),
                available_at=("available_at", "max"),
                mtu=("mtu", "first"),
                source=("source", "first"),
            )
            .reset_index()
        )


def mtu_of(observations: pd.DataFrame, series: Series) -> Mtu:
    """The market time unit of a series.

    Raises:
        LakeError: there are no rows, or rows of several units.
    """
    units = of_series(observations, series)["mtu"].unique()
    if len(units) == 0:
        raise LakeError(
            f"the lake has no {series}; `gridahead status` lists what it has, `gridahead ingest` brings more"
        )
    if len(units) > 1:
        raise LakeError(f"{series} has several market time units: {', '.join(sorted(units))}; keep one a series")
    return Mtu(units[0])


def _of_series(store: Store, series: tuple[Series, ...], window: Window | None) -> pd.DataFrame:
    if not series:
        return store.read(window=window)
    rows = store.read(
        {"zone": sorted({one.zone for one in series}), "quantity": sorted({one.quantity for one in series})}, window
    )
    if len({one.zone for one in series}) == 1:
        return rows
    wanted = {(one.zone, one.quantity) for one in series}
    return rows[[pair in wanted for pair in zip(rows["zone"], rows["quantity"], strict=True)]].reset_index(drop=True)
