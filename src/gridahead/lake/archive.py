"""The archive of raw payloads, and the receipts that say which of them have been taken in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from gridahead.whole_files import whole_files, write_whole


class Archive:
    """Bytes as received, kept for ever under the identity of their content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, batch: str, name: str, content: bytes, about: Mapping[str, object]) -> Path:
        """Store a payload and what is known about it; the same batch twice changes nothing.

        Raises:
            LakeError: the archive cannot be written.
        """
        path = self.folder / f"{batch}-{Path(name).name}"
        if not path.exists():
            write_whole(path.with_name(path.name + ".about.json"), _json(about))
            write_whole(path, content)
        return path


class Receipts:
    """One small file for every batch that is in the lake. Signed last, so that a killed ingest starts it again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def signed(self, batch: str) -> bool:
        """Whether the batch has been taken in."""
        return (self.folder / f"{batch}.json").exists()

    def sign(self, batch: str, about: Mapping[str, object]) -> None:
        """Record that a batch has been taken in, and what it gave."""
        write_whole(self.folder / f"{batch}.json", _json(about))

    def all(self) -> list[dict[str, object]]:
        """Every receipt."""
        return [json.loads(path.read_bytes()) for path in whole_files(self.folder, "*.json")]


def _json(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, indent=2, sort_keys=True, default=str).encode() + b"\n"
