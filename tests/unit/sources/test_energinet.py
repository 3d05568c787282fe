"""Energi Data Service: forecasts and power from recordings, prices and load from answers in the documented form."""

import json
import time

import httpx
import pandas as pd
import pytest
from builders.answers import Answers, payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SourceError
from gridahead.core.time import TimeRange
from gridahead.settings.source_catalogue import SOURCE_INFOS, RateLimit
from gridahead.sources.http import transport as transport_module
from gridahead.sources.http.request import Request
from gridahead.sources.http.transport import Transport
from gridahead.sources.wanted import Wanted

FORECASTS = recording("operators/DK/Forecasts_5Min.json").content
POWER = recording("operators/DK/ElectricityProdex5MinRealtime.json").content


def test_recorded_forecasts_have_four_vintages_a_quarter():
    rows = service("energinet", "DK1", "DK2").parse(payload_of("energinet", FORECASTS, "forecast", "DK1", "DK2"))
    assert set(rows["zone"]) == {"DK1"}
    assert set(rows["mtu"]) == {"PT15M"}
    # 288 values of five minutes of each of three kinds are 96 quarters, each in four vintages
    assert len(rows) == 3 * 96 * 4
    quarter = rows[(rows["quantity"] == "wind_onshore_official") & (rows["valid_time"] == "2025-02-21T22:45Z")]
    quarter = quarter.sort_values("available_at")
    # by hand, records of 22:45, 22:50 and 22:55: day ahead 1638, 1634, 1631; five hours 2026, 2005, 2015;
    # newest 2206, 2194, 2182, of which the last was made at 21:51:52
    assert quarter["value"].iloc[0] == pytest.approx((1638 + 1634 + 1631) / 3)
    assert quarter["value"].iloc[1] == pytest.approx((2026 + 2005 + 2015) / 3)
    assert list(quarter["available_at"]) == [
        pd.Timestamp("2025-02-20T17:00Z"),  # 18:00 in Brussels on the day before
        pd.Timestamp("2025-02-21T17:55Z"),
        pd.Timestamp("2025-02-21T21:51:52Z"),
        pd.Timestamp("2025-02-21T21:55Z"),
    ]
    assert list(quarter["availability"]) == ["assumed", "assumed", "recorded", "assumed"]
    assert quarter["value"].iloc[2] == pytest.approx((2206 + 2194 + 2182) / 3)


def test_recorded_power_is_the_mean_of_three_values_of_its_own_area():
    source = service("energinet", "DK1", "DK2")
    rows = source.parse(payload_of("energinet", POWER, "power", "DK1", "DK2"))
    records = pd.DataFrame(json.loads(POWER)["records"])
    quarter = records[records["Minutes5UTC"].between("2025-02-21T18:45:00", "2025-02-21T18:55:00")]
    for area in ("DK1", "DK2"):
        expected = quarter[quarter["PriceArea"] == area]["OffshoreWindPower"].sum() / 3
        assert values_of(rows, "wind_offshore", area)["2025-02-21T18:45Z"] == pytest.approx(expected)
    # the newest value is of 19:10, so that the quarter of 19:00 is whole; the oldest of 15:05, so that of 15:00 is not
    assert rows["valid_time"].max() == pd.Timestamp("2025-02-21T19:00Z")
    assert rows["valid_time"].min() == pd.Timestamp("2025-02-21T15:15Z")


def price(time: str, value: float, area: str = "DK1") -> dict[str, object]:
    """A record of DayAheadPrices."""
    return {"TimeUTC": time, "TimeDK": "", "PriceArea": area, "DayAheadPriceEUR": value, "DayAheadPriceDKK": 7 * value}


def test_prices_of_quarters_and_of_hours_are_known_from_the_auction():
    source = service("energinet", "DK1", "DK2")
    new = {"records": [price("2025-10-26T00:45:00", 1.5), price("2025-10-26T01:00:00", -3.0), price("x", 0, "NO2")]}
    rows = source.parse(payload_of("energinet", new, "price", "DK1", "DK2"))
    assert values_of(rows, "price") == {"2025-10-26T00:45Z": 1.5, "2025-10-26T01:00Z": -3.0}
    assert set(rows["mtu"]) == {"PT15M"}
    assert set(rows["available_at"]) == {pd.Timestamp("2025-10-25T11:00Z")}
    hours = [{"HourUTC": f"2024-01-01T0{hour}:00:00", "PriceArea": "DK2", "SpotPriceEUR": 10.0} for hour in range(2)]
    rows = source.parse(payload_of("energinet", {"records": hours}, "price", "DK1", "DK2"))
    assert set(rows["mtu"]) == {"PT60M"}
    assert set(rows["zone"]) == {"DK2"}


def test_settled_load_is_known_days_later():
    hours = [{"HourUTC": f"2024-01-01T0{h}:00:00", "PriceArea": "DK1", "GrossConsumptionMWh": 2500.0} for h in range(2)]
    rows = service("energinet", "DK1").parse(payload_of("energinet", {"records": hours}, "load", "DK1"))
    assert values_of(rows, "load")["2024-01-01T00:00Z"] == 2500.0
    assert rows["available_at"].iloc[0] == pd.Timestamp("2024-01-11T01:00Z")


def test_it_is_asked_in_utc_for_both_areas_and_for_everything():
    source = service("energinet", "DK1", "DK2")
    (job, *_) = source.jobs(Wanted(pd.Timestamp("2025-03-01T12:00Z")))
    assert [zone.code for zone in job.zones] == ["DK1", "DK2"]
    (request,) = source.ask(job.item, job.zones, job.window)
    assert request.path == "/dataset/ElectricityProdex5MinRealtime"
    assert request.parameters["timezone"] == "UTC"
    assert request.parameters["filter"] == '{"PriceArea":["DK1","DK2"]}'
    assert request.parameters["limit"] == "0"
    assert request.counted_as == "ElectricityProdex5MinRealtime"


def test_a_window_over_the_change_of_october_2025_asks_two_datasets():
    source = service("energinet", "DK1")
    item = next(item for item in source.items if item.name == "price")
    window = TimeRange(pd.Timestamp("2025-09-30T00:00Z"), pd.Timestamp("2025-10-02T00:00Z"))
    old, new = source.ask(item, source.zones, window)
    assert (old.path, old.parameters["end"]) == ("/dataset/Elspotprices", "2025-09-30T22:00")
    assert (new.path, new.parameters["start"]) == ("/dataset/DayAheadPrices", "2025-09-30T22:00")


def test_pages_go_on_until_the_total_is_there():
    records = [price(f"2025-12-01T0{hour}:00:00", hour) for hour in range(5)]
    source = service("energinet", "DK1", quantities=("price",))

    def told(request: object) -> bytes:
        offset = int(str(asks.asked[-1].parameters.get("offset", "0")))
        return json.dumps({"total": 5, "limit": 2, "records": records[offset : offset + 2]}).encode()

    asks = source.transport = Answers(told)  # type: ignore[assignment]
    (job,) = source.jobs(Wanted(pd.Timestamp("2025-12-02T00:00Z"), start=pd.Timestamp("2025-12-01T00:00Z")))
    payloads = source.answers_to(job)
    assert [len(json.loads(payload.content)["records"]) for payload in payloads] == [2, 2, 1]
    assert payloads[-1].completes and not payloads[0].completes


def test_a_total_that_is_never_reached_is_an_error():
    source = service("energinet", "DK1", quantities=("price",), told=lambda request: b'{"total": 5, "records": []}')
    (job,) = source.jobs(Wanted(pd.Timestamp("2025-12-02T00:00Z"), start=pd.Timestamp("2025-12-01T00:00Z")))
    with pytest.raises(SourceError, match="5 records, and none after 0"):
        source.answers_to(job)


def test_contradictory_records_are_refused_before_they_become_a_mean():
    reply = json.loads(FORECASTS)
    reply["records"].append(reply["records"][0] | {"ForecastDayAhead": 1.0})
    with pytest.raises(SourceError, match="wind_offshore_official at 2025-02-21T22:55Z is both"):
        service("energinet", "DK1").parse(payload_of("energinet", reply, "forecast", "DK1"))


def test_a_record_without_its_columns_is_refused_by_name():
    with pytest.raises(SourceError, match=r"energinet-forecast\.json: its records have no ForecastType"):
        service("energinet", "DK1").parse(payload_of("energinet", POWER, "forecast", "DK1"))


def test_each_dataset_may_be_asked_once_a_minute_whatever_the_others_are(monkeypatch: pytest.MonkeyPatch):
    host = httpx.MockTransport(lambda request: httpx.Response(200, stream=httpx.ByteStream(b"{}")))
    monkeypatch.setattr(transport_module, "_way_out", lambda home: host)
    info = SOURCE_INFOS["energinet"]
    assert info.limits == (RateLimit(1, 60.0),)
    asks, began = Transport(info, "https://datasets.example"), time.monotonic()
    for name in ("one", "two", "three"):
        asks.get(Request(f"/dataset/{name}", counted_as=name))
    assert time.monotonic() - began < 30  # of one limit the third would have waited two minutes
