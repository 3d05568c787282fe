"""What was published and what came, from Python: frames in local time that say what they are."""

import datetime as dt
import shutil

import pandas as pd
import pytest
from builders.operation import operated
from builders.rows import LOAD, day_ahead
from builders.serving import fill_before

from gridahead.api import Lab
from gridahead.core.errors import PublicationError
from gridahead.core.time import delivery_range
from gridahead.operate.forecast import forecast


@pytest.fixture
def lab(tmp_path):
    """The 19th and the 20th are published, at noon UTC of the 19th."""
    workspace, clock = operated(tmp_path, "2025-03-18T10:00Z")
    start = delivery_range(dt.date(2025, 3, 19), "Europe/Berlin").start
    times = pd.date_range(start, periods=48, freq="h").tz_convert("UTC")
    workspace.lake.observations.append(day_ahead(LOAD.official, times, 60_000.0))
    for day in (18, 19):
        clock.set(f"2025-03-{day}T10:00Z")
        forecast(workspace, LOAD)
    clock.set("2025-03-19T12:00Z")
    return Lab(workspace)


def test_issues_are_a_row_a_day(lab):
    table = lab.issues()
    assert table["delivery_day"].tolist() == [dt.date(2025, 3, 20), dt.date(2025, 3, 19)]
    assert table["issue_time"].tolist() == [pd.Timestamp(f"2025-03-{day}T10:00Z") for day in (19, 18)]
    assert table["peak_mw"].tolist() == [50_000 + 10 * (day - 7) + 2_300 for day in (79, 78)]
    assert len(lab.issues(as_of="2025-03-19 09:00")) == 1


def test_a_published_forecast_is_by_local_time_with_its_manifest(lab):
    wide = lab.published("DE/load", day="2025-03-19")
    assert list(wide.columns) == [0.1, 0.5, 0.9]
    assert (wide.index[0], wide.index.name) == (pd.Timestamp("2025-03-19", tz="Europe/Berlin"), "valid_time")
    found = wide.attrs["manifest"]["forecast_id"]
    assert lab.published(issue=found).equals(wide)
    with pytest.raises(PublicationError, match=found):
        lab.published(issue="nonsense")


def test_paths_are_by_local_time_a_column_each_and_a_forecast_without_them_says_what_there_is(lab):
    with pytest.raises(PublicationError, match=r"of 2025-03-20 has no paths; `published` has its quantiles"):
        lab.paths()
    fill_before(lab.workspace, LOAD, dt.date(2025, 3, 19))
    shutil.rmtree(lab.workspace.settings.published_folder)  # what is published without paths keeps none
    forecast(lab.workspace, LOAD)
    paths, fan = lab.paths("DE/load"), lab.published("DE/load")
    assert paths.shape == (24, 100) and paths.index.equals(fan.index)
    assert paths.attrs["manifest"]["forecast_id"] == fan.attrs["manifest"]["forecast_id"]
    assert paths.attrs["follows"][1] == dt.date(2025, 3, 18)


def test_outturn_and_official_are_those_of_then(lab):
    outturn = lab.outturn("DE/load", "2025-03-18T23:00Z", as_of="2025-03-19T02:00Z")
    assert outturn["value"].tolist() == [50_780.0, 50_880.0]
    assert str(outturn.index.tz) == "Europe/Berlin"
    assert len(lab.official(start="2025-03-18T23:00Z", end="2025-03-19T23:00Z")) == 24
    assert lab.official(as_of="2025-03-01").empty


def test_the_record_is_that_of_the_page(lab):
    record = lab.record()
    assert (record.n, record.enough) == (12, False)
    assert record.mae == 70.0  # a day of the year is 10 MW, and last week is seven of them ago


def test_a_fan_has_the_official_forecast_and_the_outturn_beside_it(lab):
    (axes,) = lab.plot_fan("DE/load", "today").axes
    labels = [line.get_label() for line in axes.get_lines()]
    assert labels == ["naive, median", "official", "outturn"]
    assert axes.get_ylabel() == "DE/load [MW]"
