"""Folders that older releases have written, and what has to be in them after an upgrade."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from gridahead.core.renamed import KEYS, renamed
from gridahead.lake.folder import Folder
from gridahead.lake.layout import LAYOUT, layout_of, mark
from gridahead.lake.verify import verify
from gridahead.models.storage import keep_copy
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

LAYOUT_1 = Path(__file__).parents[1] / "data/layout_1"
"""A load of which one hour was revised, three rulings, scores of two zones."""


def contents(folder: Path | Folder) -> dict[str, bytes]:
    """Every file in a folder and below it."""
    if isinstance(folder, Folder):
        return {name: folder.read(name) for name in folder.names(below=True)}
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def assert_upgraded(settings: Settings, backup: Folder) -> None:
    """A lake of layout 1 is sound, every value is what the older release had written, and the backup is what it was."""
    lake = Workspace(settings).lake
    assert [verify(store).findings for store in lake.stores] == [()] * len(lake.stores)
    rulings = lake.read_rulings().sort_values("valid_time")
    assert rulings["ruling"].tolist() == ["release", "release", "reject"]
    assert rulings["valid_time"].dt.hour.tolist() == [3, 4, 5]
    assert set(rulings["reason"]) == {"I asked"} and set(rulings["decided_by"]) == {"ana"}
    scores = lake.scores.read().sort_values("value")
    assert scores["value"].tolist() == [1.25, 1.5, 2.5, 3.5]
    assert scores["lead"].isna().tolist() == [True, True, False, True] and scores["lead"].max() == 13
    assert list(zip(scores["zone"], scores["quantity"], strict=True)) == [("DE", "load")] * 3 + [("DE-LU", "load")]
    files = (LAYOUT_1 / "lake/observations").rglob("*.parquet")
    every = pd.concat([pq.read_table(path, partitioning=None).to_pandas() for path in files])
    every = every.sort_values(["zone", "valid_time", "available_at"], ignore_index=True)
    pd.testing.assert_frame_equal(lake.observations.read(), every)
    receipts = lake.receipts.all()
    told = [json.loads(path.read_bytes()) for path in (LAYOUT_1 / "lake/receipts").glob("*.json")]
    told.sort(key=lambda each: each["retrieved_at"])
    assert [(each.batch, each.origin, dict(each.request)) for each in receipts] == [
        (each["batch"], each["origin"], renamed(each["request"])) for each in told
    ]
    assert [each.retrieved_at for each in receipts] == [pd.Timestamp(each["retrieved_at"]) for each in told]
    assert not (lake.folder / "decisions").exists()
    assert not lake.receipts.folder.names(".json")
    assert layout_of(lake.folder) == layout_of(Folder.at(settings.data_folder)) == LAYOUT
    kept = contents(backup)
    assert json.loads(kept.pop("schema.json")) == {"layout": 1}
    assert kept == contents(LAYOUT_1 / "lake")


def former(value: Any, key: str = "") -> Any:
    """What a bundle says of its model, with the names of layout 2."""
    names = {name: before for before, name in KEYS.items()}
    if isinstance(value, Mapping):
        return {names.get(name, _former_series(name)): former(entry, name) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(former(entry, key) for entry in value)
    if isinstance(value, str):
        return "reference" if (key, value) == ("anchor", "official") else _former_series(value)
    return value


def _former_series(text: str) -> str:
    return text.replace("_official", "_reference") if "/" in text else text


def as_layout_2(workspace: Workspace) -> None:
    """Give every version of a workspace the names of layout 2, and no bundle of today is left."""
    exports, registry = workspace.exports, workspace.registry
    for series in registry.series():
        for version in registry.versions(series):
            assert exports.copies is not None
            home, copy = exports.bundle(version), exports.copies / version.tags["copy"]
            digest = keep_copy(home, home.parent, former)
            for place in (home, copy):
                shutil.rmtree(place)
            shutil.copytree(home.parent / digest, copy)
            registry.note(version, {"bundle": digest, "inputs": _former_series(version.tags["inputs"])})
    for folder in (workspace.lake.folder, Folder.at(workspace.settings.data_folder)):
        mark(folder, 2)
