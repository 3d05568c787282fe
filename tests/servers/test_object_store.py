"""The lake in an object store: moto's server speaks S3, and a proxy before it refuses, hangs and is slow."""

import itertools
import threading
import time
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from builders.store_proxy import address, object_store

from gridahead.core.errors import LakeError
from gridahead.core.tables import OBSERVATIONS
from gridahead.core.vintages import as_of
from gridahead.lake.compaction import compact, compact_receipts
from gridahead.lake.lake import Lake
from gridahead.lake.receipts import Receipt
from gridahead.lake.stats import stats
from gridahead.lake.store import Store
from gridahead.lake.verify import verify

TURN = pd.date_range("2024-12-31T12:00Z", periods=24, freq="h", unit="us")
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def server():
    """A proxy before an S3 server with the bucket `lake`."""
    with object_store() as proxy:
        yield proxy


@pytest.fixture
def store(server):
    server.be("ok")
    yield Store(address(server, f"/test-{next(NUMBERS)}/observations"), OBSERVATIONS)
    server.be("ok")


def batch(number):
    """A series over the turn of the year; the number says everything that is in it."""
    cells = [("DE", "load", time) for time in TURN]
    told = {"availability": "recorded", "unit": "MW", "mtu": "PT60M", "source": "test", "batch": f"{number:016d}"}
    seen = pd.Timestamp("2025-01-02T00:00Z") + pd.Timedelta(hours=number)
    return pd.DataFrame(cells, columns=["zone", "quantity", "valid_time"]).assign(
        available_at=seen, value=number + 0.5, **told
    )


def whole(store, *numbers):
    """Whether exactly these batches are there, each whole, and every file is sound."""
    counts = store.read()["batch"].astype("int64").value_counts().to_dict()
    return counts == dict.fromkeys(numbers, 24) and verify(store).findings == ()


def test_everything_that_a_disk_does_an_object_store_does(store):
    for number in range(3):
        store.append(batch(number))
        store.append(batch(number))
    assert len(store.recent.names()) == 3
    before = store.read()
    assert compact(store).folders == 2
    pd.testing.assert_frame_equal(store.read(), before)
    assert whole(store, 0, 1, 2)
    instant = pd.Timestamp("2025-01-02T01:30Z")
    found = store.read({"zone": "DE", "quantity": "load"}, as_of=instant)
    pd.testing.assert_frame_equal(found, as_of(before, instant))
    assert stats(store)["rows"].tolist() == [72]
    names = [name.rpartition("/")[0] for name in store.folder.names(".parquet", below=True)]
    assert names == [f"series=DE.load/year={year}" for year in (2024, 2025)]


def test_receipts_and_markers_are_kept_there_too(server, tmp_path):
    lake = Lake(address(server, f"/test-{next(NUMBERS)}"), tmp_path)
    seen = pd.Timestamp("2025-01-01T00:00Z")
    receipt = Receipt(
        "ab12", "test", "a.csv", "/a.csv", "cd34-a.csv", "cd34", {}, seen, seen, {"DE/load": "2025-01-01"}
    )
    lake.receipts.sign(receipt)
    lake.waiting.enter("ab12", batch(1))
    assert lake.receipts.all() == [receipt]
    assert lake.waiting.batches() == {"ab12"}
    lake.waiting.leave(*lake.waiting.all())
    assert lake.waiting.batches() == set()
    lake.sweep()
    assert str(lake.folder).startswith("s3://lake/test-")
    assert list(tmp_path.iterdir()) == []


def test_merged_receipts_are_a_few_requests_however_many_they_are(server, tmp_path):
    lake = Lake(address(server, f"/test-{next(NUMBERS)}"), tmp_path)
    seen = pd.Timestamp("2025-01-01T00:00Z")
    for number in range(20):
        fields: tuple[Any, ...] = (f"{number:016}", "test", "a.csv", "/a.csv", "cd34-a.csv", "cd34", {}, seen, seen, {})
        lake.receipts.sign(Receipt(*fields))

    def requests(work):
        before = server.requests
        work()
        return server.requests - before

    unmerged = requests(Lake(lake.folder, tmp_path).receipts.all)
    assert compact_receipts(lake.receipts).folders == 1
    merged = requests(Lake(lake.folder, tmp_path).receipts.all)
    again = requests(lake.receipts.all), requests(lake.receipts.all)
    assert len(lake.receipts.all()) == 20
    # A merged file has a summary beside it, so that most of them are not read; none changes with their number.
    assert unmerged >= 20 and merged <= 7 and again[1] == 1, (unmerged, merged, again)


class Deleting:
    """A file system on which somebody deletes every file that has been opened and not read yet."""

    def __init__(self, filesystem):
        self.filesystem = filesystem

    def open_input_stream(self, path, **options):
        stream = self.filesystem.open_input_stream(path, **options)
        self.filesystem.delete_file(path)
        return stream

    def __getattr__(self, name):
        return getattr(self.filesystem, name)


def test_a_file_that_is_deleted_while_it_is_read_is_gone(store):
    name = store.append(batch(1))
    with pytest.raises(FileNotFoundError, match=name):
        replace(store.recent, filesystem=Deleting(store.recent.filesystem)).read(name)


def test_writers_readers_and_compactions_work_side_by_side(store):
    wrong: list[Exception | str] = []
    done = threading.Event()

    def guarded(work):
        def run():
            try:
                work(Store(store.folder, OBSERVATIONS))
            except Exception as error:
                wrong.append(error)

        return threading.Thread(target=run)

    def look(own):
        while not done.is_set():
            if set(own.read()["batch"].value_counts()) - {24}:
                wrong.append("half a batch")

    def merge(own):
        while not done.is_set():
            compact(own)

    writers = [guarded(lambda own, first=first: [own.append(batch(first + n)) for n in range(3)]) for first in (0, 10)]
    others = [guarded(look), guarded(merge)]
    for thread in (*others, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in others:
        thread.join()
    assert wrong == []
    assert whole(store, *range(3), *range(10, 13))


def test_a_store_that_answers_503_is_an_error_that_says_what_to_do_and_work_resumes(server, store):
    store.append(batch(0))
    server.be("refuse")
    for work in (lambda: store.append(batch(1)), store.read, lambda: compact(store), lambda: verify(store)):
        with pytest.raises(LakeError, match=r"s3://lake/test-.*503") as raised:
            work()
        assert "whether endpoint, bucket and credentials are right, and run again" in str(raised.value)
        assert "`attempts` in the address of the lake" in str(raised.value)
    server.be("ok")
    assert whole(store, 0)
    store.append(batch(1))
    assert whole(store, 0, 1)


def test_a_store_that_answers_503_now_and_then_is_asked_again(server, store):
    patient = Store(address(server, store.folder.path.removeprefix("lake"), attempts=5), OBSERVATIONS)
    server.be("now_and_then")
    patient.append(batch(0))
    compact(patient)
    assert whole(patient, 0)


@pytest.mark.parametrize("good", [2, 6, 10])
def test_a_compaction_that_the_store_leaves_in_the_lurch_loses_nothing(server, store, good):
    for number in range(2):
        store.append(batch(number))
    impatient = Store(address(server, store.folder.path.removeprefix("lake"), attempts=1), OBSERVATIONS)
    server.be("refuse", good=good)
    with pytest.raises(LakeError):
        compact(impatient)
    server.be("ok")
    assert whole(store, 0, 1)
    compact(store)
    assert whole(store, 0, 1)
    assert len(store.folder.names(".parquet", below=True)) == 2


def test_a_store_that_never_answers_is_an_error_after_the_time_that_the_address_says(server, store):
    store.append(batch(0))
    impatient = Store(address(server, store.folder.path.removeprefix("lake"), attempts=1), OBSERVATIONS)
    server.be("hang")
    for work in (lambda: impatient.append(batch(1)), impatient.read):
        begun = time.perf_counter()
        with pytest.raises(LakeError, match="`request_timeout` and `attempts`"):
            work()
        assert time.perf_counter() - begun < 8
    server.be("ok")
    assert whole(store, 0)
    store.append(batch(1))
    assert whole(store, 0, 1)


def test_a_store_that_is_slow_is_waited_for(server, store):
    server.be("late", seconds=0.1)
    begun = time.perf_counter()
    store.append(batch(0))
    assert whole(store, 0)
    assert time.perf_counter() - begun > 0.5


def test_a_bucket_that_is_not_there_is_no_empty_lake(server):
    server.be("ok")
    elsewhere = Store(address(server, "").replace("s3://lake", "s3://lkae/observations"), OBSERVATIONS)
    with pytest.raises(LakeError, match="there is no s3://lkae"):
        elsewhere.read()
    with pytest.raises(LakeError, match="s3://lkae/observations"):
        elsewhere.append(batch(0))
