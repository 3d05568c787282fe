from __future__ import annotations

import pytest

from gridahead.core.errors import SourceError
from gridahead.sources.sniff.layout import Table, read_table
from gridahead.sources.sniff.notes import Notes


def read(text: str, encoding: str = "utf-8") -> tuple[Table, Notes]:
    notes = Notes()
    return read_table(text.encode(encoding), notes, "some.csv"), notes


def test_a_plain_file_needs_no_key() -> None:
    table, notes = read("time,load\n2024-01-01 00:00,5\n2024-01-01 01:00,6\n")
    assert list(table.cells.columns) == ["time", "load"]
    assert table.keys == {}
    assert notes.uncertain == []


def test_decimal_commas_do_not_hide_the_semicolon() -> None:
    table, _ = read("Zeit;Last\n01.01.2024 00:00;7,5\n01.01.2024 01:00;8,5\n")
    assert table.keys == {"separator": ";"}
    assert list(table.cells["Last"]) == ["7,5", "8,5"]


def test_lines_above_the_header_are_rows_to_skip_and_blank_ones_count() -> None:
    table, _ = read("Report of a meter\n\ntime,load\n2024-01-01 00:00,5\n2024-01-01 01:00,6\n")
    assert table.keys == {"skip_rows": 2}
    assert table.preamble == "Report of a meter"
    assert list(table.cells.index) == [4, 5]


def test_lines_that_begin_with_a_mark_are_comments() -> None:
    table, _ = read("# unit: kW\n# tz: UTC\ntime,load\n2024-01-01 00:00,5\n2024-01-01 01:00,6\n")
    assert table.keys == {"comment": "#"}
    assert "unit: kW" in table.preamble


def test_a_row_of_units_under_the_header_is_skipped_and_kept_for_the_unit() -> None:
    table, _ = read("time,load,temp\n[UTC],[kW],[°C]\n2024-01-01 00:00,5,1\n2024-01-01 01:00,6,2\n")
    assert table.keys == {"skip_after_header": 1}
    assert table.units["load"] == "[kW]"


def test_a_lone_word_at_the_end_is_a_footer() -> None:
    table, _ = read("time,load\n2024-01-01 00:00,5\n2024-01-01 01:00,6\nSource: the utility\n")
    assert table.keys == {"skip_footer": 1}
    assert len(table.cells) == 2


@pytest.mark.parametrize(
    ("encoding", "keys"),
    [("cp1252", {"encoding": "cp1252"}), ("utf-16", {}), ("utf-16-le", {"encoding": "utf-16-le"}), ("utf-8-sig", {})],
)
def test_the_encoding_is_told_where_the_bytes_do_not_mark_it(encoding: str, keys: dict[str, object]) -> None:
    table, _ = read("time,Zähler\n2024-01-01 00:00,5\n2024-01-01 01:00,6\n", encoding)
    assert table.keys == keys
    assert list(table.cells.columns) == ["time", "Zähler"]


@pytest.mark.parametrize("text", ["no table at all\nbut words\n", "one\ntwo\nthree\n"])
def test_what_is_no_table_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(SourceError, match=r"some\.csv"):
        read(text)


@pytest.mark.parametrize(
    ("above", "keys"),
    [("", {}), ("Export of a meter\n\n", {"skip_rows": 2}), ("# kW\n", {"comment": "#"})],
    ids=["nothing", "title", "comment"],
)
def test_columns_without_names_are_called_by_their_place(above: str, keys: dict[str, object]) -> None:
    table, _ = read(f"{above}2024-01-01 00:00,5\n2024-01-01 01:00,6\n")
    assert table.keys == {**keys, "header": False}
    assert list(table.cells.columns) == ["column_1", "column_2"]
    assert list(table.cells["column_2"]) == ["5", "6"]


@pytest.mark.parametrize("header", ["Date,1,2", "Date,00:00,01:00", ",load,wind", ",0,1"])
def test_names_that_are_numbers_or_empty_are_known_by_the_date_under_them(header: str) -> None:
    table, _ = read(f"{header}\n2024-01-01,5,6\n2024-01-02,7,8\n")
    assert table.keys == {}
    assert list(table.cells.columns) == header.split(",")
    assert len(table.cells) == 2
