"""Rows of many files as those of one: each key once, in the order of the key, whatever order they came in.

Of rows with one key the newest counts, by the instants beside the key, then the last by its other columns. So it does
not matter in which order files are merged, nor how often: the lake may merge and read at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from gridahead.core.vintages import VOID

Codes = npt.NDArray[np.int64] | npt.NDArray[np.float64]
"""Numbers in the order of what they stand for."""
LAST = np.iinfo(np.int64).max
"""Where nothing is among whole numbers: after all of them, as pandas has it."""


def once(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    """The rows sorted by key, of rows with one key the newest."""
    if ordered(rows, key):
        return rows
    columns = [_codes(rows.column(name)) for name in key]
    order = np.lexsort(columns[::-1])
    repeated = _equal_neighbours([codes[order] for codes in columns])
    if not repeated.any():
        return rows.take(pa.array(order))  # type: ignore[arg-type]
    several = np.r_[repeated, False] | np.r_[False, repeated]
    return once(pa.concat_tables([rows.take(order[~several]), _newest(rows.take(order[several]), key)]), key)


def ordered(rows: pa.Table, key: Sequence[str]) -> bool:
    """Whether every row has a larger key than the one before: sorted, and none twice."""
    undecided = np.ones(max(len(rows) - 1, 0), dtype=bool)
    for name in key:
        codes = _codes(rows.column(name))
        if (undecided & (codes[:-1] > codes[1:])).any():
            return False
        undecided &= codes[:-1] == codes[1:]
    return not undecided.any()


def repeated_keys(rows: pa.Table, key: Sequence[str]) -> bool:
    """Whether several rows have the same key."""
    if ordered(rows, key):
        return False
    columns = [_codes(rows.column(name)) for name in key]
    order = np.lexsort(columns[::-1])
    return bool(_equal_neighbours([codes[order] for codes in columns]).any())


def newest_vintages(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    """Of rows that are equal in all of the key but `available_at` the one that became known last; sorted by key.

    Void rows were never known. Where the last one of a market time unit withdraws its value, there is none of that
    unit: a quarter hour that is withdrawn leaves the hour that begins with it, as in `vintages.as_of`.
    """
    group = [name for name in key if name != "available_at"]
    if not {"availability", "value"} <= set(rows.column_names):
        return _last_known(rows, group)
    rows = rows.filter(pc.not_equal(rows.column("availability"), VOID))  # type: ignore[call-overload]
    if not rows.column("value").null_count:
        return _last_known(rows, group)
    of_unit = [*group, "mtu"] if "mtu" in rows.column_names else group
    newest = _last_known(rows, of_unit)
    withdrawn = newest.filter(pc.is_null(newest.column("value"))).select(of_unit)
    left = rows.filter(pc.is_valid(rows.column("value")))
    return _last_known(left.join(withdrawn, of_unit, join_type="left anti").select(rows.column_names), group)


def _last_known(rows: pa.Table, group: Sequence[str]) -> pa.Table:
    """Of rows that are equal in the columns the one that became known last; sorted by the columns."""
    columns = [_codes(rows.column(name)) for name in (*group, "available_at")]
    order = np.lexsort(columns[::-1])
    superseded = _equal_neighbours([codes[order] for codes in columns[:-1]])
    kept = order[~np.r_[superseded, False]] if len(order) else order
    return rows.take(pa.array(kept))  # type: ignore[arg-type]


def _newest(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    frame = rows.to_pandas()
    others = [name for name in frame.columns if name not in key]
    instants = [name for name in others if isinstance(frame[name].dtype, pd.DatetimeTZDtype)]
    by = [*key, *instants, *(name for name in others if name not in instants)]
    kept = frame.sort_values(by, kind="stable").drop_duplicates(list(key), keep="last")
    return rows.take(pa.array(kept.index.to_numpy()))


def _equal_neighbours(columns: Sequence[Codes]) -> npt.NDArray[np.bool_]:
    """(rows - 1,) whether a row equals the one after it in all columns."""
    equal = np.ones(max(len(columns[0]) - 1, 0), dtype=bool)
    for codes in columns:
        equal &= codes[:-1] == codes[1:]
    return equal


def _codes(column: pa.ChunkedArray[Any]) -> Codes:
    """Numbers that are ordered as the values are."""
    if pa.types.is_floating(column.type):
        floats: Codes = column.to_numpy()
        return floats
    if not pa.types.is_string(column.type):
        integers: Codes = column.cast(pa.int64()).fill_null(LAST).to_numpy()  # type: ignore[arg-type]
        return integers
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    ranks = np.empty(len(encoded.dictionary), dtype=np.int64)
    ranks[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(len(ranks))
    texts: Codes = ranks[encoded.indices.to_numpy()]
    return texts
