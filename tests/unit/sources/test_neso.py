"""NESO's data portal: answers in the documented form (no recording exists)."""

from collections.abc import Mapping

import pandas as pd
import pytest
from builders.answers import CAME, payload_of, service, values_of

from gridahead.core.errors import SourceError
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange
from gridahead.sources.http.request import Answer
from gridahead.sources.wanted import Wanted


def parsed(item: str, *records: Mapping[str, object]) -> Observations:
    """The observations of rows of a resource."""
    reply = {"help": "", "success": True, "result": {"records": list(records), "fields": []}}
    return service("neso", "GB").parse(payload_of("neso", reply, item, "GB"))


EMBEDDED = {
    "DATE_GMT": "2023-12-11T00:00:00",
    "TIME_GMT": "11:30",
    "SETTLEMENT_DATE": "2023-12-11T00:00:00",
    "SETTLEMENT_PERIOD": 23,
    "EMBEDDED_WIND_FORECAST": 1333,
    "EMBEDDED_WIND_CAPACITY": 6488,
    "EMBEDDED_SOLAR_FORECAST": 2417,
    "EMBEDDED_SOLAR_CAPACITY": 15595,
}
"""Period 23 of a winter day is 11:00 to 11:30: the column of time has its end."""


def test_embedded_power_begins_with_its_period_and_is_known_from_when_it_was_fetched():
    rows = parsed("embedded", EMBEDDED, {**EMBEDDED, "SETTLEMENT_PERIOD": 24, "EMBEDDED_WIND_FORECAST": 1283})
    assert values_of(rows, "embedded_wind_official") == {"2023-12-11T11:00Z": 1333.0, "2023-12-11T11:30Z": 1283.0}
    assert values_of(rows, "embedded_solar_official")["2023-12-11T11:00Z"] == 2417.0
    assert values_of(rows, "embedded_solar_capacity")["2023-12-11T11:00Z"] == 15595.0
    assert set(rows["available_at"]) == {CAME}


def test_a_forecast_of_demand_is_a_vintage_of_its_publication():
    record = {
        "Date": "2024-07-02",
        "Settlement_Period": 1,
        "Demand_Forecast": 21500,
        "Demand_Outturn": 21900,
        "Publish_Datetime": "2024-07-01T09:15:00",
    }
    rows = parsed("load_official", record, record, {**record, "Settlement_Period": 2, "Publish_Datetime": None})
    assert values_of(rows, "load_official") == {"2024-07-01T23:00Z": 21500.0, "2024-07-01T23:30Z": 21500.0}
    known = dict(zip(rows["availability"], rows["available_at"], strict=True))
    assert known["recorded"] == pd.Timestamp("2024-07-01T09:15Z")
    assert known["assumed"] == pd.Timestamp("2024-07-01T23:00Z")  # when the local day begins


def test_a_forecast_of_wind_is_a_vintage_of_its_timestamp():
    record = {
        "Datetime_GMT": "2024-10-27T23:30:00",
        "Date": "2024-10-27T00:00:00",
        "Settlement_period": 50,
        "Incentive_forecast": 8000,
        "Forecast_Timestamp": "2024-10-26T08:30:00",
    }
    rows = parsed("wind_official", record)
    assert values_of(rows, "wind_official") == {"2024-10-27T23:30Z": 8000.0}
    assert rows["available_at"].iloc[0] == pd.Timestamp("2024-10-26T08:30Z")


def test_a_window_is_asked_for_by_local_days_and_the_newest_forecast_once():
    source = service("neso", "GB")
    window = TimeRange(pd.Timestamp("2024-07-01T12:00Z"), pd.Timestamp("2024-07-02T23:00Z"))
    embedded, load, wind = source.items
    assert "\"Date\" >= '2024-07-01' AND \"Date\" < '2024-07-03'" in str(
        next(source.ask(load, source.zones, window)).parameters["sql"]
    )
    assert "\"Datetime_GMT\" >= '2024-06-30T23:00:00Z' AND \"Datetime_GMT\" < '2024-07-02T23:00:00Z'" in str(
        next(source.ask(wind, source.zones, window)).parameters["sql"]
    )
    jobs = source.jobs(Wanted(CAME, start=CAME - pd.Timedelta(days=400)))
    assert len([job for job in jobs if job.item == embedded]) == 1


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({**EMBEDDED, "SETTLEMENT_PERIOD": 49}, "has no settlement period 49"),
        ({**EMBEDDED, "EMBEDDED_WIND_FORECAST": "x"}, "embedded_wind_forecast: 'x' is no number"),
        ({"DATE_GMT": ""}, "have no settlement_date"),
    ],
)
def test_a_damaged_row_is_refused_with_its_reason(record: dict[str, object], reason: str):
    with pytest.raises(SourceError, match=reason):
        parsed("embedded", record)


def test_an_answer_that_may_lack_rows_is_refused():
    with pytest.raises(SourceError, match="32000 rows, so that some may be missing"):
        parsed("embedded", *[EMBEDDED] * 32_000)


def test_a_failure_with_status_200_is_told_in_the_words_of_the_portal():
    failure = Answer(b'{"success": false, "error": {"message": "Not found"}}', 200, "", "", CAME)
    with pytest.raises(SourceError, match="Not found"):
        service("neso", "GB").check(failure)
