"""Which batches of the waiting room are judged together."""

import pytest
from builders.rows import hours, measured, together

from gridahead.core.errors import LakeError
from gridahead.core.grid import Series
from gridahead.lake.waiting import WaitingRoom

TIMES = hours("2025-01-01T00:00Z", 3)


@pytest.fixture
def room(tmp_path):
    """Where batches wait: a, b and d of a zone each, c of the zones of a and b, with three rows a zone."""
    made = WaitingRoom(tmp_path / "waiting")
    for batch, zones in {"a": "A", "b": "B", "c": "AB", "d": "D"}.items():
        rows = (measured(Series(zone, "load"), TIMES, range(3)) for zone in zones)
        made.enter(batch, together(*rows))
    return made


def batches(groups):
    return [sorted(name.partition(".")[0] for name in group) for group in groups]


def test_batches_that_have_a_zone_in_common_are_together_however_small_the_groups(room):
    assert sorted(batches(room.groups(1, 0))) == [["a", "b", "c"], ["d"]]


def test_what_has_room_together_is_one_group_that_reads_as_all(room):
    (group,) = room.groups(15, 0)
    assert batches([group]) == [["a", "b", "c", "d"]]
    assert {one.name for one in room.read(group)} == {one.name for one in room.all()}


def test_what_is_read_beside_each_series_counts_as_well(room):
    assert sorted(batches(room.groups(20, 1))) == [["a", "b", "c", "d"]]
    assert sorted(batches(room.groups(20, 10))) == [["a", "b", "c"], ["d"]]


def test_nothing_waits_and_nothing_is_grouped(tmp_path):
    assert WaitingRoom(tmp_path / "waiting").groups(10, 5) == []


def test_a_file_that_cannot_be_read_is_named_before_anything_is_judged(room, tmp_path):
    (tmp_path / "waiting" / "e.0.parquet").write_bytes(b"cut")
    with pytest.raises(LakeError, match=r"e\.0\.parquet"):
        room.groups(10, 0)
