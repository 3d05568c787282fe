"""Outturn and official forecast, as somebody knew them at an instant."""

import pandas as pd
from builders.rows import LOAD, day_ahead, hours, measured, rows
from builders.serving import workspace_in_memory

from gridahead.core.time import Mtu, TimeRange
from gridahead.reading.known import official_known, outturn_known

DAY = TimeRange(pd.Timestamp("2025-03-18T23:00Z"), pd.Timestamp("2025-03-19T23:00Z"))


def test_the_vintage_that_was_known_counts(tmp_path):
    workspace = workspace_in_memory(tmp_path, "DE")
    times = hours("2025-03-18T23:00Z", 24)
    workspace.lake.observations.append(measured(LOAD, times, range(24)))
    revised = rows(LOAD, times[:1], 99.0, pd.Timestamp("2025-03-20T00:00Z"), availability="recorded")
    workspace.lake.observations.append(revised)
    then = outturn_known(workspace, LOAD, DAY, pd.Timestamp("2025-03-19T02:00Z"))
    assert then["value"].tolist() == [0.0, 1.0]  # each an hour after its end
    assert then["available_at"].tolist() == [times[0] + pd.Timedelta(hours=2), times[1] + pd.Timedelta(hours=2)]
    assert outturn_known(workspace, LOAD, DAY)["value"].tolist() == [99.0, *range(1, 24)]


def test_quarters_of_an_hour_are_read_as_hours_where_these_are_wanted(tmp_path):
    workspace = workspace_in_memory(tmp_path, "DE")
    quarters = hours("2025-03-18T23:00Z", 8, Mtu.PT15M)
    workspace.lake.observations.append(day_ahead(LOAD.official, quarters, [0, 1, 2, 3, 10, 10, 10, 50], mtu=Mtu.PT15M))
    assert official_known(workspace, LOAD, DAY)["value"].tolist() == [0, 1, 2, 3, 10, 10, 10, 50]
    assert official_known(workspace, LOAD, DAY, mtu=Mtu.PT60M)["value"].tolist() == [1.5, 20.0]
    appeared = pd.Timestamp("2025-03-18T09:00Z")  # 10:00 in Berlin, a day before
    assert official_known(workspace, LOAD, DAY, appeared - pd.Timedelta(minutes=1)).empty


def test_an_empty_lake_gives_an_empty_table(tmp_path):
    workspace = workspace_in_memory(tmp_path, "DE")
    for known in (outturn_known, official_known):
        table = known(workspace, LOAD, DAY)
        assert table.empty
        assert list(table.columns) == ["valid_time", "value", "available_at"]
