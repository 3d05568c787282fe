"""The benchmark `accurate`: its settings are a user's, and holidays are scored alone."""

import numpy as np
import pandas as pd
import pytest
from accurate import LIMITS_MAE, TASKS, draw, on_holidays
from builders.scores import DAY, forecasts
from common import Bench
from one_year_scores import SERVED, scored
from one_year_tasks import COUNTS, LOAD, OUTTURN

from gridahead.settings.file import load_settings
from gridahead.settings.networks import PRESETS

LEVELS = (0.1, 0.5, 0.9)


def test_the_settings_name_the_preset_and_leave_the_rest_to_defaults(tmp_path):
    for task in TASKS:
        made = pd.DataFrame({OUTTURN: [1.0]}, [task.time_range(quick=False).start]).assign(**{COUNTS: True})
        settings = load_settings(task.write(made, Bench("accurate"), tmp_path / task.name))
        (series,) = settings.series
        assert series.models == PRESETS["accurate"]
        assert series.use_official == task.use_official == (LOAD.official in task.inputs)
        assert settings.training.holdout_start == task.first
    assert {task.name for task in TASKS} >= LIMITS_MAE.keys()


def test_holidays_and_bridge_days_are_scored_beside_the_better_official_forecast():
    times = pd.date_range("2025-12-23", "2025-12-29", freq="h", tz="Europe/Berlin", inclusive="left").tz_convert("UTC")
    table = pd.DataFrame({"valid_time": times, 0.5: 0.0, "outturn": 0.0})
    holiday = pd.DatetimeIndex(times).tz_convert("Europe/Berlin").normalize() == pd.Timestamp(
        "2025-12-25", tz="Europe/Berlin"
    )
    tables = {
        SERVED: table.assign(outturn=np.where(holiday, 1.0, 50.0)),
        "official": table.assign(outturn=np.where(holiday, 2.0, 0.0)),
        "official_corrected": table.assign(outturn=np.where(holiday, 4.0, 0.0)),
    }
    rows = {(row.model, row.metric): row for row in on_holidays(TASKS[0], tables)}
    hours = rows["official", "mae on holidays and bridge days"].n
    assert hours in (48, 72)  # the 25th and 26th, and a bridge day if there is one
    assert rows["official", "mae on holidays and bridge days"].value == pytest.approx(2.0 * 24 / hours)
    assert rows[SERVED, "mae_ratio_to_better_official on holidays and bridge days"].value > 0.5


def test_the_picture_shows_what_was_done_so_far(tmp_path):
    values = [[0.0, 1.0, 2.0]] * 48
    names = ("lstm", "ridge", "official", "official_corrected")
    told = pd.concat([forecasts(values, name, levels=LEVELS) for name in names], ignore_index=True)
    outturn = pd.Series(np.tile([0.5, 1.5], 24), pd.date_range(DAY, periods=48, freq="h"))
    draw(scored(TASKS[0].name, told, "lstm", outturn, "UTC"), tmp_path / "accurate.png")
    assert (tmp_path / "accurate.png").read_bytes().startswith(b"\x89PNG")
