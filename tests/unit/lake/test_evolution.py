"""Files that older declarations wrote are read; what cannot be meant is an error that names the file."""

import dataclasses
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders.rows import LOAD, hours, measured

from gridahead.core.errors import ContractError, LakeError
from gridahead.core.tables import OBSERVATIONS, Column
from gridahead.lake.compaction import compact
from gridahead.lake.store import Store
from gridahead.lake.verify import verify

DAY = hours("2025-01-01T00:00Z", 24)
LOADS = measured(LOAD, DAY, range(24))
PLAIN = pa.Table.from_pandas(LOADS, schema=OBSERVATIONS.arrow_schema(), preserve_index=False)


def old_file(store, rows):
    """A file as an older version, or another writer, has left it."""
    folder = Path(store.recent.path)
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, folder / "0123456789abcdef01234567.parquet")


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "observations", OBSERVATIONS)


def grown(*columns):
    """The table of observations with more columns."""
    return dataclasses.replace(OBSERVATIONS, columns=(*OBSERVATIONS.columns, *columns))


def test_a_column_that_came_later_has_its_default_or_nothing(tmp_path):
    before = Store(tmp_path / "observations", OBSERVATIONS)
    before.append(LOADS)
    table = grown(
        Column("licence", "text", "Under which.", default="CC BY 4.0"),
        Column("revision", "int64", "Which one.", nullable=True),
        Column("before_mw", "float64", "What it was.", nullable=True, default=float("nan")),
    )
    after = Store(tmp_path / "observations", table)
    late = measured(LOAD, DAY + pd.Timedelta(days=1), range(24)).assign(licence="none", revision=3)
    after.append(late)
    found = after.read()
    assert found["licence"].tolist() == ["CC BY 4.0"] * 24 + ["none"] * 24
    assert found["revision"].isna().tolist() == [True] * 24 + [False] * 24
    assert found["before_mw"].isna().all(), "late rows came without it, and passed"
    assert after.read({"licence": "none"})["valid_time"].min() == DAY[0] + pd.Timedelta(days=1)
    pd.testing.assert_frame_equal(before.read(), found[OBSERVATIONS.names])  # and the old version reads the new files


def test_compaction_writes_old_files_in_the_new_form(tmp_path):
    Store(tmp_path / "observations", OBSERVATIONS).append(LOADS)
    after = Store(tmp_path / "observations", grown(Column("licence", "text", "Under which.", default="CC BY 4.0")))
    before = after.read()
    compact(after)
    (name,) = after.folder.names(".parquet", below=True)
    schema = pq.read_schema(after.folder.file(name))
    assert schema.names == [*OBSERVATIONS.names, "licence"]
    assert schema.metadata[b"version"].decode() == after.table.version != OBSERVATIONS.version
    pd.testing.assert_frame_equal(after.read(), before)


def test_narrower_types_are_widened(store):
    narrow = PLAIN.set_column(5, "value", PLAIN["value"].cast(pa.float32()))
    narrow = narrow.set_column(0, "zone", narrow["zone"].dictionary_encode())
    narrow = narrow.set_column(1, "quantity", narrow["quantity"].cast(pa.large_string()))
    narrow = narrow.set_column(2, "valid_time", narrow["valid_time"].cast(pa.timestamp("s", "UTC")))
    old_file(store, narrow)
    pd.testing.assert_frame_equal(store.read(), LOADS)
    assert store.read({"zone": "DE"}, as_of=DAY[10])["value"].tolist() == [*map(float, range(9))]


def test_whole_numbers_are_read_as_power(store):
    old_file(store, PLAIN.set_column(5, "value", PLAIN["value"].cast(pa.int32())))
    pd.testing.assert_frame_equal(store.read(), LOADS)


def test_columns_may_come_in_another_order_and_unknown_ones_are_left_out(store):
    rows = PLAIN.append_column("colour", pa.array(["blue"] * 24))
    old_file(store, rows.select(rows.column_names[::-1]))
    pd.testing.assert_frame_equal(store.read(), LOADS)


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        (PLAIN.drop_columns(["unit"]), "no column unit, and the table declares no default"),
        (PLAIN.set_column(5, "value", PLAIN["value"].cast(pa.string())), "column value: is string, not double"),
        (
            PLAIN.set_column(2, "valid_time", PLAIN["valid_time"].cast(pa.timestamp("us"))),
            "column valid_time: is timest",
        ),
        (PLAIN.set_column(2, "valid_time", PLAIN["valid_time"].cast(pa.int64())), "column valid_time: is int64"),
    ],
    ids=["missing", "text", "no time zone", "number"],
)
def test_what_does_not_fit_is_an_error_that_names_the_file(store, rows, finding):
    store.append(LOADS)
    old_file(store, rows)
    with pytest.raises(ContractError, match=r"recent/0123456789abcdef01234567\.parquet") as raised:
        store.read()
    assert finding in str(raised.value)
    assert "declare a default or a wider type" in str(raised.value)
    with pytest.raises(ContractError):
        compact(store)
    assert len(store.recent.names()) == 2
    assert any("0123456789abcdef01234567" in one.file for one in verify(store).findings)


def test_a_file_that_is_no_parquet_is_an_error_that_names_it_and_the_way_out(store):
    store.append(LOADS)
    (Path(store.recent.path) / "0123456789abcdef01234567.parquet").write_bytes(b"PAR1 torn")
    with pytest.raises(LakeError, match=r"0123456789abcdef01234567\.parquet: .*`gridahead lake verify` says what"):
        store.read()
