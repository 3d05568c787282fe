"""A back-test that is killed goes on with what it has not made yet, to the same bits."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from backtest_children import MODELS
from made_backtests import forecasts, here, walk, workspace_of
from made_rows import LOAD

from gridahead.pipeline import backtest as module
from gridahead.pipeline.kept import Kept

HERE = Path(__file__).parent
# Two folds with two models each: one append of forecasts a fold, then two receipts.
DEATHS = {
    "never": (0, 0, 0),
    "before the first forecasts": (1, 0, 2),
    "before the forecasts of the second fold": (2, 0, 1),
    "before the first receipt": (0, 1, 2),
    "between the receipts of a fold": (0, 2, 2),
    "before the last receipt": (0, 4, 1),
}
"""By name: what is killed, and in how many folds something is left to make."""


@pytest.fixture(scope="module")
def killed(tmp_path_factory) -> dict[str, Path]:
    """The folders that killed back-tests have left."""
    folders = {name: tmp_path_factory.mktemp("killed") for name in DEATHS}
    calls = [[str(folders[name]), append, sign] for name, (append, sign, _) in DEATHS.items()]
    paths = os.pathsep.join([str(HERE), str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(HERE / "backtest_children.py"), json.dumps(calls)],
        capture_output=True, text=True, timeout=300, check=True, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert json.loads(done.stdout) == [0, -9, -9, -9, -9, -9]
    return folders


@pytest.mark.parametrize("death", [name for name in DEATHS if name != "never"])
def test_a_killed_backtest_goes_on_where_it_was(killed, monkeypatch, death):
    monkeypatch.setattr(module, "workshop", here)
    whole, other = (workspace_of(killed[name], refit=False) for name in ("never", death))
    assert len(Kept(killed[death], "backtest/t").receipts(LOAD)) < 4
    walked = walk(other, *MODELS, warm=True)
    assert (walked.folds, walked.made) == (2, DEATHS[death][2])
    pd.testing.assert_frame_equal(forecasts(other), forecasts(whole), check_exact=True)
    assert walk(other, *MODELS, warm=True).made == 0
