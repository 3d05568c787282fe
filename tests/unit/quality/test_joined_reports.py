"""Inspections of series by series are one report."""

import pandas as pd

from gridahead.quality.gx.suites import Expectation, Suite
from gridahead.quality.gx.validator import ExpectationResult, SuiteResult, merged
from gridahead.quality.report import ALL, empty_report, joined, metrics

AT = pd.Timestamp("2025-06-01", tz="UTC")


def report(series, seconds):
    table = pd.DataFrame(
        {
            "series": [series],
            "rows": [10],
            "withheld": [1],
            "flagged": [0],
            "days_complete": [1],
            "days_expected": [1],
            "missing_mtus": [0],
            "newest": [AT],
        }
    )
    made = empty_report(AT)
    return type(made)(AT, table, made.findings, made.verdicts, metrics(table, AT, seconds, seconds / 2), (series,), ())


def test_figures_of_series_stand_side_by_side_and_seconds_are_added():
    one, other = report("A/load", 3.0), report("B/load", 4.0)
    together = joined([one, other])
    assert list(together.completeness["series"]) == ["A/load", "B/load"]
    assert together.blocked == ("A/load", "B/load")
    whole = together.metrics[together.metrics["zone"] == ALL].set_index("metric")["value"]
    assert whole.to_dict() == {"seconds": 7.0, "great_expectations_seconds": 3.5}
    assert joined([one]) is one


def test_a_suite_that_several_inspections_had_stands_there_once():
    """Forty groups of series had forty tables of the same expectations on the page."""
    held, other = (Expectation(name, "Kind", {}, "flag", name) for name in ("spike", "ramp"))
    one = SuiteResult(Suite("rows", (held,)), (ExpectationResult(held, True, ()),), 10)
    two = SuiteResult(
        Suite("rows", (held, other)),
        (ExpectationResult(held, False, (3, 4)), ExpectationResult(other, True, ())),
        20,
    )
    (together,) = merged([one, two])
    assert together.lines == 30
    assert [(each.expectation.name, each.success, len(each.rows)) for each in together.results] == [
        ("spike", False, 2),
        ("ramp", True, 0),
    ]
