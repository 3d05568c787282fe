"""The world of the simulated month: data grow with its clock, and what is broken is whole again afterwards."""

import datetime as dt
import errno

import pandas as pd
import pytest
from builders.faults_of_operation import unwritable
from builders.month import KilledError, in_child, local, schedule
from builders.world import HOUR, Clock, World

from gridahead.core.errors import LakeError
from gridahead.core.files import write_whole


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    clock = Clock(local(dt.date(2025, 10, 25), "00:00"))
    return World(tmp_path_factory.mktemp("world") / "world", clock, clock.at)


def lines(world):
    path = world.loads / "grown.csv"
    return len(path.read_text().splitlines()) - 1 if path.exists() else 0


def test_files_grow_by_the_hour_and_a_fault_ends_with_what_was_published_meanwhile(world):
    counts = []
    for _ in range(3):
        world.clock.set(world.clock.at + HOUR + pd.Timedelta(minutes=7))
        world.publish()
        counts.append(lines(world))
    assert counts == [0, 1, 3]  # at 1:07, 2:14 and 3:21; an hour is there 20 minutes after its end
    world.wrong["load"] = "down"
    world.publish()
    assert not world.loads.exists()
    world.clock.set(world.clock.at + HOUR)
    del world.wrong["load"]
    world.publish()
    assert lines(world) == 4


def test_the_official_forecast_of_the_day_of_25_hours_is_out_at_ten_on_the_day_before(world):
    file = world.officials / "2025-10-26.csv"
    world.clock.set(local(dt.date(2025, 10, 25), "09:59"))
    world.publish()
    assert not file.exists()
    world.clock.set(local(dt.date(2025, 10, 25), "10:00"))
    world.publish()
    assert len(file.read_text().splitlines()) == 26


def test_every_run_has_its_hour_also_where_clocks_change():
    events = schedule(dt.date(2025, 10, 25), dt.date(2025, 10, 26))
    assert len([job for _, job in events if job == "ingest"]) == 24 + 25
    deadlines = [at for at, job in events if job == "forecast"]
    assert [f"{at:%H:%M}" for at in deadlines] == ["09:00", "10:00"]
    assert events == sorted(events, key=lambda event: event[0])


def test_a_full_disk_takes_nothing_in_its_folder_and_everything_elsewhere(tmp_path):
    full, other = tmp_path / "full", tmp_path / "other"
    with unwritable(full, errno.ENOSPC):
        with pytest.raises(LakeError, match="No space left on device"):
            write_whole(full / "file", b"content")
        write_whole(other / "file", b"content")
        assert not full.exists()
    write_whole(full / "file", b"content")


def test_a_worker_that_is_killed_leaves_no_half_file_and_its_parent_alive(tmp_path):
    write_whole(tmp_path / "file", b"before")
    for operation in range(1, 4):
        with pytest.raises(KilledError, match=f"file operation {operation}"):
            in_child(lambda: write_whole(tmp_path / "file", b"after"), operation)
        assert (tmp_path / "file").read_bytes() == b"before"
    in_child(lambda: write_whole(tmp_path / "file", b"after"), 0)
    assert (tmp_path / "file").read_bytes() == b"after"
