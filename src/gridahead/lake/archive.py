"""The archive of raw payloads, and the receipts that say which of them have been taken in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from gridahead.lake.files import whole_files, write_whole


class Archive:
    """Bytes as received, kept for ever under the identity of their content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, batch: str, name: str, content: bytes, about: Mapping[str, object]) -> Path:
        """Store a payload and what is known about it; the same batch twice changes nothing.

        Raises:
            LakeError: the archive cannot be written.
        """
        path = self.folder / "raw" / f"{batch}-{Path(name).name}"
        if not path.exists():
            write_whole(path, content)
            write_whole(path.with_name(path.name + ".about.json"), _json(about))
        return path

    def receipt(self, batch: str) -> dict[str, object] | None:
        """What taking in this batch gave, or None if it has not been completed."""
        path = self.folder / "receipts" / f"{batch}.json"
        return dict(json.loads(path.read_bytes())) if path.exists() else None

    def sign(self, batch: str, receipt: Mapping[str, object]) -> None:
        """Record that a batch has been taken in: the last step, so that a killed ingest starts it again."""
        write_whole(self.folder / "receipts" / f"{batch}.json", _json(receipt))

    def receipts(self) -> pd.DataFrame:
        """All receipts, one row each."""
        return pd.DataFrame([json.loads(path.read_bytes()) for path in whole_files(self.folder / "receipts", "*.json")])


def _json(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, indent=2, sort_keys=True, default=str).encode() + b"\n"
