"""MISO: a recorded report of forecast and actual load, and recorded forecasts of its data broker."""

import json
from dataclasses import replace

import pandas as pd
import pytest
from builders.answers import asked_of, payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange, now
from gridahead.sources.http.source import Job

MISO = BiddingZone("MISO", "Etc/GMT+5", "US")
REPORT = "operators/US_MISO/20250310_df_al.xls"
WIND = "operators/US_MISO/DataBrokerServicesgetWindForecast.asmx.json"


def read(zone: BiddingZone = MISO) -> Observations:
    return service("miso", zone).parse(payload_of("miso", recording(REPORT).content, "df_al", zone.code))


def test_the_forecast_begins_on_the_day_of_publication_and_actual_load_ends_before_it():
    rows = read()
    load, forecast = values_of(rows, "load"), values_of(rows, "load_official")
    # row 7 of the sheet: 2025-03-09, hour ending 1, MISO MTLF 64272, MISO ActualLoad 65773.06; five hours behind UTC
    assert load["2025-03-09T05:00Z"] == 65773.06
    assert load["2025-03-10T04:00Z"] == 64878.22  # hour ending 24
    assert forecast["2025-03-10T05:00Z"] == 63085.0
    assert forecast["2025-03-16T04:00Z"] == 67758.0  # hour ending 24 of the last day
    assert (len(load), len(forecast)) == (24, 6 * 24)
    assert set(rows["mtu"]) == {"PT60M"}


def test_a_day_of_a_changed_clock_has_24_hours_of_standard_time():
    """On 2025-03-09 clocks went forward; MISO's did not."""
    times = read().query("quantity == 'load'")["valid_time"]
    assert list(times.diff().dropna().unique()) == [pd.Timedelta(hours=1)]


def test_a_file_is_known_from_the_end_of_its_day_or_from_when_it_came():
    rows = read().query("quantity == 'load_official'")
    assert set(rows["available_at"]) == {pd.Timestamp("2025-03-11T05:00Z")}
    assert set(rows["availability"]) == {"recorded"}
    payload = payload_of("miso", recording(REPORT).content, "df_al", "MISO")
    early = service("miso", MISO).parse(replace(payload, retrieved_at=pd.Timestamp("2025-03-10T11:30Z")))
    assert set(early["available_at"]) == {pd.Timestamp("2025-03-10T11:30Z")}


def test_a_group_of_zones_is_read_by_its_own_name():
    north = BiddingZone("MISO-N", "Etc/GMT+5", "US", codes={"miso": "LRZ1"})
    assert values_of(read(north), "load")["2025-03-09T05:00Z"] == 11097.2
    with pytest.raises(SourceError, match="no LRZ99 ActualLoad"):
        read(replace(north, codes={"miso": "LRZ99"}))


def test_files_are_asked_for_by_their_day_of_publication():
    source = service("miso", MISO, told=lambda request: (404, b"<?xml version='1.0'?><Error>BlobNotFound</Error>"))
    window = TimeRange(pd.Timestamp("2025-03-09T12:00Z"), pd.Timestamp("2025-03-11T05:00Z"))
    payloads = source.answers_to(Job(source.items[0], (MISO,), window))
    assert [request.path for request in asked_of(source)] == ["/20250309_df_al.xls", "/20250310_df_al.xls"]
    assert source.parse(payloads[0]).empty


def test_a_damaged_file_and_a_web_page_are_refused():
    half = recording(REPORT).content[:4000]
    with pytest.raises(SourceError, match="no whole Excel file"):
        service("miso", MISO).parse(payload_of("miso", half, "df_al", "MISO"))
    source = service("miso", MISO, told=lambda request: b"<html><title>Sign in</title></html>")
    window = TimeRange(pd.Timestamp("2025-03-09T12:00Z"), pd.Timestamp("2025-03-09T13:00Z"))
    with pytest.raises(SourceError, match="no report: Sign in"):
        source.answers_to(Job(source.items[0], (MISO,), window))


@pytest.mark.parametrize(
    ("name", "item", "quantity", "values", "known"),
    [
        # RefId says interval 04:00 and 06:00 EST; the fourth hour of wind is 16249, the twelfth of the sun 11466
        (WIND, "getwindforecast", "wind_official", {"2025-03-10T08:00Z": 16249.0}, "2025-03-10T10:00Z"),
        (
            WIND.replace("Wind", "Solar"),
            "getsolarforecast",
            "solar_official",
            {"2025-03-10T16:00Z": 11466.0, "2025-03-10T23:00Z": 1583.0},
            "2025-03-10T12:00Z",
        ),
    ],
)
def test_the_data_broker_says_of_which_interval_a_forecast_is(name, item, quantity, values, known):
    payload = payload_of("miso_live", recording(name).content, item, "MISO")
    rows = service("miso_live", MISO).parse(payload)
    assert values.items() <= values_of(rows, quantity).items()
    assert set(rows["available_at"]) == {pd.Timestamp(known)}
    assert len(rows) == 48


def test_labels_that_do_not_agree_are_refused():
    reply = json.loads(recording(WIND).content)
    reply["Forecast"][5]["HourEndingEST"] = "7"
    with pytest.raises(SourceError, match="not the beginning of the hour"):
        service("miso_live", MISO).parse(payload_of("miso_live", reply, "getwindforecast", "MISO"))


def test_the_data_broker_is_asked_for_the_present_alone():
    source = service("miso_live", MISO, told=lambda request: recording(WIND).content)
    past = TimeRange(pd.Timestamp("2025-03-09T12:00Z"), pd.Timestamp("2025-03-11T05:00Z"))
    assert source.answers_to(Job(source.items[0], (MISO,), past)) == []
    present = TimeRange(now() - pd.Timedelta(hours=2), now().ceil("h"))
    assert len(source.answers_to(Job(source.items[0], (MISO,), present))) == 1
