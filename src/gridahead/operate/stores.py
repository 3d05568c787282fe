"""Everything that an installation keeps, by store: what a backup copies and a restore puts back."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from gridahead.core.errors import LakeError
from gridahead.lake.folder import Folder
from gridahead.registry.address import Address
from gridahead.settings.model import Settings

LAKE, MLFLOW, REST = "lake", "mlflow", "data"
_FIRST = ("receipts", "observations", "waiting")
"""Tables of the lake in the order in which they are listed: what was written last comes first, so that what it speaks
of is there. A batch that waits is listed before its verdicts are, so that it is either waiting or judged."""
_MADE_ANEW = ("cache", "locks", "checkpoints", "prefect", "lake", "published", "models", "raw", "inputs", "mlflow")
"""Of the data folder: what is made anew, or is a store of its own."""
_FORMER = (".layout-", ".damaged-", ".before-restore-")
"""How names go on of what an upgrade, a repair or a restore has put aside."""
_DATABASE = (".db", ".sqlite")
_PASSING = (".db-wal", ".db-shm", ".db-journal", ".opening", ".training")


def stores_of(settings: Settings) -> dict[str, Folder]:
    """Where each store is, in the order in which they are copied.

    Bundles of models are written before the records that name them, and MLflow's database is written before either: so
    records come first, and the database is never older than they are.
    """
    places = {
        LAKE: settings.lake_folder,
        "published": settings.published_place,
        "exports": settings.exports_folder,
        "raw": settings.archive_folder,
        "inputs": settings.inputs_folder,
    }
    folders = {name: Folder.at(place) for name, place in places.items()}
    database = Address.of(settings).database
    if database is not None:
        folders[MLFLOW] = Folder.at(database.parent)
    return {**folders, REST: Folder.at(settings.data_folder)}


def files_of(name: str, folder: Folder) -> dict[str, int]:
    """The files of a store with their sizes [bytes], in the order in which they are to be read."""
    if name == LAKE:
        tables = [*_FIRST, *(table for table in folder.folders() if table not in _FIRST)]
        listed = {f"{table}/{file}": size for table in tables for file, size in _listed(folder / table).items()}
        return {**listed, **folder.sizes()}
    wanted = {MLFLOW: _is_mlflow, REST: _is_rest}.get(name)
    return {file: size for file, size in _listed(folder).items() if wanted is None or wanted(file)}


def _listed(folder: Folder) -> dict[str, int]:
    found = folder.sizes(below=True)
    return {file: size for file, size in found.items() if not file.endswith(_PASSING) and not _is_former(file)}


def _is_mlflow(file: str) -> bool:
    """Whether it is MLflow's: its file may lie in a folder of somebody's own."""
    return file.startswith("artifacts/") or ("/" not in file and file.endswith(_DATABASE))


def _is_rest(file: str) -> bool:
    return file.partition("/")[0] not in _MADE_ANEW


def _is_former(file: str) -> bool:
    return any(mark in part for part in file.split("/") for mark in _FORMER)


def is_named_by_content(file: str) -> bool:
    """Whether a file of one name is always the same, so that it need not be read to know that it has not changed."""
    return file.endswith((".parquet", ".npz", ".zst")) or "/bundles/" in file


def content_of(folder: Folder, file: str) -> bytes:
    """The content of a file; of a database of SQLite as it is between two changes, whoever writes meanwhile.

    Raises:
        FileNotFoundError: it is gone since it was listed.
        LakeError: it cannot be read.
    """
    home = folder.local_path
    if home is None or not file.endswith(_DATABASE):
        return folder.read(file)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "copy.db")
        try:
            read_only = f"{(home / file).absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(read_only, uri=True)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
        except sqlite3.Error as error:
            if not (home / file).exists():
                raise FileNotFoundError(home / file) from error
            raise LakeError(
                f"cannot copy the database {home / file}: {error}. Run `gridahead models repair`"
            ) from error
        return copy.read_bytes()


def set_aside(stores: Mapping[str, Folder], stamp: str) -> Iterator[Path]:
    """Move the files of every store that is in a folder beside it; gives where they are now."""
    for name, folder in stores.items():
        home = folder.local_path
        if home is None or not (files := files_of(name, folder)):
            continue
        aside = home.with_name(f"{home.name}.before-restore-{stamp}")
        for file in files:
            (aside / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(os.fspath(home / file), os.fspath(aside / file))
        yield aside
