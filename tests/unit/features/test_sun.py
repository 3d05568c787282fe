"""Solar power against the best day of the context, by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
from builders.rows import DE
from builders.windows import C, H, windows_of

from gridahead.core.grid import Series
from gridahead.features.scaling import Scaler
from gridahead.features.sun import MOST, dark, sun_clock, under_the_sun

HOURS = np.arange(C) % 24
DAYS = np.arange(C) // 24
SUNNY = np.where((HOURS >= 6) & (HOURS < 18), 100.0 * (DAYS + 1), 0.0)
"""From 6:00 to 18:00 UTC, every day 100 MW more than the day before: the eighth and last has 800 MW."""


def solar(context, official):
    windows = windows_of(context, target=0.0, official_past=context, official_ahead=official)
    return replace(windows, spec=replace(windows.spec, series=Series("DE", "solar"), zone=DE))


def told(windows):
    """Clear-sky level, share, and the means over 7 days of the output [MW], each (H,)."""
    past = windows.past[..., :2]
    values = np.concatenate([past, past[..., :1] - past[..., 1:]], axis=-1)
    found = under_the_sun(windows, values)
    assert found.shape == (1, H, 6)
    return found[0, :, 0], found[0, :, 1], found[0, :, 2]


def test_the_clear_sky_level_is_the_highest_value_of_the_same_hour():
    clear, share, mean = told(solar(SUNNY, np.full(H, 400.0)))
    # The horizon begins 24 × 8 hours after midnight, so its first unit is 0:00.
    assert clear[:24].tolist() == [0.0] * 6 + [800.0] * 12 + [0.0] * 6
    assert share[6:18].tolist() == [0.5] * 12
    assert mean[6:18].tolist() == [500.0] * 12  # of 200 … 800 MW


def test_at_night_the_share_stays_finite():
    _, share, _ = told(solar(SUNNY, np.full(H, 400.0)))
    assert share[0] == MOST


def test_a_gap_is_passed_over():
    holed = SUNNY.copy()
    holed[-24:] = np.nan
    clear, share, mean = told(solar(holed, np.full(H, 350.0)))
    assert clear[12] == 700.0
    assert share[12] == 0.5
    assert mean[12] == 450.0  # of 200 … 700 MW


def test_solar_power_is_shown_no_single_day():
    bright = solar(SUNNY, np.full(H, 400.0))
    scaler = Scaler.fit(bright, "official")
    changed = replace(bright, past=bright.past.copy())
    swapped = [3 * 24 + 12, 5 * 24 + 12]
    changed.past[:, swapped] = changed.past[:, swapped[::-1]]
    np.testing.assert_allclose(
        scaler.inputs(changed, "day").decoder, scaler.inputs(bright, "day").decoder, rtol=1e-5, atol=1e-6
    )


def test_solar_power_is_shown_neither_weekdays_nor_holidays():
    windows = solar(SUNNY, np.full(H, 400.0))
    scaler = Scaler.fit(windows, "official")
    holiday = replace(windows, future=windows.future.copy())
    holiday.calendar_ahead[:] = 1.0
    np.testing.assert_array_equal(scaler.inputs(holiday, "day").decoder, scaler.inputs(windows, "day").decoder)


def test_the_clock_of_the_sun_is_not_changed_in_summer():
    instants = pd.DatetimeIndex(["2025-03-29 12:00Z", "2025-03-30 12:00Z", "2025-03-30 18:00Z"]).as_unit("us").asi8
    season, hour = np.split(sun_clock(instants[None])[0], [4], axis=-1)
    np.testing.assert_allclose(hour[0], [0, -1, 0, 1, 0, -1], atol=1e-6)  # noon: half of the first wave
    np.testing.assert_allclose(hour[1], hour[0], atol=1e-6)
    np.testing.assert_allclose(hour[2], [-1, 0, 0, -1, 1, 0], atol=1e-6)
    assert 0 < np.abs(season[1] - season[0]).max() < 0.05


# -- night ----------------------------------------------------------------------------------------------------------


def without_official(context):
    windows = windows_of(context)
    return replace(windows, spec=replace(windows.spec, series=Series("DE", "solar")))


def test_it_is_night_where_no_day_of_the_context_has_produced():
    night = dark(without_official(SUNNY))[0, :24]
    assert night.tolist() == [True] * 6 + [False] * 12 + [True] * 6


def test_a_gap_is_no_night():
    holed = np.where(HOURS == 3, np.nan, SUNNY)
    assert dark(without_official(holed))[0, :6].tolist() == [True, True, True, False, True, True]


def test_what_the_official_forecast_expects_is_no_night():
    expected = np.where(np.arange(H) == 5, 1.0, 0.0)
    assert np.flatnonzero(~dark(solar(SUNNY, expected))[0, :24]).tolist() == [5, *range(6, 18)]


def test_plants_that_stood_still_are_no_night():
    assert not dark(without_official(np.zeros(C))).any()
