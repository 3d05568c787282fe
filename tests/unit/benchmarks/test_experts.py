"""What was chosen was chosen on other years than those that are tested."""

import numpy as np
import one_year_tasks
import pytest
from builders.windows import made_windows
from common import Row
from experts import AS_IT_IS, TASKS, scored, together

LEVELS = (0.1, 0.5, 0.9)


def test_no_year_that_is_learnt_or_forecast_is_one_that_one_year_tests():
    tested = {task.name: task for task in one_year_tasks.TASKS}
    for task in TASKS:
        if task.name in tested:
            assert task.last(quick=False) < tested[task.name].first
    assert len({task.name for task in TASKS}) == len(TASKS) == len(tested) + 2


def test_ratios_are_to_the_best_of_the_references_and_the_regression_on_the_units_that_all_have_forecast():
    test = made_windows()
    counted = test.delivery & ~np.isnan(test.target)

    def off_by(megawatts):
        return (test.target[..., None] + np.array([-500, megawatts, 500])).astype(np.float32)

    answers = {"ensemble": off_by(50), "ridge": off_by(200), "official": off_by(400), "official_corrected": off_by(100)}
    answers["official"][0] = np.nan
    rows = {(row.model, row.metric): row for row in scored("x", answers, test, LEVELS)}
    assert rows["ensemble", "mae_ratio"].value == pytest.approx(0.5, rel=1e-3)
    assert rows["ridge", "mae_ratio"].value == pytest.approx(2.0, rel=1e-3)
    assert rows["ridge", "mae"].n == counted[1:].sum()
    assert rows["ensemble", "coverage_80"].value == 1 and rows["ensemble", "below_median"].value == 1


def test_the_mean_of_all_series_stands_between_the_smallest_and_the_largest():
    rows = [Row(task, f"ensemble{AS_IT_IS}", "mae_ratio", value) for task, value in (("a", 0.9), ("b", 1.0))]
    (mean,) = [row for row in together(rows) if row.metric == "mae_ratio"]
    assert mean.value == pytest.approx(0.95)
    assert (mean.low, mean.high, mean.n) == (0.9, 1.0, 2)
