"""What a back-test keeps beside its forecasts in the lake: models, inputs, and a record of every fold that is done.

    data/backtest/NAME/DE.load/run.json                     the newest call, and the availability of the inputs
                       DE.load/lstm/2025-03-01-9f2c….json   fold record: what it was made of, and with which model
                       DE.load/inputs/5b0a….npz             what the models read, to say later what has changed
                       models/4f0c…/                        a bundle under the hash of its content

The record of a fold is written last: a fold that was killed has none and is made again, and so is one whose settings or
data have changed, because its record would have another name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gridahead.core.errors import ModelError, SettingsError
from gridahead.core.files import whole_files, write_whole
from gridahead.core.grid import Series
from gridahead.core.runs import backtest_name
from gridahead.models.base import Forecaster
from gridahead.models.storage import bundle_hash, keep_model

MODELS = "models"
"""The folder of the models of a back-test, beside those of its series."""


@dataclass(frozen=True)
class FoldRecord:
    """One model has forecast one fold."""

    series: str
    asked: str
    """The name that was asked for, such as champion."""
    model: str
    """The name in the forecasts."""
    version: str
    first: str
    """First delivery day of the fold."""
    last: str
    made_of: str
    """Fingerprint of settings, data and what it began with."""
    bundle: str
    """Content hash of the model."""
    inputs: str
    """Name of the file with what it read."""
    spec: dict[str, Any]
    """What it reads."""
    made_at: str
    made_with: str
    """Code, torch and processor that made it."""
    last_seen: str = ""
    """The last day that the model has learnt, or was chosen by: its band is judged on the days since. Empty in records
    from before that was done."""

    @property
    def id(self) -> str:
        """What identifies it among others of the same series, `lstm/2025-03-01-9f2c…`: the name of its file as well."""
        return _id(self.asked, self.first, self.made_of)


def _id(entrant: str, first: str, made_of: str) -> str:
    return f"{entrant}/{first}-{made_of}"


class BacktestStore:
    """The folder of one back-test."""

    def __init__(self, data_folder: Path, run: str) -> None:
        name = backtest_name(run)
        if not name or "/" in name or name.startswith("."):
            raise SettingsError(f"{name!r} is no name of a back-test: it is the name of a folder as well")
        self.folder = data_folder / "backtest" / name

    def keep(self, model: Forecaster) -> str:
        """Store a model under the hash of its content, which comes back.

        Raises:
            LakeError: the folder cannot be written.
        """
        return keep_model(model, self.folder / MODELS)

    def bundle(self, digest: str) -> Path:
        """The folder of the model with that content, which is whole.

        Raises:
            ModelError: it is not there, or is not what it was.
        """
        folder = self.folder / MODELS / digest
        if not folder.is_dir():
            raise ModelError(digest, f"the model is not in {folder.parent} any more")
        if (content := bundle_hash(folder)) != digest:
            raise ModelError(digest, f"the model in {folder} has been changed: its content has the hash {content}")
        return folder

    def write(self, record: FoldRecord) -> None:
        """Record that a model has forecast a fold."""
        write_whole(self._path(Series.parse(record.series), record.id), _json(asdict(record)))

    def record(self, series: Series, asked: str, first: str, made_of: str) -> FoldRecord | None:
        """The record of exactly this work, None if it has not been done."""
        path = self._path(series, _id(asked, first, made_of))
        return FoldRecord(**json.loads(path.read_bytes())) if path.exists() else None

    def records(self, series: Series) -> list[FoldRecord]:
        """Every fold record of a series."""
        paths = whole_files(self.folder / series.slug, "*/*.json")
        return [FoldRecord(**json.loads(path.read_bytes())) for path in paths]

    def inputs(self, series: Series) -> Path:
        """Where the inputs of a series are kept."""
        return self.folder / series.slug / "inputs"

    def describe(self, series: Series, about: Mapping[str, Any]) -> None:
        """Keep what the newest call was asked for, and which records are of it."""
        write_whole(self.folder / series.slug / "run.json", _json(about))

    def described(self, series: Series) -> dict[str, Any] | None:
        """The same, None if there has been no such back-test of the series."""
        path = self.folder / series.slug / "run.json"
        return dict(json.loads(path.read_bytes())) if path.exists() else None

    def _path(self, series: Series, record_id: str) -> Path:
        return self.folder / series.slug / f"{record_id}.json"


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, indent=2, default=str).encode() + b"\n"
