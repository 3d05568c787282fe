"""The front door for Python: every example in its docstrings is run where a small job has been done."""

import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import gridahead
from gridahead import api


@pytest.mark.parametrize("module", [gridahead, api], ids=["gridahead", "api"])
def test_every_example_gives_what_it_says(module, done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(done)
    finder = doctest.DocTestFinder(exclude_empty=False)
    examples = [test for test in finder.find(module, globs={"ga": gridahead}) if not _is_private(test.name)]
    without = [test.name for test in examples if not test.examples and test.name.startswith(module.__name__)]
    assert not [name for name in without if "Lab." in name and not name.endswith((".settings", ".series"))]
    runner = doctest.DocTestRunner()
    for test in examples:
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def _is_private(name: str) -> bool:
    return any(part.startswith("_") for part in name.split("."))


def test_opening_and_reading_load_no_torch_and_no_mlflow(done: Path) -> None:
    program = (
        "import sys, gridahead as ga\n"
        "lab = ga.open('settings.toml'); lab.observations('DE/load'); lab.forecasts('DE/load')\n"
        "print([name for name in ('torch', 'mlflow', 'matplotlib') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], cwd=done, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_two_series_ask_for_a_name(tmp_path: Path) -> None:
    series = '[[series]]\nseries = "{}/load"\ndeadline = "D-1T1100[Europe/Berlin]"\n'
    (tmp_path / "settings.toml").write_text('data_folder = "data"\n' + series.format("DE") + series.format("FR"))
    lab = gridahead.open(tmp_path / "settings.toml")
    assert repr(lab) == "Lab(series=('DE/load', 'FR/load'))"
    with pytest.raises(ValueError, match="name a series; the settings have DE/load, FR/load"):
        lab.forecasts()
