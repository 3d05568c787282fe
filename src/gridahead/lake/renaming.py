"""From layout 2 of the lake to 3: the names of official forecasts, as `core.renamed` has them.

It may be killed anywhere and begun again. A file is written under its new name before the old one is deleted, and a
row, or a receipt, that stands in two files counts once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gridahead.core.errors import LakeError
from gridahead.core.fingerprint import digest
from gridahead.core.renamed import KEYS, SUFFIX, renamed, renamed_series
from gridahead.core.tables import OBSERVATIONS, Table
from gridahead.lake.folder import Folder
from gridahead.lake.lake import Lake
from gridahead.lake.parquet import SUFFIX as PARQUET
from gridahead.lake.parquet import conform, to_bytes
from gridahead.lake.receipts import SUFFIX as LINES
from gridahead.lake.receipts import line_of, receipt_from
from gridahead.lake.rows import once
from gridahead.lake.store import OnProgress, Store, content_name

_NAMES = {
    "quantity": (SUFFIX,),
    "rung": (SUFFIX,),
    "rule": tuple((f"^{former}$", name) for former, name in KEYS.items()),
}
"""By column, the patterns of former names and what stands in their place. Reasons keep the words of their day."""


def to_layout_3(lake: Lake, on_progress: OnProgress) -> None:
    """Quantities, rules, rungs, receipts and what waits have the names of today; batches keep their identity.

    Raises:
        LakeError: a file is damaged, or cannot be read or written; what is not done is done by the next call.
    """
    for store in lake.stores:
        for name in store.folder.names(PARQUET, below=True):
            on_progress(f"{store.table.name} {name}")
            _rename_rows(store, name)
        _delete_emptied(store.folder)
    for name in lake.waiting.folder.names(PARQUET):
        on_progress(f"waiting {name}")
        _rename_waiting(lake.waiting.folder, name)
    for name in lake.receipts.folder.names(LINES):
        on_progress(f"receipts {name}")
        _rename_receipts(lake.receipts.folder, name)


def _rename_rows(store: Store, name: str) -> None:
    rows = _rows(store.folder, name, name.rpartition("/")[2])
    changed = _renamed_rows(rows)
    if changed is rows:
        return
    place = "/".join(map(_renamed_level, name.split("/")[:-1]))
    own = store.write(place, _ordered(changed, store.table, str(store.folder / name)))
    if f"{place}/{own}" != name:
        store.folder.delete(name)


def _delete_emptied(folder: Folder) -> None:
    """Delete the folders of former names, of which a disk keeps what is empty."""
    for name in folder.folders():
        if name.startswith("run="):
            _delete_emptied(folder / name)
        elif _renamed_level(name) != name and not (folder / name).names(below=True):
            with contextlib.suppress(FileNotFoundError):
                folder.filesystem.delete_dir(folder.file(name))


def _rename_waiting(folder: Folder, name: str) -> None:
    batch, _, own = name.partition(".")
    rows = _rows(folder, name, own)
    changed = _renamed_rows(rows)
    if changed is rows:
        return
    content = to_bytes(_ordered(changed, OBSERVATIONS, str(folder / name)), OBSERVATIONS)
    folder.write(f"{batch}.{content_name(content)}", content)
    folder.delete(name)


def _rename_receipts(folder: Folder, name: str) -> None:
    """Write a file of receipts anew; a line that is none stays as it is, for `gridahead lake verify` to name."""
    lines = folder.read(name).splitlines()
    changed = [_renamed_line(line) for line in lines]
    if changed == lines:
        return
    content = b"".join(line + b"\n" for line in changed)
    folder.write(digest(content) + LINES, content)
    folder.delete(name)


def _renamed_line(line: bytes) -> bytes:
    try:
        fields = json.loads(line)
        return line_of(
            receipt_from(fields | renamed({name: fields[name] for name in ("request", "newest", "missing")}))
        )
    except (ValueError, TypeError, KeyError):
        return line


def _renamed_rows(rows: pa.Table) -> pa.Table:
    """The rows with the names of today; the same object where they have them."""
    for column, patterns in _NAMES.items():
        if column not in rows.column_names:
            continue
        for former, name in patterns:
            texts = rows.column(column)
            if pc.any(pc.match_substring_regex(texts, former)).as_py():
                texts = pc.replace_substring_regex(texts, former, name)
                rows = rows.set_column(rows.column_names.index(column), column, texts)
    return rows


def _renamed_level(folder: str) -> str:
    return renamed_series(folder) if folder.startswith("series=") else folder


def _ordered(rows: pa.Table, table: Table, file: str) -> pa.Table:
    return once(conform(rows, table, file), table.key)


def _rows(folder: Folder, name: str, own: str) -> pa.Table:
    return pq.read_table(pa.BufferReader(content_of(folder, name, own)))


def content_of(folder: Folder, name: str, own: str) -> bytes:
    """The content of a file that is named by it, however many digits the name has.

    Args:
        folder: in which it is.
        name: its path in the folder.
        own: the part of the name that its content gives.

    Raises:
        LakeError: it is not what its name says.
    """
    content = folder.read(name)
    if not hashlib.sha256(content).hexdigest().startswith(own.removesuffix(PARQUET)):
        raise LakeError(
            f"{folder / name} is not what its name says: it was changed or torn. Put it back from a backup, or move it "
            "out of the lake, and run `gridahead upgrade` again"
        )
    return content
