"""Made histories are in the formats of the services: read by another library, or by hand."""

import json
import urllib.request
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import pytest
from builders.american_generators import eia, isone
from builders.generators import entsoe, values
from builders.replay import Host
from entsoe.parsers import parse_generation, parse_loads, parse_prices

FR = "10YFR-RTE------C"
PRESENT = pd.Timestamp("2025-10-20T09:00Z")


def content(answer, path: str, parameters: dict | list) -> bytes:
    """What a made host answers."""
    with Host([answer]) as host, urllib.request.urlopen(f"{host.url}{path}?{urlencode(parameters)}") as reply:
        return reply.read()


def asked(document: str, **more: str) -> dict[str, str]:
    return {"documentType": document, "periodStart": "202510162200", "periodEnd": "202510222200", **more}


def test_another_reader_of_entsoe_reads_the_load_that_was_made():
    answer = entsoe(lambda: PRESENT)
    xml = content(answer, "/api", asked("A65", processType="A16", outBiddingZone_Domain=FR))
    load = parse_loads(xml.decode(), process_type="A16").iloc[:, 0].tz_convert("UTC")
    hours = pd.date_range("2025-10-16T22:00Z", PRESENT, freq="h", inclusive="left")
    np.testing.assert_array_equal(load.index, hours)
    np.testing.assert_array_equal(load, values("FR", "load", hours))


def test_and_generation_whose_repeated_values_are_left_out():
    xml = content(entsoe(lambda: PRESENT), "/api", asked("A75", processType="A16", in_Domain=FR)).decode()
    read = parse_generation(xml)
    nuclear, sun = (xml.split(f"<psrType>{psr}</psrType>")[1].split("</TimeSeries>")[0] for psr in ("B14", "B16"))
    assert nuclear.count("<Point>") == 1 and sun.count("<Point>") > 24
    hours = pd.date_range("2025-10-16T22:00Z", PRESENT, freq="h", inclusive="left")
    np.testing.assert_array_equal(read["Solar"].to_numpy().ravel(), values("FR", "solar", hours))
    np.testing.assert_array_equal(read["Nuclear"].to_numpy().ravel(), values("FR", "nuclear", hours))


def test_prices_are_quarters_of_an_hour_from_october_and_a_hundred_days_an_answer():
    answer = entsoe(lambda: PRESENT)
    year = {"documentType": "A44", "in_Domain": FR, "out_Domain": FR, "periodStart": "202410202200"}
    year["periodEnd"] = "202510202200"
    pages = [content(answer, "/api", {**year, "offset": str(offset)}) for offset in (0, 100, 200, 300, 400)]
    assert [page.count(b"<TimeSeries>") for page in pages] == [100, 100, 100, 65, 0]
    assert b"Acknowledgement_MarketDocument" in pages[-1]
    quarters = parse_prices(pages[3].decode())["15min"]
    assert quarters.index[0] == pd.Timestamp("2025-10-01", tz="Europe/Brussels")


def test_hours_of_eia_are_named_by_their_ends_and_come_in_pages():
    parameters = [
        ("facets[respondent][]", "ERCO"),
        ("facets[respondent][]", "PJM"),
        ("facets[type][]", "D"),
        ("start", "2025-10-01T01"),
        ("end", "2025-10-02T00"),
        ("offset", "40"),
    ]
    response = json.loads(content(eia(lambda: PRESENT), "/v2/electricity/rto/region-data/data/", parameters))[
        "response"
    ]
    assert response["total"] == "48" and len(response["data"]) == 8
    last = response["data"][-1]
    assert (last["period"], last["respondent"]) == ("2025-10-02T00", "PJM")
    (load,) = values("PJM", "load", pd.DatetimeIndex(["2025-10-01T23:00Z"]))
    assert last["value"] == str(round(load))


@pytest.mark.parametrize(("day", "hours"), [("20251102", 25), ("20250309", 23)])
def test_a_day_of_iso_new_england_has_its_hours_and_its_vintages(day, hours):
    answer = isone(lambda: pd.Timestamp("2025-12-01T00:00Z"))
    loads = json.loads(content(answer, f"/hourlysysload/day/{day}", {}))["HourlySystemLoads"]["HourlySystemLoad"]
    assert len({one["BeginDate"] for one in loads}) == hours
    forecasts = json.loads(content(answer, f"/hourlyloadforecast/all/day/{day}", {}))
    records = forecasts["HourlyLoadForecasts"]["HourlyLoadForecast"]
    assert len(records) == 5 * hours
    before = isone(lambda: pd.Timestamp(loads[0]["BeginDate"]) - pd.Timedelta(hours=10))
    known = json.loads(content(before, f"/hourlyloadforecast/all/day/{day}", {}))
    assert len(known["HourlyLoadForecasts"]["HourlyLoadForecast"]) == 3 * hours  # made on the days before
    assert json.loads(content(before, f"/hourlysysload/day/{day}", {}))["HourlySystemLoads"] == ""
