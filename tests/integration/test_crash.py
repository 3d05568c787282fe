"""Killed at any point and started again, the work ends as if nothing had happened.

Children are killed with SIGKILL at seeded random file operations, one in every tenth of an undisturbed run. What a
reader finds then must be whole, and after a second start everything must be as after the undisturbed run.
"""

import io
import json
import multiprocessing
import random
import shutil
import signal
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from builders.generators import energy_charts
from builders.long import first_of
from builders.replay import Host
from children.crash import forecast_of, ingest_all, publish_all, run

from gridahead.core.fingerprint import digest
from gridahead.core.grid import Series
from gridahead.core.time import now
from gridahead.forecasting.publish import latest_manifest, read_manifest
from gridahead.forecasting.sheets import csv_bytes, sheet
from gridahead.lake.folder import Folder
from gridahead.settings.file import load_settings
from gridahead.workspace import Workspace

PAYLOADS = Path(__file__).parents[1] / "data" / "smard"
SEED = 20251231
TENTHS = first_of([8, 4, 0, 1, 2, 3, 5, 6, 7, 9], 1)
LOAD = Series("DE", "load")

# A server that has imported everything once forks the children: clean processes without a second of imports each.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["gridahead.operate.ingest", "gridahead.forecasting.publish", "great_expectations.expectations.core"]
)


def killed(work: str, folder: Path, at: int, when: str) -> int:
    """Run the work in a child that dies at an operation, 0 for none; gives the number of operations if it finished."""
    tally = folder / "tally"
    child = FORKS.Process(target=run, args=(work, folder, at, when, tally))
    child.start()
    child.join(60)
    if at == 0:
        assert child.exitcode == 0
        return int(tally.read_text())
    assert child.exitcode == -signal.SIGKILL, "the child was not killed inside its work"
    assert not tally.exists()
    return 0


def point(number: int, operations: int, work: str) -> tuple[int, str]:
    """A random operation in the given tenth of the work, and whether to die before, in or after it."""
    chance = random.Random(f"{SEED} {work} {number}")
    low, high = 1 + number * operations // 10, (number + 1) * operations // 10
    return chance.randint(low, high), chance.choice(["before", "torn", "after"])


def prepared(folder: Path) -> Path:
    """Settings and three payloads: two days of actual values and forecasts, and one that spoils a value."""
    exports = folder / "exports"
    exports.mkdir(parents=True)
    for payload in PAYLOADS.glob("*_consumption_202501010000_*"):
        shutil.copy(payload, exports)
    (first,) = exports.glob("Actual_consumption_202501010000_*")
    text = first.read_text(encoding="utf-8")
    assert text.count("47,741.75") == 1
    revised = text.replace("47,741.75", "47,741,750.00")
    first.with_name(first.stem + "_revised.csv").write_text(revised, encoding="utf-8")
    settings = 'data_folder = "data"\n[[sources]]\nkind = "smard"\nfolder = "exports"\n'
    (folder / "settings.toml").write_text(settings)
    return folder


def lake_of(folder: Path):
    return Workspace(load_settings(folder / "settings.toml")).lake


def rows_of(folder: Path) -> pd.DataFrame:
    """Every row of the lake; when a revision was seen differs from run to run, so that clock is left out."""
    rows = lake_of(folder).read_observations()
    assert not rows.duplicated(["zone", "quantity", "valid_time", "available_at"]).any()
    rows["available_at"] = rows["available_at"].where(rows["availability"] == "assumed")
    return rows.sort_values(["zone", "quantity", "valid_time", "availability"], ignore_index=True)


def verdicts_of(folder: Path) -> pd.DataFrame:
    """What the gate says of every row, without the clocks of the run."""
    verdicts = lake_of(folder).read_verdicts()
    key = ["zone", "quantity", "valid_time", "rule", "severity"]
    return verdicts.sort_values(key, ignore_index=True)[[*key, "reason", "value", "batch"]]


def finished_files(folder: Path) -> dict[str, bytes]:
    """What a reader may see: everything but what a killed writer left aside, and the record of runs."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".writing-") and "runs" not in path.parts
    }


# -- ingest ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ingested(tmp_path_factory):
    """An undisturbed ingest: its folder and its number of file operations."""
    folder = prepared(tmp_path_factory.mktemp("ingest"))
    return folder, killed("ingest", folder, 0, "before")


def test_an_undisturbed_ingest_holds_every_value_once_and_withholds_the_bad_revision(ingested):
    folder, operations = ingested
    rows = rows_of(folder)
    # Two days of load, residual load, wind and solar, and the official forecasts of the three. One load is revised, and
    # so is the wind and solar that it gives.
    assert len(rows) == 48 * 6 + 2
    revised = rows[rows["availability"] == "recorded"]
    assert sorted(revised["quantity"]) == ["load", "wind_solar"]
    assert revised.set_index("quantity").loc["load", "value"] == 47_741_750.0
    accepted = lake_of(folder).read_accepted()
    assert len(accepted) == len(rows) - 2
    assert set(accepted["availability"]) == {"assumed"}
    assert lake_of(folder).waiting.batches() == set()
    assert operations > 50, "the points of the kills would not be inside the work"


@pytest.mark.parametrize("number", TENTHS)
def test_an_ingest_killed_at_any_point_and_started_again_gives_the_same_lake(ingested, tmp_path, number):
    undisturbed, operations = ingested
    folder = prepared(tmp_path / "work")
    killed("ingest", folder, *point(number, operations, "ingest"))

    expected = rows_of(undisturbed)
    half = rows_of(folder)
    assert len(half.merge(expected, how="inner")) == len(half), "a reader saw a row that nobody delivered"
    assert (lake_of(folder).read_accepted()["value"] < 1e6).all(), "a reader saw a row that nobody had judged"

    ingest_all(folder)
    pd.testing.assert_frame_equal(rows_of(folder), expected)
    pd.testing.assert_frame_equal(verdicts_of(folder), verdicts_of(undisturbed))
    assert lake_of(folder).waiting.batches() == set()
    assert len(lake_of(folder).read_accepted()) == len(expected) - 2
    signed, expected_signed = (
        [receipt.batch for receipt in lake_of(each).receipts.all()] for each in (folder, undisturbed)
    )
    assert sorted(signed) == sorted(expected_signed) != []
    archived, kept = (finished_files(each / "data/raw") for each in (undisturbed, folder))
    assert {name: kept[name] for name in kept if not name.endswith(".about.json")} == {
        name: archived[name] for name in archived if not name.endswith(".about.json")
    }
    assert set(kept) == set(archived)

    before = finished_files(folder / "data")
    ingest_all(folder)
    assert finished_files(folder / "data") == before


# -- services -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def host():
    """A service whose newest hour is the same for all of these tests."""
    present = now().floor("h")
    with Host([energy_charts(lambda: present)]) as service:
        yield service


def prepared_to_ask(folder: Path, host: Host) -> Path:
    """Settings of a service of which three months are missing: six windows."""
    folder.mkdir(parents=True, exist_ok=True)
    since = now() - pd.Timedelta(days=70)
    settings = f'data_folder = "data"\n[[sources]]\nkind = "energy_charts"\nzones = ["DE"]\nbase_url = "{host.url}"\n'
    settings += f'quantities = ["load", "price"]\nsince = "{since:%Y-%m-%d}"\n'
    (folder / "settings.toml").write_text(settings)
    return folder


@pytest.fixture(scope="module")
def fetched(tmp_path_factory, host):
    """An undisturbed ingest from the service: its folder and its number of file operations."""
    folder = prepared_to_ask(tmp_path_factory.mktemp("service"), host)
    return folder, killed("ingest", folder, 0, "before")


@pytest.mark.parametrize("number", first_of(range(5), 1))
def test_what_a_service_answered_is_whole_after_a_kill_at_any_point_and_another_start(fetched, host, tmp_path, number):
    undisturbed, operations = fetched
    folder = prepared_to_ask(tmp_path / "work", host)
    killed("ingest", folder, *point(2 * number, operations, "service"))
    expected, half = rows_of(undisturbed), rows_of(folder)
    columns = ["zone", "quantity", "valid_time", "value"]
    assert len(half.merge(expected[columns], how="inner", on=columns)) == len(half)

    ingest_all(folder)
    pd.testing.assert_frame_equal(rows_of(folder).drop(columns="batch"), expected.drop(columns="batch"))
    told = verdicts_of(folder).drop(columns="batch")
    pd.testing.assert_frame_equal(told, verdicts_of(undisturbed).drop(columns="batch"))
    assert lake_of(folder).waiting.batches() == set()
    windows, expected_windows = (lake_of(each).fetched.read() for each in (folder, undisturbed))
    assert set(windows["item"]) == set(expected_windows["item"]) == {"public_power", "price"}


# -- publish --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """An undisturbed publication of three forecasts: its folder and its number of file operations."""
    folder = tmp_path_factory.mktemp("publish")
    return folder, killed("publish", folder, 0, "before")


def assert_whole(home: Folder) -> None:
    """The manifest's files are there, hash to their names and hold one of the forecasts."""
    manifest = read_manifest(home)
    assert manifest is not None
    parquet, csv = (str(manifest[name]) for name in ("parquet", "csv"))
    stamp = digest(home.read(parquet))
    assert (parquet, csv) == (f"forecast-{stamp}.parquet", f"forecast-{stamp}.csv")
    made = forecast_of(manifest["delivery_day"], float(manifest["data_hash"]))
    assert home.read(csv) == csv_bytes(sheet(made, "Europe/Berlin"))
    assert openpyxl.load_workbook(io.BytesIO(home.read(str(manifest["xlsx"]))))["Forecast"].max_row == 25
    found = pd.read_parquet(io.BytesIO(home.read(parquet)))
    assert found["value_mw"].sum() == made["value_mw"].sum()


def homes(published: Path) -> list[Folder]:
    """Every folder of an issue time."""
    return [Folder.at(path) for path in sorted((published / LOAD.slug).glob("*/*")) if path.is_dir()]


@pytest.mark.parametrize("number", TENTHS)
def test_a_publication_killed_at_any_point_leaves_no_half_forecast_and_is_made_whole(published, tmp_path, number):
    undisturbed, operations = published
    folder = tmp_path / "work"
    folder.mkdir()
    killed("publish", folder, *point(number, operations, "publish"))

    published_folder = folder / "published"
    whole = [home for home in homes(published_folder) if home.exists("manifest.json")]
    for home in whole:
        assert_whole(home)
    latest = latest_manifest(published_folder, LOAD)
    if latest is not None:
        assert latest in [read_manifest(home) for home in whole] or latest["data_hash"] == "50000"
        csvs = {path.read_bytes() for path in (published_folder / LOAD.slug).glob("*/*/*.csv")}
        assert (published_folder / LOAD.slug / "latest.csv").read_bytes() in csvs
        books = {path.read_bytes() for path in (published_folder / LOAD.slug).glob("*/*/*.xlsx")}
        assert (published_folder / LOAD.slug / "latest.xlsx").read_bytes() in books

    publish_all(folder)
    expected = finished_files(undisturbed / "published")
    assert finished_files(published_folder) == expected
    for home in homes(published_folder):
        assert_whole(home)
    assert json.loads(expected["DE.load/latest.json"])["data_hash"] == "51000"
