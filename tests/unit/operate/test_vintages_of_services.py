"""Vintages that a service dates itself, from its recorded answers into the lake and out of it."""

import pandas as pd
from builders.recordings import recording

from gridahead.core.vintages import as_of
from gridahead.operate.ingest import ingest
from gridahead.settings.model import Settings
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.transport import Transport
from gridahead.sources.wanted import Wanted
from gridahead.workspace import Workspace

CAME = pd.Timestamp("2024-11-25T21:09Z")


def answered(self: Transport, request: Request, check: object = None) -> Answer:
    del self, check
    content = recording(f"us_iso/isone/hourly_load_forecast_2024-11-02_2024-11-04__{request.path[-8:]}.json").content
    return Answer(content, 200, "application/json", "", CAME)


def test_every_vintage_of_a_back_filled_forecast_is_read_from_its_own_time_on(tmp_path, monkeypatch):
    monkeypatch.setattr(Transport, "get", answered)
    settings = {
        "data_folder": tmp_path / "data",
        "zones": [{"code": "ISNE", "timezone": "America/New_York", "country": "US"}],
        "sources": [{"kind": "isone", "zones": ["ISNE"], "quantities": ["load_official"]}],
    }
    workspace = Workspace(Settings.model_validate(settings))
    start, end = pd.Timestamp("2024-11-02T04:00Z"), pd.Timestamp("2024-11-04T05:00Z")
    done = ingest(workspace, Wanted(CAME, start=start, end=end))
    assert not done.failed
    rows = workspace.lake.read_observations()
    assert len(rows) == 216 + 175  # of a day with 24 hours and nine vintages, and of one with 25 and seven
    assert set(rows["availability"]) == {"recorded"}
    # 23:00 on 3 November was forecast as 10880 MW on the 1st at 09:17 and as 10890 on the 2nd at 11:41
    last = pd.Timestamp("2024-11-04T04:00Z")
    for issue_time, value in (("2024-11-01T16:00Z", 10880.0), ("2024-11-02T16:00Z", 10890.0)):
        known = as_of(rows, pd.Timestamp(issue_time)).set_index("valid_time")["value"]
        assert known[last] == value
    assert as_of(rows, pd.Timestamp("2024-10-31T00:00Z")).empty
    again = ingest(workspace, Wanted(CAME + pd.Timedelta(hours=1), start=start, end=end))
    assert again.payloads == []
