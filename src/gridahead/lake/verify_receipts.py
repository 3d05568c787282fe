"""Verification of what came: every receipt can be read, its payload is kept, and every batch in the lake has one."""

from __future__ import annotations

from collections.abc import Iterator

from gridahead.core.fingerprint import digest
from gridahead.lake.archive import DELETED, Archive, DamagedPayloadError
from gridahead.lake.lake import Lake
from gridahead.lake.receipts import ReceiptIndex
from gridahead.lake.store import OnProgress
from gridahead.lake.verify import Finding

_INGEST = "`gridahead ingest` takes in again what the source still has, and signs it"
_NAMED = 3
"""Batches that a finding names."""


def verify_receipts(lake: Lake, on_progress: OnProgress = lambda step: None) -> tuple[Finding, ...]:
    """Lines that are no receipt, and payloads that are gone or are not what came.

    Raises:
        LakeError: receipts or archive cannot be read at all.
    """
    index = lake.receipts.read()
    return (*_unreadable(lake, index), *_payloads(lake.archive, index, on_progress))


def verify_batches(lake: Lake) -> tuple[Finding, ...]:
    """Batches in the lake that nobody has signed, though they do not wait any more.

    Raises:
        LakeError: a file cannot be read.
    """
    # In this order: what is appended meanwhile is not looked at, and what is judged meanwhile was signed before.
    held = _batches(lake)
    waiting = lake.waiting.batches()
    signed = {batch for receipt in lake.receipts.read().newest_first() for batch in receipt.batches}
    unsigned = sorted(held.keys() - waiting - signed)
    if not unsigned:
        return ()
    examples = ", ".join(f"{batch} of {', '.join(sorted(held[batch]))}" for batch in unsigned[:_NAMED])
    what = f"{len(unsigned)} batches in the lake have no receipt, such as {examples}"
    way_out = f"put the receipts back from a backup; else {_INGEST}, and `gridahead lake amend` passes over the rest"
    return (Finding("receipts", str(lake.receipts.folder), what, way_out),)


def _batches(lake: Lake) -> dict[str, set[str]]:
    """The series of every batch that has rows."""
    columns = ["zone", "quantity", "batch"]
    rows = lake.observations.try_again(lambda: lake.observations.rows_of(lake.observations.files(), columns=columns))
    found: dict[str, set[str]] = {}
    for row in rows.group_by(columns).aggregate([]).to_pylist():
        found.setdefault(row["batch"], set()).add(f"{row['zone']}/{row['quantity']}")
    return found


def _unreadable(lake: Lake, index: ReceiptIndex) -> Iterator[Finding]:
    for name, file in index.everything().items():
        strange = sum(index.receipt(line) is None for line in file.lines) + file.strange
        if strange:
            what = f"{strange} of {file.strange + len(file.lines)} lines are no receipt"
            way_out = f"put it back from a backup; else take these lines out, and {_INGEST}"
            yield Finding("receipts", str(lake.receipts.folder / name), what, way_out)


def _payloads(archive: Archive, index: ReceiptIndex, on_progress: OnProgress) -> Iterator[Finding]:
    """What is wrong with the payload of each receipt; one that `[archive] keep_days` has deleted is none."""
    kept = archive.payloads()
    contents = {receipt.payload: receipt.content for receipt in index.oldest_first()}
    for name, content in contents.items():
        on_progress(f"archive {name}")
        if name not in kept:
            if DELETED not in archive.about(name):
                yield _payload(archive, name, "is gone, and no setting has deleted it")
        elif not _is_sound(archive, name, content):
            yield _payload(archive, name, "is not what its receipt says: it was changed or torn")


def _is_sound(archive: Archive, name: str, content: str) -> bool:
    """Whether a payload is what its receipt describes."""
    try:
        return digest(archive.read(name)).startswith(content)
    except DamagedPayloadError:
        return False


def _payload(archive: Archive, name: str, what: str) -> Finding:
    way_out = (
        "put it back from a backup, or from its source under that name; until then its rows stay as they are, and "
        "`gridahead lake amend` cannot read it again"
    )
    return Finding("archive", archive.folder.file(name), what, way_out)
