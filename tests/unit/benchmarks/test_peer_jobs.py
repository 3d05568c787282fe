"""What the peers of the comparison may read, and where their answers go."""

import datetime as dt
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders.rows import LOAD, WIND_SOLAR, measured, rows, together
from builders.windows import SPEC, made_load

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks" / "peers"))

from dataclasses import replace

import peer_jobs
from environments import PEERS
from job import Job, complete, filled, told
from peer_jobs import PEER_MODELS, fingerprint, laid_out, write_job

from gridahead.core.time import days_between
from gridahead.features.windows import build_windows

LEVELS = (0.1, 0.5, 0.9)
FULL = replace(SPEC, past_covariates=(WIND_SOLAR,))


@pytest.fixture
def observations():
    """A month of load with a forecast, wind and solar, and one hour of the load revised a week later."""
    load = made_load()
    times = pd.DatetimeIndex(load[load["quantity"] == "load"]["valid_time"])
    revised = rows(LOAD, times[216:217], 12_345.0, times[216] + pd.Timedelta(days=7))
    return together(load, measured(WIND_SOLAR, times, np.arange(len(times), dtype=float)), revised)


@pytest.fixture
def windows(observations):
    return build_windows(observations, FULL, days_between(dt.date(2025, 1, 16), dt.date(2025, 1, 24)))


@pytest.fixture
def folder(observations, windows, tmp_path):
    return write_job(tmp_path / "job", observations, windows, LEVELS, quick=True)


def poisoned(folder, instant):
    """The same job in which everything that became available after an instant has another value."""
    frame = pd.read_parquet(folder / "rows.parquet")
    late = frame["available_at"] > instant
    assert late.any()
    frame.loc[late, "value"] = -1e9
    frame.to_parquet(folder / "rows.parquet", index=False)
    return Job.read(folder)


def test_what_becomes_available_after_an_issue_time_changes_nothing_that_a_peer_reads(folder):
    job = Job.read(folder)
    expected, trained = [job.view(number, 10) for number in range(9)], job.training()
    for number in reversed(range(9)):
        after = poisoned(folder, job.issue_times[number])
        pd.testing.assert_frame_equal(after.view(number, 10), expected[number])
    pd.testing.assert_frame_equal(after.training(), trained)


def test_a_view_ends_its_history_with_the_last_published_hour_and_reaches_to_the_end_of_the_delivery_day(folder):
    job = Job.read(folder)
    view = job.view(0, 2)
    # Issued on the 15th at 11:00 in Berlin: 09:00 to 10:00 is published at 11:00, for 16 January 00:00 to 24:00.
    assert job.issue_times[0] == pd.Timestamp("2025-01-15T10:00Z")
    assert view["y"].last_valid_index() == pd.Timestamp("2025-01-15T08:00Z")
    assert job.origins[0] == pd.Timestamp("2025-01-15T09:00Z")
    assert view.index[-1] == pd.Timestamp("2025-01-16T22:00Z")
    assert job.horizon == 14 + 24
    assert len(view) == 2 * 24 + 38
    assert (job.ahead, job.past) == (["load_official"], ["wind_solar"])
    assert view["load_official"].notna().all()
    assert view.loc[job.origins[0] :, ["y", "wind_solar"]].isna().all(axis=None)


def test_a_revision_is_read_from_the_issue_time_on_at_which_it_is_there(folder):
    job = Job.read(folder)
    hour = pd.Timestamp("2025-01-14T23:00Z")
    seen = [job.view(number, 10)["y"][hour] == 12_345.0 for number in range(9)]
    # Revised on 21 January at 23:00 UTC: first read by the issue time of the 22nd, which delivers on the 23rd.
    assert seen == [False] * 7 + [True] * 2


def test_training_ends_before_the_first_origin(folder):
    trained = Job.read(folder).training()
    assert trained.index[-1] == pd.Timestamp("2025-01-15T08:00Z")
    assert trained["y"].notna().all()


def test_days_of_a_clock_change_end_where_the_market_ends_them(tmp_path):
    days = pd.date_range("2025-03-01", "2025-04-02", freq="h", tz="Europe/Berlin").tz_convert("UTC")
    observations = measured(LOAD, days, np.arange(len(days), dtype=float))
    spec = replace(SPEC, use_official=False)
    windows = build_windows(observations, spec, days_between(dt.date(2025, 3, 29), dt.date(2025, 3, 31)))
    job = Job.read(write_job(tmp_path, observations, windows, LEVELS, quick=True))
    assert list((job.delivery_ends - job.origins) // pd.Timedelta(hours=1)) == [38, 37, 38]


def test_the_panel_has_a_series_for_every_issue_time_and_no_target_ahead(folder):
    job = Job.read(folder)
    history, ahead = job.panel(2, lambda view: view)
    assert history.groupby("unique_id").size().tolist() == [48] * 9
    assert ahead.groupby("unique_id").size().tolist() == [38] * 9
    assert "y" not in ahead
    assert history["y"].notna().all()


def test_answers_stand_on_the_units_of_the_windows_rising_and_within_what_can_be(windows):
    times = pd.to_datetime(windows.valid_time[1, 20:22], unit="us")
    table = told(np.array([1, 1]), times, np.array([[7.0, 5.0, 6.0], [-4.0, 3.0, -2.0]]), list(LEVELS))
    quantiles = laid_out(table, windows, LEVELS)
    assert quantiles[1, 20].tolist() == [5.0, 6.0, 7.0]
    assert quantiles[1, 21].tolist() == [0.0, 0.0, 3.0]
    assert np.isfinite(quantiles).sum() == 6


def test_forecasts_are_kept_for_the_same_job_and_script_only(folder, monkeypatch, tmp_path):
    first, second = PEER_MODELS[:2]
    before = fingerprint(first, folder)
    assert fingerprint(first, folder) == before != fingerprint(second, folder)
    about = json.loads((folder / "job.json").read_text())
    (folder / "job.json").write_text(json.dumps({**about, "quick": False}))
    assert fingerprint(first, folder) != before

    (folder / "job.json").write_text(json.dumps(about, indent=1) + "\n")
    assert fingerprint(first, folder) == before
    changed = tmp_path / "peers"
    changed.mkdir()
    for file in PEERS.iterdir():
        if file.is_file():
            (changed / file.name).write_bytes(file.read_bytes() + b"#" * (file.name == first.script))
    monkeypatch.setattr(peer_jobs, "PEERS", changed)
    assert fingerprint(first, folder) != before


def test_a_frame_without_gaps_begins_after_the_last_long_one():
    times = pd.date_range("2025-01-01", periods=8, freq="h", tz="UTC")
    nan = float("nan")
    frame = pd.DataFrame({"y": [nan, *range(7)], "p10": [1.0, nan, nan, nan, 5.0, nan, 7.0, 8.0]}, index=times)
    whole = complete(frame, longest=2)
    assert whole["p10"].tolist() == [5.0, 5.0, 7.0, 8.0]
    assert complete(frame, longest=3)["p10"].tolist() == [1.0, 1.0, 1.0, 1.0, 5.0, 5.0, 7.0, 8.0]


def test_a_history_is_filled_with_lines_and_at_its_end_with_the_last_value():
    nan = float("nan")
    assert filled(pd.Series([nan, 2.0, nan, 4.0, nan])).tolist() == [2.0, 2.0, 3.0, 4.0, 4.0]
