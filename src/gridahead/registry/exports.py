"""What serving reads, beside the lake: every version's bundle and record, and who serves. It needs no MLflow.

    models/bundles/4f0c…/           a bundle under the hash of its content
    models/DE.load/3.json           what the registry says of version 3; its tag `bundle` names the bundle
    models/DE.load/serving.json     the version of each alias, and of `previous`, which served before the champion
    models/DE.load/registry.json    the version of each alias in MLflow, when that was last asked or told

Versions come here when they are registered or noted. Who serves is decided here, and MLflow follows; an alias that was
set on MLflow's pages comes here by `gridahead models sync`. Nothing in it is an address: the folder can be moved,
copied, restored and mounted elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import logging
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from gridahead.core.errors import LakeError, ModelError
from gridahead.core.files import alone
from gridahead.core.grid import Series
from gridahead.core.runs import CHALLENGER, CHAMPION, PREVIOUS
from gridahead.lake.folder import Folder, write_if_new
from gridahead.registry.versions import Registered, Version

if TYPE_CHECKING:  # torch takes a second to import, and whoever only looks does without
    from gridahead.models.base import Forecaster

log = logging.getLogger(__name__)

REPAIR = "`gridahead models repair`"
_SERVING = "serving.json"
_IN_REGISTRY = "registry.json"
_LOCK = ".training"
_JSON = ".json"


class Exports:
    """The folder of exported models.

    Args:
        place: where it is, or will be: a folder or an address.
        copies: where MLflow keeps its own copy of every bundle, by the tag `copy`; None where that is no folder.
        cache: a folder of this machine for what lies in an object store; not used where the place is a folder.
    """

    def __init__(self, place: str | Path | Folder, copies: Path | None, cache: Path) -> None:
        self.folder, self.copies = Folder.at(place), copies
        self._here = self.folder.local_path or cache

    def alone(self, series: Series) -> AbstractContextManager[None]:
        """Train a series while nobody else does: two at once would make the same model twice."""
        return alone(
            self._here / series.slug / _LOCK,
            lambda: log.info("%s: another training of it is under way; this one begins when that has ended", series),
        )

    def series(self) -> list[Series]:
        """Every series that has a version here whose record can be read."""
        found = set[Series]()
        for slug in self.folder.folders():
            home = self.folder / slug
            for name in _records(home):
                with contextlib.suppress(ModelError, KeyError, ValueError, AttributeError):
                    found.add(Series.parse((_read(home, name) or {})["series"]))
                    break
        return sorted(found)

    def newest_of(self, series: Series) -> int:
        """The newest version of a series, 0 if it has none here."""
        return max((int(name.removesuffix(_JSON)) for name in _records(self._home(series))), default=0)

    def versions(self, series: Series) -> list[Version]:
        """Every version of a series, the newest first.

        Raises:
            ModelError: a record is damaged.
        """
        numbers = (name.removesuffix(_JSON) for name in _records(self._home(series)))
        versions = [self.version(series, number) for number in sorted(numbers, key=int, reverse=True)]
        return [version for version in versions if version is not None]

    def version(self, series: Series, number: str) -> Version | None:
        """The description of a version as it was exported, None if it is not here.

        Raises:
            ModelError: the record is damaged.
        """
        home, name = self._home(series), f"{number}{_JSON}"
        record = _read(home, name)
        if record is None:
            return None
        try:
            return Version(
                series=series,
                number=number,
                run_id=str(record["run_id"]),
                created_at=pd.Timestamp(record["created_at"]),
                aliases=self._held_by(series, number),
                tags={str(name): str(value) for name, value in record["tags"].items()},
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise _damaged(home, name, f"{type(error).__name__}: {error}") from error

    def serving(self, series: Series) -> dict[str, str]:
        """The version of each alias, and of `previous`, which served before the champion.

        Raises:
            ModelError: the file that says so is damaged.
        """
        return _aliases(self._home(series), _SERVING)

    def in_registry(self, series: Series) -> dict[str, str]:
        """The version of each alias in MLflow, when that was last asked or told.

        Raises:
            ModelError: the file that says so is damaged.
        """
        return _aliases(self._home(series), _IN_REGISTRY)

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
        _write(self._home(version.series), f"{version.number}{_JSON}", record)

    def serve(self, series: Series, aliases: Mapping[str, str]) -> None:
        """Keep which version has which alias.

        Raises:
            LakeError: the folder cannot be written.
        """
        home = self._home(series)
        if not home.exists(_IN_REGISTRY):  # until now nothing was given here that MLflow did not know
            with contextlib.suppress(ModelError):
                self.note_registry(series, self.serving(series))
        _write(home, _SERVING, dict(sorted(aliases.items())))

    def note_registry(self, series: Series, aliases: Mapping[str, str]) -> None:
        """Keep which version has which alias in MLflow.

        Raises:
            LakeError: the folder cannot be written.
        """
        _write(self._home(series), _IN_REGISTRY, {alias: aliases[alias] for alias in sorted({*aliases} - {PREVIOUS})})

    def keep_record(self, series: Series, name: str, record: Mapping[str, Any]) -> None:
        """Keep a file of a series beside its versions.

        Raises:
            LakeError: the folder cannot be written.
        """
        _write(self._home(series), name, record)

    def record(self, series: Series, name: str) -> dict[str, Any] | None:
        """The content of a file of a series, None if there is none.

        Raises:
            ModelError: it is damaged.
        """
        return _read(self._home(series), name)

    def keep(self, model: Forecaster) -> str:
        """Store a bundle under the hash of its content, which comes back.

        Raises:
            LakeError: the folder cannot be written.
        """
        from gridahead.models.storage import keep_model

        return self._put(keep_model(model, self._bundles))

    def keep_bundle(self, bundle: Path, change: Callable[[Any], Any] | None = None) -> str:
        """The same of one that lies in a folder, with another account of its model if wanted.

        Raises:
            LakeError: the folder cannot be written.
        """
        from gridahead.models.storage import keep_copy

        return self._put(keep_copy(bundle, self._bundles, change))

    def keep_spare(self, digest: str, place: str) -> str | None:
        """Copy a bundle to a folder beside MLflow's own copies; gives its name there, None where they are in no folder.

        Raises:
            LakeError: the folder cannot be written.
        """
        from gridahead.models.storage import keep_copy

        return None if self.copies is None else keep_copy(self._bundles / digest, self.copies / place)

    def kept(self, digest: str) -> Path:
        """The folder of this machine in which a bundle was kept."""
        return self._bundles / digest

    def load(self, version: Version) -> Registered:
        """A version with its weights.

        Raises:
            ModelError: they are gone or not what was registered, here and in MLflow's copy, or this release cannot
                read them.
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
        """The folder with the weights of a version on this machine, checked by their hash.

        Where they are damaged or gone, MLflow's copy takes their place if it is in a folder.

        Raises:
            ModelError: that is damaged or gone as well.
        """
        digest = version.tags["bundle"]
        home = self._bundles / digest
        if _hash(home) == digest or (not self.folder.local and self._download(digest)):
            return home
        kept = self.folder / "bundles" / digest
        lost = f"the bundle in {kept} {_what_is_wrong(_hash(home) if self.folder.local else None)}"
        copy = None if self.copies is None else self.copies / version.tags["copy"]
        if copy is None or _hash(copy) != digest:
            also = "" if copy is None else f", and MLflow's copy in {copy} {_what_is_wrong(_hash(copy))}"
            raise ModelError(
                f"{version.series} {version}",
                f"{lost}{also}. Let {REPAIR} fetch it from MLflow's copy, put it back from a backup, or make it anew "
                f"with `gridahead train --series {version.series}`",
            )
        try:
            self.keep_bundle(copy)
            log.warning("%s %s: %s; it has been written again from MLflow's copy", version.series, version, lost)
        except LakeError as error:
            log.warning("%s %s: %s; MLflow's copy in %s is read (%s)", version.series, version, lost, copy, error)
            return copy
        return home

    def _download(self, digest: str) -> bool:
        """Put a bundle of an object store into the cache; whether it was there, and is what it was."""
        from gridahead.models.storage import keep_copy

        store = self.folder / "bundles" / digest
        with tempfile.TemporaryDirectory() as scratch:
            for name in store.names(below=True):
                path = Path(scratch, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(store.read(name))
            return _hash(Path(scratch)) == digest and keep_copy(Path(scratch), self._bundles) == digest

    def _put(self, digest: str) -> str:
        """Upload a bundle of the cache, where the exports are in an object store; returns its hash."""
        home, store = self._bundles / digest, self.folder / "bundles" / digest
        if not self.folder.local:
            for path in sorted(path for path in home.rglob("*") if path.is_file()):
                store.write(path.relative_to(home).as_posix(), path.read_bytes())
        return digest

    def _held_by(self, series: Series, number: str) -> tuple[str, ...]:
        """The aliases of a version; none where the file that says so is damaged."""
        with contextlib.suppress(ModelError):
            return tuple(sorted(alias for alias, holder in self.serving(series).items() if holder == number))
        return ()

    @property
    def _bundles(self) -> Path:
        return self._here / "bundles"

    def _home(self, series: Series) -> Folder:
        return self.folder / series.slug


def given(aliases: Mapping[str, str], alias: str, number: str) -> dict[str, str]:
    """The aliases when a version has got one: who served before is `previous`, and who serves is no challenger."""
    changed = {**aliases, alias: number}
    if alias == CHAMPION and aliases.get(CHAMPION) not in (None, number):
        changed[PREVIOUS] = aliases[CHAMPION]
    if changed.get(CHALLENGER) == changed.get(CHAMPION):
        changed.pop(CHALLENGER, None)
    return changed


def _hash(folder: Path) -> str | None:
    """The content hash of a bundle, None if it is not there."""
    from gridahead.models.storage import bundle_hash

    return bundle_hash(folder) if folder.is_dir() else None


def _what_is_wrong(digest: str | None) -> str:
    return "is not there" if digest is None else f"is damaged: its content has the hash {digest}"


def _records(home: Folder) -> list[str]:
    """The names of the records of versions."""
    return [name for name in home.names(_JSON) if name.removesuffix(_JSON).isdigit()]


def _read(home: Folder, name: str) -> dict[str, Any] | None:
    try:
        return dict(json.loads(home.read(name)))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(home, name, str(error)) from error


def _aliases(home: Folder, name: str) -> dict[str, str]:
    record = _read(home, name)
    return {} if record is None else {alias: str(number) for alias, number in record.items()}


def _damaged(home: Folder, name: str, reason: str) -> ModelError:
    return ModelError(str(home / name), f"is damaged ({reason}). {REPAIR} writes it again from the registry")


def _write(home: Folder, name: str, content: Mapping[str, Any]) -> None:
    write_if_new(home, name, json.dumps(content, indent=2).encode() + b"\n")
