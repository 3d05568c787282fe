"""Nord Pool: intraday statistics from a recording, day-ahead prices in the form that others have described."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest
from builders.answers import payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SourceError
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange

STATISTICS = recording("operators/NORDPOOL/stats_ger_2026-05-09.json").content
CONTRACTS = json.loads(STATISTICS)[0]["contracts"]


def parsed(reply: bytes | Any, item: str = "intraday", zone: str = "DE") -> Observations:
    """The observations of an answer."""
    return service("nordpool", zone).parse(payload_of("nordpool", reply, item, zone))


def changed(**about: object) -> list[Mapping[str, Any]]:
    """The recorded statistics with something else said of the area."""
    return [json.loads(STATISTICS)[0] | about]


def test_the_recorded_statistics_are_a_price_of_each_quarter_hour_of_the_day():
    rows = parsed(STATISTICS)
    assert len(rows) == 96
    assert set(rows["mtu"]) == {"PT15M"}
    assert set(rows["unit"]) == {"EUR/MWh"}
    prices = values_of(rows, "price_intraday")
    assert prices["2026-05-08T22:00Z"] == pytest.approx(128.6)  # midnight in Berlin; the local contract had no trades
    # by hand: 44.8 MW at 241.98 inside the area and 5075.8 MW at 118.34 across its borders
    assert prices["2026-05-09T06:30Z"] == pytest.approx((44.8 * 241.98 + 5075.8 * 118.34) / (44.8 + 5075.8))
    assert rows["valid_time"].max() == pd.Timestamp("2026-05-09T21:45Z")


def test_the_recorded_statistics_were_known_when_they_were_updated():
    rows = parsed(STATISTICS)
    assert set(rows["available_at"]) == {pd.Timestamp("2026-05-09T22:18:11.515509Z")}
    assert set(rows["availability"]) == {"recorded"}


def test_a_quarter_hour_without_trades_has_no_price():
    contracts = [one | {"volume": 0} for one in CONTRACTS]
    assert parsed(changed(contracts=contracts)).empty


def test_day_ahead_prices_are_known_from_their_auction():
    hours = [
        {"deliveryStart": f"2025-01-01T0{hour}:00:00Z", "deliveryEnd": "", "price": 10.5 * hour} for hour in range(2)
    ]
    rows = parsed([{"deliveryArea": "SE3", "currency": "EUR", "prices": hours}], "price", "SE3")
    assert values_of(rows, "price") == {"2025-01-01T00:00Z": 0.0, "2025-01-01T01:00Z": 10.5}
    assert set(rows["mtu"]) == {"PT60M"}
    assert set(rows["available_at"]) == {pd.Timestamp("2024-12-31T12:00Z")}


def test_each_delivery_day_is_asked_for_by_the_name_of_the_area():
    source = service("nordpool", "GB")
    window = TimeRange(pd.Timestamp("2025-06-01T22:00Z"), pd.Timestamp("2025-06-03T22:00Z"))
    requests = list(source.ask(source.items[0], source.zones, window))
    assert [request.parameters["date"] for request in requests] == ["2025-06-02", "2025-06-03"]
    assert requests[0].parameters["areas"] == "UK"
    assert (requests[0].parameters["market"], requests[0].parameters["currency"]) == ("GbHalfHour_DayAhead", "GBP")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (changed(deliveryArea="AMP"), "prices of AMP instead of GER"),
        (changed(priceUnit="NOK/MWh"), "prices in NOK, and DE has them in EUR"),
        (changed(updatedAt="soon"), "updatedAt: a time that cannot be read"),
        (changed(contracts=[{"contractName": "QH-1"}]), "have no contractId"),
        (changed(contracts=None), "no list of records under contracts"),
        ({"error": "x"}, "no list of records under its root"),
        (
            changed(
                contracts=[
                    *json.loads(STATISTICS)[0]["contracts"],
                    json.loads(STATISTICS)[0]["contracts"][0] | {"volume": 7},
                ]
            ),
            "a contract is there twice",
        ),
    ],
)
def test_a_damaged_answer_is_refused_with_its_reason(reply: Any, reason: str):
    with pytest.raises(SourceError, match=reason):
        parsed(reply)


def test_a_day_without_prices_yet_has_none():
    assert service("nordpool", "DE").parse(payload_of("nordpool", b"", "price", "DE", status=204)).empty
    assert parsed([{"deliveryArea": "GER", "currency": "EUR", "prices": []}], "price").empty
