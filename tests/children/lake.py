"""Writers, compactions and readers of one lake in processes of their own, until they are told to stop or are killed.

A batch is three series over the turn of a year, so that merging it takes six folders; its number says everything that
is in it. What was begun and what is done stands in logs, a line a batch.
"""

import itertools
import os
import random
import signal
import time
import traceback
from pathlib import Path

import pandas as pd

from gridahead.core.tables import OBSERVATIONS, RULINGS
from gridahead.lake.compaction import compact
from gridahead.lake.store import Store

TABLES = {"observations": OBSERVATIONS, "rulings": RULINGS}
ROWS = 24
HOURS = pd.date_range("2024-12-31T20:00Z", periods=8, freq="h", unit="us")
PAUSE = 0.15
"""Seconds at most between two batches, so that two cores are enough for six processes."""
FIRST = pd.Timestamp("2025-01-01T06:00Z")


def store_of(folder: Path, table: str) -> Store:
    """One of the two tables that are written to."""
    return Store(folder / table, TABLES[table])


def batch(table: str, number: int) -> pd.DataFrame:
    """The rows of a batch; for rulings, the release of the rows of that batch."""
    seen = FIRST + pd.Timedelta(seconds=number)
    cells = [("DE", one, time) for one in ("load", "solar", "wind_onshore") for time in HOURS]
    rows = pd.DataFrame(cells, columns=["zone", "quantity", "valid_time"]).assign(available_at=seen)
    if table == "rulings":
        return rows.assign(ruling="release", reason=f"{number}", decided_by="test", decided_at=seen)
    told = {"availability": "recorded", "unit": "MW", "mtu": "PT60M", "source": "test", "batch": f"{number:016d}"}
    return rows.assign(value=number + 0.25, **told)


def numbers(table: str, rows: pd.DataFrame) -> pd.Series:
    """How many rows there are of each batch."""
    return rows["reason" if table == "rulings" else "batch"].astype("int64").value_counts()


class Pause:
    """A short rest between two batches; none any more after SIGUSR1, so that whoever is to be killed is at work."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.longest, self.chance = PAUSE, random.Random(seed)
        signal.signal(signal.SIGUSR1, self.hurry)
        (folder / f"ready-{os.getpid()}").touch()

    def hurry(self, *about: object) -> None:
        self.longest = 0.0

    def __call__(self) -> None:
        time.sleep(self.chance.uniform(0, self.longest))


def write(folder: Path, table: str, first: int) -> None:
    """Append batch after batch."""
    pause = Pause(folder, first)
    store, log = store_of(folder, table), os.open(folder / f"{table}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for number in itertools.count(first):
        os.write(log, f"begun {number}\n".encode())
        store.append(batch(table, number))
        os.write(log, f"done {number}\n".encode())
        pause()


def merge(folder: Path, table: str, seed: int) -> None:
    """Compact both tables again and again; `table` goes first."""
    pause = Pause(folder, seed)
    others = [name for name in TABLES if name != table]
    while True:
        for name in (table, *others):
            compact(store_of(folder, name))
            (folder / f"compacted-{name}").touch()
        pause()


def logged(folder: Path, table: str, what: str) -> set[int]:
    """The numbers of batches that are begun, or done."""
    log = folder / f"{table}.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return {int(line.split()[1]) for line in lines if line.startswith(f"{what} ")}


def wrong(folder: Path, table: str) -> str:
    """What a reader finds wrong at this moment; nothing if every batch is there whole and once, and none is lost."""
    done = logged(folder, table, "done")
    rows = store_of(folder, table).read()
    begun = logged(folder, table, "begun")
    found = numbers(table, rows)
    if rows.duplicated(list(TABLES[table].key)).any():
        return f"{table}: rows twice"
    if half := found[found != ROWS].to_dict():
        return f"{table}: half-visible {half}"
    if lost := done - set(found.index):
        return f"{table}: lost {sorted(lost)[:5]} of {len(done)}"
    if strange := set(found.index) - begun:
        return f"{table}: nobody wrote {sorted(strange)[:5]}"
    if table == "observations" and (rows["value"] != rows["batch"].astype("int64") + 0.25).any():
        return "observations: values of other batches"
    return ""


def look(folder: Path, table: str, seed: int) -> None:
    """Read again and again, and write down what is wrong."""
    reads = 0
    while not (folder / "stop").exists():
        try:
            found = wrong(folder, table)
        except Exception:
            found = traceback.format_exc()
        if found:
            (folder / f"wrong-{table}").write_text(found)
            return
        reads += 1
        time.sleep(PAUSE)
        (folder / f"reads-{table}-{seed}").write_text(str(reads))
