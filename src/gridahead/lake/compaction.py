"""Compaction: batches become one file a folder, so that a read opens few files and the lake stays small.

It needs no lock. Merged rows are written under the name of their content before anything is deleted, and only what was
read is deleted. So two compactions at once, or one that is killed, leave rows in two files at worst: they are read
once, and the next compaction merges them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from gridahead.lake.parquet import SUFFIX
from gridahead.lake.partitions import RECENT, by_partition
from gridahead.lake.rows import once
from gridahead.lake.store import Report, Store

GROUP_BYTES = 64 * 2**20
"""Batches are merged so many bytes at a time: a few gigabytes of memory at most, however much has piled up."""


@dataclass(frozen=True)
class Compaction:
    """What a compaction of one table did."""

    table: str
    batches: int
    """Files of `recent` that were merged."""
    folders: int
    """Folders that were written again."""
    rows: int
    """Rows that those batches held."""
    bytes_before: int
    bytes_after: int
    """Of the whole table."""


def compact(store: Store, report: Report = lambda text: None) -> Compaction:
    """Merge everything recent into its folders, and every folder into one file; nothing to merge changes nothing.

    Raises:
        LakeError: a file cannot be read, written or deleted; every row is where it was, or merged, or both.
    """
    before, written, rows, batches = store.folder.sizes(SUFFIX, below=True), set(), 0, 0
    for group in _groups(store.recent.sizes(SUFFIX)):
        held = store.present(RECENT, group)
        recent = once(pa.concat_tables(held.values()), store.table.key) if held else None
        for folder, arrived in by_partition(store.table, recent) if recent else ():
            report(f"{store.table.name} {folder}")
            _merge(store, folder, arrived)
            written.add(folder)
        for name in held:
            store.recent.delete(name)
        rows, batches = rows + sum(map(len, held.values())), batches + len(held)
    for folder in _scattered(store):
        report(f"{store.table.name} {folder}")
        _merge(store, folder, store.table.arrow_schema().empty_table())
        written.add(folder)
    after = store.folder.sizes(SUFFIX, below=True)
    return Compaction(store.table.name, batches, len(written), rows, sum(before.values()), sum(after.values()))


def _groups(sizes: dict[str, int]) -> Iterator[list[str]]:
    group: list[str] = []
    for name, size in sizes.items():
        if group and sum(sizes[one] for one in group) + size > GROUP_BYTES:
            yield group
            group = []
        group.append(name)
    if group:
        yield group


def _merge(store: Store, folder: str, arrived: pa.Table) -> None:
    """Put rows into a folder: one file with them and with everything that is there."""
    place = store.folder / folder
    held = store.present(folder, place.names(SUFFIX))
    merged = store.write(folder, once(pa.concat_tables([arrived, *held.values()]), store.table.key))
    for name in held:
        if name != merged:
            place.delete(name)


def _scattered(store: Store) -> list[str]:
    """Folders with more than one file, as a compaction leaves them that was killed, or that met another."""
    files = Counter(name.rpartition("/")[0] for name in store.folder.names(SUFFIX, below=True))
    return sorted(folder for folder, count in files.items() if folder != RECENT and count > 1)
