"""What MLflow keeps for a whole process is as it was, whatever we have recorded, and no other database is made."""

import logging
import os
import subprocess
import sys
import warnings

import mlflow
import pytest
from builders.fits import opened, register
from builders.rows import LOAD
from matplotlib.figure import Figure

from gridahead.registry.mlflow_state import ENVIRONMENT, NOISY, quiet

IMPORT = """
import os
import gridahead.registry.rebuild
from mlflow.telemetry.client import get_telemetry_client
print(get_telemetry_client(), {name for name in os.environ if name.startswith("MLFLOW")})
"""


def state() -> tuple[object, ...]:
    levels = [logging.getLogger(name).level for name in NOISY]
    environment = {name: value for name, value in os.environ.items() if name.startswith("MLFLOW")}
    return mlflow.is_tracking_uri_set(), environment, levels, [*warnings.filters]


def test_a_version_is_recorded_and_everything_is_as_before(tmp_path, monkeypatch):
    """Guard: without an address of its own MLflow makes a database in the current folder."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    before = state()
    workspace = opened(tmp_path / "data")
    version = register(workspace, 1)
    workspace.tracking.keep_text(version.run_id, "card.html", "a card")
    workspace.tracking.keep_figure(version.run_id, "picture.png", Figure())
    workspace.tracking.note(version.run_id, {"a": 1}, {"b": {0: 1.0}})
    workspace.registry.skip(LOAD)
    assert workspace.tracking.file(version.run_id, "picture.png").read_bytes().startswith(b"\x89PNG")
    assert state() == before
    assert [*(tmp_path / "here").iterdir()] == []


def test_an_address_of_the_program_that_uses_us_is_its_own_again(tmp_path):
    theirs = f"sqlite:///{tmp_path}/theirs.db"
    mlflow.set_tracking_uri(theirs)
    try:
        workspace = opened(tmp_path / "data")
        with workspace.tracking.active():
            assert mlflow.get_tracking_uri() == workspace.tracking.uri
        assert mlflow.get_tracking_uri() == theirs
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type] # as it was


def test_what_the_environment_says_already_counts(monkeypatch):
    ours, theirs, *_ = ENVIRONMENT
    monkeypatch.setenv(theirs, "true")
    monkeypatch.delenv(ours, raising=False)
    with pytest.raises(ZeroDivisionError), quiet():
        assert (os.environ[ours], os.environ[theirs]) == (ENVIRONMENT[ours], "true")
        raise ZeroDivisionError
    assert ours not in os.environ
    assert os.environ[theirs] == "true"


def test_mlflow_is_imported_without_telemetry_whichever_of_our_modules_comes_first():
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", *ENVIRONMENT)}
    ended = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, env=environment, check=True)
    assert ended.stdout.split() == ["None", "set()"]
