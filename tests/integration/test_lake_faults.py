"""A disk that is full, one that is read-only, and a folder that belongs to others: a clear error, and work resumes."""

import os
import subprocess
import tempfile
from pathlib import Path

import pandas as pd
import pytest

from gridahead.core.errors import LakeError
from gridahead.core.tables import OBSERVATIONS
from gridahead.lake.compaction import compact
from gridahead.lake.store import Store
from gridahead.lake.verify import verify

HOURS = pd.date_range("2024-12-31T12:00Z", periods=24, freq="h", unit="us")


def batch(number):
    """Values that do not compress to nothing, over the turn of the year."""
    told = {"availability": "recorded", "unit": "MW", "mtu": "PT60M", "source": "test", "batch": f"{number:016d}"}
    seen = pd.Timestamp("2025-01-02T00:00Z") + pd.Timedelta(hours=number)
    rows = pd.DataFrame({"zone": "DE", "quantity": "load", "valid_time": HOURS, "available_at": seen, **told})
    return rows.assign(value=[number + hour / 7 for hour in range(24)])


def mount(*arguments):
    return subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def disk(tmp_path):
    """A disk of its own with 256 kB; can be made larger or read-only with `mount -o remount,…`."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = mount("-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder))
    if done.returncode:
        pytest.skip(f"no disk of our own without the right to mount one: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def filled(store):
    """The number of batches that fitted, after the error that the next one met."""
    for number in range(1000):
        try:
            store.append(batch(number))
        except LakeError as error:
            assert "No space left on device" in str(error)
            assert "Nothing has changed. The disk is full: make room" in str(error)
            return number
    raise AssertionError("the disk never was full")


def test_on_a_full_disk_the_lake_stays_right_and_goes_on_once_there_is_room(disk):
    store = Store(disk / "observations", OBSERVATIONS)
    fitted = filled(store)
    before = store.read()
    assert len(before) == fitted * 24
    assert verify(store).findings == ()
    assert not list(disk.rglob(".writing-*")), "what did not fit still takes room"
    with pytest.raises(LakeError, match="The disk is full"):
        compact(store)  # it needs room for the merged file before it may delete anything
    pd.testing.assert_frame_equal(store.read(), before)
    assert verify(store).findings == ()
    assert mount("-o", "remount,size=1m", str(disk)).returncode == 0
    store.append(batch(fitted))
    assert compact(store).batches == fitted + 1
    assert len(store.read()) == (fitted + 1) * 24
    assert verify(store).findings == ()


def test_a_read_only_disk_can_be_read_and_is_written_to_again_once_it_may(disk):
    store = Store(disk / "observations", OBSERVATIONS)
    for number in range(2):
        store.append(batch(number))
    assert mount("-o", "remount,ro", str(disk)).returncode == 0
    for work in (lambda: store.append(batch(2)), lambda: compact(store)):
        with pytest.raises(
            LakeError, match=r"Read-only file system\. Nothing has changed\. The disk is read-only: mount"
        ):
            work()
    assert len(store.read()) == 48
    assert verify(store).findings == ()
    assert mount("-o", "remount,rw", str(disk)).returncode == 0
    store.append(batch(2))
    assert compact(store).batches == 3
    assert len(store.read()) == 72


def test_a_folder_of_somebody_else_is_an_error_that_says_so():
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        store = Store(Path(place) / "observations", OBSERVATIONS)
        store.append(batch(0))
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)  # root may do anything, so be nobody
        else:
            Path(store.recent.path).chmod(0o555)
        try:
            with pytest.raises(LakeError, match=r"Permission denied\. Nothing has changed\. Give this user the right"):
                store.append(batch(1))
            assert len(store.read()) == 24
            with pytest.raises(LakeError, match="Give this user the right"):
                compact(store)
        finally:
            if root:
                os.seteuid(0)
            Path(store.recent.path).chmod(0o755)
        store.append(batch(1))
        assert compact(store).batches == 2
        assert len(store.read()) == 48
