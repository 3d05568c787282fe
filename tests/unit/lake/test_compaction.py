"""Compaction: fewer files, the same rows, whoever dies or works beside it."""

import contextlib
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from builders.rows import LOAD, WIND_SOLAR, hours, measured, rows, together

import gridahead.lake.compaction as compaction
from gridahead.core.errors import LakeError
from gridahead.core.grid import Series
from gridahead.core.tables import FORECASTS, OBSERVATIONS, SCORES
from gridahead.core.time import TimeRange
from gridahead.lake.compaction import compact
from gridahead.lake.folder import Folder
from gridahead.lake.store import Store
from gridahead.lake.verify import verify

TURN = hours("2024-12-31T12:00Z", 24)
BATCHES = [
    together(measured(LOAD, TURN, range(24)), measured(WIND_SOLAR, TURN, range(100, 124))),
    rows(LOAD, TURN[::3], 55.0, pd.Timestamp("2025-02-01T00:00Z")),
    rows(Series("FR", "load"), TURN[:6], 7.0, pd.Timestamp("2025-01-02T00:00Z")),
]
FOLDERS = [
    "series=DE.load/year=2024",
    "series=DE.load/year=2025",
    "series=DE.wind_solar/year=2024",
    "series=DE.wind_solar/year=2025",
    "series=FR.load/year=2024",
]


@pytest.fixture(params=["disk", "memory"])
def store(request, tmp_path):
    place = tmp_path / "observations" if request.param == "disk" else f"memory:/{tmp_path}/observations"
    return Store(place, OBSERVATIONS)


def filled(store):
    for batch in BATCHES:
        store.append(batch)
    return store.read()


def folders(store):
    return [name.rpartition("/")[0] for name in store.folder.names(below=True)]


def test_batches_become_one_file_a_series_and_year_and_read_the_same(store):
    before = filled(store)
    done = compact(store)
    assert folders(store) == FOLDERS
    assert (done.batches, done.folders, done.rows) == (3, 5, 48 + 8 + 6)
    assert done.bytes_after == sum(store.folder.sizes(below=True).values()) != done.bytes_before
    pd.testing.assert_frame_equal(store.read(), before)
    assert verify(store).findings == ()


def test_a_second_compaction_changes_nothing(store):
    filled(store)
    compact(store)
    held = store.folder.sizes(below=True)
    done = compact(store)
    assert (done.batches, done.folders) == (0, 0)
    assert store.folder.sizes(below=True) == held


def test_new_batches_join_what_is_merged(store):
    filled(store)
    compact(store)
    late = rows(LOAD, TURN[:2], 99.0, pd.Timestamp("2025-03-01T00:00Z"))
    store.append(late)
    store.append(BATCHES[0])  # that is merged already
    before = store.read()
    assert compact(store).folders == 4
    assert folders(store) == FOLDERS
    pd.testing.assert_frame_equal(store.read(), before)
    assert len(before) == 48 + 8 + 6 + 2


def test_however_much_has_piled_up_it_is_merged_in_pieces(store, monkeypatch):
    before = filled(store)
    monkeypatch.setattr(compaction, "GROUP_BYTES", 1)
    assert compact(store).batches == 3
    assert folders(store) == FOLDERS
    pd.testing.assert_frame_equal(store.read(), before)


@pytest.mark.parametrize("operation", ["write", "delete"])
@pytest.mark.parametrize("number", [0, 1, 2, 4, 6])
def test_a_compaction_that_dies_at_any_change_loses_and_doubles_nothing(tmp_path, monkeypatch, operation, number):
    store = Store(tmp_path / "observations", OBSERVATIONS)
    done: list[Any] = []
    real = getattr(Folder, operation)

    def dies(self, *arguments):
        if len(done) == number:
            raise LakeError("died")
        done.append(arguments)
        return real(self, *arguments)

    filled(store)
    compact(store)
    store.append(rows(LOAD, TURN, 3.0, pd.Timestamp("2025-05-01T00:00Z")))
    store.append(rows(WIND_SOLAR, TURN, 3.0, pd.Timestamp("2025-05-01T00:00Z")))
    before = store.read()
    with monkeypatch.context() as broken:
        broken.setattr(Folder, operation, dies)
        with contextlib.suppress(LakeError):
            compact(store)
    pd.testing.assert_frame_equal(store.read(), before)
    assert verify(store).findings == ()
    compact(store)
    assert folders(store) == FOLDERS
    pd.testing.assert_frame_equal(store.read(), before)


def test_two_compactions_in_step_lose_nothing(store, monkeypatch):
    """The other one does all of its work between every two steps of the first."""
    before, real = filled(store), Store.write
    nested: list[str] = []

    def interrupted(self, folder, arrow):
        if not nested:
            nested.append(folder)
            compact(Store(self.folder, self.table))
            self.append(BATCHES[2].assign(value=888.0, available_at=pd.Timestamp("2025-07-01T00:00Z")))
            nested.clear()
        return real(self, folder, arrow)

    with monkeypatch.context() as both:
        both.setattr(Store, "write", interrupted)
        compact(store)
    found = store.read()
    assert len(found) == len(before) + 6
    pd.testing.assert_frame_equal(found[found["value"] != 888.0].reset_index(drop=True), before)
    compact(store)
    pd.testing.assert_frame_equal(store.read(), found)
    assert folders(store) == FOLDERS


def test_a_reader_whose_files_are_replaced_under_it_reads_again(store, monkeypatch):
    before, real = filled(store), Store.files
    calls: list[Any] = []

    def replaced(self, *arguments):
        listed = real(self, *arguments)
        if not calls:
            calls.append(listed)
            compact(Store(self.folder, self.table))
        return listed

    monkeypatch.setattr(Store, "files", replaced)
    pd.testing.assert_frame_equal(store.read(), before)
    assert not set(calls[0]) & set(store.folder.names(below=True))


def test_a_batch_that_is_merged_between_two_listings_is_seen_whole(store, monkeypatch):
    """The batch comes after `recent` was listed, and one of its two years is merged before the folders are listed."""
    filled(store)
    compact(store)
    batch = rows(LOAD, TURN, 1.0, pd.Timestamp("2025-06-01T00:00Z"))
    real = Folder.names
    stage: list[str] = []

    def between(self, *arguments, **options):
        names = real(self, *arguments, **options)
        if self.path.endswith("/recent") and not stage:
            stage.append("half-merged")
            store.append(batch)
            early = batch[batch["valid_time"] < pd.Timestamp("2025-01-01T00:00Z")]
            compaction._merge(store, "series=DE.load/year=2024", _arrow(early))
        return names

    monkeypatch.setattr(Folder, "names", between)
    found = store.read({"zone": "DE", "quantity": "load"})
    assert stage
    assert (found["available_at"] == batch["available_at"].iloc[0]).sum() == 24


def _arrow(frame):
    return pa.Table.from_pandas(frame, schema=OBSERVATIONS.arrow_schema(), preserve_index=False)


# -- what a read touches ----------------------------------------------------------------------------------------------


def touched(store, monkeypatch, *arguments, **options):
    """The folders that are listed and the files that are read."""
    listed: list[str] = []
    read: list[str] = []
    names, rows_of = Folder.names, Store.rows_of

    def listing(self, *a, **o):
        listed.append(Path(self.path).name)
        return names(self, *a, **o)

    def reading(self, files, *a):
        read.extend(files)
        return rows_of(self, files, *a)

    with monkeypatch.context() as watched:
        watched.setattr(Folder, "names", listing)
        watched.setattr(Store, "rows_of", reading)
        store.read(*arguments, **options)
    return set(listed), {name.rpartition("/")[0] for name in read}


def test_a_read_lists_and_opens_only_the_series_and_years_that_it_asks_for(store, monkeypatch):
    filled(store)
    compact(store)
    year = TimeRange(pd.Timestamp("2024-01-01T00:00Z"), pd.Timestamp("2025-01-01T00:00Z"))
    load = {"zone": "DE", "quantity": "load"}
    assert touched(store, monkeypatch, load, year) == ({"recent", "year=2024"}, {"series=DE.load/year=2024"})
    assert touched(store, monkeypatch, load) == ({"recent", "series=DE.load"}, set(FOLDERS[:2]))
    later = TimeRange(pd.Timestamp("2025-01-01T00:00Z"), pd.Timestamp("2025-01-01T00:00:01Z"))
    assert touched(store, monkeypatch, load, later)[1] == {"series=DE.load/year=2025"}
    assert touched(store, monkeypatch, {"quantity": "load"}, year)[1] == {FOLDERS[0], FOLDERS[4]}
    assert touched(store, monkeypatch, {"zone": "DE"}, year)[1] == {FOLDERS[0], FOLDERS[2]}
    assert touched(store, monkeypatch, None, year)[1] == {FOLDERS[0], FOLDERS[2], FOLDERS[4]}
    assert touched(store, monkeypatch)[1] == set(FOLDERS)


def test_pruned_reads_give_the_rows_that_a_whole_read_has(store):
    whole = filled(store)
    compact(store)
    store.append(rows(WIND_SOLAR, TURN[3:20], 5.0, pd.Timestamp("2025-04-01T00:00Z")))
    whole = store.read()
    for zone in ("DE", ["DE", "FR"], "AT"):
        for quantity in ("load", ["load", "wind_solar"]):
            for time_range in (
                None,
                TimeRange(TURN[3], TURN[4]),
                TimeRange(TURN[3], TURN[20]),
                TimeRange(TURN[12], TURN[15]),
            ):
                found = store.read({"zone": zone, "quantity": quantity}, time_range)
                wanted = whole[whole["zone"].isin([zone] if isinstance(zone, str) else zone)]
                wanted = wanted[wanted["quantity"].isin([quantity] if isinstance(quantity, str) else quantity)]
                if time_range is not None:
                    inside = (wanted["valid_time"] >= time_range.start) & (wanted["valid_time"] < time_range.end)
                    wanted = wanted[inside]
                pd.testing.assert_frame_equal(found, wanted.reset_index(drop=True))


def test_a_run_with_a_slash_is_a_folder_of_its_own(tmp_path):
    store = Store(tmp_path / "forecasts", FORECASTS)
    told: dict[str, Any] = {
        "zone": "DE",
        "quantity": "load",
        "model": "lstm",
        "issue_time": TURN[0],
        "quantile": 0.5,
        "value_mw": 1.0,
        "mtu": "PT60M",
        "model_version": "1",
        "rung": "full",
        "data_hash": "x",
        "made_at": TURN[0],
    }
    frames = [pd.DataFrame({"valid_time": TURN}).assign(run=run, **told) for run in ("live", "backtest/a b")]
    for frame in frames:
        store.append(frame)
    compact(store)
    assert sorted(store.folder.folders()) == ["recent", "run=backtest%2Fa%20b", "run=live"]
    assert len(store.read({"run": "backtest/a b"})) == len(store.read({"run": "live"})) == 24
    assert len(store.read()) == 48


def test_a_table_without_folders_is_merged_into_one_file(tmp_path):
    store = Store(tmp_path / "scores", SCORES)
    row = {"run": "live", "zone": "DE", "quantity": "load", "model": "lstm", "metric": "mae", "unit": "MW", "n": 24}
    row |= {"lead": None, "start": TURN[0], "end": TURN[-1]}
    for day in range(3):
        scored = pd.Timestamp("2025-01-02T00:00Z") + pd.Timedelta(days=day)
        store.append(pd.DataFrame([{**row, "value": float(day), "scored_at": scored}]))
    compact(store)
    assert folders(store) == ["whole"]
    assert store.read()["value"].tolist() == [0.0, 1.0, 2.0]


def test_rows_without_a_lead_time_are_told_apart_and_merged_like_others(tmp_path):
    """Guard: nothing equals nothing here, or the same scoring of all lead times would be read twice."""
    store = Store(tmp_path / "scores", SCORES)
    about = {"run": "live", "zone": "DE", "quantity": "load", "model": "lstm", "metric": "mae", "unit": "MW", "n": 24}
    about |= {"start": TURN[0], "end": TURN[-1], "scored_at": pd.Timestamp("2025-01-02T00:00Z"), "value": 1.0}
    rows = pd.DataFrame([{**about, "lead": lead} for lead in (None, 13, 14)])
    store.append(rows)
    store.append(rows.iloc[:1].assign(n=25))
    read = store.read()
    pd.testing.assert_frame_equal(read, SCORES.check(read))
    assert read["lead"].isna().tolist() == [False, False, True]
    compact(store)
    pd.testing.assert_frame_equal(store.read(), read)
    assert store.read(columns=["lead"])["lead"].dtype == "Int64"
