"""What a regression reads of a window: only that window, nothing of the outturn, and something where gaps are."""

from dataclasses import replace

import numpy as np
import pytest
from builders.windows import made_load, made_windows

from gridahead.features.scaling import Scaler

LOAD = made_load(days=60)
TRAIN = made_windows(12, 45, observations=LOAD)
TEST = made_windows(46, 55, observations=LOAD)
LINEAR = Scaler.fit(TRAIN, "linear")


def error(scaler, windows):
    return np.abs(scaler.baseline(windows) - windows.target)[windows.delivery].mean()


def test_rows_are_of_their_own_window_and_do_not_see_the_outturn():
    poisoned = replace(TEST, target=TEST.target + 1e6)
    alone = np.arange(len(TEST)) == 3
    assert np.array_equal(LINEAR.rows(poisoned), LINEAR.rows(TEST))
    assert np.array_equal(LINEAR.rows(TEST.where(alone)), LINEAR.rows(TEST)[alone])


def test_a_gap_in_the_context_leaves_no_hole_and_hardly_moves_the_linear_anchor():
    gappy = replace(TEST, past=TEST.past.copy())
    gappy.past[:, -30:-27, :2] = np.nan
    assert np.isfinite(LINEAR.rows(gappy)).all()
    assert error(LINEAR, gappy) < 1.3 * error(LINEAR, TEST)


def test_the_linear_anchor_corrects_the_official_forecast():
    assert error(LINEAR, TEST) < 0.8 * error(Scaler.fit(TRAIN, "official"), TEST)


def test_without_the_official_forecast_the_linear_anchor_gives_way_to_last_week():
    blind = replace(TEST, future=TEST.future.copy())
    blind.future[2, :, 0] = np.nan
    week = Scaler.fit(TRAIN, "week").baseline(blind)
    assert LINEAR.baseline(blind)[2] == pytest.approx(week[2])
    assert LINEAR.baseline(blind)[3] == pytest.approx(LINEAR.baseline(TEST)[3])
