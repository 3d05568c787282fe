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

from gridahead.lake.followed import FirstFollowed
from gridahead.lake.merged_receipts import Key, Summary, delete_merged, delete_orphans, write_merged
from gridahead.lake.parquet import SUFFIX
from gridahead.lake.partitions import RECENT, by_partition
from gridahead.lake.receipts import Line, ReceiptIndex, Receipts, literal_of
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
    """Merge the receipts by source and ten days, without those that were amended since; what is merged stays as it is.

    A file with a line that is no receipt stays, and so do its receipts in the merged one: they count once.

    Raises:
        LakeError: a file cannot be read, written or deleted; every receipt is where it was, or merged, or both.
    """
    before, index = receipts.folder.sizes(), receipts.read()
    arrived: dict[Key, list[Line]] = {key: [] for key, group in index.groups.items() if not group.is_whole}
    for file in index.files.values():
        for line in file.lines:
            if (receipt := index.receipt(line)) is not None:
                arrived.setdefault(Key.of(receipt.source, receipt.retrieved_at), []).append(line)
    sound = [name for name, file in index.files.items() if file.sound and all(map(index.receipt, file.lines))]
    rows = sum(_merge_receipts(receipts, index, key, lines) for key, lines in arrived.items())
    for name in sound:
        receipts.folder.delete(name)
    delete_orphans(receipts.folder)
    after = receipts.folder.sizes()
    folders = len(arrived) if sound or after != before else 0
    return Compaction("receipts", len(sound), folders, rows, sum(before.values()), sum(after.values()))


def _merge_receipts(receipts: Receipts, index: ReceiptIndex, key: Key, arrived: list[Line]) -> int:
    """Put lines into the file of their key, with what is there; how many it then has."""
    held = index.groups[key].files if key in index.groups else {}
    lines = index.counting([*arrived, *(line for file in held.values() for line in file.lines)])
    # What is merged has been found sound and summed up before, unless one of it was amended since.
    known = index.groups[key].known if key in index.groups and not any(line.amended_at for line in arrived) else None
    first = FirstFollowed()
    first.add(known or {})
    for line in lines if known is None else arrived:
        if (receipt := index.receipt(line)) is not None:
            first.note(receipt)
    origins, contents = {line.origin for line in lines}, {line.content for line in lines}
    summary = Summary.of(map(literal_of, origins), map(literal_of, contents), first.firsts)
    merged = write_merged(receipts.folder, key, [line.text for line in lines], summary)
    for name in held:
        if name != merged:
            delete_merged(receipts.folder, name)
    return len(lines)


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
