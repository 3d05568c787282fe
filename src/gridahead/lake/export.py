"""Rows of the lake as a file for others."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from gridahead.core.errors import LakeError
from gridahead.core.files import write_whole

FORMATS = (".csv", ".parquet")


def write_export(rows: pd.DataFrame, path: Path) -> None:
    """Write the rows as CSV, instants in ISO 8601 UTC, or as Parquet, by the suffix of the file.

    Raises:
        LakeError: there are no rows, the name has another ending, or the file cannot be written.
    """
    if path.suffix not in FORMATS:
        raise LakeError(f"cannot export to {path}: its name has to end in {' or '.join(FORMATS)}")
    if rows.empty:
        raise LakeError(f"nothing to export to {path}: `gridahead lake stats` lists what there is")
    if path.suffix == ".parquet":
        buffer = io.BytesIO()
        rows.to_parquet(buffer, index=False, compression="zstd")
        write_whole(path, buffer.getvalue())
        return
    instants = [name for name in rows.columns if isinstance(rows[name].dtype, pd.DatetimeTZDtype)]
    plain = rows.assign(**{name: _iso(rows[name]) for name in instants})
    write_whole(path, plain.to_csv(index=False, lineterminator="\n").encode())


def _iso(instants: pd.Series) -> pd.Series:
    """2025-01-01T00:00:00Z, with as many digits after the second as are needed."""
    whole = (instants == instants.dt.floor("s")).all()
    text: pd.Series = instants.dt.strftime("%Y-%m-%dT%H:%M:%SZ" if whole else "%Y-%m-%dT%H:%M:%S.%fZ")
    return text
