"""What physics allows."""

from dataclasses import replace

import numpy as np
from builders.windows import C, H, windows_of

from gridahead.core.grid import Series
from gridahead.models.base import possible

VALUES = np.tile(np.array([-5.0, 0.0, 3.0], np.float32), (1, H, 1))
HOURS = np.arange(C) % 24
WINDOWS = windows_of(np.where((HOURS >= 6) & (HOURS < 18), 100, 0))
"""Eight days of 100 MW from 6:00 to 18:00 UTC, and the 37 hours from midnight on."""


def of(quantity):
    return possible(VALUES, replace(WINDOWS, spec=replace(WINDOWS.spec, series=Series("DE", quantity))))


def test_a_residual_load_may_be_negative_and_wind_power_may_not():
    np.testing.assert_array_equal(of("residual_load"), VALUES)
    assert np.unique(of("wind"), axis=1).tolist() == [[[0.0, 0.0, 3.0]]]
    assert of("wind").dtype == np.float32


def test_at_night_there_is_no_solar_power_whatever_a_model_says():
    found = of("solar")
    assert found.dtype == np.float32
    assert found[0, :, 2].tolist() == ([0.0] * 6 + [3.0] * 12 + [0.0] * 6 + [0.0] * 6 + [3.0] * 7)
