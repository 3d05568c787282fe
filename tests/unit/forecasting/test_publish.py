"""Publishing: whole, once, and the newest on top."""

import json

import pandas as pd
import pyarrow.parquet as pq
import pytest
from builders.forecasts import BERLIN, forecast_of
from builders.rows import LOAD

from gridahead.core.errors import LakeError, PublicationError
from gridahead.core.grid import Series
from gridahead.core.time import Mtu
from gridahead.forecasting.publish import latest_manifest, publish, read_manifest, spreadsheet


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def publish_to(folder, forecasts, **about):
    return publish(folder, forecasts, BERLIN, about)


# -- files ----------------------------------------------------------------------------------------------------------


def test_a_forecast_is_a_folder_with_a_manifest_and_copies_beside_it(tmp_path):
    published = publish_to(tmp_path, forecast_of("2025-12-31"), run_id="abc")
    assert published.changed
    assert published.folder == tmp_path / "DE.load" / "2025-12-30T1000Z"
    manifest = json.loads((published.folder / "manifest.json").read_bytes())
    assert manifest == published.manifest
    files = contents(tmp_path)
    assert set(files) == {
        f"DE.load/2025-12-30T1000Z/{name}" for name in ("manifest.json", manifest["parquet"], manifest["csv"])
    } | {"DE.load/latest.csv", "DE.load/latest.json"}
    assert files["DE.load/latest.csv"] == published.csv.read_bytes()
    assert files["DE.load/latest.json"] == files["DE.load/2025-12-30T1000Z/manifest.json"]


def test_the_manifest_tells_what_a_reader_asks(tmp_path):
    manifest = publish_to(
        tmp_path, forecast_of("2025-12-31", rung="degraded", missing="no value for 3 h"), run_id="abc"
    ).manifest
    assert manifest["series"] == "DE/load"
    assert manifest["issue_time"] == "2025-12-30T10:00:00+00:00"
    assert manifest["delivery"] == ["2025-12-30T23:00:00+00:00", "2025-12-31T23:00:00+00:00"]
    assert (manifest["model"], manifest["model_version"], manifest["run_id"]) == ("gru", "3", "abc")
    assert (manifest["rung"], manifest["missing"]) == ("degraded", "no value for 3 h")
    assert (manifest["unit"], manifest["timezone"]) == ("MW", BERLIN)
    assert "supersedes" not in manifest
    # The median is 50 000 MW and one more from hour to hour; the delivery day is that of local time.
    assert manifest["delivery_day"] == "2025-12-31"
    assert manifest["median"] == {"mean_mw": 50_011.5, "peak_mw": 50_023.0, "peak_at": "2025-12-31T22:00:00+00:00"}


def test_complete_inputs_are_no_degradation(tmp_path):
    assert publish_to(tmp_path, forecast_of("2025-12-31")).manifest["rung"] == "full"


def test_the_parquet_file_has_every_row_with_its_unit(tmp_path):
    forecasts = forecast_of("2025-12-31")
    published = publish_to(tmp_path, forecasts)
    path = published.folder / published.manifest["parquet"]
    found = pq.read_table(path)
    assert (found.schema.field("value_mw").metadata or {})[b"unit"] == b"MW"
    expected = forecasts.drop(columns="made_at").sort_values(["valid_time", "quantile"], ignore_index=True)
    pd.testing.assert_frame_equal(found.to_pandas(), expected)


# -- again ----------------------------------------------------------------------------------------------------------


def test_publishing_again_changes_not_a_byte(tmp_path):
    first = publish_to(tmp_path, forecast_of("2025-12-31"))
    before = contents(tmp_path)
    touched = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    # Made again an hour later, in another order of rows: the same forecast.
    again = forecast_of("2025-12-31", made_at=pd.Timestamp("2026-01-01T01:00Z")).sample(frac=1, random_state=1)
    second = publish_to(tmp_path, again)
    assert first.changed
    assert not second.changed
    assert contents(tmp_path) == before
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == touched


def test_another_forecast_for_the_same_issue_time_supersedes_and_says_so(tmp_path):
    first = publish_to(tmp_path, forecast_of("2025-12-31"))
    second = publish_to(tmp_path, forecast_of("2025-12-31", level=51_000.0, model_version="4"))
    assert second.changed
    assert second.folder == first.folder
    assert second.manifest["supersedes"] == first.manifest["parquet"]
    assert (first.folder / first.manifest["parquet"]).exists(), "what was published stays readable"
    assert (read_manifest(first.folder) or {})["model_version"] == "4"
    assert latest_manifest(tmp_path, LOAD) == second.manifest
    assert (tmp_path / "DE.load" / "latest.csv").read_bytes() == second.csv.read_bytes()
    again = publish_to(tmp_path, forecast_of("2025-12-31", level=51_000.0, model_version="4"))
    assert not again.changed
    assert again.manifest == second.manifest


def test_latest_follows_the_newest_issue_time_only(tmp_path):
    publish_to(tmp_path, forecast_of("2025-12-30"))
    newest = publish_to(tmp_path, forecast_of("2025-12-31"))
    assert latest_manifest(tmp_path, LOAD) == newest.manifest
    older = publish_to(tmp_path, forecast_of("2025-12-29"))
    assert older.changed
    assert latest_manifest(tmp_path, LOAD) == newest.manifest
    assert (tmp_path / "DE.load" / "latest.csv").read_bytes() == newest.csv.read_bytes()
    corrected = publish_to(tmp_path, forecast_of("2025-12-30", level=1.0))
    assert corrected.manifest["supersedes"]
    assert latest_manifest(tmp_path, LOAD) == newest.manifest


def test_a_folder_without_a_manifest_is_no_forecast(tmp_path):
    half = tmp_path / "DE.load" / "2026-01-05T1000Z"
    half.mkdir(parents=True)
    (half / "forecast-0123456789ab.parquet").write_bytes(b"PAR1")
    assert read_manifest(half) is None
    assert latest_manifest(tmp_path, LOAD) is None
    whole = publish_to(tmp_path, forecast_of("2025-12-31"))
    assert latest_manifest(tmp_path, LOAD) == whole.manifest


def test_series_do_not_get_in_each_others_way(tmp_path):
    load = publish_to(tmp_path, forecast_of("2025-12-31"))
    solar = publish_to(tmp_path, forecast_of("2025-12-31", quantity="solar"))
    assert solar.folder == tmp_path / "DE.solar" / "2025-12-30T1000Z"
    assert latest_manifest(tmp_path, LOAD) == load.manifest
    assert latest_manifest(tmp_path, Series("DE", "solar")) == solar.manifest


@pytest.mark.parametrize("change", [{"model": "lstm"}, {"data_hash": "ff"}, {"rung": "naive"}])
def test_one_forecast_is_published_at_a_time(tmp_path, change):
    two = pd.concat([forecast_of("2025-12-31"), forecast_of("2025-12-31", **change)])
    with pytest.raises(PublicationError, match="one forecast is published at a time, these rows are of 2"):
        publish_to(tmp_path, two)
    assert contents(tmp_path) == {}


def test_a_folder_that_cannot_be_written_is_an_error_and_the_former_forecast_stays(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(LakeError, match="cannot write"):
        publish_to(tmp_path / "taken", forecast_of("2025-12-31"))


# -- the spreadsheet ------------------------------------------------------------------------------------------------


def test_the_spreadsheet_has_local_time_utc_and_a_column_a_quantile_with_its_unit():
    sheet = spreadsheet(forecast_of("2025-12-31", levels=(0.05, 0.5, 0.95)), BERLIN)
    assert list(sheet.columns) == ["start (Europe/Berlin)", "start (UTC)", "P05 [MW]", "P50 [MW]", "P95 [MW]"]
    assert sheet.iloc[0].tolist() == ["2025-12-31 00:00", "2025-12-30 23:00", 45_500.0, 50_000.0, 54_500.0]
    assert sheet.iloc[-1].tolist() == ["2025-12-31 23:00", "2025-12-31 22:00", 45_523.0, 50_023.0, 54_523.0]


def test_in_a_zone_whose_clock_is_utc_the_time_stands_once():
    sheet = spreadsheet(forecast_of("2025-12-31"), "UTC")
    assert [name for name in sheet.columns if name.startswith("start")] == ["start (UTC)"]
    assert sheet["start (UTC)"].iloc[0] == "2025-12-30 23:00"


def test_a_day_of_25_hours_has_25_rows_with_both_two_o_clocks():
    sheet = spreadsheet(forecast_of("2025-10-26"), BERLIN)
    assert len(sheet) == 25
    doubled = sheet[sheet["start (Europe/Berlin)"] == "2025-10-26 02:00"]
    assert doubled["start (UTC)"].tolist() == ["2025-10-26 00:00", "2025-10-26 01:00"]
    assert doubled["P50 [MW]"].tolist() == [50_002.0, 50_003.0]
    assert sheet["start (UTC)"].is_unique


def test_a_day_of_23_hours_has_no_two_o_clock():
    sheet = spreadsheet(forecast_of("2025-03-30"), BERLIN)
    assert len(sheet) == 23
    assert "2025-03-30 02:00" not in set(sheet["start (Europe/Berlin)"])


def test_quarter_hours_are_rows_of_their_own():
    sheet = spreadsheet(forecast_of("2025-10-26", mtu=Mtu.PT15M), BERLIN)
    assert len(sheet) == 100
    assert sheet["start (Europe/Berlin)"].iloc[:3].str[-5:].tolist() == ["00:00", "00:15", "00:30"]


def test_levels_between_whole_percents_keep_their_names():
    sheet = spreadsheet(forecast_of("2025-12-31", levels=(0.025, 0.5, 0.975)), BERLIN)
    assert list(sheet.columns[2:]) == ["P2.5 [MW]", "P50 [MW]", "P97.5 [MW]"]


def test_the_csv_is_what_a_spreadsheet_opens(tmp_path):
    published = publish_to(tmp_path, forecast_of("2025-12-31", levels=(0.1, 0.5, 0.9)))
    lines = published.csv.read_bytes().decode().split("\r\n")
    assert lines[0] == "start (Europe/Berlin),start (UTC),P10 [MW],P50 [MW],P90 [MW]"
    assert lines[1] == "2025-12-31 00:00,2025-12-30 23:00,46000.0,50000.0,54000.0"
    assert len(lines) == 26
    assert lines[-1] == ""


# -- small series, and other units ----------------------------------------------------------------------------------


def small(factor):
    forecasts = forecast_of("2025-12-31")
    return forecasts.assign(value_mw=forecasts["value_mw"] * factor)


@pytest.mark.parametrize(("factor", "unit"), [(1.0, "MW"), (1e-8, "kW"), (1e-8, "MW"), (1.0, "GW")])
def test_the_csv_tells_every_value_to_a_hundredth_of_a_percent_of_the_largest(tmp_path, factor, unit):
    forecasts = small(factor)
    published = publish(tmp_path, forecasts, BERLIN, {}, unit)
    assert published.manifest["unit"] == unit
    table = pd.read_csv(published.csv)
    (median,) = [name for name in table if name == f"P50 [{unit}]"]
    wanted = forecasts[forecasts["quantile"] == 0.5].sort_values("valid_time")["value_mw"].to_numpy()
    told = table[median].to_numpy() * {"kW": 1e-3, "MW": 1.0, "GW": 1e3}[unit]
    assert abs(told - wanted).max() <= 1e-4 * abs(wanted).max()
    assert (told > 0).all()


def test_the_csv_of_a_country_in_mw_has_a_tenth_as_ever(tmp_path):
    text = publish_to(tmp_path, small(1.0)).csv.read_text()
    assert all(len(cell.partition(".")[2]) == 1 for cell in text.splitlines()[1].split(",")[2:])


def test_the_parquet_file_has_mw_whatever_is_shown(tmp_path):
    inside = [publish(tmp_path / unit, small(1e-8), BERLIN, {}, unit) for unit in ("kW", "MW")]
    files = [(one.folder / str(one.manifest["parquet"])).read_bytes() for one in inside]
    assert files[0] == files[1]
