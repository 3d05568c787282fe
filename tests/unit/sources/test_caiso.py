"""CAISO OASIS: recorded zip files of forecasts, and errors in the documented form."""

import io
import zipfile
from dataclasses import replace

import pandas as pd
import pytest
from builders.answers import asked_of, payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SettingsError, SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange
from gridahead.sources.http.source import Job

CISO = BiddingZone("CISO", "America/Los_Angeles", "US")
RENEWABLES = recording("operators/US_CA/20250204_20250211_SLD_REN_FCST_DAM_20250214_04_52_10_v1.zip").content
SEVEN_DAYS = recording("operators/US_CA/20250219_20250227_SLD_FCST_7DA_20250221_01_09_58_v1.zip").content
WINDOW = TimeRange(pd.Timestamp("2025-02-04T08:00Z"), pd.Timestamp("2025-02-05T08:00Z"))


def packed(name: str, content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(name, content)
    return target.getvalue()


def table_of(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(archive.namelist()[0])


def error(code: int, text: str) -> bytes:
    said = f"<m:ERROR><m:ERR_CODE>{code}</m:ERR_CODE><m:ERR_DESC>{text}</m:ERR_DESC></m:ERROR>"
    return packed("INVALID_REQUEST.xml", said.encode())


def read(content: bytes, item: str) -> Observations:
    return service("caiso", CISO).parse(payload_of("caiso", content, item, "CISO"))


def test_wind_and_solar_are_the_sums_of_three_hubs():
    rows = read(RENEWABLES, "SLD_REN_FCST-DAM")
    # at 2025-02-10T22:00Z (hour 15): summed by hand from the three lines of each
    lines = [line.split(",") for line in table_of(RENEWABLES).decode().splitlines()]
    at = [line for line in lines if line[3].startswith("2025-02-04T18:00")]
    assert sorted((line[5], line[6]) for line in at) == [
        (hub, fuel) for hub in ("NP15", "SP15", "ZP26") for fuel in ("Solar", "Wind")
    ]
    assert next(line[11] for line in at if line[5:7] == ["NP15", "Solar"]) == "772.69"
    by_hand = sum(float(line[11]) for line in at if line[6] == "Solar")
    assert values_of(rows, "solar_official")["2025-02-04T18:00Z"] == pytest.approx(by_hand)
    assert len(rows) == 2 * 7 * 24
    assert set(rows["mtu"]) == {"PT60M"}


def test_a_day_ahead_forecast_is_known_with_the_results_of_the_market_or_when_it_came():
    rows = read(RENEWABLES, "SLD_REN_FCST-DAM")
    first = rows[rows["valid_time"] == "2025-02-04T08:00Z"]  # midnight in California
    assert set(first["available_at"]) == {pd.Timestamp("2025-02-03T21:00Z")}  # 13:00 of the day before
    payload = payload_of("caiso", RENEWABLES, "SLD_REN_FCST-DAM", "CISO")
    early = service("caiso", CISO).parse(replace(payload, retrieved_at=pd.Timestamp("2025-02-03T18:00Z")))
    assert set(early["available_at"]) == {pd.Timestamp("2025-02-03T18:00Z")}


def test_a_forecast_of_seven_days_is_none_of_a_day():
    with pytest.raises(SourceError, match="market run 7DA, and DAM was asked for"):
        read(SEVEN_DAYS, "SLD_FCST-DAM")


def test_load_of_the_whole_is_one_of_many_areas():
    """A recording of another market run, edited to be the one that is asked for."""
    edited = packed("a.csv", table_of(SEVEN_DAYS).replace(b",7DA,CA ISO-TAC,", b",DAM,CA ISO-TAC,"))
    edited = packed("a.csv", b"\n".join(line for line in table_of(edited).splitlines() if b",7DA,AV" not in line))
    only = [line for line in table_of(edited).splitlines() if b"CA ISO-TAC" in line or line.startswith(b"INTERVAL")]
    rows = read(packed("a.csv", b"\n".join(only)), "SLD_FCST-DAM")
    values = values_of(rows, "load_official")
    assert values["2025-02-19T08:00Z"] == 21213.16
    assert values["2025-02-27T07:00Z"] == 21901.0
    assert len(values) == 192


def test_no_data_is_no_error_and_too_many_requests_are():
    source = service("caiso", CISO, told=lambda request: error(1000, "No data returned for the specified selection"))
    payloads = source.answers_to(Job(source.items[0], (CISO,), WINDOW))
    assert source.parse(payloads[0]).empty
    source = service("caiso", CISO, told=lambda request: error(1015, "GET STATUS"))
    with pytest.raises(SourceError, match="error 1015: GET STATUS"):
        source.answers_to(Job(source.items[0], (CISO,), WINDOW))


def test_a_window_is_asked_for_in_gmt():
    source = service("caiso", CISO, told=lambda request: RENEWABLES)
    source.answers_to(Job(source.items[3], (CISO,), WINDOW))
    asked = asked_of(source)[0].parameters
    assert (asked["queryname"], asked["market_run_id"]) == ("SLD_REN_FCST", "DAM")
    assert (asked["startdatetime"], asked["enddatetime"]) == ("20250204T08:00-0000", "20250205T08:00-0000")


def test_an_area_has_no_wind():
    area = BiddingZone("PGE-TAC", "America/Los_Angeles", "US", codes={"caiso": "PGE-TAC"})
    with pytest.raises(SettingsError, match="no wind of PGE-TAC"):
        service("caiso", area, quantities=("wind",))


def test_hours_of_which_a_hub_is_missing_have_no_sum():
    lines = table_of(RENEWABLES).splitlines()
    less = [line for line in lines if b"2025-02-04T18:00" not in line or b"NP15,Solar" not in line]
    rows = read(packed("a.csv", b"\n".join(less)), "SLD_REN_FCST-DAM")
    assert "2025-02-04T18:00Z" not in values_of(rows, "solar_official")
    assert "2025-02-04T18:00Z" in values_of(rows, "wind_official")
