"""The break test: two periods, each beside the official forecast that was better in it, and what is reused."""

import numpy as np
import pandas as pd
import pytest
from break_2020 import AFTER, AS_IT_IS, BEFORE, BREAK, QUICK, draw, is_done, scored, together
from builders.scores import forecasts
from common import Row
from one_year_tasks import AMERICAN, FILE

from gridahead.core.tables import Forecasts

LEVELS = (0.1, 0.5, 0.9)
HOURS = 48
"""Of the last day before the break, and of the first one after it."""
START = (BREAK - pd.Timedelta(days=1)).tz_localize("UTC")
ISSUED = START - pd.Timedelta(hours=14)
NAMES = ("aggregate", AS_IT_IS, "ridge", "lightgbm", "official", "official_corrected")


def told(**errors):
    """Forecasts of 100 MW that are off by so much before and after the break [MW], with a band of ±10 MW."""
    tables = []
    for name in NAMES:
        before, after = errors.get(name, (8.0, 8.0))
        middle = 100 + np.repeat([before, after], HOURS // 2)
        values = np.stack([middle - 10, middle, middle + 10], axis=1)
        tables.append(forecasts(values, name, levels=LEVELS, start=START, issued=ISSUED, made=ISSUED))
    return Forecasts(pd.concat(tables, ignore_index=True))


OUTTURN = pd.Series(100.0, pd.date_range(START, periods=HOURS, freq="h"))
ROWS = scored(
    "EIA X",
    told(aggregate=(2.0, 3.0), official=(4.0, 30.0), official_corrected=(20.0, 6.0), **{AS_IT_IS: (2.0, 12.0)}),
    "aggregate",
    OUTTURN,
    "UTC",
)
FOUND = {(row.task.partition(", ")[2], row.model, row.metric): row for row in ROWS}


def test_each_period_is_beside_the_official_forecast_that_was_better_in_it():
    metric = "mae_ratio_to_better_official"
    assert FOUND[BEFORE, "served", metric].value == pytest.approx(2 / 4)
    assert FOUND[AFTER, "served", metric].value == pytest.approx(3 / 6)
    assert FOUND[AFTER, AS_IT_IS, metric].value == pytest.approx(12 / 6)
    assert FOUND[AFTER, "ridge", metric].value == pytest.approx(8 / 6)
    assert FOUND[BEFORE, "served", metric].n == 1


def test_the_crps_of_the_break_can_be_worked_out_by_hand():
    # Levels stand for 0.3, 0.4 and 0.3 of all. Off by 12 MW with a band of ±10: pinball 0.9·2, 0.5·12 and 0.1·22.
    assert FOUND[AFTER, AS_IT_IS, "crps"].value == pytest.approx(2 * (0.3 * 1.8 + 0.4 * 6 + 0.3 * 2.2))
    # Off by 3 MW: pinball 0.1·7, 0.5·3 and 0.1·13.
    served = 2 * (0.3 * 0.7 + 0.4 * 1.5 + 0.3 * 1.3)
    assert FOUND[AFTER, "served", "crps"].value == pytest.approx(served)
    assert FOUND[AFTER, "served", "crps_ratio_to_as_it_is"].value == pytest.approx(served / 7.2)


def test_what_the_band_holds_is_told_by_month():
    assert FOUND["", "served", "coverage_80 of 2020-02"].value == 1
    assert FOUND["", AS_IT_IS, "coverage_80 of 2020-03"].value == 0
    assert FOUND["", AS_IT_IS, "below_median of 2020-03"].value == 1
    assert FOUND["", AS_IT_IS, "coverage_80 of 2020-03"].n == HOURS // 2


def test_the_day_of_the_break_begins_at_midnight_where_the_series_is():
    rows = scored("EIA X", told(aggregate=(2.0, 3.0)), "aggregate", OUTTURN, "America/Phoenix")
    found = {(row.task, row.model, row.metric): row for row in rows}
    assert found[f"EIA X, {AFTER}", "served", "mae"].n == HOURS // 2 - 7


def test_the_mean_of_all_is_taken_by_period():
    metric = "crps_ratio_to_better_official"
    rows = [Row(f"{one}, {AFTER}", "served", metric, value) for one, value in (("a", 0.9), ("b", 1.0))]
    (mean,) = together([*rows, Row(f"a, {AFTER}", "served", "crps", 5.0)])
    assert (mean.task, mean.metric, mean.n) == (f"mean of all, {AFTER}", metric, 2)
    assert mean.value == pytest.approx(0.95)
    assert (mean.low, mean.high) == (0.9, 1.0)


def test_the_quick_run_has_days_on_both_sides_of_the_break():
    assert QUICK.first < BREAK.date() < QUICK.last(quick=True)
    assert all(task.first < BREAK.date() < task.last(quick=False) for task in AMERICAN)


def test_a_folder_without_a_finished_back_test_of_this_code_is_not_reused(tmp_path):
    (task,) = (one for one in AMERICAN if one.series.zone == "MISO")
    assert not is_done(tmp_path / "none", task)
    (tmp_path / FILE).touch()
    (tmp_path / "settings.toml").write_text(task.settings(quick=False), encoding="utf-8")
    assert not is_done(tmp_path, task)


def test_the_picture_is_drawn(tmp_path):
    draw([*ROWS, *together(ROWS)], tmp_path / "break_2020.png")
    assert (tmp_path / "break_2020.png").read_bytes().startswith(b"\x89PNG")
