"""EIA-930: recorded answers of the API, and real values in its documented envelope, where pages are needed."""

import io
import json
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import pytest
from builders.answers import asked_of, payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, TimeRange
from gridahead.sources.eia_faults import corrected
from gridahead.sources.http.source import Job

BPAT = BiddingZone("BPAT", "America/Los_Angeles", "US")
ERCO = BiddingZone("ERCO", "America/Chicago", "US")
PJM = BiddingZone("PJM", "America/New_York", "US")
CISO = BiddingZone("CISO", "America/Los_Angeles", "US")
PGE = BiddingZone("PGE", "America/Los_Angeles", "US")
PAGES = {number: f"eia/reconstructed/region-data_offset{number}.json" for number in ("0", "100", "200")}


def read(name: str, item: str, *zones: BiddingZone) -> Observations:
    content = recording(name).content
    return service("eia", *zones).parse(payload_of("eia", content, item, *(zone.code for zone in zones)))


def envelope(*rows: Mapping[str, object], total: object = None) -> bytes:
    whole = [{"respondent": "BPAT", "value-units": "megawatthours", **row} for row in rows]
    return json.dumps({"response": {"total": len(rows) if total is None else total, "data": whole}}).encode()


def test_demand_is_of_the_hour_that_ends_at_its_period():
    rows = read("operators/EIA/US_NW_BPAT-consumption.json", "region-data", BPAT)
    # periods 2023-05-01T11 and T10, 6215 and 4792 MWh
    assert values_of(rows, "load") == {"2023-05-01T09:00Z": 4792.0, "2023-05-01T10:00Z": 6215.0}
    assert set(rows["unit"]) == {"MW"}
    assert set(rows["mtu"]) == {"PT60M"}
    assert rows["available_at"].iloc[0] == pd.Timestamp("2023-05-01T12:00Z")  # end of the hour and two more


def test_a_fuel_that_has_no_value_is_a_row_without_one():
    rows = read("operators/EIA/US-NW-PGE-with-nulls.json", "fuel-type-data", PGE)
    assert rows.loc[rows["valid_time"] == "2022-10-31T10:00Z", "value"].isna().all()
    assert values_of(rows, "gas")["2022-10-31T11:00Z"] == 400.0


def test_a_fuel_that_was_not_asked_for_is_refused():
    with pytest.raises(SourceError, match="fueltype WIND was not asked for"):
        read("operators/EIA/US_NW_BPAT-wind.json", "fuel-type-data", BPAT)


def test_interchange_is_refused_as_it_has_no_respondent():
    with pytest.raises(SourceError, match="no respondent, type"):
        read("operators/EIA/US-FLA-FPC_US-FLA-FPL_exchange.json", "region-data", BPAT)


def test_generation_by_fuel_has_our_names():
    rows = read("eia/reconstructed/fuel-type-data_ERCO.json", "fuel-type-data", ERCO)
    # the first rows of the file: period 2022-07-10T00, coal 11277, gas 46825, nuclear 4968, other 238
    first = rows[rows["valid_time"] == "2022-07-09T23:00Z"].set_index("quantity")["value"]
    assert first[["hard_coal", "gas", "nuclear", "other_generation"]].to_list() == [11277.0, 46825.0, 4968.0, 238.0]
    # of the local day 9 July: by the form until 07:00 Eastern of the day after
    assert set(rows.loc[rows["valid_time"] == "2022-07-09T23:00Z", "available_at"]) == {
        pd.Timestamp("2022-07-10T11:00Z")
    }


def test_generation_of_pjm_is_stamped_by_the_beginning_of_its_hours():
    stamps = pd.DatetimeIndex(["2022-07-10T17:00Z"])
    assert list(corrected(stamps, "PJM")) == [pd.Timestamp("2022-07-10T18:00Z")]
    assert list(corrected(stamps, "ERCO")) == [pd.Timestamp("2022-07-10T17:00Z")]


def test_the_stamps_of_ciso_were_wrong_at_times():
    stamps = pd.DatetimeIndex(["2022-06-14T06:00Z", "2022-06-14T07:00Z", "2022-06-15T07:00Z", "2023-11-01T00:00Z"])
    moved = (corrected(stamps, "CISO") - stamps) / pd.Timedelta(hours=1)
    assert list(moved) == [1.0, 0.0, 1.0, -1.0]


def test_generation_of_santee_cooper_was_stamped_in_its_local_time():
    stamps = pd.DatetimeIndex(["2020-01-15T12:00Z", "2020-07-15T12:00Z", "2021-07-15T12:00Z"])
    assert list((corrected(stamps, "SC") - stamps) / pd.Timedelta(hours=1)) == [-5.0, -4.0, 0.0]


def test_sun_is_highest_when_it_stands_highest():
    """An independent check of the hours: the mean time of solar generation is within half an hour of solar noon."""
    content = recording("eia/derived/gridemissions_scrape_2022-07-10.csv").content
    table = pd.read_csv(io.BytesIO(content), index_col="period", parse_dates=True).iloc[1:]  # 01 UTC to 00 UTC
    noons = {"PJM": 17.4, "ERCO": 18.8, "MISO": 18.1}  # at 79, 100.5 and 90 degrees west, 12 h + 4 min a degree
    for code, noon in noons.items():
        sun = table[f"E_{code}_SUN"].clip(lower=0)
        ended = corrected(pd.DatetimeIndex(sun.index).tz_localize("UTC"), code)
        hours = pd.Series((ended - pd.Timestamp("2022-07-10T00:30Z")) / pd.Timedelta(hours=1), sun.index)
        hours = hours.where(hours > 6, hours + 24)  # before 06 UTC it is the evening there
        assert abs((sun * hours).sum() / sun.sum() - noon) < 0.5, code


def test_the_day_ahead_forecast_is_known_by_the_form_or_when_it_was_fetched():
    content = envelope({"period": "2024-03-10T20", "type": "DF", "value": "5000"})
    payload = payload_of("eia", content, "region-data", "BPAT")
    rows = service("eia", BPAT).parse(payload)
    assert rows["available_at"].iloc[0] == pd.Timestamp("2024-03-10T11:00Z")  # 07:00 EDT: clocks had changed by then
    early = service("eia", BPAT).parse(replace(payload, retrieved_at=pd.Timestamp("2024-03-09T15:00Z")))
    assert early["available_at"].iloc[0] == pd.Timestamp("2024-03-09T15:00Z")


def test_a_user_may_know_better_when_the_forecast_is_there():
    source = service("eia", BPAT)
    by = Deadline.parse("D-1T1000[America/Los_Angeles]")
    source.settings = source.settings.model_copy(update={"official_available": by})
    content = envelope({"period": "2024-03-10T20", "type": "DF", "value": "5000"})
    rows = source.parse(payload_of("eia", content, "region-data", "BPAT"))
    assert rows["available_at"].iloc[0] == pd.Timestamp("2024-03-09T18:00Z")
    assert source.official_available == {"BPAT/load_official": by}
    assert source.request("")["official_available"] == "D-1T1000[America/Los_Angeles]"


def test_pages_follow_until_every_row_has_come():
    source = service(
        "eia", ERCO, PJM, CISO, told=lambda request: recording(PAGES[str(request.parameters["offset"])]).content
    )
    item = next(item for item in source.items if item.name == "region-data")
    window = TimeRange(pd.Timestamp("2022-07-09T23:00Z"), pd.Timestamp("2022-07-11T00:00Z"))
    payloads = source.answers_to(Job(item, (ERCO, PJM, CISO), window))
    assert [request.parameters["offset"] for request in asked_of(source)] == ["0", "100", "200"]
    first = asked_of(source)[0].parameters
    assert (first["start"], first["end"]) == ("2022-07-10T00", "2022-07-11T00")
    assert first["facets[respondent][]"] == ("ERCO", "PJM", "CISO")
    rows = Observations(pd.concat([source.parse(payload) for payload in payloads]))
    assert len(rows) == 75  # 25 hours of three; net generation and interchange are not read
    assert values_of(rows, "load", "ERCO")["2022-07-09T23:00Z"] == 76367.0
    assert values_of(rows, "load", "PJM")["2022-07-10T10:00Z"] == 72267.0
    assert values_of(rows, "load", "CISO")["2022-07-10T21:00Z"] == 27006.0
    assert [len(payload.completes) for payload in payloads] == [0, 0, 3]


@pytest.mark.parametrize("total", [2, "2"])
def test_the_number_of_rows_may_be_a_number_or_text(total):
    rows: list[Mapping[str, object]] = [
        {"period": "2024-01-01T01", "type": "D", "value": 1},
        {"period": "2024-01-01T02", "type": "D", "value": "2"},
    ]
    content = envelope(*rows, total=total)
    source = service("eia", BPAT, told=lambda request: content)
    window = TimeRange(pd.Timestamp("2024-01-01T00:00Z"), pd.Timestamp("2024-01-01T02:00Z"))
    payloads = source.answers_to(Job(source.items[0], (BPAT,), window))
    assert len(payloads) == 1
    assert values_of(source.parse(payloads[0]), "load") == {"2024-01-01T00:00Z": 1.0, "2024-01-01T01:00Z": 2.0}


def test_an_answer_without_data_is_no_answer():
    source = service("eia", BPAT, told=lambda request: b'{"error": "rate limit", "code": 429}')
    window = TimeRange(pd.Timestamp("2024-01-01T00:00Z"), pd.Timestamp("2024-01-02T00:00Z"))
    with pytest.raises(SourceError, match="without data: rate limit"):
        source.answers_to(Job(source.items[0], (BPAT,), window))


def test_a_row_that_is_there_twice_counts_once_and_a_contradiction_is_refused():
    row = {"period": "2024-01-01T01", "type": "D", "value": 1}
    twice = payload_of("eia", envelope(row, row), "region-data", "BPAT")
    assert len(service("eia", BPAT).parse(twice)) == 1
    other = payload_of("eia", envelope(row, {**row, "value": 3}), "region-data", "BPAT")
    with pytest.raises(SourceError, match="two values of D at 2024-01-01T01"):
        service("eia", BPAT).parse(other)


def test_solar_with_batteries_of_its_own_is_solar():
    rows: list[Mapping[str, object]] = [
        {"period": "2025-08-01T20", "fueltype": "SUN", "value": 100},
        {"period": "2025-08-01T20", "fueltype": "SNB", "value": 11},
        {"period": "2025-08-01T21", "fueltype": "SUN", "value": 90},
        {"period": "2025-08-01T21", "fueltype": "SNB", "value": None},
    ]
    solar = service("eia", BPAT).parse(payload_of("eia", envelope(*rows), "fuel-type-data", "BPAT"))
    assert values_of(solar, "solar")["2025-08-01T19:00Z"] == 111.0
    assert solar["value"].isna().sum() == 1


def test_hours_of_a_local_clock_are_refused():
    payload = payload_of(
        "eia", envelope({"period": "2024-01-01T01-08", "type": "D", "value": 1}), "region-data", "BPAT"
    )
    with pytest.raises(SourceError, match="no hour in UTC"):
        service("eia", BPAT).parse(payload)
