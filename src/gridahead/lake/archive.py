"""The archive of raw payloads, and the receipts that say which of them have been taken in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from gridahead.lake.folder import Folder


class Archive:
    """Bytes as received, kept for ever under the identity of their content."""

    def __init__(self, folder: str | Path | Folder) -> None:
        self.folder = Folder.at(folder)

    def keep(self, batch: str, name: str, content: bytes, about: Mapping[str, object]) -> str:
        """Store a payload and what is known about it, under the name that comes back; twice changes nothing.

        Raises:
            LakeError: the archive cannot be written.
        """
        kept = f"{batch}-{Path(name).name}"
        if not self.folder.exists(kept):
            self.folder.write(f"{kept}.about.json", _json(about))
            self.folder.write(kept, content)
        return kept


class Receipts:
    """One small file for every batch that is in the lake. Signed last, so that a killed ingest starts it again."""

    def __init__(self, folder: str | Path | Folder) -> None:
        self.folder = Folder.at(folder)

    def signed(self, batch: str) -> bool:
        """Whether the batch has been taken in."""
        return self.folder.exists(f"{batch}.json")

    def sign(self, batch: str, about: Mapping[str, object]) -> None:
        """Record that a batch has been taken in, and what it gave."""
        self.folder.write(f"{batch}.json", _json(about))

    def read(self, batch: str) -> dict[str, object] | None:
        """What a batch gave and when it came, None if it has not been taken in."""
        if not self.signed(batch):
            return None
        return dict(json.loads(self.folder.read(f"{batch}.json")))

    def all(self) -> list[dict[str, object]]:
        """Every receipt."""
        return [json.loads(self.folder.read(name)) for name in self.folder.names(".json")]


def _json(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, indent=2, sort_keys=True, default=str).encode() + b"\n"
