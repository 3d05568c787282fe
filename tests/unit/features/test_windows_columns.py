"""What stands where in windows is asked by name."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders.rows import LOAD, day_ahead, together
from builders.windows import SPEC, WITHOUT_REFERENCE, made_load, made_windows

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.features.calendar import CALENDAR, CALENDAR_FEATURES, DAY_FEATURES

TEMPERATURE, SOLAR = Series("DE", "temperature"), Series("DE", "solar")
COVERED = replace(SPEC, past_covariates=(SOLAR,), future_covariates=(TEMPERATURE,))


def with_covariates(shift=0.0):
    """Windows of a load; its other inputs are the load, higher by 10 and 20."""
    rows = made_load()
    load = rows[rows["quantity"] == "load"]
    times, values = pd.DatetimeIndex(load["valid_time"]), load["value"].to_numpy()
    others = [day_ahead(TEMPERATURE, times, values + 10), day_ahead(SOLAR, times, values + 20)]
    return made_windows(12, 20, COVERED, together(rows.assign(value=rows["value"] + shift), *others))


def test_every_input_is_found_by_its_name():
    windows = with_covariates()
    expected = {LOAD: 0, LOAD.official: 1, TEMPERATURE: 2, SOLAR: 3}
    for series, column in expected.items():
        for name in (series, str(series)):
            np.testing.assert_array_equal(windows.input_past(name), windows.past[..., column])
    np.testing.assert_array_equal(windows.target_past, windows.past[..., 0])
    np.testing.assert_array_equal(windows.official_past, windows.past[..., 1])
    np.testing.assert_array_equal(windows.official_ahead, windows.future[..., 0])
    np.testing.assert_array_equal(windows.input_ahead(TEMPERATURE), windows.future[..., 1])
    np.testing.assert_array_equal(windows.inputs_ahead, windows.future[..., :2])


def test_the_calendar_is_what_follows_the_inputs():
    windows = with_covariates()
    assert windows.spec.past_names[4:] == DAY_FEATURES
    np.testing.assert_array_equal(windows.calendar_past, windows.past[..., 4:])
    np.testing.assert_array_equal(windows.calendar_ahead, windows.future[..., 2:-1])
    assert windows.calendar_ahead.shape[-1] == len(CALENDAR_FEATURES)


def test_what_is_not_read_has_no_column_and_says_so():
    windows = made_windows(12, 14, WITHOUT_REFERENCE)
    for read in (lambda: windows.official_ahead, lambda: windows.official_past, lambda: windows.input_ahead(SOLAR)):
        with pytest.raises(ModelError, match="DE/load: does not read DE/"):
            read()
    assert windows.spec.past_columns(SOLAR) == []


@pytest.mark.parametrize("name", [str(LOAD), str(LOAD.official), str(TEMPERATURE), str(SOLAR), CALENDAR])
def test_an_input_of_other_windows_comes_over_whole_and_alone(name):
    here, there = with_covariates(), with_covariates(shift=500.0).take(np.arange(8, -1, -1))
    mixed = here.with_input(name, from_=there)
    for mine, own, others, columns in (
        (mixed.past, here.past, there.past, here.spec.past_columns(name)),
        (mixed.future, here.future, there.future, here.spec.future_columns(name)),
    ):
        rest = [column for column in range(own.shape[-1]) if column not in columns]
        np.testing.assert_array_equal(mine[..., columns], others[..., columns])
        np.testing.assert_array_equal(mine[..., rest], own[..., rest])


def test_other_values_of_an_input_leave_the_windows_that_they_come_from_as_they_were():
    windows = with_covariates()
    before = windows.past.copy(), windows.future.copy()
    changed = windows.with_values(TEMPERATURE, ahead=np.zeros(windows.target.shape))
    assert (changed.input_ahead(TEMPERATURE) == 0).all()
    np.testing.assert_array_equal(changed.past, windows.past)
    np.testing.assert_array_equal(windows.past, before[0])
    np.testing.assert_array_equal(windows.future, before[1])


def test_a_series_that_is_declared_twice_is_changed_in_both_places():
    spec = replace(SPEC, past_covariates=(LOAD.official,))
    windows = made_windows(12, 14, spec)
    assert spec.past_columns(LOAD.official) == [1, 2]
    changed = windows.with_values(LOAD.official, past=np.zeros_like(windows.official_past))
    assert (changed.past[..., 1:3] == 0).all()


def test_a_spec_survives_its_way_through_plain_values():
    assert type(COVERED).from_dict(COVERED.to_dict()) == COVERED
