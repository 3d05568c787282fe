"""Backup: everything that an installation keeps, in one folder or object store, while it goes on working.

    DEST/objects/4f/4f0c…                  a file under the hash of its content: what has not changed is there already
    DEST/backups/2026-11-30T031500Z.json   a backup: the hash of every file; written last, so that it is whole

A file is read once. What appears meanwhile is read in a further round, until a listing has nothing new: then whatever a
file names that was read is there as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gridahead.core.errors import LakeError
from gridahead.core.release import VERSION
from gridahead.lake.folder import Folder
from gridahead.operate.stores import MLFLOW, content_of, files_of, is_named_by_content, stores_of
from gridahead.workspace import Workspace

ROUNDS = 20
"""Of listing and reading. An ingest or a forecast takes longer than a round; two in a row are rare."""
BACKUPS, OBJECTS, SETTINGS = "backups", "objects", "settings.toml"
OnCount = Callable[[int, int], None]
"""Called with how many files are done, of how many."""


@dataclass(frozen=True)
class Kept:
    """A file of a backup."""

    hash: str
    """SHA-256 of its content."""
    size: int
    """[bytes]"""


@dataclass(frozen=True)
class Backup:
    """What a backup holds."""

    name: str
    """When it was made; `gridahead restore --at` takes it."""
    place: str
    files: int
    bytes: int
    added: int
    """Files that were not there before."""
    note: str
    """What of MLflow is in it."""


def backup(workspace: Workspace, settings_file: Path, dest: str | Path, on_count: OnCount = lambda *_: None) -> Backup:
    """Copy settings, lake, published forecasts, models, raw payloads, inputs and MLflow's file; returns what it holds.

    Args:
        workspace: of the installation.
        settings_file: that it was opened with.
        dest: a folder or an address; backups before are there, and what they have is not copied again.
        on_count: called after every file.

    Raises:
        LakeError: something cannot be read, or the destination cannot be written or lies in what is copied.
    """
    folder, stores = Folder.at(dest), stores_of(workspace.settings)
    _require_outside(folder, stores)
    if (home := folder.local_path) is not None:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)  # settings and raw payloads are nobody else's
    before = backups_in(folder)
    known = files_in(folder, before[-1]) if before else {}
    objects = set((folder / OBJECTS).names(below=True))
    there = len(objects)

    def keep(content: bytes) -> Kept:
        kept = Kept(hashlib.sha256(content).hexdigest(), len(content))
        if (name := object_name(kept.hash)) not in objects:
            (folder / OBJECTS).write(name, content)
            objects.add(name)
        return kept

    files = {SETTINGS: keep(settings_file.read_bytes()), **_collected(stores, known, keep, on_count)}
    note = "its file is in the backup" if MLFLOW in stores else _elsewhere(str(workspace.mlflow))
    name = f"{workspace.clock():%Y-%m-%dT%H%M%SZ}"
    about = {
        "made_at": name,
        "release": VERSION,
        "mlflow": note,
        "files": {f: [k.hash, k.size] for f, k in files.items()},
    }
    (folder / BACKUPS).write(f"{name}.json", json.dumps(about, indent=1).encode() + b"\n")
    total = sum(kept.size for kept in files.values())
    return Backup(name, str(folder), len(files), total, len(objects) - there, f"MLflow: {note}")


def _collected(
    stores: Mapping[str, Folder], known: Mapping[str, Kept], keep: Callable[[bytes], Kept], on_count: OnCount
) -> dict[str, Kept]:
    """Every file of the stores as `store/name`."""
    done: dict[str, Kept] = {}
    for _ in range(ROUNDS):
        listed = {
            f"{store}/{file}": size
            for store, folder in stores.items()
            for file, size in files_of(store, folder).items()
        }
        if not (new := [file for file in listed if file not in done]):
            return {file: done[file] for file in listed}
        for count, file in enumerate(new, 1):
            former = known.get(file)
            store, _, name = file.partition("/")
            try:
                unchanged = former is not None and former.size == listed[file] and is_named_by_content(file)
                done[file] = former if unchanged and former else keep(content_of(stores[store], name))
            except FileNotFoundError:
                continue  # merged or deleted since it was listed: the next listing has what took its place
            on_count(count, len(new))
    raise LakeError(f"files appear faster than they are copied, in {ROUNDS} rounds; pause what writes, and run again")


def _require_outside(folder: Folder, stores: Mapping[str, Folder]) -> None:
    for store, place in stores.items():
        same = folder.scheme == place.scheme and f"{_whole(folder)}/".startswith(f"{_whole(place)}/")
        if same:
            raise LakeError(
                f"the backup would be copied into itself: {folder} is in {store}, {place}. Name another place"
            )


def _whole(folder: Folder) -> str:
    return str(folder.local_path.absolute()) if folder.local_path is not None else folder.path


def _elsewhere(address: str) -> str:
    return (
        f"{address} is not in the backup. Its versions are, as they are exported: `gridahead models repair` registers "
        "them again in an empty one. Figures by epoch are in its own backups alone"
    )


def object_name(digest: str) -> str:
    """Where the content with this hash is."""
    return f"{digest[:2]}/{digest}"


def backups_in(folder: Folder) -> list[str]:
    """The names of the backups, the newest last."""
    return [name.removesuffix(".json") for name in (folder / BACKUPS).names(".json")]


def files_in(folder: Folder, name: str) -> dict[str, Kept]:
    """The files of a backup.

    Raises:
        LakeError: there is no such backup, or its list is damaged.
    """
    try:
        about = json.loads((folder / BACKUPS).read(f"{name}.json"))
        return {file: Kept(str(digest), int(size)) for file, (digest, size) in about["files"].items()}
    except FileNotFoundError as error:
        names = ", ".join(backups_in(folder)[-5:]) or "none"
        raise LakeError(f"there is no backup {name!r} in {folder}; there are {names}") from error
    except (ValueError, TypeError, KeyError) as error:
        raise LakeError(f"{folder / BACKUPS}/{name}.json is damaged: {error}; take another with --at") from error
