"""Every kind of difference of a forecast that was made again has its line."""

import pandas as pd
import pytest
from builders.rows import LOAD

from gridahead.core.errors import LakeError, ModelError
from gridahead.forecasting.inputs import OtherShape, OtherValues
from gridahead.forecasting.reproduction import (
    NotMade,
    OtherContent,
    OtherEnvironment,
    OtherInputs,
    OtherLength,
    OtherNumbers,
    OtherPaths,
    Reproduction,
)
from gridahead.reports.reproduction import difference_lines, reproduction_row

HOUR = pd.Timestamp("2025-04-01T10:00Z")


def again(*differences):
    return Reproduction("0f" * 6, "live", LOAD, "lstm", "3", HOUR, 72, differences)


@pytest.mark.parametrize(
    ("difference", "line"),
    [
        (NotMade(ModelError("lstm v3", "is gone")), "model: lstm v3: is gone"),
        (NotMade(LakeError("DE/load: is gone")), "data: DE/load: is gone"),
        (
            OtherContent("lstm v3", before="aa", after="bb"),
            "model: lstm v3 has another content, bb, than was published with, aa",
        ),
        (OtherEnvironment(before="torch 1", after="torch 2"), "made with torch 1, now torch 2"),
        (OtherInputs("aa", "bb", were_kept=True), "data: the inputs have the fingerprint bb, and had aa"),
        (
            OtherInputs("aa", "bb", were_kept=False),
            "data: the inputs have the fingerprint bb, and had aa; they were not kept, so which hours differ cannot be "
            "told",
        ),
        (
            OtherShape(before=((8, 2), (4, 1)), after=((8, 3), (4, 1))),
            "data: the window had (8, 2) and (4, 1) values, and has (8, 3) and (4, 1) now: the features are those of "
            "another release, so make it again with the release that made it",
        ),
        (
            OtherValues("DE/load", is_ahead=False, count=1, first=((HOUR, 1.5, float("nan")),)),
            "data: DE/load differs in 1 units (UTC): 2025-04-01 10:00 was 1.5, is nan",
        ),
        (
            OtherValues("sun", is_ahead=True, count=3, first=((HOUR, 0.0, 1.0),)),
            "data: sun, read ahead, differs in 3 units (UTC): 2025-04-01 10:00 was 0, is 1 and 2 more",
        ),
        (OtherLength(72, 69), "numbers: the forecast has 72 values, made again it has 69, or of other hours"),
        (OtherNumbers(2, 72, 0.012345), "numbers: 2 of 72 values differ, by 0.0123 at most"),
        (OtherNumbers(2, 72, 3.0, True), "numbers: 2 of 72 values before adaptation differ, by 3 at most"),
        (OtherPaths(2, 2400), "paths: 2 of 2400 values differ; they follow the errors of days that have been"),
    ],
)
def test_every_difference_has_its_line(difference, line):
    assert difference_lines(again(difference)) == [line]


def test_the_row_of_a_table_says_whether_all_bits_are_the_same():
    row = reproduction_row(again())
    assert (row["issue_time"], row["values"], row["same"]) == ("2025-04-01T10:00Z", 72, True)
    assert not reproduction_row(again(OtherLength(72, 69)))["same"]
