"""Thinning: rows of a table that are no longer wanted leave their folders, as a compaction leaves them.

What is kept is written before the file that held it is deleted: killed in between, the next call ends it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow.dataset as ds

from gridahead.lake.parquet import SUFFIX
from gridahead.lake.partitions import RECENT
from gridahead.lake.store import Store


@dataclass(frozen=True)
class Thinned:
    """Rows that were deleted, or would be."""

    rows: int
    bytes: int
    """By which the table is smaller; by the share of the rows where nothing was deleted yet."""


def thin(store: Store, where: tuple[str, str], before: pd.Timestamp, *, dry_run: bool = False) -> Thinned:
    """Delete the merged rows in which a column has a value and whose valid time is earlier.

    Args:
        store: of which; rows that no compaction has merged yet stay.
        where: the column, one by which the folders are divided, and its value.
        before: earliest valid time that is kept.
        dry_run: whether to tell only.

    Raises:
        LakeError: a file cannot be read, written or deleted; every kept row is where it was, or written anew, or both.
    """
    prefix, rows, size = f"{where[0]}={where[1]}/", 0, 0
    for name, weight in store.folder.sizes(SUFFIX, below=True).items():
        if name.startswith(f"{RECENT}/") or not name.startswith(prefix):
            continue
        held = store.rows_of([name])
        kept = held.filter(ds.field("valid_time") >= before)
        gone = len(held) - len(kept)
        if not gone:
            continue
        rows, size = rows + gone, size + round(weight * gone / len(held))
        if not dry_run:
            if len(kept):
                store.write(name.rpartition("/")[0], kept)
            store.folder.delete(name)
    return Thinned(rows, size)
