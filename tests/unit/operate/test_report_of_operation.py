"""The page in operation: what should be out and is not is said, and it can be written after every run."""

import pandas as pd
import pytest
from builders.operation import operated
from builders.rows import LOAD
from builders.serving import ready

from gridahead.core.errors import LakeError
from gridahead.operate.forecast import forecast
from gridahead.operate.report import report

ABSENT = "There is no forecast of"


@pytest.fixture
def down(tmp_path):
    """An installation that has published on the 18th only."""
    workspace, clock = operated(tmp_path, "2025-03-18T10:00Z")
    forecast(workspace, LOAD)
    return workspace, clock


@pytest.mark.parametrize(
    ("at", "days"),
    [
        ("2025-03-18T10:05Z", []),
        ("2025-03-19T10:05Z", []),
        ("2025-03-19T10:11Z", ["Thu 20 Mar 2025"]),
        ("2025-03-19T20:00Z", ["Thu 20 Mar 2025"]),
        ("2025-03-20T20:00Z", ["Thu 20 Mar 2025", "Fri 21 Mar 2025"]),
    ],
)
def test_a_day_that_should_be_out_and_is_not_is_named(down, at, days):
    workspace, clock = down
    clock.set(at)
    page = report(workspace).read_text()
    assert [day for day in ("Thu 20 Mar 2025", "Fri 21 Mar 2025") if f"{ABSENT} {day}" in page] == days
    assert ("In order" in page) == (not days)


def test_a_series_without_any_forecast_is_on_the_page(tmp_path):
    workspace, _ = operated(tmp_path, "2025-03-18T10:30Z", "DE", "FI")
    forecast(workspace, LOAD)
    page = report(workspace).read_text()
    assert (
        f"Load FI</a>: {ABSENT} Wed 19 Mar 2025: it was due 18 Mar 2025, 11:00, the gate closes 18 Mar 2025, 13:00."
        in page
    )


def test_a_forecast_that_the_lake_does_not_have_is_shown_all_the_same(tmp_path, monkeypatch):
    workspace, _ = operated(tmp_path, "2025-03-18T10:00Z")

    def full(rows):
        raise LakeError("cannot write: the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(workspace.lake.forecasts, "append", full)
        forecast(workspace, LOAD)
    page = report(workspace).read_text()
    assert "Wed 19 Mar 2025" in page


def test_the_page_as_it_looked_then_lies_beside_that_of_now(down):
    workspace, clock = down
    clock.set("2025-03-19T10:00Z")
    forecast(workspace, LOAD)
    clock.set("2025-03-24T10:00Z")
    now, then = report(workspace), report(workspace, pd.Timestamp("2025-03-18T10:05Z"))
    assert (now.name, then.name) == ("report.html", "report-2025-03-18T1005Z.html")
    assert "In order" in then.read_text() and "Thu 20 Mar 2025" not in then.read_text()
    assert "In order" not in now.read_text() and "Thu 20 Mar 2025" in now.read_text()
    absent = report(workspace, pd.Timestamp("2025-03-19T09:00Z")).read_text()  # an hour before it was due
    assert f"{ABSENT} Thu" not in absent


def test_what_came_out_late_was_absent_then(down):
    workspace, clock = down
    clock.set("2025-03-19T12:00Z")
    forecast(workspace, LOAD)
    assert f"{ABSENT} Thu 20 Mar 2025" in report(workspace, pd.Timestamp("2025-03-19T11:00Z")).read_text()
    assert f"{ABSENT} Thu" not in report(workspace, pd.Timestamp("2025-03-19T12:00Z")).read_text()


def test_before_anything_was_published_there_was_no_page(down):
    workspace, _ = down
    with pytest.raises(LakeError, match="as of 2025-03-18 09:00 UTC; run `gridahead forecast` first"):
        report(workspace, pd.Timestamp("2025-03-18T09:00Z"))


def test_history_is_shown_as_it_looked_on_its_last_day(tmp_path):
    workspace = ready(tmp_path)
    forecast(workspace, LOAD)
    page = report(workspace).read_text()
    assert "In order" in page and "Its day has passed" not in page
