"""éCO2mix: a recording of one day in real time, and half-hours in the form of the consolidated data set."""

import json
from typing import Any

import pandas as pd
import pytest
from builders.answers import payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SourceError
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange

DAY = recording("operators/FR/response.json").content


def parsed(reply: bytes | Any, *quantities: str) -> Observations:
    """The observations of an answer."""
    return service("eco2mix", "FR", quantities=quantities).parse(payload_of("eco2mix", reply, "eco2mix", "FR"))


def test_the_recorded_day_is_read_in_quarters_of_utc():
    rows = parsed(DAY)
    # by hand, the record of 2023-09-21T02:45:00+02:00
    for quantity, expected in {
        "load": 35683,
        "load_official": 36500,
        "load_intraday": 36200,
        "wind": 9077,
        "wind_onshore": 8588,  # written as text
        "wind_offshore": 489,
        "solar": 0,
        "nuclear": 34482,
        "biomass": 366 + 250,
        "waste": 60,
        "hydro_pumped_storage": 3 - 1420,
        "hydro_run_of_river": 2489,
        "storage": 2 + 0,
    }.items():
        assert values_of(rows, quantity)["2023-09-21T00:45Z"] == expected, quantity
    assert set(rows["mtu"]) == {"PT15M"}
    # 97 records from 02:00 to 02:00 of the next day, both included
    assert len(values_of(rows, "load")) == 97
    assert rows["valid_time"].min() == pd.Timestamp("2023-09-21T00:00Z")
    assert rows["valid_time"].max() == pd.Timestamp("2023-09-22T00:00Z")


def test_the_forecast_of_the_day_before_counts_from_its_deadline_and_that_of_the_day_from_its_unit():
    rows = parsed(DAY).set_index(["quantity", "valid_time"])["available_at"]
    quarter = pd.Timestamp("2023-09-21T00:45Z")
    assert rows["load_official", quarter] == pd.Timestamp("2023-09-20T08:00Z")  # 10:00 in Brussels
    assert rows["load_intraday", quarter] == quarter
    assert rows["load", quarter] == pd.Timestamp("2023-09-21T02:00Z")


def record(time: str, **fields: object) -> dict[str, object]:
    """A record of an export."""
    return {"perimetre": "France", "date_heure": time, **fields}


def test_half_hours_of_consolidated_values_are_half_hours_though_the_forecast_has_quarters():
    times = [f"2022-01-01T00:{minute:02}:00+00:00" for minute in (0, 15, 30, 45)]
    loads = (50000, None, 51000, None)
    reply = [record(at, consommation=load, prevision_j1=1) for at, load in zip(times, loads, strict=True)]
    rows = parsed(reply)
    assert values_of(rows, "load") == {"2022-01-01T00:00Z": 50000.0, "2022-01-01T00:30Z": 51000.0}
    assert dict(zip(rows["quantity"], rows["mtu"], strict=True)) == {"load": "PT30M", "load_official": "PT15M"}


def test_what_is_not_available_is_no_row():
    reply = [record("2022-01-01T00:00:00Z", consommation="ND"), record("2022-01-01T00:30:00Z", consommation="50000")]
    assert values_of(parsed(reply), "load") == {"2022-01-01T00:30Z": 50000.0}


def test_a_day_of_25_hours_has_each_hour_once():
    times = pd.date_range("2023-10-29", "2023-10-30", freq="15min", tz="Europe/Paris", inclusive="left")
    rows = parsed([record(at.isoformat(), consommation=number) for number, at in enumerate(times)], "load")
    assert len(rows) == 100
    assert values_of(rows, "load")["2023-10-29T01:00Z"] == 12.0  # the second 02:00 is the thirteenth quarter


def test_a_forecast_of_today_that_is_seen_ahead_counts_from_when_it_was_seen():
    rows = parsed([record("2031-01-01T00:00:00+00:00", prevision_j=1)])
    assert rows["available_at"].iloc[0] == pd.Timestamp("2030-01-01T00:00Z")  # when tests fetch


def test_two_data_sets_are_asked_for_a_window_without_pages():
    source = service("eco2mix", "FR")
    window = TimeRange(pd.Timestamp("2024-01-01T00:00Z"), pd.Timestamp("2024-02-01T00:00Z"))
    old, new = source.ask(source.items[0], source.zones, window)
    assert old.path == "/eco2mix-national-cons-def/exports/json"
    assert new.path == "/eco2mix-national-tr/exports/json"
    assert new.parameters["where"] == (
        "date_heure >= date'2024-01-01T00:00:00Z' and date_heure < date'2024-02-01T00:00:00Z'"
    )


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (recording("operators/GB/eco2mix_api_live.xml").content, "no whole JSON"),
        ({"error_code": "ODSQLError"}, "no list of records under records"),
        ([{"date_heure": "2024-01-01"}], "have no perimetre"),
        ([record("2024-01-01", perimetre="Bretagne")], "records of Bretagne instead of France"),
        ([record("soon", consommation=1)], "date_heure: a time that cannot be read"),
        ([record("2024-01-01T00:00:00Z", consommation="n/a")], "consommation: 'n/a' is no number"),
        ([record("2024-01-01T00:00:00Z")], "none of consommation"),
        (
            [record("2024-01-01T00:00:00Z", consommation=1), record("2024-01-01T00:00:00Z", consommation=2)],
            "load at 2024-01-01T00:00Z is both 1 and 2",
        ),
    ],
)
def test_a_damaged_answer_is_refused_with_its_reason(reply: Any, reason: str):
    with pytest.raises(SourceError, match=reason):
        parsed(reply)


def test_an_empty_export_has_no_rows():
    assert parsed([]).empty
    assert parsed(json.loads(DAY) | {"records": []}).empty
