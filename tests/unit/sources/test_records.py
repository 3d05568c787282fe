"""What services that answer with records share."""

import pandas as pd
import pytest
from builders.answers import payload_of

from gridahead.core.errors import SourceError
from gridahead.core.grid import ZONES, BiddingZone, Series
from gridahead.core.time import Mtu
from gridahead.sources.records import (
    instants,
    known_from,
    numbers,
    observed,
    once,
    quarters,
    records_of,
    reply_of,
    units_of,
)

PAYLOAD = payload_of("elexon", {}, "demand", "GB")
FRANCE = BiddingZone("FR", "Europe/Paris", "FR")
GREAT_BRITAIN = ZONES["GB"]
HOUR = pd.Timedelta(hours=1)


def times(*texts: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(list(texts), tz="UTC").as_unit("us")


def rows(*values: tuple[str, float | None], quantity: str = "load") -> pd.DataFrame:
    """Rows at times, each known an hour later."""
    at = times(*(text for text, _ in values))
    about = {"quantity": quantity, "availability": "assumed"}
    return pd.DataFrame({"valid_time": at, "available_at": at + HOUR, "value": [v for _, v in values], **about})


def test_a_unit_is_the_smallest_step_of_its_local_day():
    # 22:00 UTC is midnight in Paris in summer; the first day has hours and a gap, the second quarter-hours
    hours = [f"2025-09-30T{hour:02}:00" for hour in (18, 19, 21)]
    told = times(*hours, "2025-09-30T22:00", "2025-09-30T22:15", "2025-09-30T23:00")
    assert units_of(PAYLOAD, told, "Europe/Paris", Mtu.PT30M) == [*[Mtu.PT60M] * 3, *[Mtu.PT15M] * 3]


def test_the_unit_of_a_day_with_one_row_is_that_of_the_others_and_of_a_single_row_as_said():
    told = times("2025-01-01T00:00", "2025-01-01T00:30", "2025-01-02T23:30")
    assert units_of(PAYLOAD, told, "UTC", Mtu.PT60M) == [Mtu.PT30M] * 3
    assert units_of(PAYLOAD, told[:1], "UTC", Mtu.PT60M) == [Mtu.PT60M]
    assert units_of(PAYLOAD, told[[2, 0, 1, 0]], "UTC", Mtu.PT60M) == [Mtu.PT30M] * 4


def test_a_step_of_more_than_an_hour_is_a_gap_and_shows_no_unit():
    told = times("2025-01-01T00:00", "2025-01-01T03:00", "2025-01-02T00:00", "2025-01-02T00:15")
    assert units_of(PAYLOAD, told, "UTC", Mtu.PT60M) == [Mtu.PT15M] * 4
    assert units_of(PAYLOAD, told[:2], "UTC", Mtu.PT30M) == [Mtu.PT30M] * 2


def test_a_step_that_no_market_has_is_refused():
    with pytest.raises(SourceError, match="no market time unit"):
        units_of(PAYLOAD, times("2025-01-01T00:00", "2025-01-01T00:05"), "UTC", Mtu.PT60M)


def test_a_quarter_hour_is_the_mean_of_its_three_values_and_known_with_the_last():
    five = rows(
        *((f"2025-01-01T00:{minute:02}", float(minute)) for minute in (0, 5, 10, 15, 20)), ("2025-01-01T00:25", None)
    )
    found = quarters(PAYLOAD, five, "UTC")
    assert found["value"].tolist() == [5.0]
    assert found["available_at"].tolist() == [pd.Timestamp("2025-01-01T01:10Z")]
    assert quarters(PAYLOAD, five[:0], "UTC").empty


def test_equal_rows_count_once_and_contradictory_ones_are_refused_by_name():
    twice = rows(("2025-01-01T00:00", 1.0), ("2025-01-01T00:00", 1.0))
    assert len(once(PAYLOAD, twice)) == 1
    with pytest.raises(SourceError, match=r"elexon-demand\.json: load at 2025-01-01T00:00Z is both 1 and 2"):
        once(PAYLOAD, rows(("2025-01-01T00:00", 1.0), ("2025-01-01T00:00", 2.0)))
    with pytest.raises(SourceError, match="is both 1 and nan"):
        once(PAYLOAD, rows(("2025-01-01T00:00", 1.0), ("2025-01-01T00:00", None)))


def test_availability_that_is_assumed_is_the_end_of_the_unit_the_law_the_auction_or_the_day():
    at = times("2025-01-02T12:00")

    def known(series: Series, zone: BiddingZone) -> pd.Timestamp:
        return known_from(series, at, Mtu.PT30M, zone, HOUR)[0]

    assert known(Series("FR", "load"), FRANCE) == pd.Timestamp("2025-01-02T13:30Z")
    assert known(Series("FR", "load_official"), FRANCE) == pd.Timestamp("2025-01-01T09:00Z")
    assert known(Series("FR", "solar_official"), FRANCE) == pd.Timestamp("2025-01-01T17:00Z")
    assert known(Series("FR", "price"), FRANCE) == pd.Timestamp("2025-01-01T12:00Z")
    assert known(Series("GB", "load_official"), GREAT_BRITAIN) == pd.Timestamp("2025-01-02T00:00Z")
    assert known_from(Series("FR", "load"), at, [Mtu.PT60M], FRANCE, HOUR)[0] == pd.Timestamp("2025-01-02T14:00Z")


def test_times_are_read_with_their_offset_or_as_utc():
    texts = pd.Series(["2024-01-01T01:00:00.0000000+01:00", "2024-01-01T00:00:00", "2024-01-01T00:00Z"], name="at")
    assert set(instants(PAYLOAD, texts)) == {pd.Timestamp("2024-01-01T00:00Z")}
    with pytest.raises(SourceError, match="at: a time that cannot be read"):
        instants(PAYLOAD, pd.Series(["string"], name="at"))


def test_numbers_may_be_texts_and_what_is_empty_is_missing():
    found = numbers(PAYLOAD, pd.Series([1, "2.5", None, "", -3.0], dtype=object, name="value"))
    assert found.fillna(99.0).tolist() == [1.0, 2.5, 99.0, 99.0, -3.0]
    with pytest.raises(SourceError, match="value: 'ND' is no number"):
        numbers(PAYLOAD, pd.Series(["ND"], name="value"))


def test_a_price_is_in_the_currency_of_its_zone_unless_the_answer_says_another():
    price = rows(("2025-01-01T00:00", 1.0), quantity="price")
    assert observed(PAYLOAD, GREAT_BRITAIN, [price])["unit"].tolist() == ["GBP/MWh"]
    assert observed(PAYLOAD, FRANCE, [price])["unit"].tolist() == ["EUR/MWh"]
    assert observed(PAYLOAD, FRANCE, [price], price_unit="CHF/MWh")["unit"].tolist() == ["CHF/MWh"]
    assert observed(PAYLOAD, FRANCE, []).empty


def test_what_is_no_list_of_records_is_refused():
    with pytest.raises(SourceError, match=r"no list of records under a\.b"):
        records_of(PAYLOAD, {"a": {"b": [1]}}, "a", "b")
    with pytest.raises(SourceError, match="no whole JSON"):
        reply_of(payload_of("elexon", b"{", "demand", "GB"))
