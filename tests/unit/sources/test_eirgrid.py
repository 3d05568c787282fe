"""EirGrid's Smart Grid Dashboard: recordings of 2023 (older interface) and 2025."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest
from builders.answers import payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange

IRELAND = BiddingZone("IE", "Europe/Dublin", "IE", codes={"eirgrid": "ROI"})
"""The zone with the name of the region that the recordings are of."""
NORTH = BiddingZone("NIR", "Europe/London", "GB")


def parsed(name: str, item: str, zone: BiddingZone = IRELAND) -> Observations:
    """The observations of a recording."""
    content = recording(f"operators/SMARTGRIDDASHBOARD/{name}.json").content
    return service("eirgrid", zone).parse(payload_of("eirgrid", content, item, zone.code))


def row(time: str, value: float | None = 1.0, name: str = "SYSTEM_DEMAND", region: str = "ROI") -> Mapping[str, Any]:
    """A row of an answer."""
    return {"EffectiveTime": time, "FieldName": name, "Region": region, "Value": value}


def parsed_rows(*rows: Mapping[str, Any], **about: object) -> Observations:
    """The observations of rows."""
    reply = {"Rows": list(rows), **about}
    return service("eirgrid", IRELAND).parse(payload_of("eirgrid", reply, "load", "IE"))


def test_recorded_demand_of_the_north_is_read_without_what_is_still_to_come():
    rows = parsed("consumption", "load", NORTH)
    # 289 rows of 15 minutes, of which 30 have no value
    assert len(rows) == 259
    assert set(rows["mtu"]) == {"PT15M"}
    assert values_of(rows, "load")["2023-11-04T00:00Z"] == 685.0
    assert values_of(rows, "load")["2023-11-04T00:45Z"] == 641.0
    assert set(rows["availability"]) == {"assumed"}


def test_recorded_forecast_of_demand_was_known_when_the_answer_was_updated():
    rows = parsed("consumptionForecast", "load")
    assert len(rows) == 28
    assert set(rows["mtu"]) == {"PT30M"}
    assert values_of(rows, "load_official")["2023-11-09T10:30Z"] == 4407.0
    assert values_of(rows, "load_official")["2023-11-10T00:00Z"] == 3511.0
    assert set(rows["available_at"]) == {pd.Timestamp("2023-11-09T10:05Z")}
    assert set(rows["availability"]) == {"recorded"}


def test_recorded_wind_and_solar_are_read_in_irish_summer_time():
    wind, forecast = parsed("windProduction", "wind"), parsed("windForecast", "wind")
    assert values_of(wind, "wind")["2025-06-03T23:00Z"] == 1527.0
    assert len(wind) == 76  # 96 rows, of which 20 have no value yet
    assert values_of(forecast, "wind_official")["2025-06-04T22:45Z"] == 1073.0
    assert set(forecast["available_at"]) == {pd.Timestamp("2025-06-03T16:00Z")}  # 18:00 in Brussels, the day before
    solar = parsed("solarProduction", "solar")
    assert values_of(solar, "solar")["2025-06-03T23:00Z"] == 4.0
    assert values_of(parsed("solarForecast", "solar"), "solar_official")["2025-06-03T23:00Z"] == 0.0


def test_the_repeated_hour_is_told_by_its_order_and_left_out_where_it_is_there_once():
    times = ["27-Oct-2024 00:45:00", "27-Oct-2024 01:00:00", "27-Oct-2024 01:15:00"]
    twice = parsed_rows(*(row(at, number) for number, at in enumerate([*times, *times[1:]])))
    assert values_of(twice, "load") == {
        "2024-10-26T23:45Z": 0.0,
        "2024-10-27T00:00Z": 1.0,
        "2024-10-27T00:15Z": 2.0,
        "2024-10-27T01:00Z": 3.0,
        "2024-10-27T01:15Z": 4.0,
    }
    source = service("eirgrid", IRELAND)
    once = source.parse(payload_of("eirgrid", {"Rows": [row(at) for at in times]}, "load", "IE"))
    assert list(values_of(once, "load")) == ["2024-10-26T23:45Z"]
    assert len(source.warnings) == 1


def test_the_day_of_spring_has_23_hours():
    times = pd.date_range("2024-03-31", "2024-04-01", freq="15min", tz="Europe/Dublin", inclusive="left")
    rows = parsed_rows(*(row(f"{at:%d-%b-%Y %H:%M:%S}") for at in times))
    assert len(rows) == 92


@pytest.mark.parametrize(
    ("rows", "about", "reason"),
    [
        ([row("31-Mar-2024 01:00:00")], {}, "EffectiveTime: 2024-03-31 01:00:00"),
        ([row("yesterday")], {}, "EffectiveTime: time data"),
        ([row("04-Nov-2023 00:00:00", region="NI")], {}, "rows of NI instead of ROI"),
        ([row("04-Nov-2023 00:00:00", name="CO2")], {}, "fields that are not known: CO2"),
        ([row("04-Nov-2023 00:00:00", 1.0), row("04-Nov-2023 00:00:00", 2.0)], {}, "is both 1 and 2"),
        ([], {"ErrorMessage": "An error occurred"}, "it says An error occurred"),
        ([{"Value": 1}], {}, "have no EffectiveTime"),
    ],
)
def test_a_damaged_answer_is_refused_with_its_reason(rows: list[Mapping[str, Any]], about: dict[str, str], reason: str):
    with pytest.raises(SourceError, match=reason) as caught:
        parsed_rows(*rows, **about)
    assert "eirgrid-load.json" in str(caught.value)


def test_each_local_day_of_a_window_is_asked_for_with_its_forecast():
    source = service("eirgrid", "IE")
    window = TimeRange(pd.Timestamp("2025-06-03T23:00Z"), pd.Timestamp("2025-06-05T23:00Z"))
    first, second = source.ask(source.items[1], source.zones, window)
    assert first.parameters["dateFrom"] == first.parameters["dateTo"] == "04-Jun-2025"
    assert second.parameters["dateFrom"] == "05-Jun-2025"
    assert (first.parameters["region"], first.parameters["areas"]) == ("ALL", "windactual,windforecast")


def test_an_answer_without_rows_has_no_values():
    assert parsed_rows().empty
