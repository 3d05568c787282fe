"""Scoring and pricing a run are arithmetic on rows: neither a network library nor a registry is loaded for them."""

import datetime as dt
import subprocess
import sys

import pytest
from builders.backtests import run_backtest, workspace_of
from builders.long import first_of

HEAVY = ("torch", "mlflow", "matplotlib", "jinja2", "great_expectations", "sklearn", "scipy.optimize")
PROGRAM = """
import sys
from gridahead.cli.main import main
try:
    main()
finally:
    print("loaded:", [name for name in {heavy} if name in sys.modules], file=sys.stderr)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A lake with a back-test of the references, and the settings that a command reads."""
    folder = tmp_path_factory.mktemp("scoring")
    made = workspace_of(folder)
    days = {"first": dt.date(2025, 3, 20), "last": dt.date(2025, 4, 9)}
    run_backtest(made, "official", "official_corrected", "naive", **days, retrain="never")
    (folder / "settings.toml").write_text(
        f'data_folder = "{made.settings.data_folder}"\n[[series]]\nseries = "DE/load"\n'
        'deadline = "D-1T1100[Europe/Berlin]"\n',
        encoding="utf-8",
    )
    return folder


COMMANDS = (
    ("score", "--run", "backtest/t", "--by", "all"),
    ("value", "--run", "backtest/t", "--short", "40", "--long", "20"),
    ("score", "--run", "backtest/t", "--compare"),
    ("score", "--run", "backtest/t"),
    ("score",),
)


@pytest.mark.parametrize(("command",), first_of([(command,) for command in COMMANDS], 2), ids=" ".join)
def test_scoring_and_pricing_load_neither_torch_nor_mlflow_nor_a_plotting_library(folder, command):
    program = [sys.executable, "-c", PROGRAM.format(heavy=HEAVY), *command, "--settings", "settings.toml"]
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "loaded: []" in done.stderr
