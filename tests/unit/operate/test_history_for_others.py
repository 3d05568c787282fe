"""History for others: every forecast as it was issued, with the official one of that time and what came since."""

import json

import pandas as pd
import pyarrow.parquet as pq
import pytest
from builders.commands import run
from builders.forecasts import forecast_of
from builders.rows import LOAD, day_ahead, measured, together
from builders.serving import workspace_in_memory

from gridahead.core.errors import LakeError
from gridahead.core.time import Mtu
from gridahead.forecasting.identity import forecast_id
from gridahead.operate.history import column_of, export_history, history_table

DAYS = ("2025-12-31", "2026-01-01")


@pytest.fixture
def workspace(tmp_path):
    """Two days with a forecast each, the first with a second one an hour before; the second day has not come yet."""
    made = workspace_in_memory(tmp_path / "data", "DE")
    early = forecast_of(DAYS[0], level=40_000.0, issue_time=pd.Timestamp("2025-12-30T08:30Z"))
    early["unadapted_mw"] = early["value_mw"] - 700.0
    for forecast in (early, *map(forecast_of, DAYS)):
        made.lake.forecasts.append(forecast)
    units = pd.date_range("2025-12-30T23:00Z", periods=48, freq="h")
    first, second = (day_ahead(LOAD.official, units, value, hour=hour) for value, hour in ((1_000.0, 9), (2_000.0, 10)))
    made.lake.observations.append(together(first, second, measured(LOAD, units[:24], 45_000.0)))
    return made


def table(path) -> pd.DataFrame:
    return pq.read_table(path).to_pandas()


def test_a_file_a_utc_year_has_a_row_a_forecast_and_unit(workspace, tmp_path):
    done = export_history(workspace, tmp_path / "out")
    # The second day begins in the old year by UTC, at 23:00.
    assert [(one.year, one.rows, one.forecasts) for one in done] == [(2025, 49, 3), (2026, 23, 1)]
    rows = table(tmp_path / "out/DE.load/2025.parquet")
    assert list(rows.columns) == history_table((0.1, 0.5, 0.9)).names
    first = rows.iloc[0]
    assert str(first["valid_time"]) == "2025-12-30 23:00:00+00:00" and first["lead_hours"] == 14.5
    assert str(first["valid_until"]) == "2025-12-31 00:00:00+00:00"
    assert first[["p10", "p50", "p90"]].tolist() == [36_000.0, 40_000.0, 44_000.0]
    assert first[["unadapted_p10", "unadapted_p50", "unadapted_p90"]].tolist() == [35_300.0, 39_300.0, 43_300.0]
    assert rows["unadapted_p50"].notna().sum() == 24  # the others are of a release that adapted nothing
    assert (first["unit"], first["rung"], first["run"]) == ("MW", "full", "live")
    assert set(rows["forecast_id"].iloc[2:48:2]) == {rows["forecast_id"].iloc[0]}
    assert first["forecast_id"] == forecast_id(first)


def test_the_official_forecast_is_of_the_issue_time_and_the_outturn_of_now(workspace, tmp_path):
    export_history(workspace, tmp_path)
    rows = pd.concat([table(tmp_path / f"DE.load/{year}.parquet") for year in (2025, 2026)])
    by_forecast = rows.groupby(["issue_time"])["official"].unique().map(list).tolist()
    assert by_forecast == [[1_000.0], [2_000.0], [2_000.0]]
    assert rows["outturn"].tolist() == [45_000.0] * 48 + [pytest.approx(float("nan"), nan_ok=True)] * 24


def test_units_have_their_own_length_in_one_file(workspace, tmp_path):
    workspace.lake.forecasts.append(forecast_of("2025-12-30", mtu=Mtu.PT15M))
    export_history(workspace, tmp_path)
    rows = table(tmp_path / "DE.load/2025.parquet")
    assert rows["mtu"].value_counts().to_dict() == {"PT15M": 96, "PT60M": 49}
    quarters = rows[rows["mtu"] == "PT15M"]
    assert ((quarters["valid_until"] - quarters["valid_time"]) == pd.Timedelta(minutes=15)).all()
    assert quarters["official"].isna().all() and quarters["outturn"].isna().all()


def test_the_dictionary_names_every_column_with_unit_and_meaning_and_so_do_the_files(workspace, tmp_path):
    export_history(workspace, tmp_path)
    schema = pq.read_schema(tmp_path / "DE.load/2026.parquet")
    told = {one["name"]: one for one in json.loads((tmp_path / "dictionary.json").read_text())["columns"]}
    assert list(told) == schema.names
    for name in schema.names:
        metadata = schema.field(name).metadata or {}
        assert metadata[b"meaning"].decode() == told[name]["meaning"] != ""
        assert metadata[b"unit"].decode() == (told[name]["unit"] or "")
    assert told["official"]["unit"] == "MW" and "known at the issue time" in told["official"]["meaning"]
    assert "| p50 | float64 | MW |" in (tmp_path / "dictionary.md").read_text()


def test_what_has_not_changed_is_not_written_again(workspace, tmp_path):
    export_history(workspace, tmp_path / "out")
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    touched = {path: path.stat().st_mtime_ns for path in files}
    export_history(workspace, tmp_path / "out")
    assert {path: path.stat().st_mtime_ns for path in files} == touched


def test_where_nothing_was_forecast_that_is_said(workspace, tmp_path):
    with pytest.raises(LakeError, match="no forecast of DE/load in the run backfilled; `gridahead reproduce --list`"):
        export_history(workspace, tmp_path, run="backfilled")


def test_the_command_says_what_it_has_written(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr("gridahead.cli.history.open_workspace", lambda settings: workspace)
    monkeypatch.setattr("gridahead.cli.history.known_series", lambda workspace, name: LOAD)
    until = ("--start", "2025-12-30", "--end", "2026-01-01")
    done = run(tmp_path, "history", "-o", str(tmp_path / "out"), "--series", "DE/load", *until, "--json")
    assert done.code == 0, done
    (only,) = json.loads(done.said)
    assert (only["series"], only["year"], only["rows"]) == ("DE/load", 2025, 49)


def test_columns_of_quantiles_are_names_that_a_database_takes():
    assert [column_of(level) for level in (0.01, 0.025, 0.5, 0.975)] == ["p01", "p2_5", "p50", "p97_5"]
