"""Japanese utilities: recorded forecasts of three, and recorded supply and demand of Kyushu."""

from dataclasses import replace

import pandas as pd
import pytest
from builders.answers import asked_of, payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SettingsError, SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange, now
from gridahead.settings.services import LiveSource
from gridahead.sources.http.request import Request
from gridahead.sources.http.source import Job
from gridahead.sources.http.transport import Transport
from gridahead.sources.japan import Hosts

ZONES = {code: BiddingZone(code, "Asia/Tokyo", "JP") for code in ("JP-TK", "JP-TH", "JP-KN", "JP-KY")}
SUPPLY = recording("operators/JP_area/eria_jukyu_202604_09.csv").content


def read(content: bytes, item: str, code: str) -> Observations:
    return service("japan", ZONES[code]).parse(payload_of("japan", content, item, code))


@pytest.mark.parametrize(
    ("code", "name", "written", "last"),
    [
        # 48th half-hour: 12534000, 3824793 and 6329000 kWh over half an hour; wind and sun 133166, 804221 and 3250
        ("JP-TK", "JP-TK/AREA_YOSOKU.csv", "2025-04-16T10:44:07Z", (25068.0, 266.332)),
        ("JP-TH", "JP-TH/area_tso_yosoku_20250416.csv", "2025-04-16T10:42:46Z", (7649.586, 1608.442)),
        ("JP-KN", "JP-KN/20250416_yosoku.csv", "2025-04-16T10:43:11Z", (12658.0, 6.5)),
    ],
)
def test_energy_of_half_hours_becomes_power_and_is_known_from_when_it_was_written(code, name, written, last):
    rows = read(recording(f"operators/{name}").content, "yosoku", code)
    for quantity, value in zip(("load_official", "wind_solar_official"), last, strict=True):
        values = values_of(rows, quantity)
        assert values["2025-04-16T14:30Z"] == pytest.approx(value)  # 23:30 in Japan
        # written after 19:42: the half-hour from 19:30 is the first that had not ended
        assert min(values) == "2025-04-16T10:30Z"
        assert len(values) == 9
    assert set(rows["available_at"]) == {pd.Timestamp(written)}
    assert set(rows["mtu"]) == {"PT30M"}


def test_kyushu_labels_half_hours_by_their_end():
    rows = read(SUPPLY, "jukyu", "JP-KY")
    load = values_of(rows, "load")
    # the first line: 20260401 0:30, demand 7838, nuclear 3662, LNG 734; 24:00 has 8270
    assert load["2026-03-31T15:00Z"] == 7838.0
    assert load["2026-04-01T14:30Z"] == 8270.0
    first = rows[rows["valid_time"] == "2026-03-31T15:00Z"].set_index("quantity")["value"]
    assert first[["nuclear", "gas", "hard_coal", "oil"]].to_list() == [3662.0, 734.0, 3068.0, 76.0]
    assert first["other_generation"] == 292.0 + 204.0
    assert first[["hydro_pumped_storage", "storage"]].to_list() == [122.0, -16.0]
    assert max(load) == "2026-04-02T16:30Z"
    assert rows["available_at"].iloc[0] == rows["valid_time"].iloc[0] + pd.Timedelta(minutes=90)


def test_others_label_them_by_their_beginning_in_another_encoding():
    lines = [
        "単位[MW平均],,,供給力",
        "DATE,TIME,エリア需要,原子力,火力(LNG)",
        "2026/1/1,0:00,27195,0,11426",
        "2026/1/1,0:30,26147,0,11426",
    ]
    rows = read("\n".join(lines).encode("utf-8-sig"), "jukyu", "JP-TK")
    assert values_of(rows, "load") == {"2025-12-31T15:00Z": 27195.0, "2025-12-31T15:30Z": 26147.0}


def test_a_month_that_has_only_begun_shows_its_labels_too():
    lines = SUPPLY.decode("cp932").splitlines()[:5]
    rows = read("\n".join(lines).encode("cp932"), "jukyu", "JP-KY")
    assert min(values_of(rows, "load")) == "2026-03-31T15:00Z"
    later = "\n".join([*lines[:2], *lines[4:]]).encode("cp932")
    with pytest.raises(SourceError, match="do not show whether they are beginnings"):
        read(later, "jukyu", "JP-KY")


def test_files_are_asked_for_at_the_host_of_each_utility():
    source = service("japan", ZONES["JP-KN"], ZONES["JP-TK"], told=lambda request: (404, b"<html></html>"))
    measured, forecast = source.items
    window = TimeRange(pd.Timestamp("2026-03-31T12:00Z"), pd.Timestamp("2026-03-31T16:00Z"))
    source.answers_to(Job(measured, (ZONES["JP-TK"],), window))
    payloads = source.answers_to(Job(forecast, (ZONES["JP-KN"],), window))
    assert source.parse(payloads[0]).empty
    tokyo, kansai = "/www.tepco.co.jp/forecast/html/images", "/www.kansai-td.co.jp/interchange/denkiyoho/imbalance"
    assert [request.path for request in asked_of(source)] == [
        f"{tokyo}/eria_jukyu_202603_03.csv",
        f"{tokyo}/eria_jukyu_202604_03.csv",
        f"{kansai}/20260331_yosoku.csv",
        f"{kansai}/20260401_yosoku.csv",
    ]
    assert source.answers_to(Job(forecast, (ZONES["JP-TK"],), window)) == []
    present = TimeRange(now() - pd.Timedelta(minutes=1), now())
    assert len(source.answers_to(Job(forecast, (ZONES["JP-TK"],), present))) == 1


def test_a_mirror_has_a_folder_for_every_host(monkeypatch):
    asked = []
    monkeypatch.setattr(Transport, "get", lambda self, request, check=None: asked.append((self.base_url, request.path)))
    settings = LiveSource(kind="japan", zones=("JP-TK",))
    Hosts(settings).get(Request("/www.tepco.co.jp/forecast/a.csv"))
    Hosts(settings.model_copy(update={"base_url": "http://mirror:1"})).get(Request("/www.tepco.co.jp/forecast/a.csv"))
    assert asked == [
        ("https://www.tepco.co.jp", "/forecast/a.csv"),
        ("http://mirror:1/www.tepco.co.jp", "/forecast/a.csv"),
    ]


def test_kyushu_has_no_forecast():
    with pytest.raises(SettingsError, match="no load_official of JP-KY"):
        service("japan", ZONES["JP-KY"], quantities=("load_official",))


def test_other_files_are_refused():
    for item, words in (("jukyu", "no header with DATE and TIME"), ("yosoku", "no time of writing")):
        with pytest.raises(SourceError, match=words):
            read(b"a,b\n1,2\n", item, "JP-TK")
    payload = payload_of("japan", b"\xff\xfe\x00\x81", "jukyu", "JP-TK")
    with pytest.raises(SourceError, match="neither Shift-JIS nor UTF-8"):
        service("japan", ZONES["JP-TK"]).parse(replace(payload))
