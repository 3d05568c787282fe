"""What is published, as files over HTTP: only finished files of known kinds below two folders, wherever those are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from gridahead.core.fingerprint import digest
from gridahead.lake.folder import Folder
from gridahead.settings.model import Settings

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
"""By ending; a file of another kind is not given away."""
PUBLISHED, QUALITY = "published", "quality"
"""The first part of an address: the pages link to one another as their folders lie."""


@dataclass(frozen=True)
class Found:
    """A file that may be given away."""

    content: bytes
    media_type: str
    tag: str
    """Identity of the content."""


def folders(settings: Settings) -> Mapping[str, Folder]:
    """What may be read, by the first part of the address."""
    return {PUBLISHED: Folder.at(settings.published_place), QUALITY: Folder.at(settings.quality_folder)}


def find(folder: Folder, name: str) -> Found | None:
    """The file of a name below a folder; None if there is none, or it is not one that is given away.

    Raises:
        LakeError: it is there and cannot be read.
    """
    media_type = MEDIA_TYPES.get(PurePosixPath(name).suffix)
    if media_type is None or not _is_below(name):
        return None
    try:
        content = folder.read(name)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    return Found(content, media_type, digest(content))


def _is_below(name: str) -> bool:
    """Whether a name can only mean a file below: no part leads up, is hidden or unfinished, or names a drive."""
    parts = name.split("/")
    return all(part and not part.startswith(".") and not set(part) & set("\\:\0") for part in parts)
