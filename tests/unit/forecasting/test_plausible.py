"""What must never be published, and what may well be."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from gridahead.core.grid import Series
from gridahead.forecasting.history import History
from gridahead.forecasting.plausible import Bounds, implausible
from gridahead.forecasting.simple import Simple

LEVELS = (0.1, 0.5, 0.9)
HOURS = np.arange(24)
SHAPE = 50_000.0 + 10_000 * np.sin(HOURS / 24 * 2 * np.pi)
"""From 40 000 to 60 000."""


def history_of(days=30, series="DE/load", shape=SHAPE):
    outturn = np.vstack([np.tile(shape, (days, 1)), np.full((1, 24), np.nan)])
    none = np.full(outturn.shape, np.nan)
    return History(Series.parse(series), dt.date(2025, 3, 1), outturn, none, HOURS * 3_600_000_000, HOURS, none[0])


def simple(error=3_000.0, spread=2_000.0):
    return Simple(SHAPE[:, None] + spread * np.array([-1, 0, 1]), SHAPE, error / 3, error)


def why(values, history=None, below=None, units=None):
    history = history or history_of()
    units = history.valid_time if units is None else units
    return implausible(values, LEVELS, units, history, {"naive": simple()} if below is None else below)


def fan(median=SHAPE, spread=1_000.0):
    return np.asarray(median)[:, None] + spread * np.array([-1.0, 0, 1])


def test_what_the_series_has_shown_is_learnt_from_it():
    found = Bounds.of(history_of())
    assert found is not None and (found.low, found.high) == (40_000, 60_000)
    assert found.steepest == pytest.approx(10_000 * np.sin(np.pi / 12))
    assert Bounds.of(history_of(6)) is None


def test_a_forecast_like_those_before_passes():
    assert why(fan()) == ""
    assert why(fan(SHAPE * 1.15)) == ""  # a cold spell that has not been before
    assert why(fan(SHAPE - 9_500)) == ""  # a Christmas Day, with nobody else to tell of it


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.where(HOURS[:, None] == 3, np.nan, fan()), "3 of 72 values are not finite"),
        (np.where(HOURS[:, None] == 3, np.inf, fan()), "3 of 72 values are not finite"),
        (fan()[:, ::-1], "its quantiles cross"),
        (fan(SHAPE - 60_000, 100), "is below 0"),
        (fan(SHAPE + 15_000), "median of 75,000, observed were 40,000 to 60,000"),
        (fan(SHAPE / 10, 100), "median of 4,000, observed were 40,000 to 60,000"),
        (fan(SHAPE, 25_000), "outer quantile of 15,000, observed were 40,000 to 60,000"),
        (fan(SHAPE, 12_000), "its 80 % band is 24,000 wide, all that was observed is 20,000"),
        (fan(SHAPE, 1.0), "its band is 2.0 wide, the narrowest below 4,000"),
        (fan(np.where(HOURS % 2, 45_000, 60_000)), "it changes by 15,000 in a unit, observed were 2,588"),
    ],
)
def test_what_cannot_be_is_told(values, words):
    assert words in why(values)


def test_what_is_far_from_every_rung_below_is_told_in_units_of_their_own_errors():
    sure = {"naive": simple(error=600.0), "official_corrected": simple(error=500.0)}
    assert why(fan(SHAPE + 3_000), below=sure) == "5 times as far from the forecast naive as that has ever erred"
    near = {**sure, "official_corrected": replace(simple(error=500.0), point=SHAPE + 2_500)}
    assert why(fan(SHAPE + 3_000), below=near) == ""
    assert why(fan(SHAPE + 3_000), below={}) == ""


def test_a_price_may_be_negative_and_a_series_that_stands_still_may_go_on_standing():
    price = history_of(series="DE/price", shape=SHAPE / 1_000 - 50)
    assert why(fan(SHAPE / 1_000 - 60, 1.0), price, {}) == ""
    still = history_of(series="DE/solar", shape=np.zeros(24))
    assert why(np.zeros((24, 3)), still, {}) == ""


def test_of_a_few_days_only_physics_is_asked():
    assert why(fan(SHAPE + 30_000), history_of(3), {}) == ""
    assert "more than any zone has" in why(fan(SHAPE * 1_000), history_of(3), {})


def test_what_is_left_of_a_day_or_has_longer_units_is_compared_where_both_are():
    history = history_of()
    assert why(fan()[12:], units=history.valid_time[12:]) == ""
    quarter = history.valid_time[::2] + 1
    assert why(fan(np.where(HOURS % 2, 45_000, 60_000))[::2], units=quarter) == ""
