"""Paths are published with a forecast, and no forecast waits for them."""

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders.ladder import answer, history, put, slot_for, workspace_of
from builders.rows import LOAD
from builders.serving import DAY, fill_before, issued, ready

from gridahead.core.grid import Series
from gridahead.core.time import Mtu
from gridahead.forecasting import publish
from gridahead.forecasting.publish import Issue, newest_of
from gridahead.operate import paths as operated
from gridahead.operate.correct import Change, correct
from gridahead.operate.foot import Foot
from gridahead.operate.forecast import forecast
from gridahead.operate.reproduce import reproduce
from gridahead.reports.reproduction import difference_lines


@pytest.fixture
def workspace(tmp_path):
    """One of which ten weeks are known, without an official forecast."""
    made = ready(tmp_path)
    fill_before(made, LOAD, DAY)
    return made


def published(workspace):
    return forecast(workspace, LOAD, issued(workspace))


def issue_of(done):
    return Issue(done.folder, dict(done.manifest))


def test_they_lie_beside_the_forecast_and_beside_what_points_at_it(workspace):
    done = published(workspace)
    issue = issue_of(done)
    assert issue.paths.shape == (24, 100) and done.manifest["paths"] in done.folder.names()
    folder = workspace.settings.published_folder / LOAD.slug
    assert (folder / "latest.paths.parquet").read_bytes() == done.folder.read(str(done.manifest["paths"]))
    told = json.loads((folder / "latest.json").read_text())["daily"]
    assert list(told["peak"].values()) == sorted(told["peak"].values())
    assert told["energy"]["0.5"] == pytest.approx(24 * told["mean"]["0.5"], abs=0.1)
    assert sum(told["peak_at"].values()) == pytest.approx(1)
    median = issue.forecasts.query("quantile == 0.5").set_index("valid_time")["value_mw"]
    assert ((issue.paths.lt(median, axis=0)).sum(axis=1) == 50).all()


def test_a_forecast_that_was_published_without_them_stays_as_it_is(workspace, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr(operated, "draw", lambda *_: 1 / 0)
        first = published(workspace)
    again = published(workspace)
    assert "paths" not in first.manifest and not again.changed and again.manifest == first.manifest


@pytest.mark.parametrize("broken", [(operated, "draw"), (publish, "parquet_of"), (publish, "figures_of_paths")])
def test_what_goes_wrong_with_them_holds_up_no_forecast_and_is_told(workspace, monkeypatch, caplog, broken):
    monkeypatch.setattr(*broken, lambda *_: 1 / 0)
    done = published(workspace)
    assert done.changed and "paths" not in done.manifest and done.manifest["xlsx"] and issue_of(done).paths is None
    assert "published without paths" in caplog.text and "ZeroDivisionError" in caplog.text
    assert not (workspace.settings.published_folder / LOAD.slug / "latest.paths.parquet").exists()


def test_who_has_less_than_three_weeks_has_a_forecast_without_them_and_is_told(tmp_path, caplog):
    caplog.set_level("INFO")
    assert "paths" not in published(ready(tmp_path)).manifest
    assert "errors of fewer than 14 days are known" in caplog.text


def test_a_forecast_that_was_asked_late_and_answered_as_of_its_deadline_has_the_paths_of_the_deadline(workspace):
    rows, slot = issue_of(published(workspace)).forecasts, slot_for(workspace, LOAD, DAY)
    in_time = operated.paths_of(Foot(workspace, slot), rows)
    # Of the day before, which is not whole at the deadline and is so at midnight.
    late = operated.paths_of(Foot(workspace, replace(slot, asked=slot.asked + pd.Timedelta(hours=20))), rows)
    assert late is not None and in_time is not None
    assert late.days == in_time.days and np.array_equal(late.drawn, in_time.drawn)


def test_they_are_drawn_again_to_the_bit_and_a_history_that_orders_them_in_another_way_is_told(workspace):
    manifest = published(workspace).manifest
    assert reproduce(workspace, manifest["forecast_id"]).same
    fill_before(workspace, LOAD, DAY, seed=2)
    lines = difference_lines(reproduce(workspace, manifest["forecast_id"]))
    assert any(line.startswith("paths: ") for line in lines)


def test_a_correction_by_hand_has_paths_of_its_own(workspace):
    before = issue_of(published(workspace)).paths
    correct(workspace, LOAD, DAY, Change(add_mw=1000.0), "a match", "ana")
    newest = newest_of(workspace.settings.published_place, LOAD, DAY)
    assert newest is not None
    np.testing.assert_allclose(newest.paths - before, 1000.0, atol=0.1)


@pytest.mark.parametrize(("name", "mtu"), [("DE/solar", Mtu.PT60M), ("DE/load", Mtu.PT15M), ("DE/price", Mtu.PT60M)])
def test_solar_nights_quarter_hours_and_prices_have_them(tmp_path, name, mtu):
    series, day = Series.parse(name), dt.date(2025, 3, 19)
    bare = workspace_of(tmp_path, name)
    put(bare, history(bare, series, day, mtu=mtu))
    values = answer(bare, series, day).paths.drawn
    assert values.shape == (100, 24 * mtu.per_hour) and np.isfinite(values).all()
    if series.quantity == "solar":
        assert (values[:, 0] == 0).all() and values.min() >= 0 and values[:, 12].std() > 0
