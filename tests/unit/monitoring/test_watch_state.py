"""What a machine keeps beside the lake survives a kill in the middle of a write, and a disk that takes nothing."""

import pandas as pd
import pytest

from gridahead.monitoring import watch_state
from gridahead.monitoring.conditions import Condition
from gridahead.monitoring.incidents import event_of
from gridahead.monitoring.watch_state import HALF, StateFile, WatchState

FIRST, SECOND, THIRD = (pd.Timestamp(f"2025-12-30T10:0{minute}Z") for minute in (0, 5, 9))


@pytest.fixture
def places(tmp_path, monkeypatch):
    """The path of a file, and the folder for passing files; nothing is remembered between processes."""
    monkeypatch.setattr(watch_state, "_REMEMBERED", {})
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "passing"))
    (tmp_path / "passing").mkdir()
    return tmp_path / "data" / "watch" / "state", tmp_path / "passing"


def after_a_restart(path):
    watch_state._REMEMBERED.clear()
    return StateFile(path).read()


def state(at, **more):
    return WatchState(watched_at=at, **more)


def test_everything_that_is_written_is_read(places):
    condition = Condition("disk", "warning", "/data", FIRST, "It fills.", "Make room.", cause="ü")
    kept = state(FIRST, waiting={"4f0c": FIRST}, free={"/data": [(FIRST, 10**12)]}, failures={"mail": "refused"})
    kept.note([event_of(condition, "opened", FIRST, "here")])
    kept.noticed.begun["disk /data"] = SECOND
    StateFile(places[0]).write(kept)
    assert after_a_restart(places[0]) == kept


def test_a_write_that_was_killed_leaves_the_state_of_before(places):
    file = StateFile(places[0])
    for at in (FIRST, SECOND, THIRD):
        file.write(state(at))
    content = bytearray(places[0].read_bytes())
    newest = 0 if b"10:09" in content[:HALF] else HALF
    content[newest + 60 : newest + 90] = bytes(30)
    places[0].write_bytes(content)
    assert after_a_restart(places[0]).watched_at == SECOND
    StateFile(places[0]).write(state(THIRD))
    assert after_a_restart(places[0]).watched_at == THIRD


def test_a_file_that_is_there_is_written_over_in_place_and_takes_no_more_room(places):
    StateFile(places[0]).write(state(FIRST))
    before = places[0].stat()
    StateFile(places[0]).write(state(SECOND, failures={"mail": "x" * 5000}))
    after = places[0].stat()
    assert (before.st_ino, before.st_size, before.st_blocks) == (after.st_ino, after.st_size, after.st_blocks)


def test_where_the_data_folder_takes_no_file_the_folder_for_passing_files_does(places):
    places[0].parent.parent.write_text("in the way")
    StateFile(places[0]).write(state(FIRST))
    assert after_a_restart(places[0]).watched_at == FIRST
    assert len(list(places[1].iterdir())) == 1


def test_where_nothing_can_be_written_the_process_remembers(places, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(watch_state, "_write", refuse)
    StateFile(places[0]).write(state(FIRST))
    assert StateFile(places[0]).read().watched_at == FIRST


def test_of_more_than_fits_the_oldest_rows_are_left_out_that_the_lake_has(places):
    condition = Condition("disk", "warning", "/data", FIRST, "x" * 2000, "Make room.")
    many = [event_of(condition, "opened", FIRST + pd.Timedelta(seconds=number), "here") for number in range(1000)]
    StateFile(places[0]).write(state(FIRST, events=many))
    kept = after_a_restart(places[0])
    assert 0 < len(kept.events) < 1000 and kept.events[-1]["at"] == many[-1]["at"]
