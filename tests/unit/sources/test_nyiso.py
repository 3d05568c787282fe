"""NYISO: a recorded file of forecasts, and load in the documented columns."""

import io
import zipfile

import pandas as pd
import pytest
from builders.answers import asked_of, payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange, now
from gridahead.sources.http.source import Job
from gridahead.sources.nyiso import ZONES

NYIS = BiddingZone("NYIS", "America/New_York", "US")
CITY = BiddingZone("NYC", "America/New_York", "US", codes={"nyiso": "N.Y.C."})
FORECAST = recording("operators/US_NY/20250219isolf.csv").content


def read(content: bytes, path: str, zone: BiddingZone = NYIS) -> Observations:
    item = "isolf" if "isolf" in path else "palIntegrated"
    return service("nyiso", zone).parse(payload_of("nyiso", content, item, zone.code, path=path))


def packed(**files: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.csv", content)
    return target.getvalue()


def test_a_forecast_is_local_and_known_from_the_morning_before_its_first_day():
    rows = read(FORECAST, "/isolf/20250219isolf.csv")
    values = values_of(rows, "load_official")
    assert values["2025-02-19T05:00Z"] == 18054.0  # 02/19/2025 00:00, column NYISO
    assert values["2025-02-25T04:00Z"] == 16465.0  # 02/24/2025 23:00
    assert len(values) == 6 * 24
    assert set(rows["available_at"]) == {pd.Timestamp("2025-02-18T13:00Z")}  # 08:00 on the 18th
    assert set(rows["availability"]) == {"recorded"}


def test_a_zone_of_its_own_is_a_column():
    assert values_of(read(FORECAST, "/isolf/20250219isolf.csv", CITY), "load_official")["2025-02-19T05:00Z"] == 5527.0


def test_a_month_of_forecasts_is_one_file_and_every_day_of_it_a_vintage():
    content = packed(**{"20250219isolf": FORECAST, "20250220isolf": FORECAST.replace(b'"02/19/2025 ', b'"02/25/2025 ')})
    rows = read(content, "/isolf/20250201isolf_csv.zip")
    assert set(rows["available_at"]) == {pd.Timestamp("2025-02-18T13:00Z"), pd.Timestamp("2025-02-19T13:00Z")}


def test_the_hour_that_comes_twice_stands_there_twice():
    lines = [f'"11/03/2024 {hour:02}:00",{number}' for number, hour in enumerate((0, 1, 1, 2), start=1)]
    rows = read("\n".join(['"Time Stamp","NYISO"', *lines]).encode(), "/isolf/20241103isolf.csv")
    assert values_of(rows, "load_official") == {
        "2024-11-03T04:00Z": 1.0,
        "2024-11-03T05:00Z": 2.0,
        "2024-11-03T06:00Z": 3.0,
        "2024-11-03T07:00Z": 4.0,
    }


def test_an_hour_that_does_not_exist_is_refused():
    content = b'"Time Stamp","NYISO"\n"03/10/2024 02:00",1\n'
    with pytest.raises(SourceError, match="no clock in America/New_York shows"):
        read(content, "/isolf/20240310isolf.csv")


def loads(hour: str, offset: str, zones: int = ZONES) -> list[str]:
    names = ["N.Y.C.", *(f"ZONE{number}" for number in range(1, ZONES))][:zones]
    return [f'"11/03/2024 {hour}:00:00","{offset}","{name}",1,{100.5 + n}' for n, name in enumerate(names)]


def test_load_is_the_sum_of_all_zones_and_says_its_offset():
    head = '"Time Stamp","Time Zone","Name","PTID","Integrated Load"'
    lines = [head, *loads("01", "EDT"), *loads("01", "EST"), *loads("02", "EST", zones=10)]
    content = "\n".join(lines).encode()
    rows = read(content, "/palIntegrated/20241103palIntegrated.csv")
    # 11 zones with 100.5, 101.5, … 110.5 MW; at 02:00 one is missing
    assert values_of(rows, "load") == {"2024-11-03T05:00Z": 1160.5, "2024-11-03T06:00Z": 1160.5}
    assert rows["available_at"].iloc[0] == pd.Timestamp("2024-11-03T07:00Z")
    city = read(content, "/palIntegrated/20241103palIntegrated.csv", CITY)
    assert values_of(city, "load")["2024-11-03T07:00Z"] == 100.5


def test_old_days_are_asked_for_by_the_month_and_new_ones_by_the_day():
    source = service(
        "nyiso", NYIS, told=lambda request: (404, b"<html></html>") if request.answers > {200} else packed()
    )
    forecasts = source.items[0]
    past = TimeRange(pd.Timestamp("2025-01-30T12:00Z"), pd.Timestamp("2025-02-01T12:00Z"))
    source.answers_to(Job(forecasts, (NYIS,), past))
    # published from 30 January to 1 February, of which the first days are 31 January to 2 February
    zips = ["/isolf/20250101isolf_csv.zip", "/isolf/20250201isolf_csv.zip"]
    assert [request.path for request in asked_of(source)] == zips
    today = now().tz_convert("America/New_York").normalize()
    source.answers_to(Job(forecasts, (NYIS,), TimeRange(today, today + pd.Timedelta(hours=1))))
    assert asked_of(source)[-1].path == f"/isolf/{today + pd.DateOffset(days=1):%Y%m%d}isolf.csv"
