"""Checks tell what a person has to know, and nothing of what luck, a demonstration or another check explains."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from builders.rows import LOAD

from gridahead.core.tables import QUALITY
from gridahead.lake.folder import Folder
from gridahead.lake.run_log import KEPT, Run, RunLog, process_of, this_host
from gridahead.monitoring.checks import coverage_lost, coverage_of
from gridahead.monitoring.checks_of_data import batches_waiting, failing_sources, gate_blocked
from gridahead.monitoring.checks_of_machines import Disk, days_until_full, dead_runs, filling_disks

AT = pd.Timestamp("2025-12-30T10:00Z")
ALARM = (0.7, 0.9)
MINUTES = pd.Timedelta(minutes=5)


def inspected(at, rows, quarantined):
    told = {"zone": "DE", "quantity": "load", "unit": "1", "inspected_at": at}
    metrics = [{**told, "metric": "rows", "value": rows}, {**told, "metric": "quarantined", "value": quarantined}]
    return QUALITY.check(pd.DataFrame(metrics))


def test_the_newest_inspection_alone_says_whether_the_gate_blocks():
    bad, good = inspected(AT, 100, 3), inspected(AT + MINUTES, 100, 2)
    (condition,) = gate_blocked(bad, 0.02)
    assert "keeps 3 of 100 new rows of DE/load out (3.0%; 2.0% is allowed)" in condition.what
    assert list(gate_blocked(pd.concat([bad, good]), 0.02)) == []
    assert list(gate_blocked(QUALITY.empty(), 0.02)) == []


def test_batches_that_wait_are_told_since_the_first_was_seen():
    (condition,) = batches_waiting({"a": AT - 3 * MINUTES, "b": AT}, AT)
    assert "2 batches of new values wait to be judged, the first for 15 min" in condition.what
    assert list(batches_waiting({}, AT)) == []


def run_of(minutes_ago, kind="ingest", *, ended=True, **more):
    began = AT - pd.Timedelta(minutes=minutes_ago)
    return Run(f"{minutes_ago}", kind, began, began, began if ended else None, **more)


@pytest.mark.parametrize(("failures", "told"), [([1, 1, 1, 0], 1), ([1, 1, 0, 1], 0), ([0, 1, 1, 1], 0), ([1, 1], 0)])
def test_a_source_has_to_fail_at_its_newest_ingests(failures, told):
    runs = [run_of(60 * n, parts={"smard": "down" * failed, "in.csv": ""}) for n, failed in enumerate(failures)]
    assert len(list(failing_sources(runs, 3))) == told


def test_an_ingest_of_another_source_alone_says_nothing_of_one():
    runs = [run_of(0, parts={"in.csv": ""}), *(run_of(n, parts={"smard": "down"}) for n in (1, 2, 3))]
    assert [one.subject for one in failing_sources(runs, 3)] == ["smard"]


@pytest.mark.parametrize(
    ("share", "days", "told"), [(0.5, 28, "narrow"), (0.98, 28, "wide"), (0.68, 28, ""), (0.5, 10, ""), (0.8, 28, "")]
)
def test_a_band_has_to_miss_by_more_than_luck_explains(share, days, told):
    """Days vary by a tenth: two points below the limit are luck over four weeks, and ten days are too few."""
    draws = np.random.default_rng(1).normal(0, 0.1, days)
    inside = pd.Series(share + draws - draws.mean(), pd.date_range("2025-12-01", periods=days))
    found = list(coverage_lost([coverage_of(LOAD, inside, 28, ALARM)], ALARM, AT))
    assert [f"too {told}" in one.meanwhile for one in found] == [True] * bool(told)


def test_the_newest_days_alone_are_judged():
    inside = pd.Series(np.r_[np.zeros(100), np.full(28, 0.8), np.nan], pd.date_range("2025-08-01", periods=129))
    coverage = coverage_of(LOAD, inside, 28, ALARM)
    assert coverage.days == 28
    assert coverage.share == pytest.approx(0.8)


def test_how_long_a_disk_lasts_is_its_pace_of_days_not_of_a_run():
    hours = [(AT + pd.Timedelta(hours=n), 10**9 * (100 - n)) for n in range(25)]
    assert days_until_full(hours) == pytest.approx(76 / 24)
    assert days_until_full(hours[:5]) is None
    assert days_until_full([(at, 10**9) for at, _ in hours]) is None
    assert days_until_full([]) is None


@pytest.mark.parametrize(
    ("free_gb", "days", "severity"),
    [(50, None, None), (4, None, "warning"), (0.5, None, "critical"), (50, 3.0, "warning"), (50, 30.0, None)],
)
def test_a_disk_is_told_by_what_is_free_and_by_when_it_is_full(free_gb, days, severity):
    found = filling_disks([Disk("/data", 10**11, int(free_gb * 10**9), days)], (5.0, 1.0), 7.0, AT)
    assert [one.severity for one in found] == ([severity] if severity else [])


def test_a_run_that_goes_on_is_no_death_and_one_of_another_series_clears_nothing():
    alive = Run("x", "train", AT - 20 * MINUTES, AT - MINUTES / 2, subject="DE/load")
    assert list(dead_runs({"train": [alive]}, AT, MINUTES)) == []
    dead = run_of(60, "train", ended=False, subject="DE/load")
    other = run_of(5, "train", subject="DE/solar")
    assert [one.subject for one in dead_runs({"train": [other, dead]}, AT, MINUTES)] == ["train of DE/load"]
    again = run_of(5, "train", subject="DE/load")
    assert list(dead_runs({"train": [again, dead]}, AT, MINUTES)) == []


def test_a_process_of_this_machine_that_is_gone_is_dead_at_once():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = process_of(str(child.pid))
    run = Run("x", "train", AT, AT, host=this_host(), process=process)
    assert process.startswith(f"{child.pid}@") and list(dead_runs({"train": [run]}, AT, MINUTES)) == []
    child.kill()
    child.wait()
    assert len(list(dead_runs({"train": [run]}, AT, MINUTES))) == 1
    elsewhere = Run("x", "train", AT, AT, host="another", process=process)
    assert list(dead_runs({"train": [elsewhere]}, AT, MINUTES)) == []


def test_of_every_kind_the_newest_runs_are_kept_and_a_torn_record_is_no_run(tmp_path):
    log = RunLog(Folder.at(tmp_path))
    for number in range(KEPT + 5):
        log.begin("ingest", AT + number * MINUTES)
    log.begin("train", AT, "DE/load")
    (tmp_path / "train" / "20991231T000000Z-torn.json").write_text('{"kind": "tr')
    found = log.newest()
    assert len(found["ingest"]) == KEPT
    assert found["ingest"][0].began == AT + (KEPT + 4) * MINUTES
    assert [(run.subject, run.process) for run in found["train"]] == [("DE/load", process_of(str(os.getpid())))]
