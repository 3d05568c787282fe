"""The record of the last live days is that of the scores, and says how sure it is."""

import datetime as dt
from dataclasses import astuple

import numpy as np
import pandas as pd
import pytest
from builders.live_days import FIRST, live_days
from builders.operation import operated
from builders.rows import LOAD

from gridahead.core.runs import OFFICIAL, OFFICIAL_CORRECTED, PUBLISHED
from gridahead.operate.score import score_published
from gridahead.reading.record import Record, live_record


def recorded(workspace, **asked) -> Record:
    """The record, which there is."""
    record = live_record(workspace, LOAD, **asked)
    assert record is not None
    return record


def test_figures_are_those_of_the_scores(tmp_path):
    workspace, _ = live_days(tmp_path, 20)
    record = recorded(workspace)
    scores = score_published(workspace, LOAD).scores
    whole = scores[scores["lead"].isna()].set_index(["model", "metric"])["value"]
    assert record.n == 480
    assert record.mae == pytest.approx(whole[PUBLISHED, "mae"])
    assert record.coverage == pytest.approx(whole[PUBLISHED, "coverage_80"])
    assert {skill.reference: skill.mae for skill in record.against} == pytest.approx(
        {name: whole[name, "mae"] for name in (OFFICIAL, OFFICIAL_CORRECTED)}, rel=1e-6
    )
    assert [skill.skill for skill in record.against] == pytest.approx(
        [1 - record.mae / skill.mae for skill in record.against]
    )


def test_the_official_forecast_is_off_by_what_the_test_says(tmp_path):
    workspace, _ = live_days(tmp_path, 10, inside=1.0, error=1_000.0, official_error=2_000.0)
    record = recorded(workspace)
    official = record.against[0]
    assert (record.mae, record.coverage, official.reference, official.mae) == (1_000.0, 1.0, OFFICIAL, 2_000.0)
    assert (official.skill, official.n) == (0.5, 240)
    assert official.interval == pytest.approx((0.5, 0.5))  # it errs alike on every day


def test_what_adaptation_has_brought_is_told_beside_it(tmp_path):
    workspace, _ = live_days(tmp_path, 10, inside=1.0, error=1_000.0, moved=3_500.0)
    # P10, P50, P90 lie 4 000 MW below, at and above a median that is 1 000 MW too low; before, all of them 3 500 lower.
    # They weigh 0.3, 0.4, 0.3: 2 (0.3 x 500 + 0.4 x 500 + 0.3 x 300), 2 (0.3 x 850 + 0.4 x 2 250 + 0.3 x 450).
    found = recorded(workspace).adaptation
    assert found is not None and astuple(found) == pytest.approx((1.0, 0.0, 880.0, 2_580.0))


def test_where_nothing_was_adapted_there_is_nothing_to_tell(tmp_path):
    assert recorded(live_days(tmp_path, 8)[0]).adaptation is None


def test_the_last_thirty_days_count(tmp_path):
    workspace, _ = live_days(tmp_path, 40)
    record = recorded(workspace)
    assert record.hours == 30 * 24
    assert record.daily["day"].tolist() == [FIRST + dt.timedelta(days=day) for day in range(10, 40)]
    assert record.daily["coverage"].mean() == pytest.approx(record.coverage)
    assert record.start == pd.Timestamp("2025-05-10T22:00Z")
    assert record.end == pd.Timestamp("2025-06-09T22:00Z")


def test_a_band_that_is_too_narrow_is_outside_the_interval(tmp_path):
    workspace, _ = live_days(tmp_path, 30, inside=0.6)
    low, high = recorded(workspace).coverage_interval
    assert 0.55 < low < 0.6 < high < 0.65


@pytest.mark.parametrize(("days", "enough"), [(1, False), (6, False), (7, True)])
def test_a_week_is_enough(tmp_path, days, enough):
    workspace, _ = live_days(tmp_path, days)
    record = recorded(workspace)
    assert (record.hours, record.enough) == (24 * days, enough)
    assert np.isnan(record.coverage_interval).all() == (days == 1)


def test_as_of_an_instant_only_what_was_known_counts(tmp_path):
    workspace, clock = live_days(tmp_path, 20)
    clock.set("2025-05-04T22:00Z")  # the fourth day has just ended, and its last hour is known in an hour
    assert recorded(workspace).n == 95
    assert recorded(workspace, at=pd.Timestamp("2025-05-01T22:00Z")).n == 23


def test_what_came_after_the_gate_had_closed_is_no_live_forecast(tmp_path):
    workspace, _ = live_days(tmp_path, 10)
    rows = workspace.lake.forecasts.read()
    late = rows.assign(
        value_mw=rows["value_mw"] + 9_000, data_hash="late", issue_time=rows["issue_time"] + pd.Timedelta(hours=9)
    )
    workspace.lake.forecasts.append(late.assign(made_at=late["issue_time"]))
    assert recorded(workspace).mae < 9_000
    assert recorded(workspace).n == 240


def test_without_an_outturn_or_a_forecast_there_is_no_record(tmp_path):
    workspace, clock = live_days(tmp_path, 3)
    clock.set("2025-04-30T23:59Z")  # its first hour is known an hour after its end
    assert live_record(workspace, LOAD) is None
    empty, _ = operated(tmp_path / "other", "2025-03-18T10:00Z")
    assert live_record(empty, LOAD) is None
