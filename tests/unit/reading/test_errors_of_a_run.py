"""Errors by lead, hour, month and kind of day, and what quantiles hold, worked out by hand."""

import pandas as pd
import pytest
from builders.live_days import live_days
from builders.rows import LOAD

from gridahead.core.runs import HOLDOUT, OFFICIAL
from gridahead.reading.errors import errors_of


def test_published_and_official_err_as_much_as_the_test_says_in_every_slice(tmp_path):
    workspace, _ = live_days(tmp_path, 40, inside=1.0, error=1_000.0, official_error=2_000.0)
    errors = errors_of(workspace, LOAD)
    for table, key, slices in (
        (errors.by_lead, "lead_hours", range(13, 37)),  # from 11:00 to midnight, and the day
        (errors.by_hour, "hour", range(24)),
        (errors.by_month, "month", ["2025-05", "2025-06"]),
        (errors.by_day_kind, "day_kind", ["holiday", "bridge_day", "near_holiday", "weekend", "working_day"]),
    ):
        assert table[key].tolist() == list(slices)
        assert set(table["published"]) == {1_000.0}
        assert table["official"].tolist() == pytest.approx([2_000.0] * len(table))
        assert table["n"].sum() == 40 * 24
    assert errors.by_month["n"].tolist() == [31 * 24, 9 * 24]


def test_calibration_is_the_share_of_outturns_below_each_level(tmp_path):
    workspace, _ = live_days(tmp_path, 20, inside=1.0)  # always 1 000 MW above the median, and below P90
    calibration = errors_of(workspace, LOAD).calibration
    assert calibration.to_dict("list") == {"level": [0.1, 0.5, 0.9], "share": [0.0, 0.0, 1.0], "n": [480] * 3}


def test_of_a_backtest_what_serves_is_ours(tmp_path):
    workspace, _ = live_days(tmp_path, 3, inside=1.0)
    rows = workspace.lake.forecasts.read()
    ours, other, official = (
        rows.assign(run=HOLDOUT, model=model, value_mw=rows["value_mw"] + more)
        for model, more in (("gru", 0), ("rnn", 500), (OFFICIAL, -3_000))
    )
    workspace.lake.forecasts.append(pd.concat([ours, other, official], ignore_index=True))
    errors = errors_of(workspace, LOAD, HOLDOUT)
    assert set(errors.by_hour["published"]) == {1_000.0}
    assert set(errors.by_hour["official"]) == {4_000.0}
    assert errors.by_hour["n"].tolist() == [3] * 24


@pytest.mark.parametrize("run", ["live", HOLDOUT])
def test_where_nothing_can_be_scored_tables_are_empty(tmp_path, run):
    workspace, clock = live_days(tmp_path, 1)
    clock.set("2025-04-30T00:00Z")
    errors = errors_of(workspace, LOAD, run)
    assert [len(table) for table in vars(errors).values()] == [0, 0, 0, 0, 0]
    assert list(errors.by_hour.columns) == ["hour", "n"]
