"""Energy-Charts: prices from a recording, power and forecasts from answers in the form of the specification."""

import json
from collections.abc import Iterator

import httpx
import pandas as pd
import pytest
from builders.answers import CAME, payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SettingsError, SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.time import TimeRange
from gridahead.settings.source_catalogue import SOURCE_INFOS
from gridahead.sources.http import transport as transport_module
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.transport import Attempts, Transport
from gridahead.sources.wanted import Wanted

PRICES = recording("energy_charts/price_DE-LU_2024-12-10.json").content


def at(text: str) -> int:
    """Seconds since 1970."""
    return int(pd.Timestamp(text).timestamp())


def test_the_recorded_prices_are_read_with_their_hours_and_the_auction():
    source = service("energy_charts", "DE")
    rows = source.parse(payload_of("energy_charts", PRICES, "price", "DE"))
    # 1733785200 s is 2024-12-09T23:00Z, midnight in Berlin; the price there is 92.85
    assert values_of(rows, "price")["2024-12-09T23:00Z"] == 92.85
    assert len(rows) == 48
    assert set(rows["mtu"]) == {"PT60M"}
    assert set(rows["unit"]) == {"EUR/MWh"}
    assert rows["available_at"].iloc[0] == pd.Timestamp("2024-12-09T12:00Z")
    assert rows["available_at"].iloc[24] == pd.Timestamp("2024-12-10T12:00Z")
    assert source.warnings == []


def test_prices_for_private_use_are_warned_of_with_their_licence():
    source = service("energy_charts", "CH")
    reply = json.loads(PRICES) | {"license_info": "Private and internal use only"}
    source.parse(payload_of("energy_charts", reply, "price", "CH"))
    assert source.warnings == ["Energy-Charts says of the prices of CH: Private and internal use only"]


def test_prices_are_in_the_currency_that_the_answer_names_whatever_the_zone_has():
    zone = BiddingZone("SE3", "Europe/Stockholm", "SE", currency="SEK")
    rows = service("energy_charts", zone).parse(payload_of("energy_charts", PRICES, "price", "SE3"))
    assert set(rows["unit"]) == {"EUR/MWh"}


def test_prices_go_over_from_hours_to_quarters_in_one_answer():
    seconds = [at("2025-09-30T20:00Z"), at("2025-09-30T21:00Z")]
    seconds += [at("2025-09-30T22:00Z") + 900 * number for number in range(4)]
    reply = {"license_info": "CC BY 4.0", "unix_seconds": seconds, "price": [1, 2, 3, 4, 5, 6], "unit": "EUR / MWh"}
    rows = service("energy_charts", "DE").parse(payload_of("energy_charts", reply, "price", "DE"))
    assert list(rows["mtu"]) == ["PT60M", "PT60M", "PT15M", "PT15M", "PT15M", "PT15M"]


def test_power_has_gaps_as_rows_without_value_and_says_nothing_of_what_it_does_not_know():
    reply = {
        "unix_seconds": [at("2025-01-01T00:00Z"), at("2025-01-01T00:15Z")],
        "production_types": [
            {"name": "Hydro pumped storage", "data": [1, 2]},
            {"name": "Load", "data": [50000.5, None]},
            {"name": "Wind onshore", "data": [None, 8000]},
        ],
    }
    rows = service("energy_charts", "DE").parse(payload_of("energy_charts", reply, "public_power", "DE"))
    assert set(rows["quantity"]) == {"load", "wind_onshore"}
    assert values_of(rows, "load")["2025-01-01T00:00Z"] == 50000.5
    assert rows["value"].isna().sum() == 2
    assert rows["available_at"].min() == pd.Timestamp("2025-01-01T01:15Z")  # end of the unit and an hour


def test_a_day_ahead_forecast_counts_from_its_legal_deadline():
    reply = {"unix_seconds": [at("2025-01-01T00:00Z"), at("2025-01-01T00:15Z")], "forecast_values": [7.0, 8.0]}
    rows = service("energy_charts", "FR").parse(payload_of("energy_charts", reply, "wind_onshore_official", "FR"))
    assert set(rows["available_at"]) == {pd.Timestamp("2024-12-31T17:00Z")}
    assert set(rows["quantity"]) == {"wind_onshore_official"}


def test_of_a_zone_that_is_part_of_a_country_there_is_the_price_alone():
    with pytest.raises(SettingsError, match=r"no load of DK1, only price"):
        service("energy_charts", "DK1", quantities=("load", "price"))
    source = service("energy_charts", "DK1", "FR")
    jobs = source.jobs(Wanted(CAME))
    assert [job.item.name for job in jobs if job.zones[0].code == "DK1"] == ["price"]
    assert len([job for job in jobs if job.zones[0].code == "FR"]) == 6
    request = next(iter(source.ask(jobs[1].item, source.zones[:1], jobs[1].window)))
    assert request.parameters["bzn"] == "DK1"


def test_a_window_ends_a_second_early_as_the_service_takes_both_ends():
    source = service("energy_charts", "DE")
    window = TimeRange(pd.Timestamp("2025-01-01T00:00Z"), pd.Timestamp("2025-01-02T00:00Z"))
    request = next(iter(source.ask(source.items[0], source.zones, window)))
    assert request.parameters == {"country": "de", "start": "1735689600", "end": "1735775999"}


def test_arrays_without_a_value_are_asked_for_again():
    empty = recording("_documented_errors/energy_charts_200_empty.json").content
    with pytest.raises(SourceError, match="without a single value") as caught:
        service("energy_charts", "DE").check(Answer(empty, 200, "", "", CAME))
    assert caught.value.retryable


def test_a_forecast_that_a_country_has_not_is_no_fault():
    source = service("energy_charts", "AT")
    none = b'{"detail": "no content available"}'
    source.check(Answer(none, 404, "", "", CAME))
    assert source.parse(payload_of("energy_charts", none, "wind_offshore_official", "AT", status=404)).empty
    window = TimeRange(pd.Timestamp("2025-01-01T00:00Z"), pd.Timestamp("2025-01-02T00:00Z"))
    accepted = {item.name: next(source.ask(item, source.zones, window)).answers for item in source.items}
    assert 404 in accepted["wind_offshore_official"]
    assert 404 not in accepted["price"]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"[1, 2", "no whole JSON"),
        (b'{"price": [1]}', "no times under unix_seconds"),
        (b'{"unix_seconds": [1733785200]}', "no list under price"),
        (b'{"unix_seconds": [1733785200], "price": [1, 2]}', "2 values of price and 1 times"),
        (b'{"unix_seconds": [1733785200], "price": ["n/e"]}', "'n/e' is no number"),
        (b'{"unix_seconds": [1733785200, 1733785200], "price": [1, 2]}', "is both 1 and 2"),
        (b'{"unix_seconds": [1733785200, 1733785210], "price": [1, 2]}', "no market time unit"),
    ],
)
def test_a_damaged_answer_is_refused_with_its_name_and_reason(reply: bytes, reason: str):
    with pytest.raises(SourceError, match=reason) as caught:
        service("energy_charts", "DE").parse(payload_of("energy_charts", reply, "price", "DE"))
    assert "energy_charts-price.json" in str(caught.value)


@pytest.fixture
def replies(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[httpx.Response]]:
    """What the host answers, one after the other."""
    waiting: list[httpx.Response] = []
    host = httpx.MockTransport(lambda request: waiting.pop(0))
    monkeypatch.setattr(transport_module, "_way_out", lambda home: host)
    yield waiting


@pytest.mark.parametrize("status", [404, 422])
def test_a_zone_that_the_service_does_not_know_is_told_at_once(replies: list[httpx.Response], status: int):
    replies.append(httpx.Response(status, stream=httpx.ByteStream(b'{"detail": "bidding zone not found"}')))
    asks = Transport(SOURCE_INFOS["energy_charts"], "https://a.example", Attempts(attempts=3, first_wait_seconds=0.01))
    with pytest.raises(SourceError, match=f"status {status}, bidding zone not found") as caught:
        asks.get(Request("/price", {"bzn": "XX"}))
    assert not caught.value.retryable


def test_the_service_is_given_the_time_it_asks_for(replies: list[httpx.Response]):
    replies.append(httpx.Response(429, headers={"Retry-After": "0.1"}, stream=httpx.ByteStream(b"")))
    replies.append(httpx.Response(200, stream=httpx.ByteStream(PRICES)))
    asks = Transport(SOURCE_INFOS["energy_charts"], "https://b.example", Attempts(attempts=3, first_wait_seconds=0.01))
    answer = asks.get(Request("/price"), service("energy_charts", "DE").check)
    assert answer.content == PRICES
    assert replies == []
