"""Forecasts over HTTP: equal to what is published to the last digit, in every format, found as people ask for them."""

import datetime as dt
import io
import json

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from builders.rows import LOAD, measured
from builders.serving import fill_before
from builders.web import AT, Client, operated

from gridahead.core.time import TimeRange
from gridahead.forecasting.publish import Issue, latest_manifest
from gridahead.operate.forecast import forecast

SERIES = "/api/v1/series/DE/load"
FORECAST = f"{SERIES}/forecast"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    made = operated(tmp_path_factory.mktemp("asked") / "data", published=False)
    hours = pd.date_range("2025-03-18T23:00Z", periods=24, freq="h")
    official = measured(LOAD.official, hours, np.linspace(50_000.125, 60_000.875, 24))
    made.lake.observations.append(official.assign(available_at=AT - pd.Timedelta(hours=2)))
    fill_before(made, LOAD, dt.date(2025, 3, 19))
    forecast(made, LOAD, AT.floor("h"))
    return made


@pytest.fixture(scope="module")
def client(workspace):
    return Client(workspace)


@pytest.fixture(scope="module")
def published(workspace) -> pd.DataFrame:
    """The published Parquet, a column a level."""
    folder = workspace.settings.published_folder / "DE.load"
    rows = pd.read_parquet(folder / "latest.parquet")
    return rows.pivot(index="valid_time", columns="quantile", values="value_mw").sort_index()


def test_json_has_every_digit_of_the_published_parquet(client, published):
    said = client.get(FORECAST).json()
    assert {float(level): values for level, values in said["quantiles"].items()} == published.to_dict("list")
    assert [pd.Timestamp(at) for at in said["start"]] == list(published.index)
    assert [pd.Timestamp(at) for at in said["end"]] == list(published.index + pd.Timedelta(hours=1))
    assert (said["series"], said["unit"], said["timezone"], said["mtu"]) == ("DE/load", "MW", "UTC", "PT60M")
    assert said["official"] == np.linspace(50_000.125, 60_000.875, 24).tolist()
    assert said["delivery_day"] == "2025-03-19"


def test_what_the_model_answered_is_given_on_request_and_says_what_it_is(client, published, monkeypatch):
    kept = vars(Issue)["forecasts"].fget
    shifted = property(lambda issue: kept(issue).assign(unadapted_mw=lambda rows: rows["value_mw"] - 125.0))
    monkeypatch.setattr(Issue, "forecasts", shifted)
    said = client.get(FORECAST, adapted="false").json()
    assert {float(level): values for level, values in said["quantiles"].items()} == (published - 125.0).to_dict("list")
    assert said["adapted"] is False and client.get(FORECAST).json()["adapted"] is True
    table = client.get(FORECAST, adapted="false", format="csv")
    assert table.headers["content-disposition"].endswith('2025-03-19-unadapted.csv"')


def test_parquet_read_by_pandas_is_the_published_parquet(client, published):
    answer = client.get(FORECAST, format="parquet")
    frame = pd.read_parquet(io.BytesIO(answer.content))
    assert list(frame) == ["start", "end", "0.1", "0.5", "0.9", "official"]
    assert (frame[["0.1", "0.5", "0.9"]].to_numpy() == published.to_numpy()).all()
    assert list(frame["start"]) == list(published.index)
    about = json.loads(pa.parquet.read_schema(io.BytesIO(answer.content)).metadata[b"gridahead"])
    assert (about["series"], about["unit"]) == ("DE/load", "MW")


def test_arrow_is_the_same_to_pyarrow_and_to_polars(client, published):
    content = client.get(FORECAST, format="arrow", tz="Europe/Berlin").content
    by_arrow, by_polars = pa.ipc.open_stream(content).read_all(), pl.read_ipc_stream(io.BytesIO(content))
    for level in (0.1, 0.5, 0.9):
        assert by_arrow[f"{level}"].to_pylist() == published[level].tolist() == by_polars[f"{level}"].to_list()
    assert str(by_arrow.schema.field("start").type.tz) == "Europe/Berlin"
    assert by_polars["start"].dt.convert_time_zone("UTC").to_list() == list(published.index)


def test_csv_is_the_published_file_to_the_byte_and_pandas_reads_it(client, workspace, published):
    answer = client.get(FORECAST, format="csv")
    assert answer.content == (workspace.settings.published_folder / "DE.load" / "latest.csv").read_bytes()
    read = pd.read_csv(io.StringIO(answer.text))
    assert read["P50 [MW]"].tolist() == published[0.5].round(1).tolist()
    assert (pd.to_datetime(read["start (Europe/Berlin)"], utc=True) == published.index).all()


def test_a_spreadsheet_of_a_language_with_a_decimal_comma_has_one(client, published):
    text = client.get(FORECAST, format="csv-de").content.decode("utf-8-sig")
    assert client.get(FORECAST, format="csv-en").content == client.get(FORECAST, format="csv").content
    read = pd.read_csv(io.StringIO(text), sep=";", decimal=",")
    assert read["P10 [MW]"].tolist() == published[0.1].round(1).tolist()


def test_a_workbook_has_the_numbers_and_says_its_name(client, published):
    answer = client.get(FORECAST, format="xlsx")
    assert answer.headers["content-disposition"] == 'attachment; filename="DE.load-2025-03-19.xlsx"'
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content))["Forecast"]
    headings = [cell.value for cell in sheet[1]]
    column = headings.index("P50 [MW]")
    assert [row[column].value for row in sheet.iter_rows(min_row=2)] == published[0.5].tolist()


def test_the_unit_and_the_time_zone_are_those_that_are_asked_for(client, published):
    said = client.get(FORECAST, unit="GW", tz="Europe/Helsinki", quantiles="0.5").json()
    assert list(said["quantiles"]) == ["0.5"]
    assert said["quantiles"]["0.5"] == (published[0.5] / 1000).tolist()
    assert said["start"][0] == "2025-03-19T01:00:00+02:00"
    assert said["issue_time"] == "2025-03-18T12:00:00+02:00"


def test_a_forecast_is_found_by_id_issue_time_and_day_and_as_of(client, workspace):
    manifest = latest_manifest(workspace.published, LOAD)
    assert manifest is not None
    latest = client.get(FORECAST).content
    asked = [
        {"issue": manifest["forecast_id"]},
        {"issue": "2025-03-18T10:00Z"},
        {"delivery": "2025-03-19"},
        {"delivery": "tomorrow"},
        {"as_of": "2025-03-18T11:31+01:00"},
    ]
    for parameters in asked:
        assert client.get(FORECAST, **parameters).content == latest, parameters
    # An address that nobody has quoted: the plus sign arrives as a space.
    assert client.get(f"{FORECAST}?as_of=2025-03-18T11:31+01:00").content == latest


def test_what_was_not_published_then_is_refused_with_what_there_is(client):
    for parameters in ({"as_of": "2025-03-18T11:29"}, {"issue": "0123456789abcdef"}, {"delivery": "2025-03-18"}):
        answer = client.get(FORECAST, **parameters)
        assert answer.status_code == 404, parameters
        assert answer.json()["type"] == "/docs/api#not-published"
    # Following the advice:
    listed = client.get(f"{SERIES}/issues").json()["issues"]
    assert client.get(FORECAST, issue=listed[0]["forecast_id"]).status_code == 200


def test_the_figures_of_the_day_are_those_of_its_medians(client, published):
    said = {one["name"]: one for one in client.get(f"{SERIES}/peak").json()["figures"]}
    assert said["peak"]["ours"] == published[0.5].max()
    assert pd.Timestamp(said["peak"]["ours_at"]) == published[0.5].idxmax()
    assert said["energy"]["ours"] == pytest.approx(published[0.5].sum())
    assert (said["energy"]["unit"], said["peak"]["unit"]) == ("MWh", "MW")
    assert said["peak"]["official"] == 60_000.875
    assert said["mean"]["difference"] == pytest.approx(published[0.5].mean() - 55_000.5)


def test_the_figures_say_what_the_whole_day_may_come_to(client):
    paths = np.array(client.get(f"{SERIES}/paths").json()["paths"])
    said = {one["name"]: one for one in client.get(f"{SERIES}/peak", unit="GW", tz="Europe/Berlin").json()["figures"]}
    expected = np.quantile(paths.max(axis=1), [0.1, 0.5, 0.9], method="hazen") / 1000
    assert list(said["peak"]["quantiles"]) == ["0.1", "0.5", "0.9"]
    assert list(said["peak"]["quantiles"].values()) == pytest.approx(expected.tolist())
    assert said["energy"]["quantiles"]["0.5"] == pytest.approx(np.median(paths.sum(axis=1)) / 1000)
    hours = {pd.Timestamp(at).hour: share for at, share in said["peak"]["hours"].items()}
    latest = paths.argmax(axis=1)  # the load grows with the hour: local hour and place are the same
    assert hours == {hour: (latest == hour).mean() for hour in np.unique(latest)} and said["energy"]["hours"] is None


def test_paths_are_those_of_the_published_file_in_every_format(workspace, client):
    file = workspace.settings.published_folder / "DE.load" / "latest.paths.parquet"
    rows = pd.read_parquet(file).pivot(index="valid_time", columns="path", values="value_mw")
    said = client.get(f"{SERIES}/paths").json()
    assert np.array_equal(np.array(said["paths"], "f4"), rows.to_numpy().T) and len(said["follows"]) == 100
    assert [pd.Timestamp(at) for at in said["start"]] == list(rows.index)
    frame = pd.read_parquet(io.BytesIO(client.get(f"{SERIES}/paths", format="parquet").content))
    arrow = pl.read_ipc_stream(io.BytesIO(client.get(f"{SERIES}/paths", format="arrow").content)).to_pandas()
    for table in (frame, arrow):
        assert np.array_equal(table.drop(columns="start").to_numpy("f4"), rows.to_numpy())
    assert client.get(f"{SERIES}/paths", format="csv").status_code == 422


def test_a_forecast_without_paths_says_so_and_what_there_is(workspace, client):
    path = workspace.settings.published_folder / "DE.load" / "latest.json"
    before = path.read_bytes()
    bare = {name: value for name, value in json.loads(before).items() if name not in ("paths", "daily")}
    path.write_text(json.dumps(bare))
    try:
        answer = client.get(f"{SERIES}/paths")
        figures = client.get(f"{SERIES}/peak").json()["figures"]
    finally:
        path.write_bytes(before)
    assert (answer.status_code, answer.json()["type"]) == (404, "/docs/api#not-published")
    assert "has no paths" in answer.json()["detail"] and {one["quantiles"] for one in figures} == {None}


def test_where_nothing_was_computed_nothing_has_changed_since_yesterday(client):
    said = client.get(f"{SERIES}/explanation").json()
    assert said["since_yesterday"] is None and said["adapted"] is None


def test_what_has_changed_since_yesterday_is_said_as_the_manifest_has_it(workspace, client):
    path = workspace.settings.published_folder / "DE.load" / "latest.json"
    before = path.read_bytes()
    change: dict[str, object] = {"since": "2025-03-17T10:00:00+00:00", "start": "2025-03-18T23:00:00+00:00"}
    change |= {"end": "2025-03-19T23:00:00+00:00", "before_mw": 100.0, "now_mw": 104.0}
    causes = [{"name": "DE/load_official", "effect_mw": 5.0}, {"name": "<b>", "effect_mw": -1.0}]
    path.write_text(json.dumps({**json.loads(before), "since_yesterday": {**change, "causes": causes}}))
    try:
        said = client.get(f"{SERIES}/explanation", unit="kW").json()["since_yesterday"]
    finally:
        path.write_bytes(before)
    assert (said["before"], said["now"], said["unit"]) == (100_000.0, 104_000.0, "kW")
    assert said["causes"] == [{"name": "DE/load_official", "effect": 5_000.0}, {"name": "<b>", "effect": -1_000.0}]


def test_outturn_and_official_forecast_are_those_known_at_an_instant(client, workspace):
    wanted = {"start": "2025-03-17", "end": "2025-03-18"}
    said = client.get(f"{SERIES}/outturn", **wanted).json()
    day = TimeRange(pd.Timestamp("2025-03-16T23:00Z"), pd.Timestamp("2025-03-17T23:00Z"))
    known = workspace.lake.read_accepted(LOAD, time_range=day)
    assert said["value"] == known.sort_values("valid_time")["value"].tolist()
    assert len(said["start"]) == 24
    early = client.get(f"{SERIES}/outturn", **wanted, as_of="2025-03-17T12:30").json()
    assert [pd.Timestamp(at) for at in early["start"]] == [pd.Timestamp(at) for at in said["start"][:11]]
    assert client.get(f"{SERIES}/official", as_of="2025-03-18T09:00").json()["start"] == []
    frame = pd.read_parquet(io.BytesIO(client.get(f"{SERIES}/official", format="parquet").content))
    assert frame["value"].tolist() == np.linspace(50_000.125, 60_000.875, 24).tolist()
    text = client.get(f"{SERIES}/official", format="csv-fr").content.decode("utf-8-sig")
    assert "50000,125" in text.splitlines()[1]
    book = client.get(f"{SERIES}/outturn", **wanted, format="xlsx").content
    assert openpyxl.load_workbook(io.BytesIO(book)).sheetnames == ["Values", "About"]
