"""What physics allows."""

from dataclasses import replace

import numpy as np
import pytest
from made_rows import DE, LOAD

from gridahead.features.calendar import CALENDAR_FEATURES, DAY_FEATURES
from gridahead.features.windows import Windows, WindowSpec
from gridahead.grid import Series
from gridahead.models.base import possible
from gridahead.timeline import Deadline, Mtu

HOURS = np.arange(48) % 24
VALUES = np.tile(np.array([-5.0, 0.0, 3.0], np.float32), (1, 37, 1))


@pytest.fixture
def windows():
    """Two days of 100 MW from 6:00 to 18:00 UTC, and the 37 hours from midnight on."""
    past = np.zeros((1, 48, 1 + len(DAY_FEATURES)), np.float32)
    past[0, :, 0] = np.where((HOURS >= 6) & (HOURS < 18), 100, 0)
    return Windows(
        spec=WindowSpec(LOAD, DE, Mtu.PT60M, Deadline.parse("D-1T1100[Europe/Berlin]"), 2),
        issue_time=np.zeros(1, np.int64),
        valid_time=np.zeros((1, 37), np.int64),
        past=past,
        future=np.zeros((1, 37, len(CALENDAR_FEATURES)), np.float32),
        target=np.full((1, 37), np.nan, np.float32),
        delivery=np.ones((1, 37), bool),
    )


def of(quantity, windows):
    return possible(VALUES, replace(windows, spec=replace(windows.spec, series=Series("DE", quantity))))


def test_a_residual_load_may_be_negative_and_wind_power_may_not(windows):
    np.testing.assert_array_equal(of("residual_load", windows), VALUES)
    assert np.unique(of("wind", windows), axis=1).tolist() == [[[0.0, 0.0, 3.0]]]
    assert of("wind", windows).dtype == np.float32


def test_at_night_there_is_no_solar_power_whatever_a_model_says(windows):
    found = of("solar", windows)
    assert found.dtype == np.float32
    assert found[0, :, 2].tolist() == ([0.0] * 6 + [3.0] * 12 + [0.0] * 6 + [0.0] * 6 + [3.0] * 7)
