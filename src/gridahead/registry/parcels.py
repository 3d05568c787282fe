"""Versions of models as one file, to be taken to another installation: records and bundles, checked by their hashes.

parcel.json            what the file is, and every record: series, number, tags
bundles/4f0c…/…        every bundle under the hash of its content
cards/DE.load-v3.html  cards, where there are any
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from gridahead.core.errors import ModelError
from gridahead.core.files import write_whole
from gridahead.core.grid import Series
from gridahead.core.release import VERSION
from gridahead.models.storage import bundle_hash
from gridahead.registry.exports import Exports
from gridahead.registry.versions import Version

ABOUT, BUNDLES, CARDS = "parcel.json", "bundles", "cards"
FORMAT = 1
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Of every entry: the same versions give the same file."""


@dataclass(frozen=True)
class Parcel:
    """A file with versions, unpacked."""

    versions: tuple[Version, ...]
    folder: Path

    def bundle(self, version: Version) -> Path:
        """The bundle of a version, whose hash has been checked."""
        return self.folder / BUNDLES / version.tags["bundle"]

    def card(self, version: Version) -> str | None:
        """The card of a version, None if it has none."""
        path = self.folder / CARDS / card_name(version)
        return path.read_text(encoding="utf-8") if path.exists() else None


def card_name(version: Version) -> str:
    """The name of the card of a version."""
    return f"{version.series.slug}-v{version.number}.html"


def pack(file: Path, versions: Sequence[Version], exports: Exports, cards: Mapping[str, bytes]) -> int:
    """Write versions as one file; returns its size [bytes].

    Args:
        file: where.
        versions: which.
        exports: with their bundles.
        cards: content by `card_name`.

    Raises:
        ModelError: the weights of one are lost.
        LakeError: the file cannot be written.
    """
    records = [
        {
            "series": str(one.series),
            "number": one.number,
            "run_id": one.run_id,
            "created_at": one.created_at.isoformat(),
            "tags": dict(one.tags),
        }
        for one in versions
    ]
    contents = {ABOUT: json.dumps({"format": FORMAT, "release": VERSION, "versions": records}, indent=1).encode()}
    for version in versions:
        home = exports.bundle(version)
        for path in sorted(path for path in home.rglob("*") if path.is_file()):
            contents[f"{BUNDLES}/{version.tags['bundle']}/{path.relative_to(home).as_posix()}"] = path.read_bytes()
    contents |= {f"{CARDS}/{name}": content for name, content in sorted(cards.items())}
    with tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in contents.items():
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
        packed.seek(0)
        whole = packed.read()
    write_whole(file, whole)
    return len(whole)


@contextmanager
def unpacked(file: Path) -> Iterator[Parcel]:
    """The versions of a file, while they are needed; every bundle is what its record says.

    Raises:
        ModelError: it is no such file, or a bundle in it is not what was packed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        try:
            with zipfile.ZipFile(file) as archive:
                for name in archive.namelist():
                    if _is_inside(name):
                        archive.extract(name, folder)
            about = json.loads((folder / ABOUT).read_bytes())
            versions = tuple(_version(record) for record in about["versions"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
            raise ModelError(str(file), f"is none that `gridahead models export` writes: {error}") from error
        parcel = Parcel(versions, folder)
        for version in versions:
            if not _is_inside(version.tags["bundle"]) or bundle_hash(parcel.bundle(version)) != version.tags["bundle"]:
                raise ModelError(
                    str(file), f"has another bundle of {version.series} {version} than was packed: it is damaged"
                )
        yield parcel


def _is_inside(name: str) -> bool:
    """Whether a name leads to nowhere else."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _version(record: Mapping[str, object]) -> Version:
    tags = dict(record["tags"])  # type: ignore[call-overload]
    series = Series.parse(str(record["series"]))
    made = pd.Timestamp(str(record["created_at"]))
    texts = {str(name): str(value) for name, value in tags.items()}
    return Version(series, str(record["number"]), str(record["run_id"]), made, (), {"bundle": "", "model": "", **texts})
