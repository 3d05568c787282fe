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
from gridahead.lake.receipts import SUFFIX as RECEIPTS_SUFFIX
from gridahead.lake.receipts import Receipts
from gridahead.lake.rows import once
from gridahead.lake.store import OnProgress, Store

GROUP_BYTES = 64 * 2**20
"""Batches are merged so many bytes at a time: a few gigabytes of memory at most, however much has piled up."""


@dataclass(frozen=True)
class Compaction:
    """What a compaction of one table did."""

    table: str
    batches: int
    """Files that were merged, those of `recent` of a table; of the archive, payloads that were deleted."""
    folders: int
    """Folders that were written again."""
    rows: int
    """Rows that those batches held."""
    bytes_before: int
    bytes_after: int
    """Of the whole table."""


def compact(store: Store, on_progress: OnProgress = lambda step: None) -> Compaction:
    """Merge everything recent into its folders, and every folder into one file; nothing to merge changes nothing.

    Raises:
        LakeError: a file cannot be read, written or deleted; every row is where it was, or merged, or both.
    """
    before, written, rows, batches = store.folder.sizes(SUFFIX, below=True), set(), 0, 0
    for group in _groups(store.recent.sizes(SUFFIX)):
        held = store.present(RECENT, group)
        recent = once(pa.concat_tables(held.values()), store.table.key) if held else None
        for folder, arrived in by_partition(store.table, recent) if recent else ():
            on_progress(f"{store.table.name} {folder}")
            _merge(store, folder, arrived)
            written.add(folder)
        for name in held:
            store.recent.delete(name)
        rows, batches = rows + sum(map(len, held.values())), batches + len(held)
    for folder in _scattered(store):
        on_progress(f"{store.table.name} {folder}")
        _merge(store, folder, store.table.arrow_schema().empty_table())
        written.add(folder)
    after = store.folder.sizes(SUFFIX, below=True)
    return Compaction(store.table.name, batches, len(written), rows, sum(before.values()), sum(after.values()))


def compact_receipts(receipts: Receipts) -> Compaction:
    """Merge the receipts into one file, without those that were amended since; one file alone is left as it is.

    A file with a line that is no receipt stays, and so do its receipts in the merged one: they count once.

    Raises:
        LakeError: a file cannot be read, written or deleted; every receipt is where it was, or merged, or both.
    """
    before, index = receipts.folder.sizes(RECEIPTS_SUFFIX), receipts.read()
    lines = [line.text for line in index.lines if index.is_receipt(line)]
    merged, deleted = "", 0
    if len(index.files) > 1 and lines:
        merged = receipts.write(lines)
        for name, file in index.files.items():
            if name != merged and file.sound and all(map(index.is_receipt, file.lines)):
                receipts.folder.delete(name)
                deleted += 1
    after = receipts.folder.sizes(RECEIPTS_SUFFIX)
    rows = len(lines) if deleted else 0
    return Compaction("receipts", deleted, min(deleted, 1), rows, sum(before.values()), sum(after.values()))


def _groups(sizes: dict[str, int]) -> Iterator[list[str]]:
    group: list[str] = []
    for name, size in sizes.items():
        if group and sum(sizes[member] for member in group) + size > GROUP_BYTES:
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
