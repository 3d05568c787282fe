"""`gridahead lake …` from a shell: what it prints, what it writes, and its exit codes."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from gridahead.cli.main import app
from gridahead.core.errors import LakeError, SettingsError
from gridahead.core.fingerprint import digest
from gridahead.core.tables import OBSERVATIONS
from gridahead.lake.lake import Lake
from gridahead.lake.receipts import Receipt

HOURS = pd.date_range("2024-12-31T12:00Z", periods=24, freq="h", unit="us")


@pytest.fixture
def settings(tmp_path):
    """Settings with a lake beside the data folder: two series, one of them revised."""
    path = tmp_path / "settings.toml"
    path.write_text('data_folder = "data"\nlake = "sea"\n')
    lake = Lake(tmp_path / "sea", tmp_path / "raw")
    told = {"availability": "recorded", "unit": "MW", "mtu": "PT60M", "source": "test", "batch": "0" * 16}
    for quantity, value, seen in (
        ("load", 1.0, HOURS),
        ("solar", 2.0, HOURS),
        ("load", 3.0, HOURS + pd.Timedelta(days=1)),
    ):
        rows = {"zone": "DE", "quantity": quantity, "valid_time": HOURS, "available_at": seen, "value": value, **told}
        lake.observations.append(OBSERVATIONS.check(pd.DataFrame(rows)))
    return path


def sign(settings):
    """Sign the batch of every row, as an ingest does."""
    lake, at = Lake(settings.parent / "sea", settings.parent / "data/raw"), HOURS[-1] + pd.Timedelta(days=2)
    payload = lake.archive.keep(digest(b"load"), "a.csv", b"load", {})
    lake.receipts.sign(Receipt("0" * 16, "test", "a.csv", "/a.csv", payload, digest(b"load"), {}, at, at, {}))


def run(settings, *arguments, code=0):
    result = CliRunner().invoke(app, ["lake", *arguments, "--settings", str(settings)])
    if isinstance(result.exception, Exception):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


def test_stats_compact_and_verify_tell_machines_and_people(settings):
    (load, solar) = json.loads(run(settings, "stats", "--json"))
    assert (load["series"], load["rows"], load["vintages"], load["files"]) == ("DE/load", 48, 2.0, 0)
    assert (solar["first"], solar["last"]) == ("2024-12-31T12:00:00Z", "2025-01-01T11:00:00Z")
    (done,) = json.loads(run(settings, "compact", "--json"))
    assert (done["table"], done["batches"], done["folders"], done["rows"]) == ("observations", 3, 4, 72)
    assert json.loads(run(settings, "compact", "--json")) == []
    assert "nothing to merge" in run(settings, "compact")
    assert "DE/solar" in run(settings, "stats")
    (unsigned,) = json.loads(run(settings, "verify", "--json", code=6))["findings"]
    assert "1 batches in the lake have no receipt" in unsigned["what"]
    sign(settings)
    found = json.loads(run(settings, "verify", "--json"))
    assert found == {"files": 4, "rows": 72, "findings": []}
    assert "4 files with 72 rows: no findings" in run(settings, "verify")


def test_verify_ends_with_6_and_names_the_file_and_the_way_out(settings):
    run(settings, "compact")
    path = next((settings.parent / "sea/observations/series=DE.solar/year=2025").iterdir())
    path.write_bytes(path.read_bytes()[:-9])
    (finding,) = json.loads(run(settings, "verify", "--json", code=6))["findings"]
    assert finding["file"] == str(path)
    assert "changed or torn" in finding["what"]
    assert "gridahead lake amend" in finding["way_out"]
    assert "1 finding" in run(settings, "verify", code=6)


def test_export_writes_a_series_as_it_was_known(settings, tmp_path):
    csv = tmp_path / "load.csv"
    time_range = ("--start", "2024-12-31T12:00Z", "--end", "2025-01-01T00:00Z")
    run(settings, "export", "--series", "DE/load", *time_range, "--output", str(csv))
    assert len(pd.read_csv(csv)) == 24
    known = ("--as-of", "2025-01-01T15:00+01:00")  # the revisions of 12:00 to 14:00 were seen a day later
    told = run(settings, "export", "--series", "DE/load", *time_range, *known, "--output", str(csv), "--json")
    assert json.loads(told) == {"file": str(csv), "rows": 12}
    assert pd.read_csv(csv)["value"].tolist() == [3.0] * 3 + [1.0] * 9
    run(settings, "export", "--table", "observations", "--output", str(tmp_path / "all.parquet"))
    assert len(pd.read_parquet(tmp_path / "all.parquet")) == 72


def test_exports_that_cannot_be_meant_say_so(settings, tmp_path):
    csv = str(tmp_path / "rows.csv")
    with pytest.raises(SettingsError, match="no table 'loads'; known are observations"):
        run(settings, "export", "--table", "loads", "--output", csv)
    with pytest.raises(SettingsError, match="the table scores has no available_at"):
        run(settings, "export", "--table", "scores", "--as-of", "now", "--output", csv)
    with pytest.raises(SettingsError, match="--start and --end belong together"):
        run(settings, "export", "--start", "2025-01-01T00:00Z", "--output", csv)
    with pytest.raises(SettingsError, match=r"no series AT/load; .*known: DE/load"):
        run(settings, "export", "--series", "AT/load", "--output", csv)
    with pytest.raises(LakeError, match="nothing to export"):
        run(settings, "export", "--series", "DE/load", "--start", "1 Jan 2030", "--end", "2 Jan 2030", "--output", csv)


def test_views_name_the_files_of_the_lake(settings):
    text = run(settings, "views")
    assert f"read_parquet('{settings.parent}/sea/observations/**/*.parquet'" in text
    assert "CREATE OR REPLACE MACRO as_of(instant)" in text
    assert "$" not in text.replace("$observations, $verdicts", "").replace("$rulings", "").replace("$waiting", "")
    assert not Path(settings.parent / "data").exists()
