"""The archive of raw payloads: bytes as received, packed, and how long they are kept."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from gridahead.core.errors import LakeError
from gridahead.core.fingerprint import digest
from gridahead.lake.folder import Folder
from gridahead.lake.receipts import ReceiptIndex

ABOUT = ".about.json"
"""How the name of a file ends that describes a payload; it stays when the payload is deleted."""
PACKED = ".zst"
"""How the name of a packed payload ends: any program that knows Zstandard unpacks it. Answers of ENTSO-E and EIA become
10 to 18 times smaller; higher levels than the default gain less than a tenth."""
DELETED = "deleted"
"""What it describes then: when, and by which setting."""


class DeletedPayloadError(LakeError):
    """A payload that was older than the settings keep them."""


class DamagedPayloadError(LakeError):
    """A payload that cannot be unpacked: its file was changed or torn."""


class Archive:
    """Bytes as received, under the identity of their content."""

    def __init__(self, folder: str | Path | Folder) -> None:
        self.folder = Folder.at(folder)

    def keep(self, content_hash: str, name: str, content: bytes, about: Mapping[str, object]) -> str:
        """Store a payload, packed, and what is known about it, under the name that comes back; twice changes nothing.

        Raises:
            LakeError: the archive cannot be written.
        """
        unpacked_name = f"{content_hash}-{_short(Path(name).name)}"
        stored_name = unpacked_name + PACKED
        for kept in (stored_name, unpacked_name):  # older releases kept payloads as they are
            if self.folder.exists(kept):
                return kept
        self.folder.write(stored_name + ABOUT, _json(about))
        self.folder.write(stored_name, pa.compress(content, codec="zstd", asbytes=True))
        return stored_name

    def read(self, name: str) -> bytes:
        """The bytes of a payload, as they were received.

        Raises:
            DeletedPayloadError: they were older than `[archive] keep_days`.
            DamagedPayloadError: they cannot be unpacked.
            LakeError: they are not there, or cannot be read.
        """
        try:
            content = self.folder.read(name)
        except FileNotFoundError as error:
            if deleted := self.about(name).get(DELETED):
                raise DeletedPayloadError(f"the payload {name} was deleted {deleted}") from error
            raise LakeError(f"the payload {name} is no longer in {self.folder}; put it back from a backup") from error
        try:
            return _unpacked(name, content)
        except OSError as error:
            problem = f"{self.folder / name} is damaged: {error}; put it back from a backup"
            raise DamagedPayloadError(problem) from error

    def about(self, name: str) -> dict[str, object]:
        """What is known about a payload; nothing where nothing was written down, or it cannot be read."""
        try:
            about = json.loads(self.folder.read(name + ABOUT))
        except (FileNotFoundError, ValueError):
            return {}
        return about if isinstance(about, dict) else {}

    def place(self, name: str) -> str:
        """The path of a payload, for messages; or that it was deleted, and by which setting."""
        deleted = "" if self.folder.exists(name) else self.about(name).get(DELETED)
        return f"{name} (deleted {deleted})" if deleted else self.folder.file(name)

    def payloads(self) -> dict[str, int]:
        """Every payload with its size [bytes]."""
        return {name: size for name, size in self.folder.sizes().items() if not name.endswith(ABOUT)}

    def delete(self, name: str, keep_days: int, at: pd.Timestamp) -> None:
        """Delete a payload, and write down by which setting."""
        reason = f"on {at:%Y-%m-%d}, as the settings say `[archive] keep_days = {keep_days}`"
        self.folder.write(name + ABOUT, _json(self.about(name) | {DELETED: reason}))
        self.folder.delete(name)


@dataclass(frozen=True)
class ArchiveStats:
    """What the archive holds, and what of it is older than the settings keep it."""

    payloads: int
    bytes: int
    expired: tuple[str, ...]
    """Payloads that the next compaction deletes."""
    sizes: Mapping[str, int]
    """Of every payload [bytes]."""

    @property
    def expired_bytes(self) -> int:
        """What the expired ones weigh."""
        return sum(self.sizes[name] for name in self.expired)

    def without(self, names: Collection[str]) -> ArchiveStats:
        """The same with these payloads not expired."""
        return replace(self, expired=tuple(name for name in self.expired if name not in names))


def archive_stats(archive: Archive, receipts: ReceiptIndex, keep_days: int | None, now: pd.Timestamp) -> ArchiveStats:
    """What the archive holds.

    A payload is expired whose receipts are all older than `keep_days` and none of them the newest that its origin gave
    of a series: with that one an ingest compares what the settings of today give. One without a receipt, which nobody
    could read, is as old as its first retrieval.

    Args:
        archive: whose payloads.
        receipts: of every delivery.
        keep_days: how long payloads are kept [days]; None for ever.
        now: until when.
    """
    sizes = archive.payloads()
    expired: tuple[str, ...] = ()
    if keep_days is not None:
        limit = now - pd.Timedelta(days=keep_days)
        needed, named = _needed(receipts, limit)
        expired = tuple(
            name for name in sizes if name not in needed and (name in named or _is_old(archive, name, limit))
        )
    return ArchiveStats(len(sizes), sum(sizes.values()), expired, sizes)


def _needed(receipts: ReceiptIndex, limit: pd.Timestamp) -> tuple[set[str], set[str]]:
    """The payloads that are kept whatever their age or because they came after the limit, and all with a receipt."""
    needed, with_receipt = set[str](), set[str]()
    newest = set[tuple[str, str, str]]()
    for receipt in receipts.newest_first():
        with_receipt.add(receipt.payload)
        delivered = {(receipt.source, receipt.origin, series) for series in receipt.series or [""]}
        if receipt.retrieved_at >= limit or delivered - newest:
            needed.add(receipt.payload)
        newest |= delivered
    return needed, with_receipt


def _is_old(archive: Archive, name: str, limit: pd.Timestamp) -> bool:
    retrieved_at = archive.about(name).get("retrieved_at")
    return isinstance(retrieved_at, str) and pd.Timestamp(retrieved_at) < limit


def _unpacked(name: str, content: bytes) -> bytes:
    """The bytes as they were received; a file that was packed by whoever brought it may be kept as it is."""
    if not name.endswith(PACKED) or name.startswith(digest(content)):
        return content
    with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
        return bytes(stream.read())


LONGEST = 120
"""Bytes of a payload's own name that the archive keeps: file systems allow 255 bytes with hash and ending."""


def _short(name: str) -> str:
    """The end of a file name, short enough for every file system."""
    return name.encode()[-LONGEST:].decode(errors="ignore")


def _json(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, indent=2, sort_keys=True, default=str).encode() + b"\n"
