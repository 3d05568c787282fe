"""Models on disk under the hash of their content: whole or not there, and told apart from what has been damaged.

A bundle is a folder `4f0c…` of files; its name is the fingerprint of all of them.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import Protocol

from safetensors import SafetensorError

from gridahead.errors import LakeError
from gridahead.models.base import Forecaster
from gridahead.whole_files import ASIDE, sync, way_out


class Savable(Forecaster, Protocol):
    """A model that can be written to a folder."""

    def save(self, folder: Path) -> None:
        """Write the bundle."""
        ...


def keep_model(model: Savable, folder: Path) -> str:
    """Store a model under the hash of its content, which comes back; what was damaged there is replaced.

    Raises:
        LakeError: the folder cannot be written.
    """
    aside = folder / f"{ASIDE}{uuid.uuid4().hex}"
    try:
        model.save(aside)
        return _put_in_place(aside, folder)
    except OSError as error:
        raise LakeError(f"cannot keep {model.name} in {folder}: {error.strerror or error}. {way_out(error)}") from error
    except SafetensorError as error:  # what its writer makes of a full disk
        raise LakeError(f"cannot keep {model.name} in {folder}: {error}. Make room, and run again") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def keep_copy(bundle: Path, folder: Path) -> str:
    """The same of a bundle that lies elsewhere.

    Raises:
        LakeError: the folder cannot be written.
    """
    aside = folder / f"{ASIDE}{uuid.uuid4().hex}"
    try:
        shutil.copytree(bundle, aside)
        return _put_in_place(aside, folder)
    except OSError as error:
        raise LakeError(f"cannot copy {bundle} to {folder}: {error.strerror or error}. {way_out(error)}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _put_in_place(aside: Path, folder: Path) -> str:
    """Give a finished folder the name of its content; a reader sees all of it or nothing."""
    digest = bundle_hash(aside)
    home = folder / digest
    for path in (*aside.rglob("*"), aside):
        sync(path)
    try:
        aside.rename(home)
    except OSError:
        if not home.is_dir():
            raise
        # It is there, damaged perhaps, or somebody else has put it there in this moment.
        if bundle_hash(home) == digest:
            return digest
        damaged = folder / f"{ASIDE}{uuid.uuid4().hex}"
        home.rename(damaged)
        aside.rename(home)
        shutil.rmtree(damaged, ignore_errors=True)
    sync(folder)
    return digest


def content_of(model: Savable) -> str:
    """The content hash of a model."""
    with tempfile.TemporaryDirectory() as scratch:
        model.save(Path(scratch))
        return bundle_hash(Path(scratch))


def bundle_hash(folder: Path) -> str:
    """Fingerprint of all files of a bundle, 16 digits; that of a folder that is not there is that of an empty one."""
    digest = hashlib.sha256()
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]
