"""Planted leaks: inputs whose clocks lie are refused, and honest ones are not."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders.rows import LOAD, day_ahead, measured, together
from builders.windows import FIRST, SPEC, made_load

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.time import days_between
from gridahead.features.leaks import refuse_leaks
from gridahead.features.windows import build_windows

PLAN, METER = Series("DE", "temperature"), Series("DE", "solar")
DAYS = days_between(FIRST + dt.timedelta(days=10), FIRST + dt.timedelta(days=40))
HONEST = made_load(45)
TRUTH = HONEST[HONEST["quantity"] == "load"].sort_values("valid_time")
TIMES, VALUES = pd.DatetimeIndex(TRUTH["valid_time"]), TRUTH["value"].to_numpy()
NOISE = np.random.default_rng(5).normal(0, 100, len(VALUES))


def windows_with(*more, ahead=(), past=()):
    spec = replace(SPEC, future_covariates=ahead, past_covariates=past)
    return build_windows(together(HONEST, *more), spec, DAYS)


def known_ahead(values):
    return windows_with(day_ahead(PLAN, TIMES, values), ahead=(PLAN,))


def test_a_forecast_with_errors_and_a_meter_beside_are_no_leak():
    refuse_leaks(known_ahead(VALUES + NOISE))
    refuse_leaks(windows_with(measured(METER, TIMES, VALUES + NOISE), past=(METER,)))


def test_the_same_meter_twice_and_one_an_hour_late_are_no_leak():
    """Nothing in them was not known."""
    refuse_leaks(windows_with(measured(METER, TIMES, VALUES), past=(METER,)))
    refuse_leaks(windows_with(measured(METER, TIMES[1:], VALUES[:-1]), past=(METER,)))


@pytest.mark.parametrize("values", [VALUES, VALUES / 1000, 100 - 2 * VALUES, np.round(VALUES)], ids=str)
def test_an_outturn_that_calls_itself_a_forecast_is_refused_in_any_unit(values):
    """Guard: `_known_ahead`, the comparison with the outturn at the same hour."""
    with pytest.raises(ModelError, match="DE/temperature, read ahead, is the outturn itself\n"):
        refuse_leaks(known_ahead(values))


@pytest.mark.parametrize(("moved", "said"), [(1, "an hour early"), (-1, "an hour late")])
def test_an_outturn_moved_by_an_hour_that_calls_itself_a_forecast_is_refused(moved, said):
    """Guard: `_known_ahead`, the comparison with the outturn of the hour before and after."""
    with pytest.raises(ModelError, match=f"read ahead, is the outturn itself, {said}"):
        refuse_leaks(known_ahead(np.roll(VALUES, -moved)))


def test_an_official_forecast_that_is_the_outturn_is_refused():
    rows = together(measured(LOAD, TIMES, VALUES), day_ahead(LOAD.official, TIMES, VALUES))
    with pytest.raises(ModelError, match="DE/load_official, read ahead"):
        refuse_leaks(build_windows(rows, SPEC, DAYS))


def test_a_forecast_of_which_three_days_are_the_outturn_is_refused_two_may_be_chance():
    """Guard: `_equal_days`."""
    for days, leak in ((2, False), (3, True)):
        copied = pd.Timestamp(DAYS[0] + dt.timedelta(days=days), tz="Europe/Berlin") > TIMES
        windows = known_ahead(np.where(copied, VALUES, VALUES + NOISE))
        if leak:
            with pytest.raises(ModelError, match="in every unit of 3 delivery days"):
                refuse_leaks(windows)
        else:
            refuse_leaks(windows)


def test_an_input_that_shows_the_next_hour_of_the_outturn_is_refused():
    """Guard: `_moved`. Stamps at the end of the hour that are read as its beginning do this."""
    early = measured(METER, TIMES[:-1], VALUES[1:])
    with pytest.raises(ModelError, match="DE/solar is the outturn, an hour early"):
        refuse_leaks(windows_with(early, past=(METER,)))


def test_constant_inputs_and_nights_without_sun_are_no_leak():
    refuse_leaks(known_ahead(np.zeros(len(VALUES))))
    night = together(measured(METER, TIMES, VALUES * 0), day_ahead(METER.official, TIMES, VALUES * 0))
    refuse_leaks(build_windows(night, replace(SPEC, series=METER), DAYS))


def test_the_message_names_the_series_and_the_way_out():
    with pytest.raises(ModelError, match=r"(?s)DE/load: has inputs .*take the input out of the settings"):
        refuse_leaks(known_ahead(VALUES))
