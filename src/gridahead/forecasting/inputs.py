"""What models read, kept under its fingerprint: so that it can be said later which hour of which input has changed."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gridahead.core.files import write_whole
from gridahead.core.fingerprint import digest
from gridahead.core.grid import Series
from gridahead.features.windows import Array, Windows

MOST_NAMED = 5
"""Differences that are named one by one."""


@dataclass(frozen=True)
class StoredInputs:
    """What a model read at one issue time."""

    past: Array
    """(C, P)"""
    future: Array
    """(H, F)"""


def inputs_folder(data_folder: Path, series: Series) -> Path:
    """Where the inputs of published forecasts are; a back-test has a folder of its own."""
    return data_folder / "inputs" / series.slug


def keep_inputs(folder: Path, windows: Windows) -> str:
    """Store what the windows hold, without targets, in one file; gives its name."""
    hashes = [windows.data_hash(row) for row in range(len(windows))]
    name = file_of(hashes)
    if not (folder / name).exists():
        packed = io.BytesIO()
        lengths = [windows.alone(row).future.shape[1] for row in range(len(windows))]
        np.savez_compressed(packed, data_hash=hashes, length=lengths, past=windows.past, future=windows.future)
        write_whole(folder / name, packed.getvalue())
    return name


def file_of(hashes: Sequence[str]) -> str:
    """The name of the file that holds the windows with these fingerprints."""
    return digest(" ".join(hashes)) + ".npz"


def kept_inputs(file: Path, data_hash: str) -> StoredInputs | None:
    """What had this fingerprint, None if it was not kept."""
    if not file.exists():
        return None
    with np.load(file, allow_pickle=False) as packed:
        rows = np.flatnonzero(packed["data_hash"] == data_hash)
        if not len(rows):
            return None
        row = int(rows[0])
        return StoredInputs(packed["past"][row], packed["future"][row, : int(packed["length"][row])])


def differences(before: StoredInputs, windows: Windows) -> list[str]:
    """Which inputs of a single window are not what they were, in words, with the first hours."""
    spec = windows.spec
    if before.past.shape != windows.past[0].shape or before.future.shape != windows.future[0].shape:
        shapes = " and ".join(str(array.shape) for array in (windows.past[0], windows.future[0]))
        return [
            f"the window had {before.past.shape} and {before.future.shape} values, and has {shapes} now: the features "
            "are those of another release, so make it again with the release that made it"
        ]
    begin, step = windows.valid_time[0, 0], spec.mtu.delta // pd.Timedelta(microseconds=1)
    context = begin + np.arange(-len(before.past), 0) * step
    return [
        *_differ(spec.past_names, before.past, windows.past[0], context, ""),
        *_differ(spec.future_names, before.future, windows.future[0], windows.valid_time[0], ", read ahead,"),
    ]


def _differ(names: tuple[str, ...], old: Array, new: Array, times: np.ndarray, ahead: str) -> Iterator[str]:
    for n, name in enumerate(names):
        rows = np.flatnonzero((old[:, n] != new[:, n]) & ~(np.isnan(old[:, n]) & np.isnan(new[:, n])))
        if len(rows):
            hours = "; ".join(
                f"{pd.Timestamp(times[row], unit='us'):%Y-%m-%d %H:%M} was {old[row, n]:g}, is {new[row, n]:g}"
                for row in rows[:MOST_NAMED]
            )
            more = f" and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else ""
            yield f"{name}{ahead} differs in {len(rows)} units (UTC): {hours}{more}"
