"""The append-only store: what a reader sees, whatever writers do or fail to do."""

import threading
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from builders.rows import LOAD, WIND_SOLAR, hours, measured, rows, together
from hypothesis import given, settings
from hypothesis import strategies as st

from gridahead.core.errors import ContractError, LakeError
from gridahead.core.grid import Series
from gridahead.core.tables import OBSERVATIONS
from gridahead.core.time import TimeRange
from gridahead.lake import parquet
from gridahead.lake import store as module
from gridahead.lake.store import Store

DAY = hours("2025-01-01T00:00Z", 24)
LOADS = measured(LOAD, DAY, range(24))
WINDS = measured(WIND_SOLAR, DAY, range(100, 124))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "observations", OBSERVATIONS)


def files(store):
    return store.recent.names()


def on_disk(store, name):
    return Path(store.recent.file(name))


def test_what_was_appended_is_read_back_in_the_order_of_the_key(store):
    store.append(LOADS.iloc[::-1])
    pd.testing.assert_frame_equal(store.read(), LOADS)


def test_an_empty_lake_reads_as_no_rows_of_the_right_types(store):
    pd.testing.assert_frame_equal(store.read(), OBSERVATIONS.empty())
    assert not Path(store.folder.path).exists()


def test_no_rows_make_no_file(store):
    assert store.append(OBSERVATIONS.empty()) is None
    assert not Path(store.folder.path).exists()


def test_the_same_rows_twice_are_one_file(store):
    first = store.append(LOADS)
    changed_at = on_disk(store, first).stat().st_mtime_ns
    assert store.append(LOADS.sample(frac=1, random_state=1)) == first
    assert files(store) == [first]
    assert on_disk(store, first).stat().st_mtime_ns == changed_at


def test_a_row_that_stands_in_two_files_is_read_once(store):
    store.append(LOADS.iloc[:16])
    store.append(LOADS.iloc[8:])
    assert len(files(store)) == 2
    pd.testing.assert_frame_equal(store.read(), LOADS)


def test_two_vintages_are_two_rows(store):
    store.append(LOADS)
    store.append(rows(LOAD, DAY[:1], [99.0], pd.Timestamp("2025-02-01T00:00Z"), availability="recorded"))
    assert store.read()["value"].tolist() == [0.0, 99.0, *map(float, range(1, 24))]


def test_a_window_is_half_open(store):
    store.append(LOADS)
    time_range = TimeRange(DAY[3], DAY[7])
    assert store.read(time_range=time_range)["value"].tolist() == [3.0, 4.0, 5.0, 6.0]


def test_columns_may_be_asked_for_one_value_or_several(store):
    store.append(together(LOADS, WINDS))
    assert set(store.read({"quantity": "load"})["quantity"]) == {"load"}
    assert len(store.read({"quantity": ["load", "wind_solar"], "zone": "DE"})) == 48
    assert store.read({"quantity": "load", "zone": "FR"}).empty
    both = store.read({"quantity": "wind_solar"}, TimeRange(DAY[0], DAY[2]))
    assert both["value"].tolist() == [100.0, 101.0]


def test_of_no_value_there_are_no_rows(store):
    store.append(LOADS)
    assert store.read({"zone": []}).empty


def test_rows_that_break_the_contract_are_not_written(store):
    with pytest.raises(ContractError, match="mtu"):
        store.append(LOADS.assign(mtu="PT20M"))
    assert not Path(store.folder.path).exists()


def test_files_carry_the_declared_schema_with_its_units(store):
    schema = pq.read_schema(on_disk(store, store.append(LOADS)))
    assert schema.names == OBSERVATIONS.names
    assert (schema.field("value").metadata or {})[b"meaning"].startswith(b"Mean over the market time unit")
    assert (schema.metadata[b"table"], schema.metadata[b"version"]) == (
        b"observations",
        str(OBSERVATIONS.version).encode(),
    )


def test_what_a_killed_writer_left_aside_is_not_seen(store):
    path = on_disk(store, store.append(LOADS))
    whole = path.read_bytes()
    path.with_name(".writing-0123456789abcdef").write_bytes(whole[: len(whole) // 2])
    path.with_name(".writing-fedcba9876543210.parquet").write_bytes(b"PAR1 torn")
    pd.testing.assert_frame_equal(store.read(), LOADS)
    store.append(WINDS)
    assert len(store.read()) == 48


def test_a_lake_below_a_file_gives_a_lake_error_that_says_what_to_do(tmp_path):
    (tmp_path / "taken").write_text("a file where a folder should be")
    with pytest.raises(LakeError, match="Mend it, and run again"):
        Store(tmp_path / "taken" / "observations", OBSERVATIONS).append(LOADS)
    assert (tmp_path / "taken").read_text() == "a file where a folder should be"


@pytest.mark.parametrize("failing", ["open", "replace"])
def test_a_lake_that_cannot_be_written_stays_as_it_was(store, monkeypatch, failing):
    store.append(LOADS)
    held = files(store)

    def fails(self, *arguments, **options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(Path, failing, fails)
        with pytest.raises(LakeError, match="No space left on device"):
            store.append(WINDS)
    assert files(store) == held
    pd.testing.assert_frame_equal(store.read(), LOADS)
    store.append(WINDS)
    assert len(store.read()) == 48


def test_readers_see_whole_batches_only_while_a_writer_appends(store):
    batches = [measured(LOAD, hours(f"2025-01-{day:02}T00:00Z", 24), range(24)) for day in range(1, 31)]
    done, seen = threading.Event(), []
    wrong: list[Exception | int] = []

    def read():
        known = 0
        try:
            while not done.is_set():
                frame = store.read()
                complete = frame.groupby(frame["valid_time"].dt.floor("D")).size()
                if len(frame) < known or not (complete == 24).all():
                    wrong.append(len(frame))
                known = len(frame)
                seen.append(known)
        except Exception as error:
            wrong.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for batch in batches:
        store.append(batch)
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert len(set(seen)) > 3, "the readers were not there while the writer wrote"
    assert len(store.read()) == 30 * 24


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.tuples(st.integers(0, 47), st.integers(1, 48)), min_size=1, max_size=6))
def test_however_rows_are_cut_into_batches_the_lake_holds_each_once(tmp_path_factory, cuts):
    store = Store(tmp_path_factory.mktemp("lake"), OBSERVATIONS)
    everything = together(LOADS, WINDS)
    wanted = set()
    for begin, length in cuts:
        store.append(everything.iloc[begin : begin + length])
        wanted |= set(range(begin, min(48, begin + length)))
    pd.testing.assert_frame_equal(store.read(), everything.iloc[sorted(wanted)].reset_index(drop=True))


ZONES = ("AT", "BE", "DE", "FR", "NO2", "Ö1")


@given(batches=st.lists(st.sets(st.sampled_from(ZONES), min_size=1), max_size=5), asked=st.sets(st.sampled_from(ZONES)))
@settings(deadline=None, max_examples=25)
def test_a_zone_is_found_in_whichever_batches_it_is_also_where_files_have_been_read_before(
    tmp_path_factory, batches, asked
):
    store = Store(tmp_path_factory.mktemp("lake"), OBSERVATIONS)
    rows_of = [
        pd.concat([measured(Series(zone, "load"), DAY[number : number + 1], [number]) for zone in sorted(zones)])
        for number, zones in enumerate(batches)
    ]
    for some in rows_of:
        store.append(some.reset_index(drop=True))
    expected = sorted((zone, number) for number, zones in enumerate(batches) for zone in zones & asked)
    for _ in range(2):
        found = store.read({"zone": sorted(asked)})
        assert sorted(zip(found["zone"], found["value"].astype(int), strict=True)) == expected


def test_a_batch_that_has_none_of_a_zone_is_opened_once(store, monkeypatch):
    opened: list[str] = []
    plain = parquet.read_file

    def read_file(folder, name, *given):
        opened.append(name)
        return plain(folder, name, *given)

    monkeypatch.setattr(module, "read_file", read_file)
    for zone in ("AT", "BE", "DE"):
        store.append(measured(Series(zone, "load"), DAY, range(24)))
    for zone in ("AT", "BE", "DE"):
        assert len(store.read({"zone": zone})) == 24
    assert len(opened) == 3 + 1 + 1
