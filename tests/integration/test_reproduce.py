"""Published forecasts are made again from the lake and the registry, and back-tests of the command line go on."""

from __future__ import annotations

import json
from pathlib import Path


def test_a_published_forecast_is_made_again_to_the_bit_by_the_id_in_its_manifest(gridahead_command, done: Path) -> None:
    manifest = json.loads((done / "data/published/DE.load/latest.json").read_text())
    code, text = gridahead_command("reproduce", manifest["forecast_id"], "--json")
    (found,) = json.loads(text)
    assert code == 0
    assert (found["run"], found["same"], found["values"]) == ("live", True, 24 * 11)
    assert found["model"] == manifest["model"]
    _, text = gridahead_command("status", "--json")
    assert json.loads(text)["forecasts"][0]["forecast_id"] == manifest["forecast_id"]


def test_forecasts_of_a_backtest_are_listed_made_again_and_scored_again(gridahead_command, done: Path) -> None:
    code, first = gridahead_command(
        "backtest",
        "--series",
        "DE/load",
        "--start",
        "2025-10-20",
        "--end",
        "2025-10-29",
        "--retrain",
        "weekly",
        *(part for name in ("official", "official_corrected", "naive") for part in ("--model", name)),
        "--name",
        "again",
        "--json",
    )
    assert code == 0
    code, text = gridahead_command("reproduce", "--list", "--run", "backtest/again", "--json")
    assert (code, len(json.loads(text))) == (0, 3 * 10)
    code, text = gridahead_command("reproduce", "--run", "backtest/again", "--sample", "5", "--json")
    assert code == 0
    assert [one["same"] for one in json.loads(text)] == [True] * 5
    code, again = gridahead_command("score", "--run", "backtest/again", "--series", "DE/load", "--json")
    assert code == 0
    assert json.loads(again) == json.loads(first)
