"""Peaks and ramps, calculated by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridahead.evaluation import shape

NAN = np.nan
# Day 1: the peak is 30 at unit 2, the forecast says 28 at unit 1. Day 2 has three units: 9 at unit 0, 12 at unit 2.
OUTTURN = [[10.0, 20.0, 30.0, 5.0], [9.0, 3.0, 6.0, NAN]]
FORECAST = [[12.0, 28.0, 25.0, 5.0], [8.0, 3.0, 12.0, NAN]]


def test_the_error_at_the_hour_of_the_peak():
    assert shape.peak_hour_error(FORECAST, OUTTURN) == pytest.approx((5 + 1) / 2)


def test_the_error_of_the_peak_whenever_it_is():
    assert shape.daily_peak_error(FORECAST, OUTTURN) == pytest.approx((2 + 3) / 2)


def test_how_far_the_peak_is_from_its_hour():
    assert shape.daily_peak_delay(FORECAST, OUTTURN) == pytest.approx((1 + 2) / 2)


def test_the_error_of_ramps():
    # Day 1: forecast 16, −3, −20; outturn 10, 10, −25: 6, 13, 5. Day 2: forecast −5, 9; outturn −6, 3: 1, 6.
    assert shape.ramp_error(FORECAST, OUTTURN) == pytest.approx((6 + 13 + 5 + 1 + 6) / 5)
    # Over two units, day 1: 13 and −23 against 20 and −15; day 2: 4 against −3.
    assert shape.ramp_error(FORECAST, OUTTURN, units=2) == pytest.approx((7 + 8 + 7) / 3)


@given(st.floats(-1000, 1000))
def test_a_forecast_that_is_wrong_by_the_same_all_day_has_no_ramp_error(offset):
    assert shape.ramp_error(np.add(OUTTURN, offset), OUTTURN) == pytest.approx(0, abs=1e-9)
    assert shape.daily_peak_delay(np.add(OUTTURN, offset), OUTTURN) == 0
    assert shape.daily_peak_error(np.add(OUTTURN, offset), OUTTURN) == pytest.approx(abs(offset), abs=1e-9)


def test_a_day_with_a_gap_has_no_peak_because_it_may_have_been_there():
    gap = [[10.0, NAN, 30.0, 5.0], OUTTURN[1]]
    assert shape.daily_peak_error(FORECAST, gap) == pytest.approx(3)
    assert shape.peak_hour_error(FORECAST, gap) == pytest.approx(1)


@pytest.mark.parametrize("name", ["peak_hour_error", "daily_peak_error", "daily_peak_delay", "ramp_error"])
def test_without_days_the_score_is_nan_and_nobody_is_warned(name, recwarn):
    metric = getattr(shape, name)
    assert np.isnan(metric(np.empty((0, 24)), np.empty((0, 24))))
    assert np.isnan(metric([[NAN, NAN]], [[NAN, NAN]]))
    assert not recwarn.list


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="days by units"):
        shape.ramp_error([1.0, 2.0], [1.0, 2.0])
