"""What the lake holds and what it weighs, a line a series."""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import unquote

import pandas as pd

from gridahead.lake.parquet import SUFFIX
from gridahead.lake.partitions import RECENT
from gridahead.lake.store import Store

COLUMNS = ["table", "series", "rows", "vintages", "files", "bytes", "bytes_per_row", "first", "last"]


def stats(store: Store) -> pd.DataFrame:
    """One row a series, one in all for a table without series: `COLUMNS`; no row for an empty table.

    `vintages` is the mean number of rows a valid time. Of the files in `recent`, each of which holds many series, a
    series has the share of its rows in `bytes` and none in `files`.
    """
    return store.try_again(lambda: _stats(store))


def _stats(store: Store) -> pd.DataFrame:
    rows = _labelled(store, store.read(columns=[name for name in _NEEDED if name in store.table.names]))
    files: dict[str, int] = defaultdict(int)
    weights: dict[str, float] = defaultdict(float)
    for name, size in store.folder.sizes(SUFFIX, below=True).items():
        if name.startswith(f"{RECENT}/"):
            held = _labelled(store, store.rows_of([name]).to_pandas())["label"].value_counts(normalize=True)
            for label, share in held.items():
                weights[str(label)] += share * size
        else:
            files[_label(name)] += 1
            weights[_label(name)] += size
    lines = []
    for label in sorted(set(rows["label"])):
        held = rows[rows["label"] == label]
        times = held["valid_time"] if "valid_time" in store.table.names else None
        lines.append(
            {
                "table": store.table.name,
                "series": label or None,
                "rows": len(held),
                "vintages": _vintages(held) if "available_at" in store.table.key else None,
                "files": files[label],
                "bytes": round(weights[label]),
                "bytes_per_row": round(weights[label] / len(held), 1),
                "first": None if times is None else times.min(),
                "last": None if times is None else times.max(),
            }
        )
    return pd.DataFrame(lines, columns=COLUMNS)


def _vintages(rows: pd.DataFrame) -> float:
    return float(round(len(rows) / rows["valid_time"].nunique(), 2))


_NEEDED = ("zone", "quantity", "valid_time")


def _labelled(store: Store, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with a column `label`: ZONE/QUANTITY, or nothing where merged rows are not divided by series."""
    divided = "series" in store.table.partition
    return rows.assign(label=rows["zone"].str.cat(rows["quantity"], sep="/") if divided else "")


def _label(name: str) -> str:
    """The same of a merged file, by its path."""
    for part in name.split("/"):
        if part.startswith("series="):
            return unquote(part.removeprefix("series=").replace(".", "/", 1))
    return ""
