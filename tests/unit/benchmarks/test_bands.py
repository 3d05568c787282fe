"""Shares of outturns inside bands, their intervals and quarters, and when a band holds."""

import numpy as np
import pandas as pd
import pytest
from bands import ANY_QUARTER, band_rows, below, held_rows, holds, quarter_rows
from common import Row


def year(inside: float, first: str = "2025-01-01", days: int = 365) -> pd.DataFrame:
    """Hours of whose outturns a share is inside the band, the others above and below it in turns."""
    times = pd.date_range(first, periods=24 * days, freq="h", tz="UTC")
    chance = np.random.default_rng(0).random(len(times))
    outturn = np.where(chance < inside, 4.9, np.where(chance < (1 + inside) / 2, 0.0, 9.0))
    return pd.DataFrame({"valid_time": times, 0.1: 2.0, 0.5: 5.0, 0.9: 8.0, "outturn": outturn})


def test_an_outturn_on_the_quantile_is_half_below_it():
    table = pd.DataFrame({0.5: [1.0, 1.0, 1.0, 1.0], "outturn": [0.0, 1.0, 1.0, 2.0]})
    assert below(table, 0.5).mean() == pytest.approx(0.5)


def test_shares_have_intervals_and_quarters_are_told_alone():
    table = year(0.7)
    covered, median = band_rows("load", "served", table, "UTC")
    assert (covered.metric, median.metric) == ("coverage_80", "below_median")
    assert covered.value == pytest.approx(0.7, abs=0.02) and covered.n == 8760
    assert covered.low is not None and covered.high is not None and covered.low < covered.value < covered.high < 0.8
    quarters = quarter_rows("load", "served", table, "UTC")
    assert [row.metric for row in quarters] == [f"coverage_80 of 2025Q{n}" for n in range(1, 5)]
    assert sum(row.n for row in quarters) == 8760
    assert not quarter_rows("load", "served", year(0.7, days=28), "UTC"), "four weeks are no quarter"


def test_a_band_holds_near_its_share_or_where_luck_may_explain_the_rest():
    assert holds(Row("load", "served", "coverage_80", 0.785, 0.7, 0.79))
    assert holds(Row("load", "served", "coverage_80", 0.76, 0.71, 0.81))
    assert not holds(Row("load", "served", "coverage_80", 0.76, 0.73, 0.79))
    assert not holds(Row("load", "served", "coverage_80", 0.76))
    assert not holds(Row("load", "served", "below_median", 0.53, 0.51, 0.55))


def test_all_tasks_together_say_how_many_hold():
    rows = [row for name, inside in (("a", 0.8), ("b", 0.7)) for row in band_rows(name, "served", year(inside), "UTC")]
    rows += quarter_rows("a", "served", year(0.8), "UTC") + quarter_rows("b", "served", year(0.7), "UTC")
    found = {row.metric: row for row in held_rows([*rows, Row("a", "ridge", "coverage_80", 0.1)], "served")}
    assert (found["coverage_80 holds"].value, found["coverage_80 holds"].n) == (0.5, 2)
    low, high = ANY_QUARTER
    outside = found[f"quarters outside {low:.0%} to {high:.0%}"]
    assert outside.n == 8 and outside.value == 0.5
