"""One declaration: the check, the Parquet schema and the data dictionary."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from builders.rows import LOAD, hours, measured

from gridahead.core.errors import ContractError
from gridahead.core.tables import FORECASTS, OBSERVATIONS, SCORES, TABLES, VERDICTS, Column, Table

GOOD = measured(LOAD, hours("2025-01-01T00:00Z", 3), [1.0, 2.0, 3.0])
COUNTS = Table("counts", "For the tests.", (Column("n", "int64", "How many."), Column("who", "text", "Who.")), ("who",))


def findings(table, frame):
    with pytest.raises(ContractError) as caught:
        table.check(frame)
    assert caught.value.table == table.name
    return caught.value.findings


def test_a_good_frame_comes_back_with_the_declared_columns_in_their_order_and_types():
    shuffled = GOOD[list(reversed(GOOD.columns))].set_index(pd.Index([7, 8, 9]))
    checked = OBSERVATIONS.check(shuffled)
    assert list(checked.columns) == OBSERVATIONS.names
    assert list(checked.index) == [0, 1, 2]
    assert str(checked["valid_time"].dtype) == "datetime64[us, UTC]"
    assert checked["value"].dtype == np.float64
    assert checked["value"].tolist() == [1.0, 2.0, 3.0]


def test_local_time_becomes_utc():
    local = GOOD.assign(valid_time=pd.date_range("2025-01-01", periods=3, freq="h", tz="Europe/Berlin"))
    assert OBSERVATIONS.check(local)["valid_time"].iloc[0] == pd.Timestamp("2024-12-31T23:00Z")


def test_all_missing_columns_are_named_at_once():
    assert findings(OBSERVATIONS, GOOD.drop(columns=["value", "mtu"])) == ("no column value", "no column mtu")


def test_a_column_that_the_table_does_not_know_is_a_finding_and_can_be_left_behind():
    more = GOOD.assign(extra=1)
    assert findings(OBSERVATIONS, more.drop(columns="mtu")) == ("no column mtu", "unknown column extra")
    pd.testing.assert_frame_equal(OBSERVATIONS.check(OBSERVATIONS.select(more)), GOOD)


def test_a_column_with_a_default_may_be_missing():
    with_kind = replace(COUNTS, columns=(*COUNTS.columns, Column("kind", "text", "Which.", default="whole")))
    counts = pd.DataFrame({"n": [1, 2], "who": ["a", "b"]})
    assert with_kind.check(counts)["kind"].tolist() == ["whole", "whole"]
    assert with_kind.check(counts.assign(kind="half"))["kind"].tolist() == ["half", "half"]


def test_a_whole_number_that_may_be_missing_stays_whole():
    table = replace(COUNTS, columns=(replace(COUNTS.columns[0], nullable=True), COUNTS.columns[1]))
    checked = table.check(pd.DataFrame({"n": [1, None], "who": ["a", "b"]}))
    assert checked["n"].dtype == table.empty()["n"].dtype == "Int64"
    rows = pa.Table.from_pandas(checked, schema=table.arrow_schema(), preserve_index=False)
    pd.testing.assert_frame_equal(table.frame(rows), checked)
    assert table.frame(rows.select(["who"])).columns.tolist() == ["who"]


def test_all_findings_come_at_once():
    bad = GOOD.assign(
        batch=["a", None, "b"],  # type: ignore[list-item]
        value=[2.0, np.inf, 1.0],
        mtu="PT20M",
        available_at=pd.date_range("2025-01-01", periods=3, freq="h"),
    )
    found = findings(OBSERVATIONS, bad)
    assert len(found) == 4
    for expected in ("available_at: has no time zone", "batch: 1 missing", "value: infinite values", "mtu: ['PT20M']"):
        assert any(one.startswith(expected) for one in found), expected


def test_a_missing_text_is_a_finding_and_not_the_word_none():
    without = GOOD.assign(zone=["DE", None, "DE"])  # type: ignore[list-item]
    assert findings(OBSERVATIONS, without) == ("zone: 1 missing",)


def test_a_missing_instant_is_a_finding():
    stamps = GOOD["valid_time"].where(GOOD.index != 1)
    assert findings(OBSERVATIONS, GOOD.assign(valid_time=stamps)) == ("valid_time: 1 missing",)


def test_text_among_numbers_is_a_finding():
    (found,) = findings(OBSERVATIONS, GOOD.assign(value=["1", "two", "3"]))
    assert found.startswith("value: ")
    assert "two" in found


def test_a_key_that_occurs_twice_is_a_finding_with_an_example():
    twice = pd.concat([GOOD, GOOD.iloc[[1]].assign(value=99.0)])
    (found,) = findings(OBSERVATIONS, twice)
    assert found.startswith("1 keys occur twice, such as")
    assert "load" in found


def test_two_vintages_of_one_value_are_two_keys():
    revised = pd.concat([GOOD, GOOD.assign(available_at=GOOD["available_at"] + pd.Timedelta(days=1))])
    assert len(OBSERVATIONS.check(revised)) == 6


def test_a_quantile_level_outside_nought_and_one_is_a_finding():
    level = next(column for column in FORECASTS.columns if column.name == "quantile")
    assert level.findings(pd.Series([0.0, 0.5, 1.0])) == []
    assert level.findings(pd.Series([-0.1, 0.5])) == ["quantile: below 0.0 1"]
    assert level.findings(pd.Series([0.5, 95.0])) == ["quantile: above 1.0 1"]


def test_a_nullable_column_may_be_empty():
    value = next(column for column in VERDICTS.columns if column.name == "value")
    assert value.findings(pd.Series([1.0, np.nan])) == []


def test_a_whole_number_may_come_as_a_float_and_half_a_one_may_not():
    assert COUNTS.check(pd.DataFrame({"n": [1.0, 2.0], "who": ["a", "b"]}))["n"].tolist() == [1, 2]
    (found,) = findings(COUNTS, pd.DataFrame({"n": [1.0, 2.5], "who": ["a", "b"]}))
    assert found.startswith("n: ")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_parquet_schema_tells_meaning_and_unit(table):
    schema = table.arrow_schema()
    assert schema.names == table.names
    assert schema.metadata[b"table"] == table.name.encode()
    for column in table.columns:
        about = schema.field(column.name).metadata
        assert about[b"meaning"] == column.meaning.encode()
        assert about[b"unit"] == (column.unit or "").encode()
    assert set(table.key) <= set(table.names)


def test_the_parquet_schema_has_utc_microseconds_and_says_what_may_be_missing():
    assert OBSERVATIONS.arrow_schema().field("valid_time").type == pa.timestamp("us", tz="UTC")
    assert (FORECASTS.arrow_schema().field("value_mw").metadata or {})[b"unit"] == b"MW"
    assert SCORES.arrow_schema().field("value").nullable
    assert OBSERVATIONS.arrow_schema().field("value").nullable  # a withdrawal
    assert not OBSERVATIONS.arrow_schema().field("mtu").nullable


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_an_empty_table_passes_its_own_check(table):
    empty = table.empty()
    assert len(empty) == 0
    pd.testing.assert_frame_equal(table.check(empty), empty)


def test_the_data_dictionary_marks_the_key_and_names_the_unit():
    text = FORECASTS.dictionary()
    assert text.startswith("### forecasts")
    assert "| **valid_time** | instant |  | Start of the market time unit" in text
    assert "| value_mw | float64 | MW | Mean power over the market time unit;" in text
    assert len(text.splitlines()) == len(FORECASTS.columns) + 6


def test_what_decides_how_rows_are_stored_decides_the_version_and_words_do_not():
    first, second = COUNTS.columns
    others = [
        replace(COUNTS, columns=(replace(first, kind="float64"), second)),
        replace(COUNTS, columns=(replace(first, name="m"), second)),
        replace(COUNTS, columns=(replace(first, nullable=True), second)),
        replace(COUNTS, columns=(replace(first, unit="h"), second)),
        replace(COUNTS, columns=(first, replace(second, values=("ana",)))),
        replace(COUNTS, columns=(second, first)),
        replace(COUNTS, columns=(first,)),
        replace(COUNTS, key=("n",)),
        replace(COUNTS, partition=("run",)),
        replace(COUNTS, name="others"),
    ]
    assert len({COUNTS.version, *(table.version for table in others)}) == 11
    told_otherwise = replace(COUNTS, meaning="Else.", columns=(replace(first, meaning="Number.", default=0), second))
    assert told_otherwise.version == COUNTS.version == COUNTS.arrow_schema().metadata[b"version"].decode()
