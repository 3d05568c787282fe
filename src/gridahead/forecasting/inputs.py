"""What models read, kept under its fingerprint: so that a changed hour of an input can be named later."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gridahead.core.fingerprint import digest
from gridahead.core.grid import Series
from gridahead.features.windows import Array, Windows
from gridahead.lake.folder import Folder
from gridahead.settings.model import Settings

MOST_NAMED = 5
"""Differences that are named one by one."""


@dataclass(frozen=True, slots=True)
class OtherShape:
    """The window has other numbers of values than it had: its features are those of another release."""

    before: tuple[tuple[int, ...], ...]
    """Of past (C, P) and future (H, F)."""
    after: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class OtherValues:
    """An input has other values in some market time units."""

    name: str
    is_ahead: bool
    """Whether it is read ahead of the issue time."""
    count: int
    """Of such units."""
    first: tuple[tuple[pd.Timestamp, float, float], ...]
    """The first of them: start (UTC), the value as it was, the value as it is."""


@dataclass(frozen=True)
class StoredInputs:
    """What a model read at one issue time."""

    past: Array
    """(C, P)"""
    future: Array
    """(H, F)"""


def inputs_folder(settings: Settings, series: Series) -> Folder:
    """Where the inputs of published forecasts are; a back-test has a folder of its own."""
    return Folder.at(settings.inputs_folder) / series.slug


def keep_inputs(place: Path | Folder, windows: Windows) -> str:
    """Store what the windows hold, without targets, in one file; returns its name."""
    folder = Folder.at(place)
    hashes = [windows.data_hash(row) for row in range(len(windows))]
    name = file_of(hashes)
    if not folder.exists(name):
        packed = io.BytesIO()
        lengths = [windows.alone(row).future.shape[1] for row in range(len(windows))]
        np.savez_compressed(packed, data_hash=hashes, length=lengths, past=windows.past, future=windows.future)
        folder.write(name, packed.getvalue())
    return name


def file_of(hashes: Sequence[str]) -> str:
    """The name of the file that holds the windows with these fingerprints."""
    return digest(" ".join(hashes)) + ".npz"


def kept_inputs(place: Path | Folder, name: str, data_hash: str) -> StoredInputs | None:
    """What had this fingerprint, of a file in a folder; None if it was not kept."""
    try:
        content = Folder.at(place).read(name)
    except FileNotFoundError:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as packed:
        rows = np.flatnonzero(packed["data_hash"] == data_hash)
        if not len(rows):
            return None
        row = int(rows[0])
        return StoredInputs(packed["past"][row], packed["future"][row, : int(packed["length"][row])])


def differences(before: StoredInputs, windows: Windows) -> list[OtherShape | OtherValues]:
    """Which inputs of a single window are not what they were, with the first hours."""
    spec, past, future = windows.spec, windows.past[0], windows.future[0]
    if before.past.shape != past.shape or before.future.shape != future.shape:
        return [OtherShape((before.past.shape, before.future.shape), (past.shape, future.shape))]
    begin, step = windows.valid_time[0, 0], spec.mtu.microseconds
    context = begin + np.arange(-len(before.past), 0) * step
    return [
        *_other_values(spec.past_names, before.past, past, context, is_ahead=False),
        *_other_values(spec.future_names, before.future, future, windows.valid_time[0], is_ahead=True),
    ]


def _other_values(
    names: tuple[str, ...], old: Array, new: Array, times: np.ndarray, *, is_ahead: bool
) -> Iterator[OtherValues]:
    for n, name in enumerate(names):
        rows = np.flatnonzero((old[:, n] != new[:, n]) & ~(np.isnan(old[:, n]) & np.isnan(new[:, n])))
        if len(rows):
            first = tuple(
                (pd.Timestamp(times[row], unit="us"), float(old[row, n]), float(new[row, n]))
                for row in rows[:MOST_NAMED]
            )
            yield OtherValues(name, is_ahead, len(rows), first)
