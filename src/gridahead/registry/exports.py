"""What serving reads, beside the lake: every version's bundle and record, and who serves. It needs no MLflow.

    models/bundles/4f0c…/           a bundle under the hash of its content
    models/DE.load/3.json           what the registry says of version 3; its tag `bundle` names the bundle
    models/DE.load/serving.json     the version of each alias

The registry writes all of it, whenever a version is registered, noted or given an alias. Nothing in it is an address:
the folder can be moved, copied, restored and mounted elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from gridahead.core.errors import LakeError, ModelError
from gridahead.core.files import alone, write_whole
from gridahead.core.grid import Series
from gridahead.registry.versions import Registered, Version

if TYPE_CHECKING:  # torch takes a second to import, and whoever only looks does without
    from gridahead.models.base import Forecaster

log = logging.getLogger(__name__)

REPAIR = "`gridahead models repair`"
_SERVING = "serving.json"
_LOCK = ".training"


class Exports:
    """The folder of exported models.

    Args:
        folder: where it is, or will be.
        copies: where MLflow keeps its own copy of every bundle, by the tag `copy`.
    """

    def __init__(self, folder: Path, copies: Path) -> None:
        self.folder, self.copies = folder, copies

    def alone(self, series: Series) -> AbstractContextManager[None]:
        """Train a series while nobody else does: two at once would make the same model twice."""
        return alone(
            self._home(series) / _LOCK,
            lambda: log.info("%s: another training of it is under way; this one begins when that has ended", series),
        )

    def series(self) -> list[Series]:
        """Every series that has a version here whose record can be read."""
        by_folder: dict[Path, Series] = {}
        for path in sorted(self.folder.glob("*/[0-9]*.json")):
            if path.parent not in by_folder:
                with contextlib.suppress(ModelError, KeyError, ValueError, AttributeError):
                    by_folder[path.parent] = Series.parse((_read(path) or {})["series"])
        return sorted(by_folder.values())

    def newest_of(self, series: Series) -> int:
        """The newest version of a series, 0 if it has none here."""
        return max((int(path.stem) for path in self._home(series).glob("[0-9]*.json")), default=0)

    def versions(self, series: Series) -> list[Version]:
        """Every version of a series, the newest first.

        Raises:
            ModelError: a record is damaged.
        """
        numbers = (path.stem for path in self._home(series).glob("[0-9]*.json"))
        versions = [self.version(series, number) for number in sorted(numbers, key=int, reverse=True)]
        return [version for version in versions if version is not None]

    def version(self, series: Series, number: str) -> Version | None:
        """The description of a version as it was exported, None if it is not here.

        Raises:
            ModelError: the record is damaged.
        """
        path = self._home(series) / f"{number}.json"
        record = _read(path)
        if record is None:
            return None
        try:
            return Version(
                series=series,
                number=number,
                run_id=str(record["run_id"]),
                created_at=pd.Timestamp(record["created_at"]),
                aliases=tuple(sorted(alias for alias, holder in self.serving(series).items() if holder == number)),
                tags={str(name): str(value) for name, value in record["tags"].items()},
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise _damaged(path, f"{type(error).__name__}: {error}") from error

    def serving(self, series: Series) -> dict[str, str]:
        """The version of each alias.

        Raises:
            ModelError: the file that says so is damaged.
        """
        path = self._home(series) / _SERVING
        record = _read(path)
        return {} if record is None else {alias: str(number) for alias, number in record.items()}

    def put(self, version: Version) -> None:
        """Keep the registry's description of a version.

        Raises:
            LakeError: the folder cannot be written.
        """
        record = {
            "series": str(version.series),
            "number": version.number,
            "run_id": version.run_id,
            "created_at": version.created_at.isoformat(),
            "tags": dict(version.tags),
        }
        _write(self._home(version.series) / f"{version.number}.json", record)

    def serve(self, series: Series, aliases: Mapping[str, str]) -> None:
        """Keep which version has which alias.

        Raises:
            LakeError: the folder cannot be written.
        """
        _write(self._home(series) / _SERVING, dict(sorted(aliases.items())))

    def keep(self, model: Forecaster) -> str:
        """Store a bundle under the hash of its content, which comes back.

        Raises:
            LakeError: the folder cannot be written.
        """
        from gridahead.models.storage import keep_model

        return keep_model(model, self._bundles)

    def keep_renamed(self, bundle: Path, change: Callable[[Any], Any]) -> str:
        """Store a bundle with another account of its model under the hash of its content, which comes back.

        Raises:
            LakeError: the folder cannot be written.
        """
        from gridahead.models.storage import keep_copy

        return keep_copy(bundle, self._bundles, change)

    def keep_spare(self, digest: str, place: str) -> str:
        """Copy a bundle to a folder beside MLflow's own copies; gives its name there.

        Raises:
            LakeError: the folder cannot be written.
        """
        from gridahead.models.storage import keep_copy

        return keep_copy(self._bundles / digest, self.copies / place)

    def load(self, version: Version) -> Registered:
        """A version with its weights.

        Raises:
            ModelError: they are gone or damaged, here and in MLflow's copy, or this release cannot read them.
        """
        from gridahead.models.storage import load

        return Registered(version, load(self.bundle(version)))

    def sound(self, version: Version) -> bool:
        """Whether the weights of a version are what they were."""
        try:
            self.bundle(version)
        except ModelError as error:
            log.warning("%s", error)
            return False
        return True

    def bundle(self, version: Version) -> Path:
        """The folder with the weights of a version, checked by their hash.

        Where they are damaged or gone, MLflow's copy takes their place.

        Raises:
            ModelError: that is damaged or gone as well.
        """
        from gridahead.models.storage import bundle_hash, keep_copy

        digest = version.tags["bundle"]
        home, copy = self._bundles / digest, self.copies / version.tags["copy"]
        hashes = {folder: bundle_hash(folder) if folder.is_dir() else None for folder in (home, copy)}
        if hashes[home] == digest:
            return home
        lost = f"the bundle in {home} {_what_is_wrong(hashes[home])}"
        if hashes[copy] != digest:
            raise ModelError(
                f"{version.series} {version}",
                f"{lost}, and MLflow's copy in {copy} {_what_is_wrong(hashes[copy])}. Put one of them back from a "
                f"backup, or make it anew with `gridahead train --series {version.series}`",
            )
        try:
            keep_copy(copy, self._bundles)
            log.warning("%s %s: %s; it has been written again from MLflow's copy", version.series, version, lost)
        except LakeError as error:
            log.warning("%s %s: %s; MLflow's copy in %s is read (%s)", version.series, version, lost, copy, error)
            return copy
        return home

    @property
    def _bundles(self) -> Path:
        return self.folder / "bundles"

    def _home(self, series: Series) -> Path:
        return self.folder / series.slug


def _what_is_wrong(digest: str | None) -> str:
    return "is not there" if digest is None else f"is damaged: its content has the hash {digest}"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, reason: str) -> ModelError:
    return ModelError(str(path), f"is damaged ({reason}). {REPAIR} writes it again from the registry")


def _write(path: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=2).encode() + b"\n"
    if not path.exists() or path.read_bytes() != text:
        write_whole(path, text)
