"""TAB offers series, runs, ids, versions and models, from the settings and the names of files alone."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders.commands import settings_in

from gridahead.cli import complete
from gridahead.settings.networks import DEFAULT_ENSEMBLES, DEFAULT_MODELS


def typed(file, **params) -> Any:
    """The options that were typed before."""
    return SimpleNamespace(params={"settings": file, **params})


@pytest.fixture
def file(tmp_path):
    return settings_in(tmp_path, load="MW", solar="MW")


def put(file, text=""):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_series_of_the_settings_come_first_and_then_those_of_the_lake(file):
    observations = file.parent / "data" / "lake" / "observations"
    for name in ("series=DE.load", "series=F%2ER.wind", "recent"):
        (observations / name).mkdir(parents=True)
    assert complete.series(typed(file), "") == ["DE/load", "DE/solar", "F.R/wind"]
    assert complete.series(typed(file), "DE/s") == ["DE/solar"]


def test_runs_are_those_of_operation_and_what_the_lake_holds_merged_or_not(file):
    forecasts = file.parent / "data" / "lake" / "forecasts"
    (forecasts / "run=backtest%2Fmay").mkdir(parents=True)
    (forecasts / "recent").mkdir()
    pq.write_table(pa.table({"run": ["backtest/june"] * 3, "zone": ["DE"] * 3}), forecasts / "recent" / "a.parquet")
    assert complete.runs(typed(file), "") == [
        "live",
        "backfilled",
        "shadow",
        "validation",
        "backtest/may",
        "backtest/june",
    ]
    assert complete.runs(typed(file), "backtest/j") == ["backtest/june"]


def test_ids_are_of_the_newest_days_the_newest_first(file):
    published = file.parent / "data" / "published"
    put(published / "report.html")
    for series, day, issued in (
        ("DE.load", "2025-12-30", "2025-12-29T1000Z"),
        ("DE.solar", "2025-12-31", "2025-12-30T1000Z"),
    ):
        put(published / series / day / issued / "manifest.json", json.dumps({"forecast_id": f"{series}-{day}"}))
    for number in range(1, 20):
        put(
            published / "DE.old" / f"2024-01-{number:02}" / "x" / "manifest.json",
            json.dumps({"forecast_id": f"{number}"}),
        )
    (published / "DE.load" / "2026-01-01" / "killed").mkdir(parents=True)
    offered = complete.forecast_ids(typed(file), "")
    assert offered[:3] == ["DE.solar-2025-12-31", "DE.load-2025-12-30", "19"]
    assert len(offered) == 2 + complete.NEWEST_DAYS


def test_versions_are_aliases_and_numbers_of_the_series_that_is_named(file):
    models = file.parent / "data" / "models"
    for name in ("DE.load/2.json", "DE.load/10.json", "DE.load/serving.json", "DE.solar/3.json", "bundles/4f/0.json"):
        put(models / name, "{}")
    assert complete.versions(typed(file), "") == ["champion", "challenger", "10", "3", "2"]
    assert complete.versions(typed(file, series="DE/load"), "") == ["champion", "challenger", "10", "2"]


def test_networks_are_those_of_the_settings_and_those_that_are_known(file):
    with file.open("a", encoding="utf-8") as settings:
        settings.write('[models.wide]\ncell = "gru"\nhidden = 64\n')
    assert complete.networks(typed(file), "")[0] == "wide"
    assert complete.models(typed(file), "o") == ["official", "official_corrected"]
    assert set(complete.NETWORKS) == {*DEFAULT_MODELS, *DEFAULT_ENSEMBLES}


def test_patterns_are_not_offered_as_series(tmp_path, file):
    said = '[[series]]\nseries = "*/load"\nfuture_covariates = ["{zone}/temperature"]\n[[series]]\nseries = "DE/load"\n'
    file.write_text(f'data_folder = "data"\n{said}')
    assert complete.series(typed(file), "") == ["DE/load"]


def test_where_nothing_can_be_read_nothing_is_offered(tmp_path, file):
    absent = typed(tmp_path / "absent.toml")
    every = (complete.series, complete.runs, complete.forecast_ids, complete.versions, complete.networks)
    assert [offer(absent, "") for offer in every] == [[]] * len(every)
    file.write_text("data_folder = ")
    assert [offer(typed(file), "") for offer in every] == [[]] * len(every)
    file.write_text('data_folder = "data"\nlake = "s3://bucket/lake"\npublished = "s3://bucket/out"\n')
    assert complete.forecast_ids(typed(file), "") == []
    assert complete.runs(typed(file), "b") == ["backfilled"]


ASKED = """
import sys
from gridahead.cli.main import app
try:
    app(prog_name="gridahead")
finally:
    heavy = ("torch", "mlflow", "pandas", "gridahead.settings.model")
    print([name for name in heavy if name in sys.modules], file=sys.stderr)
"""


def test_the_shell_is_answered_without_anything_heavy(file):
    asked = f"gridahead score --settings {file} --series DE/"
    environment = os.environ | {"_GRIDAHEAD_COMPLETE": "complete_bash", "COMP_WORDS": asked, "COMP_CWORD": "5"}
    command = [sys.executable, "-c", ASKED]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr.strip()) == (["DE/load", "DE/solar"], "[]")
