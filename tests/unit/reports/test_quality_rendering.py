"""What the quality page says, and how it draws."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from gridahead.reports.quality_page import MOST_STRIPS, headline, render_quality, span, strip, ticks
from gridahead.reports.quality_views import CaseLine, Cell, QualityView, SeriesQuality

NOW = pd.Timestamp("2025-06-10T06:00Z")
DAYS = tuple(pd.date_range("2025-06-01", "2025-06-05"))
WHOLE, GAP, HOLE = Cell("Sun 1 Jun", 24, 24, 0, 0), Cell("Mon 2 Jun", 24, 20, 0, 0), Cell("Tue 3 Jun", 24, 3, 0, 0)
FLAGGED, OUT, NONE = Cell("Wed 4 Jun", 24, 24, 2, 0), Cell("Thu 5 Jun", 24, 0, 3, 24), Cell("Fri 6 Jun", 0, 0, 0, 0)


def local(text):
    return pd.Timestamp(text, tz="Europe/Berlin")


CASE = CaseLine(
    "6eb77db7",
    "Load DE",
    local("2025-06-05"),
    local("2025-06-06"),
    24,
    "quarantine",
    "open",
    ("scaled", "spike"),
    "expected that <b>a day</b> fits its unit",
    NOW,
)


@pytest.fixture
def view():
    series = SeriesQuality("DE/load", "Load DE", local("2025-06-10T07:00"), (WHOLE, WHOLE, GAP, FLAGGED, OUT), (OUT,))
    return QualityView(NOW, NOW, DAYS, (DAYS[0],), (series,), (CASE,), 1, 24, (CASE,), "../quality/index.html", 48)


def test_a_cell_has_the_look_of_the_worst_in_it():
    looks = [cell.state for cell in (WHOLE, GAP, HOLE, FLAGGED, OUT, NONE)]
    assert looks == ["whole", "gap", "hole", "flag", "out", "none"]
    assert OUT.words == "Thu 5 Jun: 0 of 24 values, 3 flagged, 24 quarantined"


def test_completeness_counts_what_is_expected_and_no_vintage_twice():
    assert SeriesQuality.completeness((WHOLE, GAP)) == 44 / 48
    assert SeriesQuality.completeness((replace(WHOLE, present=30), GAP)) == 44 / 48
    assert pd.isna(SeriesQuality.completeness((NONE,)))


def test_a_strip_draws_equal_whole_days_as_one_and_names_what_is_wrong():
    drawn = str(strip((WHOLE, WHOLE, NONE, GAP, OUT)))
    assert '<rect class="whole" x="0" width="2"' in drawn
    assert '<rect class="gap" x="3"' in drawn and '<rect class="out" x="4"' in drawn
    assert drawn.count("<rect") == 3
    assert "<title>Thu 5 Jun: 0 of 24 values" in drawn


def test_ticks_stand_at_months_or_at_days_where_there_are_few_months():
    weeks = tuple(pd.date_range("2024-01-01", periods=104, freq="7D"))
    marks = ticks(weeks, most=9)
    assert len(marks) <= 9
    at, label = marks[0]
    assert at == pytest.approx(100 * 5 / 104)
    assert label == "Feb 2024"
    assert ticks(DAYS, most=3) == [(0.0, "1 Jun"), (40.0, "3 Jun"), (80.0, "5 Jun")]
    assert ticks((), most=9) == []


@pytest.mark.parametrize(
    ("start", "end", "rows", "words"),
    [
        ("2025-06-05", "2025-06-06", 24, "Thu 5 Jun 2025"),
        ("2025-06-05", "2025-06-07", 48, "Thu 5 Jun 2025 to Fri 6 Jun 2025"),
        ("2025-06-05T01:00", "2025-06-05T03:00", 2, "5 Jun 2025, 01:00 to 03:00"),
        ("2025-06-05T23:00", "2025-06-06T02:00", 3, "5 Jun 2025, 23:00 to 6 Jun 2025, 02:00"),
        ("2025-06-05T01:00", "2025-06-05T01:15", 1, "5 Jun 2025, 01:00"),
    ],
)
def test_a_stretch_is_told_as_a_person_would(start, end, rows, words):
    assert span(replace(CASE, start=local(start), end=local(end), rows=rows)) == words


def test_the_headline_tells_what_is_in_order_and_what_is_not(view):
    assert [fine for fine, _ in headline(view)] == [False, False, False, True]
    assert headline(view)[0][1] == "1 stretch in quarantine, 24 values, to decide on."
    one = replace(view.series[0], days=(WHOLE,), end=local("2025-06-01"))
    told = headline(replace(view, series=(one,), open_cases=(), open_count=0, open_rows=0))
    assert [fine for fine, _ in told] == [True, True, True, False]
    assert "Load DE" in told[3][1]


def test_how_old_is_too_old_is_the_settings_to_say(view):
    """The newest value is of 7 o'clock."""
    age = (NOW - view.series[0].end) / pd.Timedelta(hours=1)
    fine = [headline(replace(view, stale_after_hours=age + hours))[3][0] for hours in (-1, 1)]
    assert fine == [False, True]


def test_the_page_stands_alone_and_says_how_to_release(view):
    page = render_quality(view)
    assert "gridahead quarantine release 6eb77db7 --reason" in page
    assert "Load DE, Thu 5 Jun 2025: 24 values" in page
    assert "<b>a day</b>" not in page and "&lt;b&gt;a day" in page
    assert not re.search(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=(?![\"']?data:)", page)
    assert render_quality(view) == page


def test_a_page_of_an_empty_lake_is_a_page(view):
    empty = replace(
        view, series=(), days=(), weeks=(), open_cases=(), open_count=0, open_rows=0, findings=(), inspected_at=None
    )
    assert "Nothing in quarantine waits" in render_quality(empty)


def test_of_very_many_series_all_are_in_the_table_and_the_worst_are_drawn(view):
    many = tuple(replace(view.series[0], title=f"Load S{n}") for n in range(MOST_STRIPS + 5))
    page = render_quality(replace(view, series=many))
    assert page.count('<th class="text">Load S') == MOST_STRIPS + 5
    assert page.count('<div class="name">Load S') == 2 * MOST_STRIPS
    assert "The 100 series with the most to look at; 5 more are in the table." in page
    assert "more are in the table" not in render_quality(view)


def test_the_worst_series_come_first():
    def quality(name, *days):
        return SeriesQuality(f"{name}/load", f"Load {name}", local("2025-06-10"), days, days)

    some = [quality("C", WHOLE), quality("B", FLAGGED), quality("D", HOLE), quality("E", OUT), quality("A", WHOLE)]
    order = [one.series[0] for one in sorted(some, key=lambda one: one.badness)]
    assert "".join(order) == "EDBAC"
