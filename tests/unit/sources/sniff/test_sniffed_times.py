from __future__ import annotations

import pandas as pd
import pytest

from gridahead.sources.sniff.times import Times, read_times


def times(*cells: str) -> Times:
    found = read_times(pd.Series(cells))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("cells", "expected", "layout"),
    [
        (["2024-01-31 13:00", "2024-01-31 14:00"], "2024-01-31 13:00", "iso"),
        (["2024-01-31T13:00:00+01:00", "2024-01-31T14:00:00+01:00"], "2024-01-31 12:00", "iso"),
        (["2024-01-31 13:00:00 UTC", "2024-01-31 14:00:00 UTC"], "2024-01-31 13:00", "iso"),
        (["2024/01/31 13:00", "2024/01/31 14:00"], "2024-01-31 13:00", "year_first"),
        (["31.01.2024 13:00", "31.01.2024 14:00"], "2024-01-31 13:00", "year_last"),
        (["1/31/2024 1:00 PM", "1/31/2024 2:00 PM"], "2024-01-31 13:00", "year_last"),
        (["31.01.24 12:00", "31.01.24 24:00"], "2024-01-31 12:00", "year_last"),
        (["2024013113", "2024013114"], "2024-01-31 13:00", "compact"),
        (["1706706000", "1706709600"], "2024-01-31 13:00", "epoch"),
        (["1706706000000", "1706709600000"], "2024-01-31 13:00", "epoch"),
        (["Jan 31, 2024 1:00 PM", "Jan 31, 2024 2:00 PM"], "2024-01-31 13:00", "named"),
        (
            ["31.01.2024 13:00 - 31.01.2024 14:00", "31.01.2024 14:00 - 31.01.2024 15:00"],
            "2024-01-31 13:00",
            "year_last",
        ),
    ],
)
def test_times_are_read_in_every_writing(cells: list[str], expected: str, layout: str) -> None:
    found = times(*cells)
    assert found.layout == layout
    assert found.wall.iloc[0] == pd.Timestamp(expected)


def test_twenty_four_oclock_is_the_next_midnight() -> None:
    found = times("31.01.2024 23:00", "31.01.2024 24:00")
    assert found.wall.iloc[1] == pd.Timestamp("2024-02-01 00:00")
    assert found.has_24


def test_a_day_above_twelve_tells_the_order() -> None:
    assert times("01/02/2024 00:00", "13/02/2024 00:00").order == "dmy"
    assert times("01/02/2024 00:00", "01/13/2024 00:00").order == "mdy"


def test_where_no_day_is_above_twelve_the_even_order_is_taken() -> None:
    cells = [f"{stamp:%d/%m/%Y %H:%M}" for stamp in pd.date_range("2024-03-01", "2024-03-05", freq="h")]
    found = times(*cells)
    assert (found.order, found.order_sure) == ("dmy", True)
    american = times(*[f"{stamp:%m/%d/%Y %H:%M}" for stamp in pd.date_range("2024-03-01", "2024-03-05", freq="h")])
    assert american.order == "mdy"


def test_one_day_alone_does_not_tell_the_order() -> None:
    cells = [f"{stamp:%d/%m/%Y %H:%M}" for stamp in pd.date_range("2024-03-04", periods=24, freq="h")]
    assert not times(*cells).order_sure


def test_midnights_written_as_dates_alone_are_midnights() -> None:
    found = times("01.01.2024", "01.01.2024 01:00", "01.01.2024 02:00")
    assert found.wall.iloc[0] == pd.Timestamp("2024-01-01")
    assert not found.dates_only


def test_numbers_and_words_are_no_times() -> None:
    assert read_times(pd.Series(["797.4", "801.2"])) is None
    assert read_times(pd.Series(["North", "South"])) is None
    assert read_times(pd.Series([797.4, 801.2])) is None
