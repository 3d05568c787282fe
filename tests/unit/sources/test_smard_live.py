"""SMARD's chart data: examples of a community specification, and weeks written in its form (no recording exists)."""

import json

import pandas as pd
import pytest
from builders.answers import CAME, Answers, payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SettingsError, SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.time import TimeRange
from gridahead.sources.http.request import Request
from gridahead.sources.smard_live import SmardLive
from gridahead.sources.wanted import Wanted

MONDAY = pd.Timestamp("2024-03-25", tz="Europe/Berlin")
"""Its week has 167 hours."""


def week(monday: pd.Timestamp, minutes: int = 15) -> bytes:
    """A week file whose values count its units from 1."""
    times = pd.date_range(monday, monday + pd.DateOffset(days=7), freq=f"{minutes}min", inclusive="left")
    series = [[int(at.timestamp() * 1000), float(number)] for number, at in enumerate(times, start=1)]
    return json.dumps({"meta_data": {"version": 1, "created": 0}, "series": series}).encode()


def test_the_specification_example_of_hours_is_read_as_it_stands():
    rows = service("smard_live", "DE").parse(
        payload_of("smard_live", recording("smard/spec_chart_data.json").content, "load", "DE")
    )
    # 1627250400000 ms is 2021-07-25T22:00Z; over an hour 7866 MWh are 7866 MW
    assert values_of(rows, "load") == {"2021-07-25T22:00Z": 7866.0, "2021-07-25T23:00Z": 7881.0}
    assert list(rows["mtu"]) == ["PT60M", "PT60M"]
    assert rows["available_at"].iloc[0] == pd.Timestamp("2021-07-26T00:00Z")


def test_energy_of_a_quarter_hour_is_four_times_as_much_power():
    rows = service("smard_live", "DE").parse(payload_of("smard_live", week(MONDAY), "solar", "DE"))
    assert values_of(rows, "solar")["2024-03-24T23:00Z"] == 4.0
    assert len(rows) == 167 * 4
    assert rows["valid_time"].max() == pd.Timestamp("2024-03-31T21:45Z")


def test_the_week_of_autumn_has_169_hours():
    rows = service("smard_live", "DE").parse(
        payload_of("smard_live", week(pd.Timestamp("2024-10-21", tz="Europe/Berlin")), "load", "DE")
    )
    assert len(rows) == 169 * 4


def test_a_price_stays_what_it_is_and_is_known_from_the_auction():
    rows = service("smard_live", "DE").parse(payload_of("smard_live", week(MONDAY), "price", "DE"))
    assert values_of(rows, "price")["2024-03-24T23:00Z"] == 1.0
    assert rows["unit"].iloc[0] == "EUR/MWh"
    assert rows["available_at"].iloc[0] == pd.Timestamp("2024-03-24T12:00Z")  # 13:00 in Brussels, the day before


def test_official_forecasts_are_known_from_their_legal_deadline():
    source = service("smard_live", "DE")
    load = source.parse(payload_of("smard_live", week(MONDAY), "load_official", "DE"))
    wind = source.parse(payload_of("smard_live", week(MONDAY), "wind_onshore_official", "DE"))
    assert load["available_at"].iloc[0] == pd.Timestamp("2024-03-24T09:00Z")
    assert wind["available_at"].iloc[0] == pd.Timestamp("2024-03-24T17:00Z")


def asked_of(window: TimeRange, quantity: str = "load", **told: bytes | tuple[int, bytes]) -> list[str]:
    """The files that a service asks for, when these answer."""
    source = service("smard_live", "DE", told=lambda request: told[request.path.rsplit("/", 1)[1].split(".")[0]])
    assert isinstance(source, SmardLive)
    item = next(item for item in source.items if item.name == quantity)
    return [request.path for request in source.ask(item, source.zones, window)]


def test_the_index_names_the_weeks_that_a_window_touches():
    index = recording("smard/spec_index_hour.json").content  # weeks of 2021-08-01T22:00Z and the two after it
    window = TimeRange(pd.Timestamp("2021-08-08T21:00Z"), pd.Timestamp("2021-08-08T23:00Z"))
    assert asked_of(window, index_quarterhour=index) == [
        "/410/DE/410_DE_quarterhour_1627855200000.json",
        "/410/DE/410_DE_quarterhour_1628460000000.json",
    ]


def test_prices_come_in_hours_where_there_are_no_quarters():
    index = recording("smard/spec_index_hour.json").content
    window = TimeRange(pd.Timestamp("2021-08-02T00:00Z"), pd.Timestamp("2021-08-10T00:00Z"))
    paths = asked_of(window, "price", index_hour=index, index_quarterhour=b'{"timestamps": [1628460000000]}')
    assert paths == [
        "/4169/DE/4169_DE_quarterhour_1628460000000.json",
        "/4169/DE/4169_DE_hour_1627855200000.json",
    ]


def test_a_control_area_has_no_price():
    area = BiddingZone("DE-50HZ", "Europe/Berlin", "DE")
    source = service("smard_live", area)
    assert "price" not in {job.item.name for job in source.jobs(Wanted(CAME))}
    with pytest.raises(SettingsError, match="no price of DE-50HZ"):
        service("smard_live", area, quantities=("price",))


def test_a_series_or_a_week_that_is_absent_is_no_fault():
    window = TimeRange(pd.Timestamp("2021-08-02T00:00Z"), pd.Timestamp("2021-08-03T00:00Z"))
    assert asked_of(window, index_quarterhour=(404, b"<html><title>404</title></html>")) == []
    payload = payload_of("smard_live", b"<html></html>", "load", "DE", status=404)
    assert service("smard_live", "DE").parse(payload).empty


def test_a_web_page_with_status_200_is_asked_again():
    page = Answers(lambda request: b"<html><title>Wartung</title></html>")
    request = Request("/410/DE/index_quarterhour.json", expected=("json", "html"))
    with pytest.raises(SourceError, match="web page") as caught:
        page.get(request, service("smard_live", "DE").check)
    assert caught.value.retryable


def test_equal_rows_are_taken_once_and_contradictory_ones_refused():
    source = service("smard_live", "DE")
    series = [[1627250400000, 1.0], [1627254000000, 2.0], [1627254000000, 2.0]]
    twice = payload_of("smard_live", {"series": series}, "load", "DE")
    assert len(source.parse(twice)) == 2
    contradiction = payload_of("smard_live", {"series": [*series, [1627254000000, 3.0]]}, "load", "DE")
    with pytest.raises(SourceError, match=r"load at 2021-07-25T23:00Z is both 2 and 3"):
        source.parse(contradiction)


def test_a_null_is_a_row_without_a_value_and_a_missing_row_is_refused():
    source = service("smard_live", "DE")
    gap = payload_of("smard_live", {"series": [[1627250400000, None], [1627254000000, 2.0]]}, "load", "DE")
    assert source.parse(gap)["value"].isna().tolist() == [True, False]
    hole = [[1627250400000, 1.0], [1627254000000, 2.0], [1627261200000, 2.0]]
    with pytest.raises(SourceError, match="not of one length"):
        source.parse(payload_of("smard_live", {"series": hole}, "load", "DE"))


def test_the_specification_example_of_the_table_data_is_refused_as_it_is_another_form():
    content = recording("smard/spec_table_data.json").content
    with pytest.raises(SourceError, match=r"smard_live-load\.json: no list of times and values under series"):
        service("smard_live", "DE").parse(payload_of("smard_live", content, "load", "DE"))
