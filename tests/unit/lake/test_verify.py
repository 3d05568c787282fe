"""Verification finds every way in which a file can be wrong, and says what to do."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from builders.rows import LOAD, WIND_SOLAR, hours, measured, together

from gridahead.core.tables import OBSERVATIONS
from gridahead.lake.compaction import compact
from gridahead.lake.parquet import to_bytes
from gridahead.lake.store import Store, content_name
from gridahead.lake.verify import verify

DAY = hours("2025-01-01T00:00Z", 24)
LOADS = measured(LOAD, DAY, range(24))
MERGED = "series=DE.load/year=2025"


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "observations", OBSERVATIONS)
    store.append(together(LOADS, measured(WIND_SOLAR, DAY, range(24))))
    compact(store)
    store.append(measured(LOAD, DAY + pd.Timedelta(days=1), range(24)))
    return store


def put(store, folder, frame, name=None):
    """A file that no gridahead writes."""
    arrow = pa.Table.from_pandas(frame, schema=OBSERVATIONS.arrow_schema(), preserve_index=False)
    content = to_bytes(arrow, OBSERVATIONS)
    path = Path(store.folder.path) / folder / (name or content_name(content))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def only(store):
    (finding,) = verify(store).findings
    return finding


def test_a_sound_lake_has_no_findings(store):
    found = verify(store)
    assert (found.files, found.rows, found.findings) == (3, 72, ())
    assert verify(Store(Path(store.folder.path) / "none", OBSERVATIONS)).files == 0


@pytest.mark.parametrize("damage", [lambda content: content[:-1] + b"X", lambda content: content[: len(content) // 2]])
def test_a_file_that_was_changed_or_torn_is_found(store, damage):
    path = next((Path(store.folder.path) / MERGED).glob("*.parquet"))
    path.write_bytes(damage(path.read_bytes()))
    assert only(store).file == str(path)
    assert "its content is not what its name says" in only(store).what
    assert (
        "put it back from a backup; else move it out of the lake and run `gridahead lake amend`" in only(store).way_out
    )


def test_a_value_that_was_changed_by_hand_is_found(store):
    path = next((Path(store.folder.path) / MERGED).glob("*.parquet"))
    put(store, MERGED, LOADS.assign(value=1.0), path.name)
    assert "its content is not what its name says" in only(store).what


def test_rows_out_of_order_or_twice_are_found(store):
    put(store, "recent", measured(LOAD, DAY + pd.Timedelta(days=5), range(24)).iloc[::-1])
    assert "not in the order of its key" in only(store).what


def test_rows_in_the_wrong_folder_are_found(store):
    put(store, "series=DE.solar/year=2025", measured(LOAD, DAY + pd.Timedelta(days=5), range(24)))
    assert "rows that belong in other folders" in only(store).what


def test_a_file_that_nobody_reads_is_found(store):
    path = put(store, "series=DE.load", measured(LOAD, DAY + pd.Timedelta(days=5), range(24)))
    assert only(store).file == str(path)
    assert "nobody reads it" in only(store).what


@pytest.mark.parametrize("folder", ["recent", MERGED])
def test_two_values_for_one_key_are_found(store, folder):
    put(store, folder, LOADS.assign(value=LOADS["value"] + (LOADS.index == 3)))
    assert only(store).file.endswith(MERGED)
    assert "1 keys have different values in two files" in only(store).what
    assert "2025-01-01 03:00" in only(store).what


def test_the_same_rows_in_two_files_are_no_finding(store):
    put(store, MERGED, LOADS.iloc[:5])
    store.append(LOADS.iloc[3:7])
    assert verify(store).findings == ()


def test_a_file_that_is_merged_meanwhile_is_no_finding(store):
    looked: list[str] = []

    def report(name):
        if not looked:
            compact(Store(store.folder, OBSERVATIONS))
        looked.append(name)

    found = verify(store, report)
    assert (found.files, found.rows, found.findings) == (2, 72, ())
    assert len(looked) > 3
