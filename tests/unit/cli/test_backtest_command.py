"""`gridahead backtest`: models one after the other, JSON as a flag, and a file for it."""

import json

import pytest
from builders.backtests import FIRST, LAST, workspace_of
from builders.commands import run, settings_in

PERIOD = ("--start", str(FIRST), "--end", str(LAST))


@pytest.fixture
def file(tmp_path):
    """Settings over a small lake."""
    workspace_of(tmp_path / "data")
    return settings_in(tmp_path, load="MW")


def backtest(file, *arguments):
    return run(file, "backtest", *PERIOD, "--model", "official", "--model", "naive", *arguments)


def test_the_models_are_those_that_are_named_and_the_json_is_all_that_is_printed(file):
    done = backtest(file, "--json")
    assert done.code == 0
    rows = json.loads(done.said)
    assert {row["model"] for row in rows if row["metric"] == "mae"} == {"official", "naive"}


def test_a_file_gets_the_same_json_and_the_terminal_tables(file, tmp_path):
    output = tmp_path / "scores.json"
    done = backtest(file, "--output", str(output))
    assert (done.code, done.error) == (0, "")
    assert "When the inputs became available" in done.said and "DE/load: 1 fold" in done.said
    assert json.loads(output.read_text()) == json.loads(backtest(file, "--json").said)


def test_a_folder_that_is_not_there_is_told_before_anything_is_forecast(file, tmp_path):
    done = backtest(file, "--output", str(tmp_path / "nowhere" / "scores.json"))
    assert done.code == 2 and "there is no folder" in done.error
    assert not (tmp_path / "data" / "backtest").exists()
