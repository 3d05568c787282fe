"""Publishing: whole, once, and the newest on top."""

import datetime as dt
import io
import json

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from builders.forecasts import BERLIN, ELEVEN, forecast_of
from builders.rows import LOAD

from gridahead.core.errors import LakeError, PublicationError
from gridahead.core.grid import Series
from gridahead.core.time import Deadline
from gridahead.forecasting import publish as publish_module
from gridahead.forecasting.publish import (
    issues_of,
    manifest_text,
    newest_of,
    publish,
    published_days,
    read_manifest,
    superseded_at,
)
from gridahead.forecasting.slot import slot_of
from gridahead.lake.folder import Folder


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


AT = pd.Timestamp("2026-01-01T00:00:30Z")


def publish_to(folder, forecasts, at=AT, slot=None, **about):
    return publish(folder, forecasts, BERLIN, about, at=at, slot=slot)


# -- files ----------------------------------------------------------------------------------------------------------


def test_a_forecast_is_a_folder_with_a_manifest(tmp_path):
    published = publish_to(tmp_path, forecast_of("2025-12-31"), run_id="abc")
    assert published.changed
    assert str(published.folder) == str(tmp_path / "DE.load/2025-12-31/2025-12-30T1000Z")
    manifest = json.loads(published.folder.read("manifest.json"))
    assert manifest == published.manifest
    assert set(contents(tmp_path)) == {
        f"DE.load/2025-12-31/2025-12-30T1000Z/{name}"
        for name in ("manifest.json", manifest["parquet"], manifest["csv"], manifest["xlsx"])
    }


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


def test_the_manifest_tells_by_how_much_adaptation_has_moved_the_mean_of_the_day(tmp_path):
    rows = forecast_of("2025-12-31")
    moved = rows.assign(unadapted_mw=rows["value_mw"] - 120.0)
    assert publish_to(tmp_path, moved).manifest["median"]["adapted_mw"] == 120.0
    for plain in (rows.assign(unadapted_mw=rows["value_mw"]), moved.assign(rung="by_hand")):
        assert "adapted_mw" not in publish_to(tmp_path, plain).manifest["median"]


def test_complete_inputs_are_no_degradation(tmp_path):
    assert publish_to(tmp_path, forecast_of("2025-12-31")).manifest["rung"] == "full"


def test_the_parquet_file_has_every_row_with_its_unit(tmp_path):
    forecasts = forecast_of("2025-12-31")
    published = publish_to(tmp_path, forecasts)
    found = pq.read_table(io.BytesIO(published.folder.read(published.manifest["parquet"])))
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
    second = publish_to(tmp_path, again, at=pd.Timestamp("2026-01-01T01:00:30Z"))
    assert first.changed
    assert not second.changed
    assert second.manifest == first.manifest
    assert contents(tmp_path) == before
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == touched


def test_another_forecast_for_the_same_issue_time_supersedes_and_says_so(tmp_path):
    first = publish_to(tmp_path, forecast_of("2025-12-31"))
    second = publish_to(tmp_path, forecast_of("2025-12-31", level=51_000.0, model_version="4"))
    assert second.changed
    assert second.folder == first.folder
    assert second.manifest["supersedes"] == first.manifest["parquet"]
    assert first.folder.exists(first.manifest["parquet"]), "what was published stays readable"
    assert (read_manifest(first.folder) or {})["model_version"] == "4"
    (former,) = superseded_at(first.folder)
    assert former.manifest == first.manifest
    again = publish_to(tmp_path, forecast_of("2025-12-31", level=51_000.0, model_version="4"))
    assert not again.changed
    assert again.manifest == second.manifest


def test_what_was_made_before_what_is_there_does_not_take_its_place_and_is_not_lost(tmp_path):
    newer = publish_to(tmp_path, forecast_of("2025-12-31", level=51_000.0))
    older = publish_to(tmp_path, forecast_of("2025-12-31", made_at=pd.Timestamp("2025-12-31T23:59Z")))
    assert (older.manifest, older.changed) == (newer.manifest, False)
    assert read_manifest(newer.folder) == newer.manifest
    (kept,) = superseded_at(newer.folder)
    assert kept.forecasts["value_mw"].min() == 46_000.0


# -- deadline and gate closure --------------------------------------------------------------------------------------


def noted(folder, at, live=True):
    """What a manifest says of the clocks of a forecast with a deadline at 11:00 and a gate closure at 12:00."""
    closure = Deadline.parse("D-1T1200[Europe/Brussels]")
    slot = slot_of(LOAD, BERLIN, ELEVEN, closure, pd.Timestamp("2025-12-30T10:00Z"))
    made = forecast_of("2025-12-31", made_at=pd.Timestamp("2025-12-30T10:00:02Z"))
    return publish(folder, made, BERLIN, {}, at=pd.Timestamp(at), slot=slot, live=live).manifest


def test_the_manifest_knows_when_it_was_due_made_and_out(tmp_path):
    said = noted(tmp_path, "2025-12-30T10:00:05Z")
    assert (said["deadline"], said["gate_closure"]) == ("2025-12-30T10:00:00+00:00", "2025-12-30T11:00:00+00:00")
    assert said["made_at"] == "2025-12-30T10:00:02+00:00"
    assert (said["published_at"], said["late"]) == ("2025-12-30T10:00:05+00:00", None)


@pytest.mark.parametrize(
    ("at", "late"), [("2025-12-30T10:10Z", None), ("2025-12-30T10:11Z", 11.0), ("2025-12-30T11:30Z", 90.0)]
)
def test_a_forecast_that_is_out_long_after_its_deadline_is_late_by_minutes(tmp_path, at, late):
    assert noted(tmp_path, at)["late"] == late
    assert noted(tmp_path / "demo", at, live=False)["late"] is None


def test_what_is_published_again_later_is_as_late_as_it_was(tmp_path):
    first = noted(tmp_path, "2025-12-30T10:00:05Z")
    assert noted(tmp_path, "2025-12-30T14:00Z") == first


def test_a_folder_without_a_manifest_is_no_forecast(tmp_path):
    half = tmp_path / "DE.load/2026-01-06/2026-01-05T1000Z"
    half.mkdir(parents=True)
    (half / "forecast-0123456789ab.parquet").write_bytes(b"PAR1")
    day = dt.date(2026, 1, 6)
    assert newest_of(tmp_path, LOAD, day) is None and issues_of(tmp_path, LOAD, day) == []
    whole = publish_to(tmp_path, forecast_of("2026-01-06"))
    assert (newest_of(tmp_path, LOAD, day) or whole).manifest == whole.manifest


def test_series_do_not_get_in_each_others_way(tmp_path):
    publish_to(tmp_path, forecast_of("2025-12-31"))
    solar = publish_to(tmp_path, forecast_of("2025-12-31", quantity="solar"))
    assert str(solar.folder) == str(tmp_path / "DE.solar/2025-12-31/2025-12-30T1000Z")
    assert len(published_days(tmp_path, LOAD)) == len(published_days(tmp_path, Series("DE", "solar"))) == 1


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


# -- CSV and XLSX ---------------------------------------------------------------------------------------------------


def test_csv_and_xlsx_have_the_unit_the_style_and_the_official_forecast_that_are_asked_for(tmp_path):
    made = forecast_of("2025-12-31")
    official = pd.Series(48_000.0, index=made["valid_time"].drop_duplicates())
    published = publish(tmp_path, made, BERLIN, {}, "GW", official, at=AT, csv_style="semicolon")
    first = published.csv.decode("utf-8-sig").split("\r\n")[1].split(";")
    assert first[:3] == ["2025-12-31 00:00", "2025-12-31 01:00", "2025-12-30 23:00"]
    assert first[4:8] == ["46,000", "50,000", "54,000", "48,000"]
    cells = openpyxl.load_workbook(io.BytesIO(published.folder.read(str(published.manifest["xlsx"]))))
    values = dict(zip(*([cell.value for cell in row] for row in cells["Forecast"][1:2]), strict=True))
    assert (values["P50 [GW]"], values["official [GW]"]) == (50, 48)
    told = {row[0].value: row[1].value for row in cells["About"].iter_rows()}
    assert told["series"] == "DE/load" and "published_at" not in told


@pytest.mark.parametrize("first", [True, False])
def test_an_xlsx_is_made_only_if_it_is_wanted_and_the_same_forecast_stays_as_it_was(tmp_path, first):
    made = forecast_of("2025-12-31")
    before, after = (publish(tmp_path, made, BERLIN, {}, at=AT, with_xlsx=wanted) for wanted in (first, not first))
    assert bool(before.manifest["xlsx"]) == first and not before.unmade
    assert any(name.endswith(".xlsx") for name in before.folder.names()) == first
    assert (after.changed, after.manifest) == (False, before.manifest)


def test_a_fault_in_making_the_xlsx_is_told_and_leaves_the_rest(tmp_path, monkeypatch, caplog):
    with monkeypatch.context() as broken:
        broken.setattr(publish_module, "xlsx_bytes", lambda *_: 1 / 0)
        published = publish_to(tmp_path, forecast_of("2025-12-31"))
    assert published.changed and published.unmade == "division by zero"
    assert "without an XLSX" in caplog.text
    assert published.manifest["xlsx"] is None
    names = {published.manifest["csv"], published.manifest["parquet"], "manifest.json"}
    assert set(published.folder.names()) == names
    again = publish_to(tmp_path, forecast_of("2025-12-31"), at=AT + pd.Timedelta(hours=1))
    assert (again.changed, again.manifest, set(again.folder.names())) == (False, published.manifest, names)


def test_a_disk_that_takes_no_xlsx_takes_the_rest(tmp_path, monkeypatch):
    write = Folder.write

    def full(self, name, content):
        if name.endswith(".xlsx"):
            raise LakeError("no space left")
        write(self, name, content)

    monkeypatch.setattr(Folder, "write", full)
    published = publish_to(tmp_path, forecast_of("2025-12-31"))
    assert (published.changed, published.unmade, published.manifest["xlsx"]) == (True, "no space left", None)


def test_what_a_release_before_has_published_stays_without_an_xlsx(tmp_path):
    first = publish_to(tmp_path, forecast_of("2025-12-31"))
    former = {name: value for name, value in first.manifest.items() if name != "xlsx"}
    first.folder.write("manifest.json", manifest_text(former))
    first.folder.delete(str(first.manifest["xlsx"]))
    again = publish_to(tmp_path, forecast_of("2025-12-31"), at=AT + pd.Timedelta(hours=1))
    assert (again.changed, again.manifest) == (False, former)
    assert first.folder.names(".xlsx") == []


def small(factor):
    forecasts = forecast_of("2025-12-31")
    return forecasts.assign(value_mw=forecasts["value_mw"] * factor)


def test_the_parquet_file_has_mw_whatever_is_shown(tmp_path):
    inside = [publish(tmp_path / unit, small(1e-8), BERLIN, {}, unit, at=AT) for unit in ("kW", "MW")]
    files = [one.folder.read(str(one.manifest["parquet"])) for one in inside]
    assert files[0] == files[1]
