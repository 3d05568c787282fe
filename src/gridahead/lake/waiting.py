"""The waiting room: batches whose rows are in the lake, but have not been through the quality gate yet.

A marker is written before the rows and deleted after their verdicts, so that whoever dies in between leaves rows that
wait, never rows that nobody has looked at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from gridahead.grid import Series
from gridahead.lake.folder import Folder
from gridahead.tables import Observations
from gridahead.timeline import Window


@dataclass(frozen=True)
class Waiting:
    """One batch that waits."""

    batch: str
    rows: int
    """How many it appends; with fewer in the lake, its ingest is not finished."""
    spans: dict[Series, Window]
    """From the first valid time of every series to just after the last."""


class WaitingRoom:
    """One small file for every batch that waits."""

    def __init__(self, place: str | Path | Folder) -> None:
        self.folder = Folder.at(place)

    def enter(self, batch: str, rows: Observations) -> None:
        """Mark the batch that these rows are about to be appended as; nothing waits where there are none.

        Raises:
            LakeError: the lake cannot be written.
        """
        if rows.empty:
            return
        spans = rows.groupby(["zone", "quantity"])["valid_time"].agg(["min", "max"])
        about = {
            "rows": len(rows),
            "series": {
                f"{zone}/{quantity}": [first.isoformat(), last.isoformat()]
                for (zone, quantity), first, last in spans.itertuples()
            },
        }
        self.folder.write(f"{batch}.json", json.dumps(about, indent=2).encode() + b"\n")

    def leave(self, batch: str) -> None:
        """The gate has judged the batch."""
        self.folder.delete(f"{batch}.json")

    def all(self) -> list[Waiting]:
        """Every batch that waits."""
        found = []
        for name in self.folder.names(".json"):
            try:
                about = json.loads(self.folder.read(name))
            except FileNotFoundError:  # judged in this moment
                continue
            spans = {Series.parse(series): _span(*ends) for series, ends in about["series"].items()}
            found.append(Waiting(PurePosixPath(name).stem, about["rows"], spans))
        return found

    def batches(self) -> set[str]:
        """The names of those that wait."""
        return {PurePosixPath(name).stem for name in self.folder.names(".json")}


def _span(first: str, last: str) -> Window:
    return Window(pd.Timestamp(first), pd.Timestamp(last) + pd.Timedelta(microseconds=1))
