"""Rows of many files as those of one."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from builders.rows import LOAD, WIND_SOLAR, hours, rows, together
from hypothesis import given, settings
from hypothesis import strategies as st

from gridahead.core.tables import OBSERVATIONS
from gridahead.core.vintages import as_of
from gridahead.lake.rows import newest_vintages, once, ordered, repeated_keys

KEY = OBSERVATIONS.key
DAY = hours("2025-01-01T00:00Z", 6)


def arrow(frame):
    return pa.Table.from_pandas(frame, schema=OBSERVATIONS.arrow_schema(), preserve_index=False)


VINTAGES = [
    rows(series, DAY, np.arange(6.0) - 10 * number, DAY + pd.Timedelta(hours=2 + 24 * number))
    for series in (LOAD, WIND_SOLAR)
    for number in range(3)
]
SORTED = together(*VINTAGES).sort_values(list(KEY), ignore_index=True)


def test_order_is_told_by_the_whole_key_and_a_key_twice_is_no_order():
    assert ordered(arrow(SORTED), KEY)
    assert ordered(arrow(SORTED.iloc[:0]), KEY)
    assert not ordered(arrow(SORTED.iloc[::-1]), KEY)
    swapped = SORTED.iloc[[1, 0, *range(2, len(SORTED))]]
    assert not ordered(arrow(swapped), KEY)
    assert not ordered(arrow(SORTED.iloc[[0, 0, 1]]), KEY)
    assert repeated_keys(arrow(SORTED.iloc[[0, 1, 0]]), KEY)
    assert not repeated_keys(arrow(swapped), KEY)


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=4))
def test_pieces_in_any_order_and_any_of_them_again_are_the_same_rows(order, again):
    pieces = [arrow(VINTAGES[number]) for number in [*order, *again]]
    assert once(pa.concat_tables(pieces), KEY).equals(arrow(SORTED))


def test_of_rows_with_one_key_the_newest_by_its_other_instants_counts_whatever_the_order():
    table = ("name",)
    frame = pd.DataFrame(
        {
            "name": ["a", "a", "b"],
            "value": [9.0, 1.0, 5.0],
            "made_at": pd.to_datetime(["2025-01-01T00:00Z", "2025-01-02T00:00Z", "2025-01-01T00:00Z"]),
        }
    )
    for order in ([0, 1, 2], [1, 0, 2], [2, 1, 0]):
        rows_so = pa.Table.from_pandas(frame.iloc[order], preserve_index=False)
        found = once(rows_so.set_column(0, "name", rows_so["name"].cast(pa.string())), table).to_pandas()
        assert found["value"].tolist() == [1.0, 5.0]


def test_of_rows_that_no_instant_tells_apart_the_larger_counts_whatever_the_order():
    low, high = VINTAGES[0].iloc[:1], VINTAGES[0].iloc[:1].assign(value=7.5)
    for pieces in ((low, high), (high, low), (high, low, high)):
        assert once(pa.concat_tables(map(arrow, pieces)), KEY).to_pandas()["value"].tolist() == [7.5]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 80))
def test_the_newest_vintages_are_those_that_the_back_tests_read(after):
    instant = DAY[0] + pd.Timedelta(hours=after)
    known = SORTED[SORTED["available_at"] <= instant].sample(frac=1, random_state=after)
    found = newest_vintages(arrow(known), KEY).to_pandas()
    pd.testing.assert_frame_equal(found, as_of(SORTED, instant))


@pytest.mark.parametrize(("gone", "known"), [("PT15M", 10.0), ("PT60M", 40.0)])
def test_a_withdrawal_ends_the_row_of_its_own_length_alone(gone, known):
    """An hour of 10 MW and its first quarter of 40 MW begin at one instant, and one of them is withdrawn."""
    row = VINTAGES[0].iloc[:1]
    seen = row["available_at"].iloc[0]
    hour, quarter = row.assign(value=10.0, mtu="PT60M"), row.assign(value=40.0, mtu="PT15M")
    later = [seen + pd.Timedelta(days=day) for day in (1, 2)]
    every = pd.concat(
        [hour, quarter.assign(available_at=later[0]), row.assign(value=np.nan, mtu=gone, available_at=later[1])]
    )
    assert newest_vintages(arrow(every), KEY).to_pandas()["value"].tolist() == [known]
    assert as_of(every, later[1])["value"].tolist() == [known]
