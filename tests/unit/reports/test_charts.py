"""The charts: axes that tell the local time, labels that do not overlap, drawings that do not disturb each other."""

import dataclasses
import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest

from gridahead.core.time import delivery_range
from gridahead.reports.charts import day_ticks, fan_chart, hour_ticks, intervals
from gridahead.reports.drawing import Size, spread
from gridahead.reports.palette import LIGHT
from gridahead.reports.trust import Day

ZONE = "Europe/Berlin"


@pytest.mark.parametrize(
    ("day", "hours", "expected"),
    [
        (dt.date(2025, 12, 31), 24, [0, 3, 6, 9, 12, 15, 18, 21, 24]),
        # Clocks go back at 03:00: the hour that begins at 03 on the clock is the fifth of the day.
        (dt.date(2025, 10, 26), 25, [0, 4, 7, 10, 13, 16, 19, 22, 25]),
        # Clocks go forward at 02:00: 03 on the clock is the third hour.
        (dt.date(2025, 3, 30), 23, [0, 2, 5, 8, 11, 14, 17, 20, 23]),
    ],
)
def test_the_axis_of_a_day_of_23_24_or_25_hours_tells_the_wall_clock(day, hours, expected):
    positions, labels = hour_ticks(delivery_range(day, ZONE), ZONE)
    assert positions == expected
    assert labels == ["00", "03", "06", "09", "12", "15", "18", "21", "24"]
    assert positions[-1] == hours


def test_a_wall_clock_hour_that_comes_twice_is_marked_once():
    positions, labels = hour_ticks(delivery_range(dt.date(2025, 10, 26), ZONE), ZONE, every=1)
    assert labels.count("02") == 1
    assert positions[labels.index("02")] == 2
    assert positions[labels.index("03")] == 4


def test_a_day_of_25_hours_is_drawn_with_25_values(series_view, day_of):
    day = Day.of(dataclasses.replace(series_view, forecast=day_of("2025-10-26")))
    assert (day.hours, len(day.wide)) == (25, 25)
    assert fan_chart(day, Size(1000, 340)).startswith("<svg")


def test_dates_stand_at_local_midnight_across_a_clock_change():
    times = pd.date_range("2025-10-24T22:00Z", "2025-10-27T22:00Z", freq="h", inclusive="left")
    positions, labels = day_ticks(times, ZONE, most=4)
    assert labels == ["25 Oct", "26 Oct", "27 Oct"]
    assert positions == [0, 24, 49]


def test_bands_lie_between_symmetric_levels_widest_first():
    wide = pd.DataFrame(columns=[0.05, 0.1, 0.5, 0.8, 0.9, 0.95])
    assert intervals(wide) == [(0.05, 0.95), (0.1, 0.9)]


@pytest.mark.parametrize("heights", [[1.0, 1.0, 1.0], [0.0, 9.9, 10.0], [0.1, 0.0, 5.0], [10.0, 10.0], [], [3.0]])
def test_labels_keep_their_distance_and_stay_inside(heights):
    placed = spread(heights, 2.0, 0.0, 10.0)
    assert len(placed) == len(heights)
    assert all(0 <= height <= 10 for height in placed)
    assert np.all(np.diff(sorted(placed)) >= 2.0 - 1e-9)


def test_labels_that_do_not_touch_stay_where_they_are():
    assert spread([7.0, 1.0, 4.0], 2.0, 0.0, 10.0) == [7.0, 1.0, 4.0]


def test_text_stays_text_and_colours_follow_the_theme(series_view):
    svg = fan_chart(Day.of(series_view), Size(1000, 340))
    assert ">official</text>" in svg
    assert not any(colour in svg for colour in LIGHT.values())
    assert "http" not in svg
    assert "<metadata" not in svg


def test_the_wide_and_the_narrow_drawing_share_no_names(series_view):
    wide, narrow = (
        set(re.findall(r' id="([^"]+)"', fan_chart(Day.of(series_view), size)))
        for size in (Size(1000, 340), Size(440, 300))
    )
    assert wide
    assert narrow
    assert not wide & narrow
