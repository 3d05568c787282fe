"""By how much a band grows with what is missing, measured on days whose outturn is known."""

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

import numpy as np
import pandas as pd
import pytest
from builders.rows import LOAD
from builders.windows import made_load, made_windows

from gridahead.core.tables import Observations
from gridahead.core.vintages import micros
from gridahead.features.windows import build_windows
from gridahead.forecasting.widening import (
    days_before,
    forecast_each,
    growth_before,
    growth_by_misses,
    known_by_the_last,
    recent_windows,
    strain,
    widened,
)
from gridahead.models.base import Forecaster, predict_each

OBSERVATIONS = made_load(50)
DAY = 45


class Erring:
    """Errs by so many times 100 MW, up and down in turn, where it misses yesterday; its band is 400 MW wide."""

    kind, quantiles = "network", (0.1, 0.5, 0.9)
    known_share: Mapping[str, float] = MappingProxyType({})

    def __init__(self, times, band=1.0):
        self.times, self.band = times, band

    def predict(self, windows):
        missing = np.isnan(windows.target_past[:, -12:]).all(axis=1)[:, None]
        turn = np.where(np.arange(windows.target.shape[1]) % 2, 1, -1)
        median = windows.target + 100 * turn * np.where(missing, self.times, 1)
        half = 200 * np.where(missing, self.band, 1)
        return np.stack([median - half, median, median + half], axis=-1).astype(np.float32)


def measured(model, gap=24):
    """What it is worth on the days before, where so many hours of the newest outturn are missing."""
    windows = made_windows(DAY, DAY, observations=OBSERVATIONS)
    past = windows.target_past.copy()
    past[:, -gap:] = np.nan
    stale = windows.with_values(LOAD, past=past)
    return strain(cast("Forecaster", model), stale, recent_windows(OBSERVATIONS, windows)), stale


def test_the_days_before_are_issued_at_the_same_time_and_know_no_more_than_the_issue_time():
    windows = made_windows(DAY, DAY, observations=OBSERVATIONS)
    recent = recent_windows(OBSERVATIONS, windows)
    assert set(np.diff(recent.issue_time) // 3_600_000_000) == {24}
    assert recent.issue_time.max() < windows.issue_time[0]
    # At eleven the newest value is that of the hour from nine to ten; of the day before, all is known.
    assert np.isnan(recent.target[-1, recent.delivery[-1]]).sum() == 14
    assert not np.isnan(recent.target[-2, recent.delivery[-2]]).any()


@pytest.mark.parametrize(("times", "band", "growth"), [(3, 1, 3), (3, 3, 1), (1, 1, 1), (1.1, 1, 1), (50, 1, 6)])
def test_a_band_grows_by_as_much_as_errors_grow_in_units_of_it_and_not_where_it_has_grown_already(times, band, growth):
    found, _ = measured(Erring(times, band))
    assert found is not None and found.growth == pytest.approx(growth, rel=0.01)
    assert found.error == pytest.approx(100 * times, rel=0.01)


def test_what_is_there_of_the_same_input_is_left():
    found, _ = measured(Erring(3), gap=6)  # the model misses half a day, no less
    assert found is not None and found.growth == 1


def test_a_wider_band_has_the_same_median():
    model = Erring(3)
    _, stale = measured(model)
    answer = model.predict(stale)
    wide = widened(answer, stale, 2.0)
    inside = stale.within[0]
    np.testing.assert_allclose(wide[0, inside, 1], answer[0, inside, 1])
    np.testing.assert_allclose((wide[..., 2] - wide[..., 0])[0, inside], 800, atol=0.1)


def test_of_a_fortnight_less_nothing_is_measured():
    few = made_load(18)
    windows = made_windows(16, 16, observations=few)
    assert strain(cast("Forecaster", Erring(3)), windows, recent_windows(few, windows).take(slice(-5, None))) is None


class Missing:
    """Is off by 300 MW on three hours of ten and by 50 on the others; its 80 % band is 200 MW wide."""

    kind, quantiles = "ridge", (0.1, 0.5, 0.9)
    known_share: Mapping[str, float] = MappingProxyType({})

    def predict(self, windows):
        off = np.where(windows.valid_time // 3_600_000_000 % 10 < 3, 300, 50)
        # The outturn of these observations, whether anybody knows it yet or not.
        true = build_windows(OBSERVATIONS, windows.spec, windows.days).target[:, : windows.target.shape[1]]
        median = true + off
        return np.stack([median - 100, median, median + 100], axis=-1).astype(np.float32)


MODEL = cast("Forecaster", Missing())


def unseen(days=20, last=DAY):
    return made_windows(last - days, last, observations=OBSERVATIONS)


def test_a_band_that_lately_held_too_little_grows_and_with_every_further_day_more_of_it_is_believed():
    # Seven tenths lie within half of the band; the eighth of ten lies at three times it.
    for days in (10, 20, 30):
        windows = unseen(days)
        found = growth_by_misses(predict_each(MODEL, windows), windows, MODEL.quantiles)
        assert found == pytest.approx(3 ** (days / (days + 14)), rel=0.06)


def test_a_band_that_held_enough_stays_to_the_bit_and_of_less_than_a_week_nothing_is_told():
    windows = unseen()
    answers = predict_each(MODEL, windows)
    median = answers[..., 1:2]
    assert growth_by_misses(median + 4 * (answers - median), windows, MODEL.quantiles) == 1
    assert growth_by_misses(answers[-6:], windows.take(slice(-6, None)), MODEL.quantiles) == 1
    assert widened(answers[-1:], windows.take(slice(-1, None)), 1.0) is not answers
    assert np.array_equal(widened(answers[-1:], windows.take(slice(-1, None)), 1.0), answers[-1:], equal_nan=True)


def test_only_what_was_known_at_the_issue_time_decides_how_wide_a_band_is():
    windows = unseen()
    issued = windows.issue_time[-1]
    later = micros(pd.DatetimeIndex(OBSERVATIONS["available_at"])) > issued
    poisoned = OBSERVATIONS.assign(value=OBSERVATIONS["value"].where(~later, 1e6))
    again = made_windows(DAY - 20, DAY, observations=Observations(poisoned))
    np.testing.assert_array_equal(known_by_the_last(windows), known_by_the_last(again))
    answers = predict_each(MODEL, windows)
    assert growth_by_misses(answers, windows, MODEL.quantiles) == growth_by_misses(answers, again, MODEL.quantiles)
    # Of the day before, what was measured by nine is known; of the day itself nothing.
    known = known_by_the_last(windows)
    assert np.isnan(known[-1]).all()
    assert np.isnan(known[-2, windows.delivery[-2]]).sum() == 14
    assert not np.isnan(known[-3, windows.delivery[-3]]).any()


def test_days_that_the_model_has_seen_do_not_speak_for_it():
    day = dt.date(2025, 3, 1)
    assert len(days_before(day, dt.date(2024, 1, 1))) == 56
    assert days_before(day, dt.date(2025, 2, 14)) == [dt.date(2025, 2, 15) + dt.timedelta(days=n) for n in range(14)]
    assert days_before(day, dt.date(2025, 2, 22)) == []


@pytest.mark.parametrize("seen", [20, 35])
def test_a_back_test_publishes_of_each_day_what_operation_publishes(seen):
    windows = made_windows(seen + 1, DAY, observations=OBSERVATIONS)
    last_seen = windows.days[0] - dt.timedelta(days=1)
    published = forecast_each(MODEL, windows, OBSERVATIONS, last_seen)
    grown = 0
    for row, day in enumerate(windows.days):
        alone = windows.alone(row)
        before = days_before(day, last_seen)
        growth = growth_before(MODEL, alone, OBSERVATIONS, before) if before else 1.0
        served = widened(predict_each(MODEL, alone), alone, growth)
        length = served.shape[1]
        assert np.array_equal(published[row, :length], served[0], equal_nan=True)
        grown += growth > 1
    assert grown >= 1
    # A model that has not been trained again since is judged by the days before the back-test as well.
    late = forecast_each(MODEL, windows.take(slice(-3, None)), OBSERVATIONS, last_seen)
    assert np.array_equal(late, published[-3:], equal_nan=True)
