"""A year of judging by command: a network against itself, in forecasts as they are issued.

With GRIDAHEAD_WHOLE_YEAR=1 the trial is held on every day of the year, which takes minutes; else four times in the
first quarter.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from gridahead.cli.main import app
from gridahead.core.grid import Series
from gridahead.core.time import days_between, now
from gridahead.features.windows import build_windows
from gridahead.forecasting.issue import issue
from gridahead.models.base import predict_each
from gridahead.settings.file import load_settings
from gridahead.workspace import Workspace

pytestmark = pytest.mark.long  # a day of it is in tests/unit/promotion/test_promotion_use_case.py

LOAD = Series("DE", "load")
WHOLE_YEAR = bool(os.environ.get("GRIDAHEAD_WHOLE_YEAR"))
FIRST = pd.Timestamp("2025-01-01").date()
LAST = pd.Timestamp("2025-12-30" if WHOLE_YEAR else "2025-04-02").date()
LOOKS = 1 if WHOLE_YEAR else 23
"""Days between two looks."""
SETTINGS = """
data_folder = "data"
[[series]]
series = "DE/load"
deadline = "D-1T1100[Europe/Berlin]"
models = ["lstm"]
[models.lstm]
cell = "lstm"
hidden = 8
decoder_hidden = 8
members = 1
anchor = "level"
[training]
validation_days = 60
epochs = 1
workers = 1
"""


def command(settings: Path, *arguments: str) -> Any:
    result = CliRunner().invoke(app, [*arguments, "--json", "--settings", str(settings)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.stdout, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def judged(done: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of the same weights, trained on days before 2025; the first of them serves."""
    folder = tmp_path_factory.mktemp("year")
    shutil.copytree(done / "data" / "lake" / "observations", folder / "data" / "lake" / "observations")
    shutil.copytree(done / "data" / "lake" / "verdicts", folder / "data" / "lake" / "verdicts")
    for name, more in (("first", ""), ("second", "warm_epochs = 9\n")):
        # The second is of other settings, of which none matters to a fit that begins with random weights.
        (folder / f"{name}.toml").write_text(f"{SETTINGS}{more}holdout_start = {FIRST}\n")
        command(folder / f"{name}.toml", "train")
    path = folder / "settings.toml"
    path.write_text(SETTINGS)
    return path


def said(workspace: Workspace, number: str, run: str) -> list[pd.DataFrame]:
    """What a version says of every day of the year, issued as it would be."""
    found = workspace.registry.load(workspace.registry.version(LOAD, number))
    spec, observations = workspace.inputs(LOAD)
    windows = build_windows(observations, spec, days_between(FIRST, LAST))
    answers = predict_each(found.model, windows)
    rows = issue(windows, answers, found.model.quantiles, run=run, model="lstm", version=number, made_at=now())
    return [day for _, day in rows.groupby("issue_time")]


def test_a_network_against_itself_makes_no_difference_on_any_day_and_is_never_promoted(judged: Path) -> None:
    workspace = Workspace(load_settings(judged))
    assert {one["version"]: one["aliases"] for one in command(judged, "models", "list")} == {
        "1": "champion",
        "2": "challenger",
    }
    days = list(zip(said(workspace, "1", "live"), said(workspace, "2", "shadow"), strict=True))
    seen = set()
    for start in range(0, len(days), LOOKS):
        part = days[start : start + LOOKS]
        workspace.lake.forecasts.append(pd.concat([rows for pair in part for rows in pair], ignore_index=True))
        assert command(judged, "models", "promote")["serves"] is False
        figures = json.loads(workspace.registry.version(LOAD, "2").tags["trial_figures"])
        seen.add((figures["days"], figures["improvement"], figures["e_value"]))
    assert {(improvement, value) for _, improvement, value in seen} == {(0.0, 1.0)}
    assert len(days) == (364 if WHOLE_YEAR else 92)
    assert max(count for count, _, _ in seen) >= len(days), "validation days that both have, and all since"
    history = command(judged, "models", "list", "--history")
    assert [(one["how"], one["alias"], one["to_version"]) for one in history] == [
        ("first", "champion", "1"),
        ("trial", "challenger", "2"),
    ]
