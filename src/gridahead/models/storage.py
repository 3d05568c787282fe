"""Models on disk under the hash of their content: whole or not there, and distinguished from what has been damaged.

A bundle is a folder `4f0c…` of files; its name is the fingerprint of all of them. What kind of model it holds says its
`model.json`; what a kind needs to be imported is imported when one is loaded, so that a reference costs no torch.
"""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from safetensors import SafetensorError

from gridahead.core.errors import LakeError, ModelError
from gridahead.core.files import ASIDE, sync, way_out
from gridahead.core.fingerprint import digest
from gridahead.models.base import ABOUT, Forecaster, about_text, read_about


def load(folder: Path) -> Forecaster:
    """The model in a folder, of whatever kind.

    Raises:
        ModelError: there is none, or one of another make.
    """
    try:
        return _class_of(str(read_about(folder)["kind"])).load(folder)
    except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
        raise ModelError(str(folder), f"is no bundle that this version can read ({error}); train again") from error


class _Loadable(Protocol):
    """A class of models that reads its own bundles."""

    def load(self, folder: Path, /) -> Forecaster: ...


def _class_of(kind: str) -> _Loadable:
    match kind:
        case "network":
            from gridahead.models.bundle import TrainedModel

            return TrainedModel
        case "ensemble":
            from gridahead.models.ensemble import Ensemble

            return Ensemble
        case "aggregate":
            from gridahead.models.aggregate import Aggregate

            return Aggregate
        case "ridge" | "lightgbm":
            from gridahead.models.tabular import TabularForecaster

            return TabularForecaster
        case "reference":
            from gridahead.models.baselines import ReferenceForecast

            return ReferenceForecast
    raise ValueError(f"it is a {kind!r}")


def keep_model(model: Forecaster, folder: Path) -> str:
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


def keep_copy(bundle: Path, folder: Path, change: Callable[[Any], Any] | None = None) -> str:
    """The same of a bundle that lies elsewhere.

    Args:
        bundle: its folder.
        folder: where the copy is kept.
        change: what becomes of what it says of its model, and of every model in it; nothing unless given.

    Raises:
        LakeError: the folder cannot be written.
    """
    aside = folder / f"{ASIDE}{uuid.uuid4().hex}"
    try:
        shutil.copytree(bundle, aside)
        if change is not None:
            for about in aside.rglob(ABOUT):
                about.write_text(about_text(change(read_about(about.parent))), encoding="utf-8")
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


def content_of(model: Forecaster) -> str:
    """The content hash of a model."""
    with tempfile.TemporaryDirectory() as scratch:
        model.save(Path(scratch))
        return bundle_hash(Path(scratch))


def bundle_hash(folder: Path) -> str:
    """Fingerprint of all files of a bundle; that of a folder that is not there is that of an empty one."""
    parts: list[object] = []
    for path in sorted(file for file in folder.rglob("*") if file.is_file()):
        content = path.read_bytes()
        parts += [f"{path.relative_to(folder).as_posix()} {len(content)}\n", content]
    return digest(*parts)
