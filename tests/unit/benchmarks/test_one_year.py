"""The figures of the benchmark of one year to learn from, its tasks, and the files that they write."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from builders.scores import DAY, forecasts
from common import Bench, Row
from one_year_scores import common_quantiles, figures, scored, together
from one_year_tasks import BELGIAN, COUNTS, OFFICIAL, OUTTURN, TASKS

from gridahead.core.grid import ZONES
from gridahead.core.time import days_between, delivery_days
from gridahead.core.vintages import of_series
from gridahead.settings.file import load_settings
from gridahead.settings.file_source import FileSource
from gridahead.settings.model import Settings
from gridahead.sources.file import FileTable

LEVELS = (0.1, 0.5, 0.9)
FULL, QUICK = Bench("one_year"), Bench("one_year", quick=True)
MISO = next(task for task in TASKS if task.name == "EIA MISO")


def measured(values):
    return pd.Series(values, pd.date_range(DAY, periods=len(values), freq="h"), dtype="float64")


def told(**values):
    return pd.concat([forecasts(each, name, levels=LEVELS) for name, each in values.items()], ignore_index=True)


def made_table(task, hours=48):
    begin = task.time_range(quick=True).start
    index = pd.date_range(begin, periods=hours, freq=task.mtu.delta)
    columns = {OUTTURN: np.arange(hours) + 100.0, OFFICIAL: np.arange(hours) + 200.0}
    columns |= {name: np.arange(hours) + 300.0 for name in task.covariates}
    return pd.DataFrame(columns, index).assign(**{COUNTS: True})


def test_the_ratio_is_to_the_better_of_ridge_and_the_corrected_official_forecast_by_hand():
    # Levels stand for 0.3, 0.4 and 0.3 of all. CRPS of the served model: 0.64 and 0.24; of ridge: 0 and 1.
    rows = scored(
        "load",
        told(
            gru=[[0, 2, 4], [8, 10, 12]],
            ridge=[[3, 3, 3], [9, 9, 9]],
            official_corrected=[[13, 13, 13], [10, 10, 10]],
            official=[[5, 5, 5], [10, 10, 10]],
        ),
        "gru",
        measured([3.0, 10.0]),
        "Europe/Berlin",
    )
    value = {(row.model, row.metric): row.value for row in rows}
    assert value["served", "crps"] == pytest.approx(0.44)
    assert value["ridge", "crps"] == pytest.approx(0.5)
    assert value["official_corrected", "crps"] == pytest.approx(5.0)
    assert value["official", "crps"] == pytest.approx(1.0)
    assert value["served", "crps_ratio_to_better"] == pytest.approx(0.88)
    assert value["served", "mae"] == pytest.approx(0.5)
    assert value["served", "mae_ratio_to_better_official"] == pytest.approx(1 / 2)
    assert not {row.model for row in rows} & {"gru", "champion"}


def test_a_day_of_fewer_units_weighs_less_in_the_ratio():
    # From 23:00 UTC on, a German winter day has 24 of these 25 hours, and the next day one.
    served, ridge = np.zeros((25, 3)), np.ones((25, 3))
    served[24], ridge[24] = 1.0, 10.0
    rows = scored(
        "load",
        told(lstm=served, ridge=ridge, official=ridge, official_corrected=ridge + 5),
        "lstm",
        measured([0.0] * 25),
        "Europe/Berlin",
    )
    ratio = next(row for row in rows if row.metric == "crps_ratio_to_better")
    assert ratio.value == pytest.approx(1 / (24 + 10))
    assert ratio.n == 2


def test_a_unit_that_one_model_lacks_or_has_no_quantiles_of_counts_for_none_and_is_told_of():
    good = [[0, 1, 2]] * 4
    answers = told(lstm=good, ridge=good, official=good, official_corrected=good[:3])
    answers = answers[~((answers["model"] == "ridge") & (answers["quantile"] == 0.9) & (answers["valid_time"] == DAY))]
    outturn = measured([1.0, 1.0, np.nan, 1.0]).dropna()
    tables = common_quantiles(answers, outturn)
    expected = [DAY + pd.Timedelta(hours=1)]
    assert all(list(table["valid_time"]) == expected for table in tables.values())
    left_out = next(row for row in scored("load", answers, "lstm", outturn, "UTC") if row.metric == "units_left_out")
    assert (left_out.value, left_out.n) == (2, 3)


def test_nights_count_for_the_loss_and_for_no_share():
    # Day: one inside, one below, one above, one on P90; night: all quantiles nought, and so is the outturn.
    table = pd.DataFrame({0.1: [2.0] * 4 + [0.0] * 4, 0.5: [4.0] * 4 + [0.0] * 4, 0.9: [6.0] * 4 + [0.0] * 4})
    table = table.assign(outturn=[5.0, 1.0, 7.0, 6.0] + [0.0] * 4, valid_time=pd.date_range(DAY, periods=8, freq="h"))
    rows = {row.metric: row for row in figures("solar", "gru", table, LEVELS, "UTC")}
    assert rows["coverage_80"].value == pytest.approx((1 + 0.5) / 4)
    assert rows["below_median"].value == pytest.approx(1 / 4)
    assert rows["mae"].value == pytest.approx((1 + 3 + 3 + 2) / 8)
    assert [rows[metric].n for metric in ("crps", "mae", "coverage_80", "below_median")] == [8, 8, 4, 4]


def test_all_together_are_a_mean_between_the_smallest_and_the_largest():
    each = [("load", 0.9, 0.8), ("solar", 1.1, 0.7), ("wind", 0.94, 0.75)]
    rows = [
        Row(task, "served", metric, value)
        for task, ratio, covered in each
        for metric, value in (
            ("mae_ratio_to_better_official", ratio),
            ("crps_ratio_to_better", ratio),
            ("coverage_80", covered),
            ("below_median", 0.5),
        )
    ]
    found = {row.metric: row for row in together([*rows, Row("load", "ridge", "coverage_80", 0.0)])}
    ratio, covered = found["crps_ratio_to_better"], found["coverage_80"]
    assert ratio.value == pytest.approx(0.98)
    assert (ratio.low, ratio.high, ratio.n) == (0.9, 1.1, 3)
    assert covered.value == pytest.approx(0.75)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_task_has_one_year_to_learn_with_its_context_and_one_to_forecast(task):
    time_range = task.time_range(quick=False)
    begin, end = (pd.Timestamp(at).tz_convert(task.timezone) for at in (time_range.start, time_range.end))
    assert begin.date() == task.first.replace(year=task.first.year - 1) - dt.timedelta(days=15)
    assert end.date() == task.first.replace(year=task.first.year + 1)
    assert begin.hour == end.hour == 0
    assert len(days_between(task.first, task.last(quick=False))) in (365, 366)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_the_settings_leave_models_and_training_to_their_defaults(task, tmp_path):
    file = task.write(made_table(task), FULL, tmp_path)
    settings = load_settings(file)
    defaults = Settings(data_folder=tmp_path)
    assert (settings.models, settings.ensembles) == (defaults.models, defaults.ensembles)
    assert settings.training == defaults.training.model_copy(update={"holdout_start": task.first})
    entry = settings.series_settings(task.series)
    assert entry.models == type(entry)(series=task.series, deadline=entry.deadline).models
    assert settings.zone(task.series.zone).timezone == task.timezone
    assert settings.zone(task.series.zone).country == task.country


@pytest.mark.parametrize("task", [MISO, BELGIAN], ids=lambda task: task.name)
def test_what_is_written_is_read_as_it_was_and_not_before_it_was_published(task, tmp_path):
    table = made_table(task)
    settings = load_settings(task.write(table, FULL, tmp_path))
    written = settings.sources[0]
    assert isinstance(written, FileSource)
    source = FileTable(written, settings.zone(task.series.zone))
    rows = pd.concat([source.parse(payload) for payload in source.fetch()])
    outturn, official = of_series(rows, task.series), of_series(rows, task.series.official)
    assert list(outturn["valid_time"]) == list(table.index)
    assert list(outturn["value"]) == list(table[OUTTURN])
    assert list(official["value"]) == list(table[OFFICIAL])
    eve = delivery_days(official["valid_time"], task.timezone) - pd.Timedelta(days=1)
    known = pd.DatetimeIndex(official["available_at"]).tz_convert(task.timezone)
    assert list(known.tz_localize(None)) == list(eve + pd.Timedelta(hours=int(task.published[1:3])))


def test_hours_that_do_not_count_are_in_the_file_and_not_in_the_score(tmp_path):
    table = made_table(MISO)
    table.index = pd.date_range(pd.Timestamp(MISO.first, tz=MISO.timezone).tz_convert("UTC"), periods=48, freq="h")
    table.loc[table.index[3], COUNTS] = False
    table.loc[table.index[5], OUTTURN] = np.nan
    assert len(MISO.measured(table)) == 46
    MISO.write(table, FULL, tmp_path)
    assert len(pd.read_csv(tmp_path / "measured.csv")) == 48


def test_the_hours_before_the_test_are_not_scored():
    assert MISO.measured(made_table(MISO)).empty


def test_zones_beyond_europe_are_declared_with_the_clock_of_the_benchmark():
    declared = {task.series.zone for task in TASKS if "[[zones]]" in task.settings(quick=False)}
    in_europe = {zone.code for zone in ZONES.values() if zone.eic}
    assert declared == {task.series.zone for task in TASKS} - in_europe
    assert len(declared) == 10
