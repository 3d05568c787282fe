"""Recorded answers of European services, all the way into the lake."""

import json
from collections.abc import Iterator, Mapping

import httpx
import pandas as pd
import pytest
from builders.recordings import recording

from gridahead.core.vintages import as_of
from gridahead.operate import ingest as ingest_module
from gridahead.operate.ingest import ingest
from gridahead.quality.report import empty_report
from gridahead.quarantine import inspection
from gridahead.settings.model import Settings
from gridahead.sources.http import transport
from gridahead.sources.wanted import Wanted
from gridahead.workspace import Workspace

ANSWERS = {
    "/api/explore/v2.1/catalog/datasets/eco2mix-national-tr/exports/json": "operators/FR/response.json",
    "/api/chart/": "operators/SMARTGRIDDASHBOARD/consumptionForecast.json",
}


@pytest.fixture(autouse=True)
def no_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the gate says of the values is no matter here, and takes seconds."""
    monkeypatch.setattr(inspection, "inspect", lambda new, *_, decided_at, **__: empty_report(decided_at))
    monkeypatch.setattr(inspection, "relearn", lambda *_, **__: None)
    monkeypatch.setattr(ingest_module, "publish_inspection", lambda *_: None)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[httpx.URL]]:
    """What the hosts are asked; they answer with recordings, and with an empty list where there is none."""
    urls: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        urls.append(request.url)
        name = ANSWERS.get(request.url.path)
        return httpx.Response(200, stream=httpx.ByteStream(recording(name).content if name else b"[]"))

    monkeypatch.setattr(transport, "_way_out", lambda home: httpx.MockTransport(answer))
    yield urls


def workspace_of(folder, source: Mapping[str, object], **settings: object) -> Workspace:
    return Workspace(Settings.model_validate({"data_folder": folder / "data", "sources": [source], **settings}))


def test_a_window_is_fetched_once_and_a_forecast_read_from_its_deadline_on(tmp_path, asked):
    workspace = workspace_of(tmp_path, {"kind": "eco2mix", "zones": ["FR"], "quantities": ["load", "load_official"]})
    wanted = Wanted(
        now=pd.Timestamp("2023-10-20T00:00Z"),
        start=pd.Timestamp("2023-09-21T00:00Z"),
        end=pd.Timestamp("2023-09-22T00:00Z"),
    )
    ingest(workspace, wanted).require(1.0)
    assert len(asked) == 2  # both data sets
    rows = workspace.lake.observations.read({"zone": ["FR"]})
    # records of the day, 97 of each quantity with the one of the next midnight
    assert rows.groupby("quantity").size().to_dict() == {"load": 97, "load_official": 97}
    assert as_of(rows, pd.Timestamp("2023-09-20T07:59Z")).empty
    known = as_of(rows, pd.Timestamp("2023-09-20T08:00Z"))
    # 10:00 in Brussels on the day before; the quarter-hours of 22:00 UTC and later are of the next day
    assert set(known["quantity"]) == {"load_official"}
    assert known["valid_time"].max() == pd.Timestamp("2023-09-21T21:45Z")
    ingest(workspace, wanted).require(1.0)
    assert len(asked) == 2


def test_a_forecast_that_says_when_it_was_made_is_read_from_then_on(tmp_path, asked):
    zone = {"code": "IE", "timezone": "Europe/Dublin", "country": "IE", "codes": {"eirgrid": "ROI"}}
    source = {"kind": "eirgrid", "zones": ["IE"], "quantities": ["load_official"]}
    workspace = workspace_of(tmp_path, source, zones=[zone])
    start = pd.Timestamp("2023-11-09T00:00Z")
    ingest(workspace, Wanted(now=start, start=start, end=start + pd.Timedelta(days=1))).require(1.0)
    rows = workspace.lake.observations.read({"zone": ["IE"]})
    assert as_of(rows, pd.Timestamp("2023-11-09T10:04Z")).empty
    assert len(as_of(rows, pd.Timestamp("2023-11-09T10:05Z"))) == 28
    told = json.loads(recording("operators/SMARTGRIDDASHBOARD/consumptionForecast.json").content)
    assert told["LastUpdated"] == "09-Nov-2023 10:05:00"
