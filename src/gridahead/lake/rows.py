"""Rows of many files as those of one: each key once, in the order of the key, whatever order they came in.

Of rows with one key the newest counts, by the instants beside the key, then the last by its other columns. So it does
not matter in which order files are merged, nor how often: the lake may merge and read at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from gridahead.vintages import VOID

Codes = npt.NDArray[np.int64] | npt.NDArray[np.float64]
"""Numbers in the order of what they stand for."""


def once(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    """Every key once, in order."""
    if ordered(rows, key):
        return rows
    columns = [_codes(rows.column(name)) for name in key]
    order = np.lexsort(columns[::-1])
    repeated = _equal_neighbours([codes[order] for codes in columns])
    if not repeated.any():
        return rows.take(pa.array(order))
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
    """Whether a key occurs twice."""
    if ordered(rows, key):
        return False
    columns = [_codes(rows.column(name)) for name in key]
    order = np.lexsort(columns[::-1])
    return bool(_equal_neighbours([codes[order] for codes in columns]).any())


def newest_vintages(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    """Of rows that are equal in all of the key but `available_at` the one that became known last; sorted by key.

    Void rows were never known, and where the last one withdraws the value there is none.
    """
    withdrawable = {"availability", "value"} <= set(rows.column_names)
    if withdrawable:
        rows = rows.filter(pc.not_equal(rows.column("availability"), VOID))
    group = [name for name in key if name != "available_at"]
    columns = [_codes(rows.column(name)) for name in (*group, "available_at")]
    order = np.lexsort(columns[::-1])
    superseded = _equal_neighbours([codes[order] for codes in columns[:-1]])
    kept = order[~np.r_[superseded, False]] if len(order) else order
    newest = rows.take(pa.array(kept))
    return newest.filter(pc.is_valid(newest.column("value"))) if withdrawable else newest


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


def _codes(column: pa.ChunkedArray) -> Codes:
    """Numbers that are ordered as the values are."""
    if pa.types.is_floating(column.type):
        floats: Codes = column.to_numpy()
        return floats
    if not pa.types.is_string(column.type):
        integers: Codes = column.cast(pa.int64()).to_numpy()
        return integers
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    ranks = np.empty(len(encoded.dictionary), dtype=np.int64)
    ranks[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(len(ranks))
    texts: Codes = ranks[encoded.indices.to_numpy()]
    return texts
