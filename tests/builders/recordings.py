"""Recorded answers of services, by their names in the manifest."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "data" / "recordings"


@dataclass(frozen=True)
class Recording:
    """One answer and what the manifest says of it."""

    name: str
    content: bytes
    about: dict[str, Any]

    @property
    def is_genuine(self) -> bool:
        """Whether a service has sent it as it is."""
        return str(self.about["kind"]) == "recorded"


def folders() -> list[Path]:
    """The committed recordings, and a folder of others if the environment names one."""
    other = os.environ.get("GRIDAHEAD_RECORDINGS")
    return [FOLDER, *([Path(other)] if other else [])]


def manifest() -> list[dict[str, Any]]:
    """Everything that there is, each with the folder it lies in."""
    return [
        {**entry, "folder": str(folder)}
        for folder in folders()
        for entry in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    ]


def opened(entry: dict[str, Any]) -> Recording:
    """The recording of an entry of the manifest."""
    path = Path(entry["folder"]) / entry["file"]
    packed = path.with_name(path.name + ".gz")
    content = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    return Recording(entry["file"], content, entry)


def recording(name: str) -> Recording:
    """The recording of that name."""
    return opened(next(entry for entry in manifest() if entry["file"] == name))


def recordings(prefix: str) -> list[Recording]:
    """All recordings whose names begin so."""
    return [opened(entry) for entry in manifest() if entry["file"].startswith(prefix)]
