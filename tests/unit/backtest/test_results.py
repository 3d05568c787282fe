"""A finished run is scored, sliced and priced without the packages that fit and register models."""

import json
import subprocess
import sys

import pytest
from builders.backtests import run_backtest, workspace_of

SETTINGS = """
data_folder = {folder}
[[series]]
series = "DE/load"
deadline = "D-1T1100[Europe/Berlin]"
"""
CHILD = """
import json, sys
from pathlib import Path

from gridahead.backtest.results import rescore
from gridahead.core.grid import Series
from gridahead.evaluation.value import Prices
from gridahead.operate.figures import compared, figures_of
from gridahead.operate.value import costs
from gridahead.settings.file import load_settings
from gridahead.workspace import Workspace

workspace, load = Workspace(load_settings(Path(sys.argv[1]))), Series("DE", "load")
counts = {
    "scores": len(rescore(workspace, "backtest/t", load).scores),
    "figures": len(figures_of(workspace, load, "backtest/t", "hour")),
    "compared": len(compared(workspace, load, "backtest/t")),
    "costs": len(costs(workspace, load, "backtest/t", Prices(40.0, 20.0, 0.0), 0.8)[1]),
}
print(json.dumps([counts, sorted(name for name in sys.modules if "." not in name)]))
"""
HEAVY = {"torch", "mlflow", "sklearn", "matplotlib", "jinja2", "great_expectations", "prefect"}


@pytest.fixture
def settings(tmp_path):
    """A settings file over a lake with a back-test of the references."""
    run_backtest(workspace_of(tmp_path / "data"), "official", "naive")
    file = tmp_path / "settings.toml"
    file.write_text(SETTINGS.format(folder=json.dumps(str(tmp_path / "data"))))
    return file


def test_scoring_and_pricing_a_finished_run_import_neither_torch_nor_mlflow(settings):
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(settings)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    counts, modules = json.loads(done.stdout)
    assert all(counts.values()), counts
    assert HEAVY.isdisjoint(modules), HEAVY & set(modules)
