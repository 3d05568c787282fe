"""What the newest outturn says of the last forecasts is done to the next one, as far as it can be believed."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from statistics import NormalDist
from types import MappingProxyType
from typing import cast

import numpy as np
import pandas as pd
import pytest
from builders.models import every_kind
from builders.rows import LOAD
from builders.windows import SPEC, made_load, made_windows

from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.core.vintages import micros
from gridahead.forecasting.adapting import (
    Adapted,
    adapted,
    adapted_alone,
    days_before,
    forecast_each,
    known_by_the_last,
    moves,
    strained,
)
from gridahead.forecasting.widening import recent_windows
from gridahead.models.aggregate import said_of
from gridahead.models.base import Forecaster, predict_each

OBSERVATIONS = made_load(50)
DAY = 45
LEVELS = (0.1, 0.5, 0.9)
PLAIN = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
SPREAD = np.float32(400.0)
"""Of the forecast [MW]: so far from the median lies a score of 1."""
ERRORS = np.array([NormalDist().inv_cdf((hour * 7 % 24 + 0.5) / 24) for hour in range(24)])
"""What the hours of a day err by, in scores: normal ones, in an order that has high and low ones all day."""
HOUR = 3_600_000_000
TRUE = OBSERVATIONS.loc[OBSERVATIONS["quantity"] == "load", "value"].to_numpy(np.float32)
"""The outturn, whether anybody knows it yet or not [MW]."""
FIRST_HOUR = micros(pd.DatetimeIndex(OBSERVATIONS["valid_time"])).min() // HOUR
WINDOWS = made_windows(5, DAY, observations=OBSERVATIONS)


class Normal:
    """Normal forecasts whose errors are known: an outturn lies `bias` and `times` its errors above the median [-]."""

    name, kind, quantiles, spec = "normal", "ridge", LEVELS, SPEC
    known_share: Mapping[str, float] = MappingProxyType({})

    def __init__(self, bias=0.0, times=1.0):
        self.bias, self.times = bias, times

    def predict(self, windows):
        hours = windows.valid_time // HOUR
        median = TRUE[hours - FIRST_HOUR] - SPREAD * (self.bias + self.times * ERRORS[hours % 24])
        return (median[..., None] + SPREAD * PLAIN).astype(np.float32)


def model_of(bias=0.0, times=1.0):
    """It does what adapting asks of a model."""
    return cast("Forecaster", Normal(bias, times))


MODEL = model_of(0.5, 1.5)


def unseen(days=20):
    """The windows of the last day and so many before."""
    return WINDOWS.take(slice(-1 - days, None))


def adapted_on(model, windows):
    """The forecast of the last one."""
    return adapted(model, said_of(model, windows), windows)


def believed(days):
    """By hand: 14 days speak for the forecast as it is, and a day counts half of one that is 15 days newer."""
    counted = sum(0.5 ** (age / 15) for age in range(days))
    return counted / (counted + 14)


@pytest.mark.parametrize(("bias", "times"), [(0.5, 1.0), (-0.5, 1.0), (0.0, 1.6), (0.0, 0.6), (0.5, 1.5)])
def test_what_location_and_spread_lately_were_off_by_is_mended_as_far_as_so_many_days_are_believed(bias, times):
    for days in (7, 40):
        windows = unseen(days)
        found = adapted_on(model_of(bias, times), windows)
        share = believed(days)
        # Of the newest day ten hours are known; they err a little otherwise than the day.
        np.testing.assert_allclose(found.moved, share * np.array([bias, times - 1, times - 1]), atol=0.08)
        said = Normal(bias, times).predict(windows.alone(days))
        location, below, above = found.moved
        by_hand = location + np.array([1 + below, 1, 1 + above]) * PLAIN
        inside = windows.within[days]
        np.testing.assert_allclose(found.answer[0, inside], said[0, inside, 1:2] + SPREAD * by_hand, atol=0.05)
        assert found.unadapted.tobytes() == said.tobytes()


def test_the_newest_days_count_most():
    windows = unseen(30)
    answers = Normal().predict(windows)
    outturn = np.where(windows.delivery, windows.target, np.nan)
    early, late = answers.copy(), answers.copy()
    early[:15] -= SPREAD
    late[15:30] -= SPREAD
    by_days = [moves(said[:-1], outturn[:-1], windows, LEVELS)[0] for said in (early, late)]
    assert 0 < 1.5 * by_days[0] < by_days[1]


def test_no_forecast_is_moved_by_more_than_a_spread_and_its_quantiles_still_rise():
    for bias, times in ((6, 1), (-6, 1), (0, 12), (0, 0)):
        found = adapted_on(model_of(bias, times), unseen(30))
        assert np.abs(found.moved).max() <= 1
        assert (np.diff(found.answer, axis=-1)[~np.isnan(found.answer[..., 1:])] >= 0).all()


def test_of_fewer_than_seven_known_days_nothing_is_moved_to_the_bit():
    six, seven = (unseen(days) for days in (6, 7))
    assert adapted_on(MODEL, six).moved == (0, 0, 0)
    assert adapted_on(MODEL, seven).moved[0] > 0
    assert adapted_on(MODEL, six).answer.tobytes() == predict_each(MODEL, six)[-1:].tobytes()
    outturn = np.where(seven.delivery, seven.target, np.nan)
    outturn[3] = np.nan  # one of the seven was not measured
    answers = predict_each(MODEL, seven)
    np.testing.assert_array_equal(moves(answers[:-1], outturn[:-1], seven, LEVELS), np.zeros(3))


def test_a_unit_that_the_model_says_nothing_of_does_not_count():
    windows = unseen()
    answers, outturn = predict_each(MODEL, windows)[:-1], np.where(windows.delivery, windows.target, np.nan)[:-1]
    silent, unknown = answers.copy(), outturn.copy()
    silent[:, 20:25], unknown[:, 20:25] = np.nan, np.nan
    expected = moves(answers, unknown, windows, LEVELS)
    np.testing.assert_array_equal(moves(silent, outturn, windows, LEVELS), expected)


def test_only_what_was_known_at_the_issue_time_moves_a_forecast():
    windows = unseen()
    issued = windows.issue_time[-1]
    later = micros(pd.DatetimeIndex(OBSERVATIONS["available_at"])) > issued
    poisoned = Observations(OBSERVATIONS.assign(value=OBSERVATIONS["value"].where(~later, 1e6)))
    again = made_windows(DAY - 20, DAY, observations=poisoned)
    np.testing.assert_array_equal(known_by_the_last(windows), known_by_the_last(again))
    before, after = adapted_on(MODEL, windows), adapted_on(MODEL, again)
    assert before.moved == after.moved and before.moved[0] > 0.1
    assert before.answer.tobytes() == after.answer.tobytes()
    alone = adapted_alone(MODEL, windows.alone(20), poisoned, list(windows.days[:-1]))
    assert alone.answer.tobytes() == before.answer.tobytes()
    # Of the day before, what was measured by nine is known; of the day itself nothing.
    known = known_by_the_last(windows)
    assert np.isnan(known[-1]).all()
    assert np.isnan(known[-2, windows.delivery[-2]]).sum() == 14
    assert not np.isnan(known[-3, windows.delivery[-3]]).any()


def test_what_stands_in_padding_moves_nothing():
    windows = made_windows(70, 85, observations=made_load(90))  # clocks go forward on day 83
    outturn, answers = known_by_the_last(windows), np.zeros((*windows.target.shape, 3), np.float32)
    assert np.isnan(outturn[~windows.within]).all() and (~windows.within).any()
    answers[:] = np.nan_to_num(windows.target)[..., None] + SPREAD * PLAIN
    noise = replace(windows, target=np.where(windows.within, windows.target, np.float32(1e9)))
    answers_of_noise = np.where(windows.within[..., None], answers, np.float32(-1e9))
    found = [
        moves(said[:-1], known_by_the_last(one)[:-1], one, LEVELS)
        for said, one in ((answers, windows), (answers_of_noise, noise))
    ]
    np.testing.assert_array_equal(found[0], found[1])
    assert np.abs(found[0]).max() > 0


def test_nights_of_solar_power_say_nothing_of_its_forecast():
    windows = unseen(10)
    sun = replace(windows, spec=replace(SPEC, series=Series("DE", "solar")))
    hour = np.arange(windows.target.shape[1]) % 24
    night = (hour < 6) | (hour >= 18)
    outturn = np.where(night, 0, 5_000 + SPREAD * ERRORS[hour]).astype(np.float32)
    outturn = np.broadcast_to(outturn, windows.target.shape).copy()
    answers = np.where(night[:, None], 0, 5_000 - SPREAD + SPREAD * PLAIN).astype(np.float32)
    answers = np.broadcast_to(answers, (*outturn.shape, 3))
    by_day = np.where(night, np.float32(np.nan), outturn)
    found = moves(answers, outturn, sun, LEVELS)
    np.testing.assert_array_equal(found, moves(answers, by_day, sun, LEVELS))
    assert found[0] > 0.3


def test_days_that_the_model_has_seen_do_not_speak_for_it():
    day = dt.date(2025, 3, 1)
    assert len(days_before(day, dt.date(2024, 1, 1))) == 56
    assert days_before(day, dt.date(2025, 2, 14)) == [dt.date(2025, 2, 15) + dt.timedelta(days=n) for n in range(14)]
    assert len(days_before(day, dt.date(2025, 2, 21))) == 7
    assert days_before(day, dt.date(2025, 2, 22)) == []
    assert days_before(day, day) == []


def served(model, alone, observations, last_seen):
    """What operation forecasts for a single day: no day but those before it is asked."""
    if before := days_before(alone.days[0], last_seen):
        return adapted_alone(model, alone, observations, before)
    return adapted(model, said_of(model, alone), alone)


def test_a_back_test_publishes_of_each_day_what_operation_publishes():
    windows = unseen(10)
    last_seen = windows.days[0] - dt.timedelta(days=1)
    published, unadapted = forecast_each(MODEL, windows, OBSERVATIONS, last_seen)
    moved = 0
    for row in range(len(windows)):
        found = served(MODEL, windows.alone(row), OBSERVATIONS, last_seen)
        assert published[row : row + 1].tobytes() == found.answer.tobytes()
        assert unadapted[row : row + 1].tobytes() == found.unadapted.tobytes()
        moved += found.moved != (0, 0, 0)
    assert moved == len(windows) - 7
    assert unadapted.tobytes() == predict_each(MODEL, windows).tobytes()
    # A model that has not been trained again since is judged by the days before the back-test as well.
    late = forecast_each(MODEL, windows.take(slice(-3, None)), OBSERVATIONS, last_seen)
    assert late.published.tobytes() == published[-3:].tobytes()


def test_days_that_a_back_test_leaves_out_speak_for_a_model_all_the_same():
    windows = unseen(12)
    last_seen = windows.days[0] - dt.timedelta(days=1)
    whole = forecast_each(MODEL, windows, OBSERVATIONS, last_seen)
    few = np.arange(len(windows)) % 4 == 0
    alone = forecast_each(MODEL, windows.where(few), OBSERVATIONS, last_seen)
    assert [one.tobytes() for one in alone] == [one[few].tobytes() for one in whole]


def test_a_reference_of_a_back_test_is_as_it_was_made():
    windows = unseen(12)
    reference = every_kind(windows)["reference"]
    answers = forecast_each(reference, windows, OBSERVATIONS, windows.days[0] - dt.timedelta(days=1))
    assert {one.tobytes() for one in answers} == {predict_each(reference, windows).tobytes()}


def test_where_something_is_missing_the_band_is_made_for_that_and_nothing_is_moved():
    windows = unseen(1)
    last_seen = windows.days[0] - dt.timedelta(days=20)
    past = windows.target_past.copy()
    past[-1, -48:] = np.nan
    stale = windows.with_values(LOAD, past=past)
    published, unadapted = forecast_each(MODEL, stale, OBSERVATIONS, last_seen)
    alone = stale.alone(len(stale) - 1)
    found = strained(MODEL, alone, recent_windows(OBSERVATIONS, alone), last_seen)
    assert found.moved == (0, 0, 0) and found.growth > 1 and found.error is not None
    assert published[-1:].tobytes() == found.answer.tobytes()
    assert unadapted[-1:].tobytes() == found.unadapted.tobytes() == predict_each(MODEL, alone).tobytes()


def test_a_manifest_says_what_was_done_to_a_forecast():
    zeros = np.zeros((1, 37, 3), np.float32)
    found = Adapted(zeros, zeros, (0.12345678, 0.0, -0.2), 1.5, {"lstm": 0.75, "ridge": 0.25})
    assert found.about == {
        "moved": [0.123457, 0.0, -0.2],
        "widened": 1.5,
        "weights": {"lstm": 0.75, "ridge": 0.25},
    }
