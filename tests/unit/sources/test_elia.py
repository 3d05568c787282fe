"""Elia open data: wind from an export of January 2018, solar power and load in its form."""

import pandas as pd
import pytest
from builders.answers import payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SourceError
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange

EXPORT = recording("operators/elia/elia_wind_2018-01.csv").content
NEWEST = pd.Timestamp("2018-01-31T22:45Z")
"""31-01-2018 23:45 in Brussels."""


def parsed(content: bytes, item: str = "wind", *quantities: str) -> Observations:
    """The observations of an export."""
    return service("elia", "BE", quantities=quantities).parse(payload_of("elia", content, item, "BE"))


def test_the_recorded_export_is_read_with_its_parts_added():
    rows = parsed(EXPORT)
    # by hand, the five rows of 31-01-2018 23:45
    assert values_of(rows, "wind_offshore")["2018-01-31T22:45Z"] == 806.13
    assert values_of(rows, "wind_onshore")["2018-01-31T22:45Z"] == pytest.approx(23.56 + 127.78 + 27.48 + 253.76)
    assert values_of(rows, "wind_offshore_capacity")["2018-01-31T22:45Z"] == 877.2
    capacity = 53.86 + 595.7 + 104.5 + 990.66
    assert values_of(rows, "wind_onshore_capacity")["2018-01-31T22:45Z"] == pytest.approx(capacity)
    assert set(rows["mtu"]) == {"PT15M"}
    assert len(values_of(rows, "wind_offshore")) == 240


def test_the_recorded_forecasts_are_four_vintages():
    rows = parsed(EXPORT)
    chosen = rows[(rows["quantity"] == "wind_onshore_official") & (rows["valid_time"] == NEWEST)]
    vintages = dict(zip(chosen["available_at"], chosen["value"], strict=True))
    assert vintages == {
        pd.Timestamp("2018-01-29T23:00Z"): pytest.approx(21.98 + 222.98 + 37.64 + 327.71),  # a week ahead
        pd.Timestamp("2018-01-30T10:00Z"): pytest.approx(28.92 + 241.12 + 44.67 + 402.28),  # 11:00 on the day before
        pd.Timestamp("2018-01-30T17:00Z"): pytest.approx(28.1 + 235.9 + 40.34 + 386.99),  # 18:00
        pd.Timestamp("2018-01-31T23:00Z"): pytest.approx(20.87 + 148.74 + 28.88 + 273.97),  # the most recent
    }


def test_at_a_time_that_lacks_a_part_there_is_no_value():
    rows = parsed(EXPORT)
    # the export was trimmed inside the rows of 29-01-2018 12:00, of which one of the onshore ones is missing
    oldest = rows[rows["valid_time"] == "2018-01-29T11:00Z"].set_index("quantity")["value"]
    assert pd.isna(oldest["wind_onshore"])
    assert oldest["wind_offshore"] == 846.93


HEADER = "datetime;resolutioncode;region;realtime;mostrecentforecast;dayahead11hforecast;monitoredcapacity"


def test_solar_power_of_the_country_is_read_and_a_forecast_seen_ahead_counts_from_then():
    lines = [
        HEADER,
        "2031-06-01T10:00:00+00:00;PT15M;Belgium;;5100;5000;9000",
        "2031-06-01T10:15:00+00:00;PT15M;Belgium;;5200;5050;9000",
        "2031-06-01T10:15:00+00:00;PT15M;Namur;;520;505;900",
    ]
    rows = parsed("\n".join(lines).encode(), "solar")
    assert values_of(rows, "solar_capacity")["2031-06-01T10:15Z"] == 9000.0
    newest = rows[rows["value"] == 5200.0].iloc[0]
    assert newest["quantity"] == "solar_official"
    assert newest["available_at"] == pd.Timestamp("2030-01-01T00:00Z")  # when tests fetch
    assert rows[rows["value"] == 5050.0].iloc[0]["available_at"] == pd.Timestamp("2031-05-31T09:00Z")
    assert rows[rows["quantity"] == "solar"]["value"].isna().all()


def test_load_has_the_forecast_of_18_00():
    lines = [
        "Datetime;Resolution code;Total Load;Most recent forecast;Day-ahead 6PM forecast;Week-ahead forecast",
        "2025-05-07T00:00:00+02:00;PT15M;8800;8700;8600;8500",
        "2025-05-07T00:15:00+02:00;PT15M;8810;8710;8610;8510",
    ]
    rows = parsed("\n".join(lines).encode(), "load")
    assert values_of(rows, "load") == {"2025-05-06T22:00Z": 8800.0, "2025-05-06T22:15Z": 8810.0}
    assert rows[rows["value"] == 8600.0]["available_at"].iloc[0] == pd.Timestamp("2025-05-06T16:00Z")


def test_both_data_sets_of_a_window_are_asked_for():
    source = service("elia", "BE")
    window = TimeRange(pd.Timestamp("2025-01-01T00:00Z"), pd.Timestamp("2025-02-01T00:00Z"))
    paths = [request.path for item in source.items for request in source.ask(item, source.zones, window)]
    assert paths == [f"/{name}/exports/csv" for name in ("ods001", "ods002", "ods031", "ods086", "ods032", "ods087")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a;b;c\n1;2;3", "none is datetime"),
        (EXPORT[:5000], "row [0-9]+, the last, has another number of cells"),
        (EXPORT.replace(b",Onshore,", b",Floating,"), "wind power of Floating"),
        (EXPORT.replace(b"806.13", b"n/a"), "measured: 'n/a' is no number"),
        (
            EXPORT + EXPORT.splitlines()[5].replace(b"806.13", b"1") + b"\n",
            "Offshore Federal Elia .* is both",
        ),
        (EXPORT.replace(b"31-01-2018 23:45", b"28-10-2018 02:15"), "datetime: "),
    ],
)
def test_a_damaged_export_is_refused_with_its_reason(content: bytes, reason: str):
    with pytest.raises(SourceError, match=reason) as caught:
        parsed(content)
    assert "elia-wind.json" in str(caught.value)


def test_an_export_without_rows_has_no_values():
    assert parsed(f"{HEADER}\n".encode(), "solar").empty
