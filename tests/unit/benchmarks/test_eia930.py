"""The arithmetic of the benchmark of thirty authorities: what leads where, of all together, and what the gate names."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from common import Row
from eia930 import AFTER_BREAK, TO_CORRECTED, daily_losses, overall, scored_rows, together
from eia930_boosting import OfOne, numbered
from eia930_data import Authority
from eia930_gate import gate_rows

from gridahead.quality.report import empty_report

AUTHORITY = Authority("PGE")
LEVELS = (0.1, 0.5, 0.9)


def table(error: float, days: int = 300, first: str = "2019-09-01") -> pd.DataFrame:
    """Quantiles around a median that is so far above the outturn."""
    times = pd.date_range(first, periods=24 * days, freq="h", tz=AUTHORITY.timezone).tz_convert("UTC")
    outturn = 1000.0 + np.random.default_rng(0).normal(0, 50, len(times))
    quantiles = pd.DataFrame({level: outturn + error + 100 * (level - 0.5) for level in LEVELS})
    return quantiles.assign(valid_time=times, outturn=outturn)


def test_ratios_are_of_the_year_and_of_both_parts_of_it():
    tables = {"served": table(10.0), "official_corrected": table(20.0)}
    late = tables["served"]["valid_time"] >= pd.Timestamp("2020-03-01", tz=AUTHORITY.timezone)
    tables["served"].loc[late, 0.5] += 30.0
    rows = scored_rows(AUTHORITY, tables, ["served"], {TO_CORRECTED: ("official_corrected",)})
    found = {row.metric: row.value for row in rows if row.metric.startswith(TO_CORRECTED)}
    share = float(late.mean())
    assert found[f"{TO_CORRECTED}{AFTER_BREAK}"] == pytest.approx(2.0)
    assert found[f"{TO_CORRECTED} before the break"] == pytest.approx(0.5)
    assert found[TO_CORRECTED] == pytest.approx(share * 2.0 + (1 - share) * 0.5)


def test_a_period_of_few_days_says_nothing():
    tables = {"served": table(10.0, days=190), "official_corrected": table(20.0, days=190)}  # until 8 March
    rows = scored_rows(AUTHORITY, tables, ["served"], {TO_CORRECTED: ("official_corrected",)})
    assert rows and not any(row.metric.endswith(AFTER_BREAK) for row in rows)


def test_all_authorities_count_alike_in_the_comparison_of_all_together():
    large = daily_losses(AUTHORITY, {"served": table(50.0), "lightgbm": table(100.0)})
    assert large["lightgbm"].mean() == pytest.approx(1.0) and large.index[0] == dt.datetime(2019, 9, 1)
    small = large.assign(served=2 * large["served"])
    ratio, p = overall([large, small])
    assert ratio.value == pytest.approx(1.5 * large["served"].mean()) and ratio.n == 300
    assert p.value < 0.05


def test_together_there_are_medians_and_the_share_that_leads():
    rows = [Row(name, "served", TO_CORRECTED, value) for name, value in (("A", 0.8), ("B", 0.9), ("C", 1.1))]
    found = {row.metric: row for row in together(rows)}
    middle = found[TO_CORRECTED]
    assert (middle.value, middle.low, middle.high, middle.n) == (0.9, 0.8, 1.1, 3)
    assert found[f"share_below_1_{TO_CORRECTED}"].value == pytest.approx(2 / 3)


class Twice:
    def predict(self, rows, num_threads):
        return 2 * rows.sum(axis=1)

    def num_feature(self):
        return 3


def test_a_level_adds_up_its_boosters_and_tells_them_whose_rows_these_are():
    rows = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    assert numbered(rows, 5).tolist() == [[1.0, 2.0, 5.0], [3.0, 4.0, 5.0]]
    level = OfOne((Twice(), Twice()), 5)
    assert level.predict(rows).tolist() == [32.0, 48.0] and level.num_feature() == 2


def test_an_official_forecast_is_named_by_a_fault_of_its_own_or_of_the_pair_or_by_what_is_withheld(tmp_path):
    report = empty_report(pd.Timestamp("2020-07-01", tz="UTC"))
    findings = pd.DataFrame(
        [
            ("AEC/load_official", "forecast_far_off", 10, "too high"),
            ("PJM/load", "hours_off", 20, "or its counterpart"),
            ("PGE/load", "weeks_repeated", 30, "of the outturn alone"),
            ("SPA/load_official", "spike", 40, "a value"),
        ],
        columns=["series", "rule", "rows", "words"],
    ).assign(severity="flag", example="there")
    completeness = pd.DataFrame({"series": ["SPA/load_official"], "rows": [100], "withheld": [5]})
    report = type(report)(report.decided_at, completeness, findings, report.verdicts, report.metrics, (), ())
    rows = gate_rows(report, ["AEC", "PGE", "PJM", "SPA"], ["PGE"], tmp_path / "named.txt")
    shares = {row.model: row.value for row in rows if row.metric == "named_share"}
    assert shares == {"broken": 1.0, "sane": 0.0}
    assert {(row.task, row.metric) for row in rows if row.value >= 10} == {
        ("AEC", "forecast_far_off"),
        ("PJM", "hours_off"),
    }
    words = (tmp_path / "named.txt").read_text(encoding="utf-8")
    assert "AEC/load_official: too high" in words and "SPA/load_official" in words
