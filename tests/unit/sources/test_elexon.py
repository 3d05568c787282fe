"""Elexon Insights: the examples of its OpenAPI specification and answers in their form (no recording exists)."""

import json
from typing import Any

import pandas as pd
import pytest
from builders.answers import CAME, payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SourceError
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange
from gridahead.sources.elexon import DATASETS, Elexon
from gridahead.sources.wanted import Wanted


def example(name: str) -> dict[str, Any]:
    """An example of the specification."""
    found: dict[str, Any] = json.loads(recording(f"elexon/spec_examples/{name}.json").content)
    return found


def parsed(item: str, *records: dict[str, object], **changes: object) -> Observations:
    """The observations of records, to each of which the changes are made."""
    reply = {"data": [record | changes for record in records]}
    return service("elexon", "GB").parse(payload_of("elexon", reply, item, "GB"))


def test_the_example_of_total_load_is_read_with_its_time_of_publication():
    rows = parsed("total_load", *example("demand__actual__total")["data"])
    assert values_of(rows, "total_load") == {"2023-06-29T03:30Z": 1000.0}
    assert rows["available_at"].iloc[0] == pd.Timestamp("2023-06-29T05:25:09Z")
    assert rows["availability"].iloc[0] == "recorded"
    assert rows["mtu"].iloc[0] == "PT30M"


def test_the_example_of_the_day_ahead_total_load_is_a_vintage():
    rows = parsed("total_load_official", *example("forecast__demand__total__day-ahead")["data"])
    assert values_of(rows, "total_load_official") == {"2023-08-06T11:30Z": 18648.0}
    assert rows["available_at"].iloc[0] == pd.Timestamp("2023-08-05T12:00:08Z")


def test_of_forecasts_by_process_the_day_ahead_one_is_read():
    records = example("forecast__generation__wind-and-solar__day-ahead")["data"]
    assert parsed("wind_and_solar_official", *records).empty  # the example is of the intraday process
    rows = parsed("wind_and_solar_official", *records, processType="Day Ahead")
    assert values_of(rows, "wind_offshore_official") == {"2023-06-29T03:30Z": 1000.0}


def test_the_example_of_solar_power_counts_from_an_hour_after_its_end_as_its_publication_lies_before_it():
    rows = parsed("wind_and_solar", *example("generation__actual__per-type__wind-and-solar")["data"])
    assert values_of(rows, "solar") == {"2023-07-12T06:30Z": 1829.0}
    assert rows["available_at"].iloc[0] == pd.Timestamp("2023-07-12T08:00Z")
    assert rows["availability"].iloc[0] == "assumed"


def test_the_example_of_the_market_index_is_in_pounds_and_known_after_its_half_hour():
    rows = parsed("price", *example("datasets__MID")["data"])
    assert values_of(rows, "price_intraday") == {"2022-09-26T01:00Z": 678.12}
    assert rows["unit"].iloc[0] == "GBP/MWh"
    assert rows["available_at"].iloc[0] == pd.Timestamp("2022-09-26T02:30Z")


def test_the_market_price_is_weighted_by_volume_and_missing_without_any():
    record = {"startTime": "2024-01-01T00:00:00Z", "dataProvider": "APXMIDP", "price": 60.0, "volume": 300.0}
    other = record | {"dataProvider": "N2EXMIDP", "price": 100.0, "volume": 100.0}
    empty = {**record, "startTime": "2024-01-01T00:30:00Z", "price": 0.0, "volume": 0.0}
    rows = parsed("price", record, other, empty)
    assert rows["value"].iloc[0] == 70.0  # (60 · 300 + 100 · 100) / 400
    assert pd.isna(rows["value"].iloc[1])


def test_the_example_of_fuel_is_read_though_it_has_one_fuel():
    rows = parsed("fuel", *example("datasets__FUELHH")["data"])
    assert values_of(rows, "biomass") == {"2022-06-25T01:00Z": 0.0}


def test_gas_is_what_both_kinds_of_turbines_give():
    at = {"startTime": "2024-01-01T00:00:00Z", "publishTime": "2024-01-01T00:30:00Z"}
    later = {"startTime": "2024-01-01T00:30:00Z", "publishTime": "2024-01-01T01:00:00Z"}
    fuels = {"CCGT": 9000, "OCGT": 50, "PS": -400, "INTFR": 1500}
    records = [{**at, "fuelType": fuel, "generation": value} for fuel, value in fuels.items()]
    rows = parsed("fuel", *records, records[0], {**later, "fuelType": "CCGT", "generation": 8000})
    assert values_of(rows, "gas")["2024-01-01T00:00Z"] == 9050.0
    assert pd.isna(values_of(rows, "gas")["2024-01-01T00:30Z"])
    assert values_of(rows, "hydro_pumped_storage") == {"2024-01-01T00:00Z": -400.0}
    assert set(rows["quantity"]) == {"gas", "hydro_pumped_storage"}
    with pytest.raises(SourceError, match="gas at 2024-01-01T00:00Z is both 9000 and 9001"):
        parsed("fuel", *records, records[0] | {"generation": 9001})


def forecast(published: str, demand: float, boundary: str = "N") -> dict[str, object]:
    """A row of NDF in the form of the specification."""
    return {
        "publishTime": published,
        "startTime": "2024-06-02T10:00:00Z",
        "settlementDate": "2024-06-02",
        "settlementPeriod": 23,
        "boundary": boundary,
        "demand": demand,
    }


def test_every_publication_of_a_forecast_is_a_row_of_its_own():
    rows = parsed(
        "load_official",
        forecast("2024-06-01T08:45:00Z", 24000),
        forecast("2024-06-01T09:15:00.0000000+00:00", 24100),
        forecast("2024-06-01T09:15:00Z", 3000, boundary="B1"),
    )
    assert list(rows["value"]) == [24000.0, 24100.0]
    assert list(rows["available_at"]) == [pd.Timestamp("2024-06-01T08:45Z"), pd.Timestamp("2024-06-01T09:15Z")]
    assert set(rows["availability"]) == {"recorded"}
    with pytest.raises(SourceError, match="is both 24000 and 24001"):
        parsed("load_official", forecast("2024-06-01T08:45:00Z", 24000), forecast("2024-06-01T08:45:00Z", 24001))


@pytest.mark.parametrize(
    ("date", "period", "start"),
    [
        ("2024-01-15", 1, "2024-01-15T00:00Z"),
        ("2024-07-15", 1, "2024-07-14T23:00Z"),  # summer time: an hour before UTC midnight
        ("2024-03-31", 46, "2024-03-31T22:30Z"),  # the last of the 46 of spring
        ("2024-03-31", 3, "2024-03-31T01:00Z"),
        ("2024-10-27", 50, "2024-10-27T23:30Z"),  # the last of the 50 of autumn
        ("2024-10-27", 3, "2024-10-27T00:00Z"),
    ],
)
def test_a_row_without_a_start_is_placed_by_its_settlement_period(date: str, period: int, start: str):
    record = {"publishTime": "2025-01-01T00:00:00Z", "settlementDate": date, "settlementPeriod": period, "quantity": 1}
    rows = parsed("total_load", {**record, "startTime": None})
    assert list(values_of(rows, "total_load")) == [start]


@pytest.mark.parametrize(
    ("date", "period"), [("2024-03-31", 47), ("2024-01-15", 49), ("2024-10-27", 51), ("2024-01-15", 0)]
)
def test_a_settlement_period_that_the_day_has_not_is_refused(date: str, period: int):
    with pytest.raises(SourceError, match=f"{date} has no settlement period {period}"):
        parsed("total_load", {"settlementDate": date, "settlementPeriod": period, "quantity": 1})


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ("demand", "demand__outturn"),
        ("load_official", "datasets__NDF"),
        ("wind_official", "datasets__WINDFOR"),
    ],
)
def test_examples_of_the_specification_without_times_are_refused_with_the_reason(item: str, name: str):
    with pytest.raises(SourceError, match=r"elexon-.*startTime: a time that cannot be read"):
        parsed(item, *example(name)["data"], boundary="N")


def test_demand_has_the_national_and_the_transmission_one():
    record = {
        "publishTime": "2024-01-01T00:45:00Z",
        "startTime": "2024-01-01T00:00:00Z",
        "initialDemandOutturn": 25000,
        "initialTransmissionSystemDemandOutturn": 26500,
    }
    rows = parsed("demand", record)
    assert values_of(rows, "load") == {"2024-01-01T00:00Z": 25000.0}
    assert values_of(rows, "transmission_load") == {"2024-01-01T00:00Z": 26500.0}


@pytest.mark.parametrize(
    ("item", "parameters"),
    [
        ("demand", {"settlementDateFrom": "2024-07-01", "settlementDateTo": "2024-07-02", "format": "json"}),
        ("price", {"from": "2024-07-01T00:00Z", "to": "2024-07-02T00:00Z", "format": "json"}),
        (
            "load_official",
            {"publishDateTimeFrom": "2024-07-01T00:00Z", "publishDateTimeTo": "2024-07-02T00:00Z", "format": "json"},
        ),
    ],
)
def test_each_dataset_is_asked_as_it_wants(item: str, parameters: dict[str, str]):
    source = service("elexon", "GB")
    window = TimeRange(pd.Timestamp("2024-07-01T00:00Z"), pd.Timestamp("2024-07-02T00:00Z"))
    chosen = next(one for one in source.items if one.name == item)
    assert [request.parameters for request in source.ask(chosen, source.zones, window)] == [parameters]


def test_forecasts_are_asked_for_a_day_of_publications_at_a_time():
    start = CAME - pd.Timedelta(days=3)
    source = service("elexon", "GB", quantities=("load_official",))
    jobs = source.jobs(Wanted(CAME, start=start))
    assert len(jobs) == 3
    assert isinstance(source, Elexon)
    assert set(DATASETS) == {item.name for item in source.items}


def test_a_window_of_settlement_dates_touches_no_more_than_the_seven_that_are_allowed():
    start = CAME - pd.Timedelta(days=30, hours=12)
    source = service("elexon", "GB", quantities=("load",))
    jobs = [job for job in source.jobs(Wanted(CAME, start=start)) if job.item.name == "demand"]
    for job in jobs:
        (request,) = source.ask(job.item, source.zones, job.window)
        first, last = (pd.Timestamp(str(request.parameters[f"settlementDate{name}"])) for name in ("From", "To"))
        assert last - first <= pd.Timedelta(days=6)
