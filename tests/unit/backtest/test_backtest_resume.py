"""A back-test that is killed goes on with what it has not made yet, to the same bits."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from builders.backtests import forecasts, here, run_backtest, workspace_of
from builders.long import first_of
from builders.rows import LOAD
from children import environment
from children.backtest import MODELS

from gridahead.backtest import run as module
from gridahead.backtest.store import BacktestStore

# Two folds with two models each: one append of forecasts a fold, then two records.
DEATHS = {
    "before the forecasts of the second fold": (2, 0, 1),
    "between the records of a fold": (0, 2, 2),
    "before the first forecasts": (1, 0, 2),
    "before the first record": (0, 1, 2),
    "before the last record": (0, 4, 1),
}
"""By name: what is killed, and in how many folds something is left to make."""


@pytest.fixture(scope="module")
def killed(request, tmp_path_factory) -> dict[str, Path]:
    """The folders that one undisturbed back-test and those killed in the selected tests have left."""
    selected = [item.callspec.params["death"] for item in request.session.items if item.path == request.path]
    deaths = {"never": (0, 0, 0)} | {name: DEATHS[name] for name in selected}
    folders = {name: tmp_path_factory.mktemp("killed") for name in deaths}
    calls = [[str(folders[name]), append, sign] for name, (append, sign, _) in deaths.items()]
    done = subprocess.run(
        [sys.executable, "-m", "children.backtest", json.dumps(calls)],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
        env=environment(),
    )
    assert json.loads(done.stdout) == [0, *(-9 for _ in selected)]
    return folders


@pytest.mark.parametrize("death", first_of(DEATHS, 2))
def test_a_killed_backtest_goes_on_where_it_was(killed, monkeypatch, death):
    monkeypatch.setattr(module, "worker_pool", here)
    whole, other = (workspace_of(killed[name], refit=False) for name in ("never", death))
    assert len(BacktestStore(killed[death], "backtest/t").records(LOAD)) < 4
    result = run_backtest(other, *MODELS, warm=True)
    assert (result.folds, result.made) == (2, DEATHS[death][2])
    pd.testing.assert_frame_equal(forecasts(other), forecasts(whole), check_exact=True)
    assert run_backtest(other, *MODELS, warm=True).made == 0
