"""What was made of the same is given again; what has changed is made anew, once."""

import threading
import time

import pytest
from builders.rows import LOAD, hours, measured
from builders.serving import workspace_in_memory
from builders.web import live

from gridahead.core.errors import LakeError
from gridahead.web.kept import MOST, Kept


@pytest.fixture
def kept(tmp_path):
    return Kept(live(workspace_in_memory(tmp_path, "DE")), seconds=0)


class Counted:
    """Counts how often something is made."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        return self.times


def test_the_same_is_made_once_and_anew_when_the_lake_has_a_file_more(kept):
    make = Counted()
    assert [kept.get("page", make) for _ in range(3)] == [1, 1, 1]
    kept._workspace.lake.observations.append(measured(LOAD, hours("2025-03-01T00:00Z", 1), 1.0))
    assert [kept.get("page", make) for _ in range(3)] == [2, 2, 2]


def test_a_new_forecast_is_seen_without_any_row_in_the_lake(kept):
    make = Counted()
    kept.get("page", make)
    home = kept._workspace.settings.published_folder / LOAD.slug
    home.mkdir(parents=True)
    (home / "latest.json").write_text("{}")
    assert kept.get("page", make) == 2


def test_a_look_at_the_folders_is_good_for_a_moment_unless_something_was_written_here(tmp_path):
    kept, make = Kept(live(workspace_in_memory(tmp_path, "DE")), seconds=60), Counted()
    kept.get("page", make)
    kept._workspace.lake.observations.append(measured(LOAD, hours("2025-03-01T00:00Z", 1), 1.0))
    assert kept.get("page", make) == 1
    kept.forget()
    assert kept.get("page", make) == 2


def test_those_who_ask_at_once_wait_for_one(kept):
    entered, go_on, made = threading.Event(), threading.Event(), []

    def make() -> str:
        made.append(1)
        entered.set()
        go_on.wait(10)
        return "page"

    askers = [threading.Thread(target=kept.get, args=("page", make)) for _ in range(4)]
    for asker in askers:
        asker.start()
    entered.wait(10)
    go_on.set()
    for asker in askers:
        asker.join(10)
    assert made == [1]


def test_a_fault_is_not_kept(kept):
    def fail() -> str:
        raise LakeError("broken")

    with pytest.raises(LakeError):
        kept.get("page", fail)
    assert kept.get("page", Counted()) == 1


def test_no_more_is_kept_than_there_is_room_for(kept):
    for n in range(MOST + 20):
        kept.get(n, Counted())
    assert len(kept._found) == MOST and len(kept._locks) == MOST


def test_where_nobody_shall_wait_the_former_one_is_given_while_the_new_one_is_made(kept):
    make, made = Counted(), threading.Event()
    assert kept.get("page", make, late=True) == 1

    def slowly() -> int:
        made.wait(10)
        return 2

    kept._workspace.lake.observations.append(measured(LOAD, hours("2025-03-01T00:00Z", 1), 1.0))
    assert [kept.get("page", slowly, late=True) for _ in range(3)] == [1, 1, 1]
    made.set()
    end = time.monotonic() + 10
    while kept.get("page", slowly, late=True) != 2 and time.monotonic() < end:
        time.sleep(0.01)
    assert kept.get("page", slowly, late=True) == 2
