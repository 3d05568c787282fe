"""PJM Data Miner 2: recorded forecasts of load and solar power and generation by fuel; the rest as documented."""

import gzip
import json
from dataclasses import replace

import pandas as pd
import pytest
from builders.answers import asked_of, payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange
from gridahead.core.vintages import as_of
from gridahead.sources.http.source import Job

PJM = BiddingZone("PJM", "America/New_York", "US")
LOAD = gzip.decompress(recording("operators/US_PJM/compressed_pjm_load_forecast_2025-03-19.gz").content)
SOLAR = recording("operators/US_PJM/pjm_solar_forecast_2025-02-24.json").content
DAY = TimeRange(pd.Timestamp("2025-02-24T00:00Z"), pd.Timestamp("2025-02-25T00:00Z"))


def read(content: object, item: str, zone: BiddingZone = PJM) -> Observations:
    return service("pjm", zone).parse(payload_of("pjm", content, item, zone.code))


def item_of(name: str) -> Job:
    items = service("pjm", PJM).items
    return Job(next(item for item in items if item.name == name), (PJM,), DAY)


def test_the_forecast_of_seven_days_is_known_from_its_evaluation():
    rows = read(LOAD, "load_frcstd_7_day")
    values = values_of(rows, "load_official")
    assert values["2025-03-19T04:00Z"] == 76305.0
    assert values["2025-03-26T03:00Z"] == 85054.0
    assert set(rows["available_at"]) == {pd.Timestamp("2025-03-19T09:17:53Z")}
    assert len(rows) == 7 * 24


def test_every_evaluation_of_the_solar_forecast_is_a_vintage():
    rows = read(SOLAR, "hourly_solar_power_forecast")
    assert len(rows) == 1061
    assert rows["available_at"].nunique() == 58
    assert rows["available_at"].min() == pd.Timestamp("2025-02-22T01:00Z")
    # the last item: 3.684 MWh at 23 UTC, evaluated at 10 UTC of the day
    newest = as_of(rows, pd.Timestamp("2025-02-24T10:00Z"))
    assert values_of(Observations(newest), "solar_official")["2025-02-24T23:00Z"] == 3.684


def test_generation_has_our_names():
    rows = read(recording("operators/US_PJM/gen_by_fuel.json").content, "gen_by_fuel")
    first = rows[rows["valid_time"] == "2025-02-09T00:00Z"].set_index("quantity")["value"]
    assert first[["hard_coal", "gas", "hydro", "other_generation", "nuclear", "oil"]].to_list() == [
        *(16908.0, 47280.0, 2971.0, 1179.0, 32919.0, 871.0)
    ]
    assert values_of(rows, "wind")["2025-02-09T21:00Z"] == 1341.0
    assert len(rows) == 220  # 22 hours of ten fuels
    assert rows["available_at"].iloc[0] == rows["valid_time"].iloc[0] + pd.Timedelta(hours=3)


def test_a_fuel_that_is_not_known_is_warned_of():
    source = service("pjm", PJM)
    row = {"datetime_beginning_utc": "2025-02-09T00:00:00", "fuel_type": "Fusion", "mw": 1.0}
    assert source.parse(payload_of("pjm", {"items": [row]}, "gen_by_fuel", "PJM")).empty
    assert "Fusion" in source.warnings[0]


def test_past_forecasts_are_read_by_their_own_fields():
    row = {
        "evaluated_at_utc": "2024-01-01T10:45:00",
        "forecast_hour_beginning_utc": "2024-01-02T05:00:00",
        "forecast_area": "RTO",
        "forecast_load_mw": 90000,
    }
    rows = read({"items": [row, {**row, "forecast_area": "MIDATL", "forecast_load_mw": 1}]}, "load_frcstd_hist")
    assert values_of(rows, "load_official") == {"2024-01-02T05:00Z": 90000.0}
    assert rows["available_at"].iloc[0] == pd.Timestamp("2024-01-01T10:45Z")
    east = BiddingZone("PJM-MA", "America/New_York", "US", codes={"pjm": "MIDATL"})
    assert len(read({"items": [row]}, "load_frcstd_hist", east)) == 0


def test_the_price_is_in_the_currency_of_the_zone_and_known_when_it_was_fetched_at_the_latest():
    row = {"datetime_beginning_utc": "2024-01-02T05:00:00", "pnode_id": 1, "total_lmp_da": -1.25}
    content = {"items": [row, {**row, "pnode_id": 51301, "total_lmp_da": 9.0}], "totalRows": 2}
    dollars = replace(PJM, currency="USD")
    payload = payload_of("pjm", content, "da_hrl_lmps", "PJM")
    came = pd.Timestamp("2024-01-01T18:45Z")
    rows = service("pjm", dollars).parse(replace(payload, retrieved_at=came))
    assert values_of(rows, "price") == {"2024-01-02T05:00Z": -1.25}
    assert list(rows["unit"]) == ["USD/MWh"]
    assert rows["available_at"].iloc[0] <= came


def test_pages_follow_until_every_row_has_come():
    items = json.loads(SOLAR)["items"]

    def told(request):
        start = int(request.parameters["startRow"]) - 1
        return json.dumps({"items": items[start : start + 500], "totalRows": len(items)}).encode()

    source = service("pjm", PJM, told=told)
    payloads = source.answers_to(item_of("hourly_solar_power_forecast"))
    assert [request.parameters["startRow"] for request in asked_of(source)] == ["1", "501", "1001"]
    assert sum(len(source.parse(payload)) for payload in payloads) == 1061
    asked = asked_of(source)[0].parameters
    assert asked["datetime_beginning_utc"] == "02/24/2025 00:00to02/24/2025 23:59"


def test_the_newest_forecast_is_not_asked_for_in_the_past():
    source = service("pjm", PJM, told=lambda request: LOAD)
    assert source.answers_to(item_of("load_frcstd_7_day")) == []


def test_an_answer_without_items_is_refused():
    source = service("pjm", PJM, told=lambda request: b'{"errors": ["too many"]}')
    with pytest.raises(SourceError, match="without items"):
        source.answers_to(item_of("gen_by_fuel"))
