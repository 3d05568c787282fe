"""Fold records of layout 2 with the names of today, so that the forecasts of a back-test can still be made again."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from gridahead.backtest.store import MODELS, BacktestStore, FoldRecord
from gridahead.core.errors import ModelError
from gridahead.core.files import whole_files
from gridahead.core.renamed import renamed

log = logging.getLogger(__name__)


def rename_records(data_folder: Path, on_progress: Callable[[str], None]) -> None:
    """Rename what the records of every back-test, and the models that they name, say that they read.

    Raises:
        LakeError: a folder cannot be written.
    """
    for path in record_files(data_folder):
        on_progress(f"back-test {path.relative_to(data_folder / 'backtest')}")
        record = FoldRecord(**json.loads(path.read_bytes()))
        store = BacktestStore(data_folder, path.parents[2].name)
        changed = replace(record, spec=renamed(record.spec), bundle=_renamed_bundle(record.bundle, store))
        if asdict(changed) != asdict(record):
            store.write(changed)


def record_files(data_folder: Path) -> list[Path]:
    """The records of every fold of every back-test."""
    files = whole_files(data_folder / "backtest", "*/*/*/*.json")
    return [path for path in files if path.parents[1].name != MODELS]


def _renamed_bundle(digest: str, store: BacktestStore) -> str:
    """The name of a model with the names of today; one that is damaged or gone keeps its own."""
    from gridahead.models.storage import keep_copy

    try:
        return keep_copy(store.bundle(digest), store.folder / MODELS, renamed)
    except ModelError as error:
        log.warning("%s", error)
        return digest
