"""Weather in files of its own: runs with their issue times, hourly or every few hours."""

import numpy as np
import pandas as pd
import pytest

from gridahead.core.errors import SourceError
from gridahead.core.grid import ZONES
from gridahead.core.tables import Observations
from gridahead.settings.file_source import FileSource
from gridahead.sources.file import FileTable
from gridahead.sources.interpolating import hours_between


def written(path, hours: int, runs: int = 2, values=None) -> None:
    """Runs of two days, twelve hours apart, with 0, 1, 2 and so on for their rows."""
    lines = ["init,time,t2m"]
    for run in pd.date_range("2024-03-30T12:00", periods=runs, freq="12h"):
        for place, lead in enumerate(range(0, 48, hours)):
            value = place if values is None else values[place]
            lines.append(f"{run:%Y-%m-%dT%H:%MZ},{run + pd.Timedelta(hours=lead):%Y-%m-%dT%H:%MZ},{value}")
    path.write_text("\n".join([*lines, ""]))


def read(path, **more) -> Observations:
    told = {"column": "t2m", "name": "temperature", "unit": "degC", "known_ahead": True}
    settings = FileSource.model_validate(
        {
            "kind": "file",
            "path": path,
            "zone": "DE",
            "time_column": "time",
            "timezone": "UTC",
            "issue_column": "init",
            "publication_lag_minutes": 420,
            "covariates": [told],
            **more,
        }
    )
    source = FileTable(settings, ZONES["DE"])
    return source.parse(next(source.fetch()))


def test_every_run_is_a_vintage_known_so_long_after_it_began(tmp_path):
    written(tmp_path / "w.csv", 1)
    rows = read(tmp_path / "w.csv")
    assert len(rows) == 2 * 48
    at = rows[rows["valid_time"] == pd.Timestamp("2024-03-31T05:00Z")]
    assert at["value"].tolist() == [17.0, 5.0]  # hours after the one run and the other
    assert at["available_at"].tolist() == [pd.Timestamp("2024-03-30T19:00Z"), pd.Timestamp("2024-03-31T07:00Z")]
    assert set(rows["availability"]) == {"recorded"}


def test_rows_three_hours_apart_are_not_taken_for_hours(tmp_path):
    written(tmp_path / "w.csv", 3)
    with pytest.raises(SourceError, match=r"most rows are 3 h apart, which contradicts mtu = PT60M.*row_hours = 3"):
        read(tmp_path / "w.csv")
    with pytest.raises(SourceError, match=r"contradicts row_hours = 6\..*Set row_hours = 3"):
        read(tmp_path / "w.csv", row_hours=6)


def test_the_way_out_gives_hours_on_a_straight_line_of_their_own_run_alone(tmp_path):
    """Over the night on which clocks change in Berlin, which a file in UTC does not know of."""
    written(tmp_path / "w.csv", 3)
    rows = read(tmp_path / "w.csv", row_hours=3)
    first = rows[rows["available_at"] == pd.Timestamp("2024-03-30T19:00Z")].sort_values("valid_time")
    assert np.allclose(first["value"], np.arange(0, 15.1, 1 / 3))
    assert first["valid_time"].iloc[[0, -1]].tolist() == [
        pd.Timestamp("2024-03-30T12:00Z"),
        pd.Timestamp("2024-04-01T09:00Z"),  # the last row; nothing is drawn beyond it
    ]
    assert set(rows["mtu"]) == {"PT60M"}


def test_a_gap_in_a_run_stays_a_gap(tmp_path):
    written(tmp_path / "w.csv", 3, runs=1, values=[0, 3, "", 9, *range(12, 48, 3)])
    values = read(tmp_path / "w.csv", row_hours=3).dropna().set_index("valid_time")["value"]
    begin = pd.Timestamp("2024-03-30T12:00Z")
    gap = [begin + pd.Timedelta(hours=hour) for hour in range(4, 9)]
    assert not values.index.intersection(gap).size
    assert values[begin + pd.Timedelta(hours=10)] == 10


def test_nothing_is_drawn_between_rows_that_are_further_apart():
    times = pd.DatetimeIndex(["2024-01-01T00:00Z", "2024-01-01T02:00Z", "2024-01-01T08:00Z"])
    at, values = hours_between(times, pd.Series([0.0, 4.0, 5.0]), pd.Timedelta(hours=2))
    assert at.hour.tolist() == [0, 1, 2, 8]
    assert values.tolist() == [0.0, 2.0, 4.0, 5.0]


def test_measured_power_is_not_interpolated(tmp_path):
    with pytest.raises(ValueError, match="`row_hours` is for covariates"):
        read(tmp_path / "w.csv", row_hours=3, quantity="load", value_column="load", issue_column=None)
