from __future__ import annotations

import pandas as pd
import pytest

from gridahead.sources.sniff.marks import Marks, marks_of, sentinel_of, values_of, words_for_missing


@pytest.mark.parametrize(
    ("cells", "separator", "expected"),
    [
        (["7.5", "8.25"], ",", (".", "")),
        (["7,5", "8,25"], ";", (",", "")),
        (["7.996,00", "812,50"], ";", (",", ".")),
        (["7,996.00", "812.50"], ",", (".", ",")),
        (["7'996.5", "12"], ";", (".", "'")),
        (["1 234,5", "999,5"], ";", (",", " ")),
        (["1.234.567", "2.234.567"], ";", (",", ".")),
        (["47,123", "48,250", "47,990"], ",", (".", ",")),
        (["0.359", "0.344"], ",", (".", "")),
    ],
)
def test_marks_are_those_of_the_numbers(cells: list[str], separator: str, expected: tuple[str, str]) -> None:
    found = marks_of([pd.Series(cells)], separator)
    assert (found.decimal, found.thousands) == expected


def test_a_mark_is_for_thousands_where_the_numbers_then_run_on() -> None:
    found = marks_of([pd.Series(["997", "998", "999", "1.000", "1.001", "1.002"])], ";")
    assert found == Marks(",", ".", sure=True)
    assert not marks_of([pd.Series(["47.123", "48.250", "47.990"])], ";").sure


def test_numbers_are_read_by_the_marks() -> None:
    assert list(values_of(pd.Series(["7.996,50", " 12 "]), Marks(",", "."))) == [7996.5, 12.0]


def test_few_words_among_numbers_stand_for_no_value() -> None:
    assert words_for_missing(pd.Series(["5", "fehlt", "6", "", "7"])) == ["fehlt"]
    assert words_for_missing(pd.Series(["North", "South", "East", "West", "5"])) is None
    assert words_for_missing(pd.Series(["2024-01-01", "2024-01-02"])) is None


def test_a_number_far_from_all_others_stands_for_no_value() -> None:
    cells = pd.Series(["500", "-9999", "510"])
    assert sentinel_of(cells, pd.Series([500.0, -9999.0, 510.0])) == "-9999"
    assert sentinel_of(pd.Series(["9999", "9990"]), pd.Series([9999.0, 9990.0])) is None
