"""ISO New England: recorded answers of its web services and its reports, over both changes of the clock."""

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

ISNE = BiddingZone("ISNE", "America/New_York", "US")
SPRING, AUTUMN = "2024-03-09_2024-03-11__20240310", "2024-11-02_2024-11-04__20241103"


def read(name: str, item: str) -> Observations:
    return service("isone", ISNE).parse(payload_of("isone", recording(name).content, item, "ISNE"))


def report(name: str, item: str) -> Observations:
    content = recording(f"operators/US_NEISO/{name}").content
    return service("isone_reports", ISNE).parse(payload_of("isone_reports", content, item, "ISNE"))


def test_every_vintage_of_a_forecast_is_known_from_its_creation():
    rows = read("us_iso/isone/hourly_load_forecast_2024-03-09_2024-03-11__20240309.json", "hourlyloadforecast")
    first = rows[rows["valid_time"] == "2024-03-09T05:00Z"]  # midnight, five hours behind UTC
    # the first six rows of the file: 11160, 11130, 10980, 11200, 11200, 11240 MW
    assert list(first["value"]) == [11160.0, 11130.0, 10980.0, 11200.0, 11200.0, 11240.0]
    assert first["available_at"].iloc[0] == pd.Timestamp("2024-03-07T09:06:46Z")
    assert set(rows["availability"]) == {"recorded"}
    assert len(rows) == 24 * 6
    the_day_before = as_of(rows, pd.Timestamp("2024-03-08T16:00Z"))
    assert the_day_before["value"].iloc[0] == 11200.0


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25)])
def test_days_on_which_clocks_change_have_their_hours(day, hours):
    forecast = read(f"us_iso/isone/hourly_load_forecast_{day}.json", "hourlyloadforecast")
    load = read(f"us_iso/isone/load_hourly_{day}.json", "hourlysysload")
    for rows in (forecast, load):
        times = rows["valid_time"].drop_duplicates().sort_values()
        assert len(times) == hours
        assert set(times.diff().dropna()) == {pd.Timedelta(hours=1)}
        assert set(rows["mtu"]) == {"PT60M"}


def test_load_is_without_pumps_as_the_forecast_is():
    load = read(f"us_iso/isone/load_hourly_{AUTUMN}.json", "hourlysysload")
    # 01:00-04:00 has NativeLoad 9804.213 and Load 10073.077; 01:00-05:00 has 9625.231
    assert values_of(load, "load")["2024-11-03T05:00Z"] == 9804.213
    assert values_of(load, "load")["2024-11-03T06:00Z"] == 9625.231
    assert load["available_at"].iloc[0] == load["valid_time"].iloc[0] + pd.Timedelta(hours=2)
    forecast = read(f"us_iso/isone/hourly_load_forecast_{AUTUMN}.json", "hourlyloadforecast")
    newest = as_of(forecast, pd.Timestamp("2024-12-01T00:00Z")).set_index("valid_time")["value"]
    records = json.loads(recording(f"us_iso/isone/load_hourly_{AUTUMN}.json").content)["HourlySystemLoads"]
    measured = pd.DataFrame(records["HourlySystemLoad"])
    measured.index = pd.DatetimeIndex(pd.to_datetime(measured["BeginDate"], utc=True))
    error, error_with_pumps = ((newest - measured[name]).abs().mean() for name in ("NativeLoad", "Load"))
    assert error < 0.6 * error_with_pumps, (error, error_with_pumps)


def test_snapshots_become_means_of_hours():
    rows = read(f"us_iso/isone/fuel_mix_{AUTUMN}.json", "genfuelmix")
    assert len(rows[rows["quantity"] == "gas"]) == 25
    assert set(rows["quantity"]) == {"hydro", "gas", "nuclear", "biomass", "waste", "wind", "other_generation", "solar"}
    snapshots = [
        (pd.Timestamp(row["BeginDate"]).tz_convert("UTC"), row["GenMw"])
        for row in json.loads(recording(f"us_iso/isone/fuel_mix_{AUTUMN}.json").content)["GenFuelMixes"]["GenFuelMix"]
        if row["FuelCategory"] == "Nuclear"
    ]
    held = pd.Series(dict(sorted(snapshots))).resample("1s").ffill()["2024-11-03T12:00Z":"2024-11-03T12:59:59Z"]
    assert values_of(rows, "nuclear")["2024-11-03T12:00Z"] == pytest.approx(held.mean())
    assert values_of(rows, "solar")["2024-11-03T06:00Z"] == 0.0  # in the night no snapshot has any


def test_an_hour_that_has_not_ended_has_no_mean():
    content = recording(f"us_iso/isone/fuel_mix_{AUTUMN}.json").content
    came = pd.Timestamp("2024-11-03T12:50Z")
    payload = replace(payload_of("isone", content, "genfuelmix", "ISNE"), retrieved_at=came)
    rows = service("isone", ISNE).parse(payload)
    assert rows["valid_time"].max() == pd.Timestamp("2024-11-03T11:00Z")


def test_the_chart_of_the_operator_has_the_last_two_vintages():
    rows = read("operators/US_NEISO/day_ahead_load_forecast_20250317.xml", "hourlyloadforecast")
    # priorDay and forecast for 2025-03-17T00:00-04:00 are both 9950 MW, made on the 16th and the 17th
    first = rows[rows["valid_time"] == "2025-03-17T04:00Z"]
    assert list(first["value"]) == [9950.0, 9950.0]
    assert list(first["available_at"]) == [pd.Timestamp("2025-03-16T13:23:32Z"), pd.Timestamp("2025-03-17T13:05:32Z")]
    assert rows.loc[rows["valid_time"] == "2025-03-19T03:00Z", "value"].to_list() == [11110.0]


def test_a_forecast_of_regions_is_refused_as_one_of_the_whole():
    with pytest.raises(SourceError, match="no HourlyLoadForecasts in it"):
        read("us_iso/isone/reliability_region_load_forecast_2024-11-02_2024-11-04__all.json", "hourlyloadforecast")


def test_a_day_without_a_forecast_is_empty():
    for empty in (b'{"HourlyLoadForecasts": ""}', b'{"HourlyLoadForecasts": {"HourlyLoadForecast": []}}'):
        assert service("isone", ISNE).parse(payload_of("isone", empty, "hourlyloadforecast", "ISNE")).empty


def test_the_price_is_that_of_the_hub():
    """In the documented form: there is no recording of prices."""
    row = {"BeginDate": "2024-11-03T01:00:00.000-05:00", "Location": {"@LocId": "4000"}, "LmpTotal": 31.5}
    reply = json.dumps({"HourlyLmps": {"HourlyLmp": row}}).encode()
    source = service("isone", replace(ISNE, currency="USD"), told=lambda request: reply)
    item = next(item for item in source.items if item.quantities == ("price",))
    window = TimeRange(pd.Timestamp("2024-11-03T12:00Z"), pd.Timestamp("2024-11-03T13:00Z"))
    (payload,) = source.answers_to(Job(item, (ISNE,), window))
    assert asked_of(source)[0].path == "/hourlylmp/da/final/day/20241103/location/4000"
    rows = source.parse(payload)
    assert values_of(rows, "price") == {"2024-11-03T06:00Z": 31.5}
    assert rows["unit"].iloc[0] == "USD/MWh"


def test_every_local_day_of_a_window_is_asked_for():
    source = service("isone", ISNE, told=lambda request: b'{"HourlyLoadForecasts": ""}')
    window = TimeRange(pd.Timestamp("2024-03-09T12:00Z"), pd.Timestamp("2024-03-11T04:00Z"))
    source.answers_to(Job(source.items[0], (ISNE,), window))
    every = "/hourlyloadforecast/all/day/"
    assert [request.path for request in asked_of(source)] == [f"{every}20240309", f"{every}20240310"]


def test_a_report_of_wind_is_known_from_when_it_was_generated():
    rows = report("seven_day_wind_power_forecast_20250225.csv", "wphf")
    values = values_of(rows, "wind_official")
    assert values["2025-02-25T15:00Z"] == 234.0  # hour ending 11 of the first day, five hours behind UTC
    assert values["2025-02-26T05:00Z"] == 205.0  # hour ending 01 of the second
    assert values["2025-03-04T14:00Z"] == 525.0  # hour ending 10 of the last
    assert set(rows["available_at"]) == {pd.Timestamp("2025-02-25T15:08:14Z")}
    assert len(rows) == 14 + 6 * 24 + 10


def test_a_report_of_solar_power_is_read_alike():
    rows = report("seven_day_solar_power_forecast_20250225.csv", "sphf")
    assert set(rows["available_at"]) == {pd.Timestamp("2025-02-25T15:02:35Z")}
    assert values_of(rows, "solar_official")["2025-02-26T05:00Z"] == 0.0


def test_the_second_of_two_hours_is_marked():
    content = b"\n".join(
        [
            b'"C","Report generated 11/02/2024 10:00:00 EDT"',
            b'"D","Date","Hour Ending","11/03/2024"',
            *(f'"D","",{label},{number}'.encode() for number, label in enumerate(("01", "02", "02X", "03"), start=1)),
        ]
    )
    rows = service("isone_reports", ISNE).parse(payload_of("isone_reports", content, "wphf", "ISNE"))
    assert values_of(rows, "wind_official") == {
        "2024-11-03T04:00Z": 1.0,
        "2024-11-03T05:00Z": 2.0,
        "2024-11-03T06:00Z": 3.0,
        "2024-11-03T07:00Z": 4.0,
    }
    assert rows["available_at"].iloc[0] == pd.Timestamp("2024-11-02T14:00Z")


def test_a_day_without_a_report_is_no_error_and_a_web_page_is_one():
    window = TimeRange(pd.Timestamp("2024-03-09T12:00Z"), pd.Timestamp("2024-03-09T13:00Z"))
    source = service("isone_reports", ISNE, told=lambda request: (404, b"<html><title>Not Found</title></html>"))
    payloads = source.answers_to(Job(source.items[0], (ISNE,), window))
    assert source.parse(payloads[0]).empty
    source = service("isone_reports", ISNE, told=lambda request: b"<html><title>Maintenance</title></html>")
    with pytest.raises(SourceError, match="no report: Maintenance"):
        source.answers_to(Job(source.items[0], (ISNE,), window))
