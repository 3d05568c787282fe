"""What a back-test keeps beside its forecasts in the lake: models, inputs, and a receipt for every fold that is done.

    data/backtest/NAME/DE.load/run.json                     the newest call, and the availability of the inputs
                       DE.load/lstm/2025-03-01-9f2c….json   receipt: what it was made of, and what came of it
                       DE.load/inputs/5b0a….npz             what the models read, to say later what has changed
                       models/4f0c…/                        a bundle under the hash of its content

A receipt is signed last: a fold that was killed has none and is made again, one whose settings or data have changed has
another name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

import gridahead
from gridahead.code import code_hash
from gridahead.errors import ModelError, SettingsError
from gridahead.grid import Series
from gridahead.models.base import Forecaster
from gridahead.models.baselines import ReferenceForecast
from gridahead.models.ensemble import load_model
from gridahead.models.storage import Savable, bundle_hash, keep_model
from gridahead.models.tabular import TabularForecaster
from gridahead.whole_files import whole_files, write_whole

PREFIX = "backtest/"
"""How the run of a back-test begins in the lake."""


@dataclass(frozen=True)
class Receipt:
    """One model of one fold is done."""

    series: str
    asked: str
    """The name that was asked for, such as champion."""
    model: str
    """The name in the forecasts."""
    version: str
    first: str
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


class Kept:
    """The folder of one back-test."""

    def __init__(self, data_folder: Path, run: str) -> None:
        name = run.removeprefix(PREFIX)
        if not name or "/" in name or name.startswith("."):
            raise SettingsError(f"{name!r} is no name of a back-test: it is the name of a folder as well")
        self.folder = data_folder / "backtest" / name

    def keep(self, model: Savable) -> str:
        """Store a model under the hash of its content, which comes back.

        Raises:
            LakeError: the folder cannot be written.
        """
        return keep_model(model, self.folder / "models")

    def model(self, digest: str) -> Forecaster:
        """The model with that content.

        Raises:
            ModelError: it is not there, or is not what it was.
        """
        folder = self.folder / "models" / digest
        if not folder.is_dir():
            raise ModelError(digest, f"the model is not in {folder.parent} any more")
        if (found := bundle_hash(folder)) != digest:
            raise ModelError(digest, f"the model in {folder} has been changed: its content has the hash {found}")
        return load_any(folder)

    def sign(self, receipt: Receipt) -> None:
        """Say that a model of a fold is done."""
        write_whole(self._receipts(receipt.series, receipt.asked) / _name(receipt), _json(asdict(receipt)))

    def receipt(self, series: Series, asked: str, first: str, made_of: str) -> Receipt | None:
        """The receipt of exactly this work, None if it has not been done."""
        path = self._receipts(str(series), asked) / f"{first}-{made_of}.json"
        return Receipt(**json.loads(path.read_bytes())) if path.exists() else None

    def receipts(self, series: Series) -> list[Receipt]:
        """Every receipt of a series."""
        found = whole_files(self.folder / series.slug, "*/*.json")
        return [Receipt(**json.loads(path.read_bytes())) for path in found]

    def inputs(self, series: Series) -> Path:
        """Where the inputs of a series are kept."""
        return self.folder / series.slug / "inputs"

    def describe(self, series: Series, about: Mapping[str, Any]) -> None:
        """Keep what the newest call was asked for, and what it found."""
        write_whole(self.folder / series.slug / "run.json", _json(about))

    def described(self, series: Series) -> dict[str, Any] | None:
        """The same, None if there has been no such back-test of the series."""
        path = self.folder / series.slug / "run.json"
        return dict(json.loads(path.read_bytes())) if path.exists() else None

    def _receipts(self, series: str, asked: str) -> Path:
        return self.folder / Series.parse(series).slug / asked


def made_with() -> str:
    """What computes here: other code, another release of torch, or another kind of processor, may say another thing."""
    here = f"gridahead {gridahead.__version__} ({code_hash()})"
    return f"{here}, torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}"


def load_any(folder: Path) -> Forecaster:
    """The model in a folder: a reference, a regression, a network or an ensemble.

    Raises:
        ModelError: there is none, or one of another make.
    """
    for kind in (ReferenceForecast, TabularForecaster):
        if (folder / kind.FILE).exists():
            return kind.load(folder)
    return load_model(folder)


def _name(receipt: Receipt) -> str:
    return f"{receipt.first}-{receipt.made_of}.json"


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, indent=2, default=str).encode() + b"\n"
