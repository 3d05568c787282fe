"""IESO: recorded documents of adequacy and of variable generation; demand in the documented columns."""

from dataclasses import replace

import pandas as pd
import pytest
from builders.answers import asked_of, payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange
from gridahead.sources.http.source import Job

IESO = BiddingZone("IESO", "Etc/GMT+5", "CA")
ADEQUACY = recording("operators/CA_ON/adequacy_report_20250228.xml").content
VARIABLE = recording("operators/CA_ON/var_gen_forecast_summary_report_20250228.xml").content


def read(content: bytes, item: str) -> Observations:
    return service("ieso", IESO).parse(payload_of("ieso", content, item, "IESO"))


def test_the_forecast_of_demand_is_in_standard_time_and_known_from_its_creation():
    rows = read(ADEQUACY, "Adequacy2")
    # created 04:22:51, five hours behind UTC: hour 5 is the first that had not ended
    assert rows["valid_time"].min() == pd.Timestamp("2025-02-28T09:00Z")
    assert rows["valid_time"].max() == pd.Timestamp("2025-03-01T04:00Z")
    assert set(rows["available_at"]) == {pd.Timestamp("2025-02-28T09:22:51Z")}
    text = ADEQUACY.decode().split("<ns0:OntarioDemand>")[1]
    hours = [part.split("</ns0:EnergyMW>")[0] for part in text.split("<ns0:EnergyMW>")[1:25]]
    assert hours[:3] == ["15660", "15363", "15290"]
    assert list(values_of(rows, "load_official").values()) == [float(hour) for hour in hours[4:]]


def test_a_summer_day_has_the_same_offset():
    summer = ADEQUACY.replace(b"2025-02-28", b"2025-07-28")
    rows = read(summer, "Adequacy2")
    assert rows["valid_time"].max() == pd.Timestamp("2025-07-29T04:00Z")
    assert set(rows["available_at"]) == {pd.Timestamp("2025-07-28T09:22:51Z")}


def test_wind_and_sun_are_those_of_market_participants_in_all_of_ontario():
    rows = read(VARIABLE, "VGForecastSummary")
    values = values_of(rows, "wind_official")
    # OntarioTotal, 2025-02-28, hours 10 to 13: 1199.5, 1199.5, 1499.9, 1800.2
    assert [values[f"2025-02-28T{hour}:00Z"] for hour in (14, 15, 16, 17)] == [1199.5, 1199.5, 1499.9, 1800.2]
    assert len(values) == 48
    assert set(rows["quantity"]) == {"solar_official", "wind_official"}
    assert set(rows["available_at"]) == {pd.Timestamp("2025-02-28T13:55:43Z")}


def test_a_document_without_a_forecast_is_refused():
    with pytest.raises(SourceError, match="no forecast of Ontario's demand"):
        read(VARIABLE, "Adequacy2")
    with pytest.raises(SourceError, match="no forecast of wind or solar power in OntarioTotal"):
        read(ADEQUACY, "VGForecastSummary")


def test_demand_is_that_of_ontario():
    text = (
        "\\\\Hourly Demand Report,\n\\\\CREATED AT March 10, 2025 07:41:08,\n\\\\FOR 2025,\n"
        "Date,Hour,Market Demand,Ontario Demand\n2025-03-09,2,16000,15000\n2025-03-09,3,16100,15100\n"
    )
    rows = read(text.encode(), "Demand")
    # on this day clocks in Toronto went forward, those of IESO did not
    assert values_of(rows, "load") == {"2025-03-09T06:00Z": 15000.0, "2025-03-09T07:00Z": 15100.0}
    assert rows["available_at"].iloc[0] == pd.Timestamp("2025-03-09T08:00Z")


def test_documents_are_asked_for_by_the_day_and_demand_by_the_year():
    source = service("ieso", IESO, told=lambda request: (404, b"<html></html>"))
    window = TimeRange(pd.Timestamp("2024-12-31T12:00Z"), pd.Timestamp("2025-01-01T12:00Z"))
    for item in source.items:
        payloads = source.answers_to(Job(item, (IESO,), window))
        assert source.parse(payloads[0]).empty
    assert [request.path for request in asked_of(source)] == [
        "/Adequacy2/PUB_Adequacy2_20241231.xml",
        "/Adequacy2/PUB_Adequacy2_20250101.xml",
        "/Demand/PUB_Demand_2024.csv",
        "/Demand/PUB_Demand_2025.csv",
        "/VGForecastSummary/PUB_VGForecastSummary_20241231.xml",
        "/VGForecastSummary/PUB_VGForecastSummary_20250101.xml",
    ]


def test_a_truncated_document_is_refused():
    payload = payload_of("ieso", ADEQUACY[:5000], "Adequacy2", "IESO")
    with pytest.raises(SourceError, match="no whole XML"):
        service("ieso", IESO).parse(replace(payload))
