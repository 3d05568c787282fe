"""Counts of days are kept: what has not changed is not read again, and what has is as if all were counted anew."""

import pandas as pd
import pytest
from builders.rows import LOAD, WIND_SOLAR, hours, judged, measured, rulings_on, together

from gridahead.core.time import Mtu
from gridahead.lake.compaction import compact
from gridahead.lake.lake import Lake
from gridahead.operate.day_counts import FILE, day_counts
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

DAY = pd.Timedelta(days=1)
TIMES = hours("2025-03-28T23:00Z", 24 * 20 - 1)  # Berlin, 29 March to 17 April; the 30th has 23 hours
ROWS = together(*(measured(series, TIMES, range(len(TIMES))) for series in (LOAD, WIND_SOLAR)))


@pytest.fixture
def workspace(tmp_path):
    return Workspace(Settings.model_validate({"data_folder": tmp_path}))


@pytest.fixture
def reads(monkeypatch):
    """The windows in which accepted rows were read."""
    seen, original = [], Lake.read_accepted

    def read(self, *series, time_range=None):
        seen.append(time_range)
        return original(self, *series, time_range=time_range)

    monkeypatch.setattr(Lake, "read_accepted", read)
    return seen


def anew(workspace):
    """The same counted from nothing; what was kept is put back."""
    path = workspace.settings.cache_folder / FILE
    kept = path.read_bytes()
    path.unlink()
    counted = day_counts(workspace)
    path.write_bytes(kept)
    return counted


def on(counts, day, series=LOAD):
    found = counts[(counts["quantity"] == series.quantity) & (counts["day"] == day)]
    return found[["minutes", "present"]].to_numpy().tolist()


def test_days_have_the_hours_of_their_clock(workspace):
    workspace.lake.observations.append(ROWS)
    counts = day_counts(workspace)
    assert len(counts) == 40
    assert [on(counts, f"2025-03-{day}") for day in (29, 30, 31)] == [[[60, 24]], [[60, 23]], [[60, 24]]]


def test_what_has_not_changed_is_not_read_again(workspace, reads):
    workspace.lake.observations.append(ROWS)
    first = day_counts(workspace)
    del reads[:]
    pd.testing.assert_frame_equal(day_counts(workspace), first)
    assert reads == []


def test_an_hour_more_reads_the_days_around_it_alone(workspace, reads):
    last = ROWS["valid_time"] == TIMES[-1]
    workspace.lake.observations.append(ROWS[~last])
    assert on(day_counts(workspace), "2025-04-17") == [[60, 23]]
    del reads[:]
    workspace.lake.observations.append(ROWS[last])
    counts = day_counts(workspace)
    assert on(counts, "2025-04-17") == [[60, 24]]
    (window,) = reads
    assert window.end - window.start < 5 * DAY
    pd.testing.assert_frame_equal(counts, anew(workspace))


def test_verdicts_rulings_and_withdrawals_are_seen(workspace):
    lake, row = workspace.lake, ROWS.iloc[[100]]
    lake.observations.append(ROWS)
    counted = [on(day_counts(workspace), "2025-04-02")]
    steps = (
        (lake.verdicts, judged(row)),
        (lake.rulings, rulings_on(row, "release")),
        (lake.observations, row.assign(value=float("nan"), available_at=row["available_at"] + DAY)),
    )
    for store, rows in steps:
        store.append(rows)
        counts = day_counts(workspace)
        pd.testing.assert_frame_equal(counts, anew(workspace))
        counted.append(on(counts, "2025-04-02"))
    assert counted == [[[60, 24]], [[60, 23]], [[60, 24]], [[60, 23]]]


def test_what_waits_is_counted_once_it_has_been_judged(workspace):
    workspace.lake.waiting.enter(ROWS["batch"].iloc[0], ROWS)
    workspace.lake.observations.append(ROWS)
    assert day_counts(workspace).empty
    for waiting in workspace.lake.waiting.all():
        workspace.lake.waiting.leave(waiting)
    assert len(day_counts(workspace)) == 40


def test_after_a_compaction_and_with_another_clock_all_is_counted_anew(workspace, tmp_path):
    lake = workspace.lake
    lake.observations.append(ROWS)
    before = day_counts(workspace)
    compact(lake.observations)
    pd.testing.assert_frame_equal(day_counts(workspace), before)
    moved = {"data_folder": tmp_path, "zones": [{"code": "DE", "timezone": "Asia/Kolkata"}]}
    by_other_clock = day_counts(Workspace(Settings.model_validate(moved)))
    assert set(by_other_clock["timezone"]) == {"Asia/Kolkata"}


def test_a_longer_unit_counts_as_the_shorter_ones_that_it_spans(workspace):
    quarters = hours(TIMES[24], 12, Mtu.PT15M)
    workspace.lake.observations.append(measured(LOAD, quarters, range(12), mtu=Mtu.PT15M))
    workspace.lake.observations.append(measured(LOAD, TIMES[27:47], range(20)))
    assert on(day_counts(workspace), "2025-03-30") == [[15, 12 + 4 * 20]]


def test_a_lake_of_nothing_has_no_days_and_a_torn_file_is_no_obstacle(workspace):
    assert day_counts(workspace).empty
    workspace.lake.observations.append(ROWS)
    counts = day_counts(workspace)
    (workspace.settings.cache_folder / FILE).write_bytes(b"torn")
    pd.testing.assert_frame_equal(day_counts(workspace), counts)
