"""The charts: axes that tell the local time, lines at the height of their values, gaps that stay gaps."""

import dataclasses
import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest
from builders.cards import NEWEST, card_of, record_of, shown_of

from gridahead.core.time import Mtu, delivery_range
from gridahead.reports.charts import (
    day_ticks,
    errors_chart,
    fan_chart,
    history_chart,
    hour_ticks,
    intervals,
    strip_chart,
)
from gridahead.reports.palette import LIGHT
from gridahead.reports.svg import Band, Frame, Line, draw, nice_ticks
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


def paths(svg, look):
    return re.findall(rf'<path class="(?:line )?{look}" d="([^"]*)"', svg)


def points(path):
    """Where a line of our own writing goes: a start, and steps."""
    numbers = [tuple(map(int, pair)) for pair in re.findall(r"[Ml](-?\d+) ?(-?\d+)", path)]
    return [tuple(map(int, at)) for at in np.cumsum(numbers, axis=0)]


def test_a_day_of_25_hours_is_drawn_with_25_values_in_the_middle_of_their_units():
    card = card_of(shown=(shown_of(dt.date(2025, 10, 26)),))
    svg = fan_chart(Day.of(card), card.normal.iloc[:0], card.eve.iloc[:0])
    (median,) = paths(svg, "median")
    at = points(median)
    # The middle of the first and of the last of 25 hours, on an axis of 1 000.
    assert (len(at), at[0][0], at[-1][0]) == (25, 20, 980)
    assert len(paths(svg, "band")) == 5 and paths(svg, "normal") == []


def test_a_line_is_at_the_height_of_its_values_and_a_gap_stays_a_gap():
    values = pd.Series([0.0, 10.0, np.nan, 5.0, 0.0], index=[0.0, 1.0, 2.0, 3.0, 4.0])
    svg = draw("title", Frame(0, 4, 0, 10), [Line("median", values)], ([0, 4], ["a", "b"]), "GW")
    assert paths(svg, "median") == ["M0 1000l250-1000M750 500l250 500"]


def test_a_band_goes_along_its_upper_and_back_along_its_lower_line_around_every_stretch():
    low = pd.Series([0.0, 2.0, np.nan, 4.0], index=[0.0, 1.0, 2.0, 3.0])
    svg = draw("title", Frame(0, 4, 0, 10), [Band("band", low, low + 5)], ([], []), "GW")
    assert paths(svg, "band") == ["M0 500l250-200l0 500l-250 200ZM750 100l0 500Z"]


def test_bars_stand_on_zero_and_point_both_ways():
    card = card_of()
    (bars,) = paths(strip_chart(Day.of(card)), "bars")
    # 1 GW below the official forecast in each of 24 hours: from the middle downwards.
    assert bars.count("Z") == 24
    assert {int(high) for high in re.findall(r"V(\d+)H", bars)} == {round(500 + 500 / 1.15)}
    assert strip_chart(Day.of(card_of(days=1, official=False))) is None


def test_days_before_are_drawn_by_the_hour_and_a_day_that_is_missing_is_a_gap():
    days = [NEWEST - dt.timedelta(days=back) for back in (0, 1, 3)]
    for mtu in (Mtu("PT60M"), Mtu("PT15M")):
        card = card_of(shown=tuple(shown_of(day, mtu=mtu) for day in days))
        (median,) = paths(history_chart(card, Day.of(card)), "median")
        assert [len(points(part)) for part in re.findall(r"M[^M]*", median)] == [24, 24]
    assert history_chart(card_of(days=1), Day.of(card_of(days=1))) is None


def test_errors_of_days_without_an_official_forecast_are_drawn_alone():
    record = record_of()
    alone = dataclasses.replace(record, daily=record.daily.assign(official_mae=float("nan")))
    svg = errors_chart(alone, "Load DE", None)
    assert len(paths(svg, "median")) == 1 and paths(svg, "official") == []


def test_dates_stand_at_local_midnight_across_a_clock_change():
    times = pd.date_range("2025-10-24T22:00Z", "2025-10-27T22:00Z", freq="h", inclusive="left")
    positions, labels = day_ticks(times, ZONE, most=4)
    assert labels == ["25 Oct", "26 Oct", "27 Oct"]
    assert positions == [0, 24, 49]


def test_bands_lie_between_symmetric_levels_widest_first():
    wide = pd.DataFrame(columns=[0.05, 0.1, 0.5, 0.8, 0.9, 0.95])
    assert intervals(wide) == [(0.05, 0.95), (0.1, 0.9)]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (38.2, 65.1, [40, 50, 60]), (-0.3, 0.3, [-0.2, 0.0, 0.2])],
)
def test_the_grid_has_round_numbers(low, high, expected):
    assert nice_ticks(low, high, 5 if low >= 0 else 4) == expected


def test_text_stays_text_and_colours_follow_the_theme():
    card = card_of(title="A <b> & B")
    svg = fan_chart(Day.of(card), card.normal, card.eve)
    assert "A &lt;b&gt; &amp; B" in svg and "<b> &" not in svg
    assert not any(colour in svg for colour in LIGHT.values())
    assert "http" not in svg
