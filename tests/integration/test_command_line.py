"""What a person or a script sees when something is wrong: a message and an exit code."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from builders.long import first_of
from children.command import Done, run_command

HEADER = "time,load\n"
HOURS = "".join(f"2024-01-01 {hour:02d}:00,{40_000 + hour}\n" for hour in range(24))

SETTINGS = """
data_folder = "data"
[[sources]]
kind = "file"
path = "meters.csv"
zone = "DE"
quantity = "load"
time_column = "time"
value_column = "load"
timezone = "UTC"
"""


def run(folder: Path, *arguments: str) -> Done:
    with tempfile.TemporaryDirectory() as spoken:
        return run_command(folder, Path(spoken), *arguments)


def snapshot(folder: Path) -> dict[Path, bytes]:
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "runs" not in path.parts  # that an ingest was tried is on record
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my.toml").write_text(SETTINGS)
    (tmp_path / "meters.csv").write_text(HEADER + HOURS)
    return tmp_path


@pytest.mark.parametrize(
    ("content", "message"),
    first_of(
        [
            (HEADER + HOURS.replace("40007", "about 40 GW"), "about 40 GW"),
            (HEADER.replace("load", "power") + HOURS, "load"),
            (HEADER + HOURS + "2024-01-01 23:00,40024\n", "2024-01-01 23:00"),
            ((HEADER + HOURS)[:-9], "row 25"),
        ],
        1,
    ),
    ids=["text in a number", "missing column", "doubled hour", "cut in half"],
)
def test_a_bad_file_is_a_message_with_exit_code_3_and_leaves_the_lake_as_it_was(
    folder: Path, content: str, message: str
) -> None:
    assert run(folder, "ingest", "-s", "my.toml").returncode == 0
    lake = snapshot(folder / "data" / "lake")
    (folder / "meters.csv").write_text(content)
    failed = run(folder, "ingest", "-s", "my.toml")
    assert failed.returncode == 3
    assert "meters.csv" in failed.stderr
    assert message in failed.stderr
    assert "Traceback" not in failed.stderr
    assert snapshot(folder / "data" / "lake") == lake


def test_local_time_declared_as_utc_is_found_at_the_clock_change(folder: Path) -> None:
    hours = [f"2024-03-31 {hour:02d}:00,{40_000 + hour}\n" for hour in range(24) if hour != 2]
    (folder / "meters.csv").write_text(HEADER + "".join(hours))
    failed = run(folder, "ingest", "-s", "my.toml")
    assert failed.returncode == 3
    assert "meters.csv" in failed.stderr and "row" in failed.stderr
    assert not (folder / "data" / "lake" / "observations").exists()


def test_the_same_file_under_another_unit_is_refused_and_not_taken_for_a_revision(folder: Path) -> None:
    assert run(folder, "ingest", "-s", "my.toml").returncode == 0
    lake = snapshot(folder / "data" / "lake")
    (folder / "my.toml").write_text(SETTINGS + 'unit = "kW"\n')
    failed = run(folder, "ingest", "-s", "my.toml")
    assert failed.returncode == 3
    assert "taken in before with other settings" in failed.stderr
    assert "was 40000, available at" in failed.stderr and "would be 40, available at" in failed.stderr
    assert snapshot(folder / "data" / "lake") == lake


def test_a_series_without_champion_does_not_keep_the_message_from_naming_all(folder: Path) -> None:
    second = SETTINGS.split("[[sources]]")[1].replace('"load"', '"solar"', 1)
    (folder / "my.toml").write_text(f"{SETTINGS}[[sources]]{second}")
    failed = run(folder, "forecast", "-s", "my.toml", "--series", "DE/load", "--series", "DE/solar")
    assert failed.returncode == 5
    assert "DE/load: has no champion" in failed.stderr
    assert "DE/solar: has no champion" in failed.stderr


def test_a_file_without_a_value_yet_brings_nothing_and_is_no_error(folder: Path) -> None:
    (folder / "meters.csv").write_text(HEADER + "".join(f"2024-01-01 {hour:02d}:00,-\n" for hour in range(24)))
    done = run(folder, "ingest", "-s", "my.toml")
    assert done.returncode == 0, done.stderr
    assert "0 rows" in done.stderr


def test_a_missing_file_is_named_and_the_other_sources_are_taken_in(folder: Path) -> None:
    second = SETTINGS.split("[[sources]]")[1].replace("meters.csv", "absent.csv").replace('"load"', '"solar"', 1)
    (folder / "my.toml").write_text(SETTINGS.replace("[[sources]]", "[[sources]]" + second + "[[sources]]"))
    failed = run(folder, "ingest", "-s", "my.toml")
    assert failed.returncode == 3
    assert "absent.csv" in failed.stderr
    assert '"DE/load"' in run(folder, "status", "-s", "my.toml", "--json").stdout


def test_an_unknown_key_in_the_settings_names_the_nearest_right_one(folder: Path) -> None:
    (folder / "my.toml").write_text(SETTINGS.replace("value_column", "value_colum"))
    failed = run(folder, "status", "-s", "my.toml")
    assert failed.returncode == 2
    assert "did you mean 'value_column'" in failed.stderr


def test_a_forecast_without_a_champion_says_how_to_get_one(folder: Path) -> None:
    failed = run(folder, "forecast", "-s", "my.toml", "--series", "DE/load")
    assert failed.returncode == 5
    assert "gridahead train --series DE/load" in failed.stderr


def test_status_of_an_empty_workspace_says_what_to_do(folder: Path) -> None:
    shown = run(folder, "status", "-s", "my.toml")
    assert shown.returncode == 0
    assert "gridahead ingest" in shown.stdout


def test_the_data_dictionary_names_every_column_with_its_unit(tmp_path: Path) -> None:
    shown = run(tmp_path, "tables")
    assert shown.returncode == 0
    assert "| value_mw | float64 | MW |" in shown.stdout
    assert "### observations" in shown.stdout


def test_the_installed_command_lists_every_command() -> None:
    shown = subprocess.run(
        [Path(sys.executable).with_name("gridahead"), "--help"], capture_output=True, text=True, timeout=120
    )
    assert shown.returncode == 0
    for command in (
        "demo",
        "ingest",
        "validate",
        "train",
        "forecast",
        "backtest",
        "score",
        "report",
        "status",
        "quarantine",
    ):
        assert command in shown.stdout


def test_init_file_writes_settings_that_ingest_finds_by_itself(tmp_path: Path) -> None:
    times = pd.date_range("2024-01-01", periods=240, freq="h")
    rows = [f"{time:%d.%m.%Y %H:%M};{1000 + time.hour},5;n.v." for time in times]
    (tmp_path / "lastgang_DE.csv").write_text("\n".join(["Zeit;Last [kW];Temperatur", *rows]) + "\n")
    shown = run(tmp_path, "init", "file", "lastgang_DE.csv")
    assert shown.returncode == 0, shown.stderr
    assert "DE/load" in shown.stdout and "settings.toml" in shown.stdout
    done = run(tmp_path, "ingest", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["payloads"][0]["rows"] == 240
    assert run(tmp_path, "init", "file", "lastgang_DE.csv").returncode == 2
    again = run(tmp_path, "init", "file", "lastgang_DE.csv", "--force", "--json")
    assert json.loads(again.stdout)["series"][0]["series"] == "DE/load"
