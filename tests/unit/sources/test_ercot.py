"""ERCOT: a recorded list and reports of load, wind and solar power; actual load in the documented columns."""

import io
import json
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

ERCO = BiddingZone("ERCO", "America/Chicago", "US")
FOLDER = "operators/US_ERCOT/"
LIST = recording(f"{FOLDER}load_forecast_by_forecast_zone.json").content
LOAD = recording(f"{FOLDER}load_forecast_specific_reportid.zip").content


def read(content: bytes, item: str) -> Observations:
    return service("ercot", ERCO).parse(payload_of("ercot", content, item, "ERCO"))


def report(lines: list[str], name: str = "cdr.00012311.0000000000000000.20241102.120000.X.csv") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(name, "\n".join(lines))
    return target.getvalue()


def test_hours_are_named_by_their_end_and_a_report_is_known_from_its_publication():
    rows = read(LOAD, "12311")
    values = values_of(rows, "load_official")
    # 03/13/2025 13:00, 12:30 of which is past at the publication: the first that is read; 24:00 of 03/20
    assert min(values) == "2025-03-13T17:00Z"
    assert values["2025-03-21T04:00Z"] == 41722.78991699219
    assert values["2025-03-14T06:00Z"] == pytest.approx(next_day_hour_two())
    assert set(rows["available_at"]) == {pd.Timestamp("2025-03-13T17:30Z")}
    assert set(rows["availability"]) == {"recorded"}
    assert len(rows) == 8 * 24 - 12


def next_day_hour_two() -> float:
    with zipfile.ZipFile(io.BytesIO(LOAD)) as archive:
        lines = archive.read(archive.namelist()[0]).decode().splitlines()
    return float(next(line for line in lines if line.startswith("03/14/2025,2:00")).split(",")[6])


def test_a_report_of_wind_has_what_was_measured_and_what_follows():
    rows = read(recording(f"{FOLDER}wind_specific_reportid.zip").content, "13028")
    measured, forecast = values_of(rows, "wind"), values_of(rows, "wind_official")
    # published 13:55:09 Central: hour ending 13 is 4191.64, 14 is forecast as 7733.8
    assert measured["2025-03-13T17:00Z"] == 4191.64
    assert "2025-03-13T18:00Z" not in measured
    assert forecast["2025-03-13T18:00Z"] == 7733.8
    assert min(forecast) == "2025-03-13T18:00Z"
    assert measured["2025-03-11T18:00Z"] == 15527.49
    assert (len(measured), len(forecast)) == (48, 168)
    assert set(rows["available_at"]) == {pd.Timestamp("2025-03-13T18:55:09Z")}


def test_a_report_of_solar_power_is_read_alike():
    rows = read(recording(f"{FOLDER}solar_specific_reportid.zip").content, "13483")
    assert values_of(rows, "solar")["2025-03-13T17:00Z"] == 21773.72
    assert values_of(rows, "solar_official")["2025-03-20T17:00Z"] == 25051.6  # 03/20 hour ending 13


def test_the_flag_marks_the_second_of_two_hours():
    lines = ["DeliveryDate,HourEnding,SystemTotal,DSTFlag    "]
    lines += [
        f"11/03/2024,{hour}:00,{number},{flag}"
        for number, (hour, flag) in enumerate([(1, "N"), (2, "N"), (2, "Y"), (3, "N")], start=1)
    ]
    assert values_of(read(report(lines), "12311"), "load_official") == {
        "2024-11-03T05:00Z": 1.0,
        "2024-11-03T06:00Z": 2.0,
        "2024-11-03T07:00Z": 3.0,
        "2024-11-03T08:00Z": 4.0,
    }


def test_actual_load_is_the_total_of_its_zones():
    lines = ["OperDay,HourEnding,COAST,TOTAL,DSTFlag", "11/01/2024,01:00,1.0,40000.5,N", "11/01/2024,24:00,1.0,41000,N"]
    rows = read(report(lines, "cdr.00013101.0000000000000000.20241102.055000.X.csv"), "13101")
    assert values_of(rows, "load") == {"2024-11-01T05:00Z": 40000.5, "2024-11-02T04:00Z": 41000.0}
    assert set(rows["available_at"]) == {pd.Timestamp("2024-11-02T10:50Z")}


def test_the_price_is_the_mean_of_the_hubs():
    lines = ["DeliveryDate,HourEnding,SettlementPoint,SettlementPointPrice,DSTFlag"]
    lines += [
        f"11/03/2024,{hour},{point},{price},N"
        for hour, point, price in (
            ("01:00", "HB_HOUSTON", 20.5),
            ("01:00", "HB_HUBAVG", -3.25),
            ("02:00", "HB_HUBAVG", 18.0),
        )
    ]
    rows = read(report(lines, "cdr.00012331.0000000000000000.20241102.123000.DAMSPNP4190.csv"), "12331")
    assert values_of(rows, "price") == {"2024-11-03T05:00Z": -3.25, "2024-11-03T06:00Z": 18.0}
    assert set(rows["available_at"]) == {pd.Timestamp("2024-11-02T17:30Z")}


def test_a_report_without_a_time_in_its_name_is_refused():
    with pytest.raises(SourceError, match="whose name has no time of publication"):
        read(report(["DeliveryDate,HourEnding,SystemTotal,DSTFlag"], "report.csv"), "12311")


def test_tables_of_a_window_are_fetched_from_the_list_the_oldest_first():
    reply = json.loads(LIST)
    documents = [entry["Document"] for entry in reply["ListDocsByRptTypeRes"]["DocumentList"]]
    moved = now().floor("h") - pd.Timestamp("2025-03-13T17:30Z")
    for document in documents:
        document["PublishDate"] = (pd.Timestamp(document["PublishDate"]) + moved).isoformat()
    source = service(
        "ercot",
        ERCO,
        told=lambda request: json.dumps(reply).encode() if "mis" in request.path and "List" in request.path else LOAD,
    )
    end = now().floor("h") + pd.Timedelta(minutes=1)
    window = TimeRange(end - pd.Timedelta(hours=3), end)
    payloads = source.answers_to(Job(source.items[0], (ERCO,), window))
    asked = [request.parameters.get("doclookupId") for request in asked_of(source)[1:]]
    assert len(asked) == len(payloads) == 3
    assert asked[-1] == "1085273815"  # the first of the list, published 12:30 on 13 March
    assert [len(payload.completes) for payload in payloads] == [0, 0, 1]


def test_what_is_no_longer_listed_is_not_asked_for():
    source = service("ercot", ERCO, told=lambda request: LIST)
    past = TimeRange(pd.Timestamp("2025-03-06T00:00Z"), pd.Timestamp("2025-03-13T00:00Z"))
    assert source.answers_to(Job(source.items[0], (ERCO,), past)) == []
    assert asked_of(source) == []


def test_what_is_no_list_is_refused():
    source = service("ercot", ERCO, told=lambda request: b'{"Error": "busy"}')
    with pytest.raises(SourceError, match="no list of reports"):
        source.answers_to(Job(source.items[0], (ERCO,), TimeRange(now() - pd.Timedelta(hours=1), now())))
