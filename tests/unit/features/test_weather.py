"""Features of the weather, by hand and against pvlib, and that nothing of the future is in them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders.backtests import poisoned
from builders.rows import measured, rows, together
from builders.windows import FIRST, SPEC, WITHOUT_REFERENCE, made_load, made_windows

from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.features.scaling import Scaler
from gridahead.features.weather import clear_sky, cloud_share, fleet_power, weather_inputs
from gridahead.features.weather_kinds import WeatherFeatures
from gridahead.features.windows import Windows, WindowSpec

TEMPERATURE, WIND, CLOUDS = (Series("DE", name) for name in ("temperature", "wind_speed_100m", "cloud_cover"))
START = pd.Timestamp(FIRST, tz="Europe/Berlin").tz_convert("UTC")
RUNS = pd.date_range(START.floor("D"), periods=32, freq="D")
ALL = WeatherFeatures(("degrees", "power_curve", "own_curve", "clear_sky"), 51.0, 10.0)
WITH_WEATHER = replace(SPEC, future_covariates=(TEMPERATURE, WIND, CLOUDS), weather=ALL)


def of_runs(series: Series, value, unit: str) -> Observations:
    """Daily runs of three days, there seven hours after they begin; `value` is a function of run and lead time."""
    lead = np.arange(72)
    parts = [
        rows(series, run + pd.to_timedelta(lead, unit="h"), value(number, lead), run + pd.Timedelta(hours=7), unit=unit)
        for number, run in enumerate(RUNS)
    ]
    return together(*parts)


def weather(seed: int = 1) -> Observations:
    rng = np.random.default_rng(seed)
    return together(
        of_runs(TEMPERATURE, lambda run, lead: 10 + 8 * np.sin(lead / 4) + rng.normal(0, 1, 72), "degC"),
        of_runs(WIND, lambda run, lead: np.abs(8 + 4 * np.sin(run + lead / 9) + rng.normal(0, 1, 72)), "m/s"),
        of_runs(CLOUDS, lambda run, lead: 50 + 50 * np.sin(run + lead / 7), "%"),
    )


def windows_with(observations: Observations, spec: WindowSpec = WITH_WEATHER) -> Windows:
    return made_windows(spec=spec, observations=together(made_load(), observations))


def made(windows: Windows) -> list[np.ndarray]:
    return weather_inputs(windows, Scaler.fit(windows, "week").moments.scaled_past(windows))


def only(kind, *series: Series) -> WindowSpec:
    return replace(WITHOUT_REFERENCE, future_covariates=series, weather=WeatherFeatures((kind,), 51.0, 10.0))


# -- temperature ------------------------------------------------------------------------------------------------------


def test_degrees_are_counted_below_15_and_above_20():
    """5 °C all the time: ten heating degrees, no cooling degrees, and the same smoothed; in units of ten degrees."""
    windows = windows_with(
        of_runs(TEMPERATURE, lambda run, lead: np.full(72, 5.0), "degC"), only("degrees", TEMPERATURE)
    )
    (degrees,) = made(windows)
    assert np.allclose(degrees[windows.delivery], [1, 0, 1, 0, -1, 1, 0, -1])
    hot = windows_with(of_runs(TEMPERATURE, lambda run, lead: np.full(72, 27.0), "degC"), only("degrees", TEMPERATURE))
    assert np.allclose(made(hot)[0][hot.delivery], [0, 0.7, 0, 0.7, 1.2, 0, 0.7, 1.2])


def test_smoothed_temperature_is_the_mean_of_the_hours_up_to_the_unit():
    windows = windows_with(weather(), only("degrees", TEMPERATURE))
    (degrees,) = made(windows)
    course = np.concatenate([windows.input_past(TEMPERATURE), windows.input_ahead(TEMPERATURE)], axis=1)
    at = windows.input_past(TEMPERATURE).shape[1] + 20
    day, three_days = (course[3, at + 1 - hours : at + 1].mean() for hours in (24, 72))
    assert degrees[3, 20, 4] * 10 + 15 == pytest.approx(day, abs=1e-4)
    assert degrees[3, 20, 7] * 10 + 15 == pytest.approx(three_days, abs=1e-4)


# -- wind -------------------------------------------------------------------------------------------------------------


def test_a_fleet_has_no_power_in_calm_all_in_a_stiff_wind_and_none_in_a_hurricane():
    calm, half, full, storm, hurricane = fleet_power(np.array([0.0, 9.5, 16.0, 25.0, 32.0], np.float32))
    assert calm < 0.01
    assert half == pytest.approx(((9.5**3 - 27) / (12**3 - 27)), abs=0.06)
    assert full > 0.98
    assert storm == pytest.approx(0.5, abs=0.02)
    assert hurricane < 0.01
    assert np.isnan(fleet_power(np.array([np.nan], np.float32)))[0]


def test_the_own_curve_is_the_mean_of_the_context_at_such_wind():
    """Load that is 1 000 MW for every m/s: at 6 m/s, in the middle of the winds that were, 6 000 MW are expected."""
    speed = of_runs(WIND, lambda run, lead: 2.0 + lead % 9, "m/s")
    times = pd.date_range(START, periods=30 * 24, freq="h")
    known = dict(zip(speed["valid_time"], speed["value"], strict=True))
    load = measured(SPEC.series, times, [1000.0 * known.get(stamp, np.nan) for stamp in times])
    spec = only("own_curve", WIND)
    windows = made_windows(spec=spec, observations=together(load, speed))
    moments = Scaler.fit(windows, "level").moments
    (expected,) = made(windows)
    megawatts = expected[..., 0] * moments.spread + moments.level
    at_six = windows.delivery & (windows.input_ahead(WIND) == 6)
    assert at_six.any()
    assert np.allclose(megawatts[at_six], 6000, atol=300)


def test_of_winds_at_two_heights_the_one_nearest_to_hubs_counts():
    low = Series("DE", "wind_speed_10m")
    both = together(weather(), of_runs(low, lambda run, lead: np.full(72, 3.0), "m/s"))
    spec = only("power_curve", low, WIND)
    assert np.array_equal(made(windows_with(both, spec))[0], made(windows_with(both, only("power_curve", WIND)))[0])
    alone = made(windows_with(both, only("power_curve", low)))[0]
    expected = fleet_power(np.array([3.0 * 10 ** (1 / 7)], np.float32))[0]  # ten times as high
    assert alone.max() == pytest.approx(expected)


# -- sun --------------------------------------------------------------------------------------------------------------


def test_a_clear_sky_at_noon_in_june_and_at_night():
    """At the northern summer solstice the sun stands 90 − 51 + 23.44 = 62.44 degrees high at noon of 51° N."""
    noon, night = (pd.Timestamp(stamp) for stamp in ("2025-06-21T11:30Z", "2025-06-21T23:30Z"))
    instants = np.array([[stamp.value // 1000 for stamp in (noon, night)]])
    irradiance, height = clear_sky(instants, pd.Timedelta(hours=1), 51.0, 0.0)
    assert np.degrees(np.arcsin(height[0, 0])) == pytest.approx(62.44, abs=0.1)
    assert 800 < irradiance[0, 0] < 950
    assert irradiance[0, 1] == 0


def test_clouds_leave_a_quarter_when_they_cover_the_sky():
    """Kasten and Czeplak: 1 − 0.75 · N^3.4."""
    assert np.allclose(cloud_share(np.array([0.0, 100.0], np.float32)), [1, 0.25])


def test_radiation_that_is_forecast_says_more_than_clouds():
    radiation = Series("DE", "shortwave_radiation")
    dark = together(weather(), of_runs(radiation, lambda run, lead: np.zeros(72), "W/m2"))
    windows = windows_with(dark, only("clear_sky", CLOUDS, radiation))
    (sky,) = made(windows)
    lit = windows.delivery & (sky[..., 0] > 0.05)
    assert lit.any()
    assert (sky[lit][:, 2] == 0).all()
    clouded = made(windows_with(dark, only("clear_sky", CLOUDS)))[0]
    assert np.allclose(clouded[lit][:, 2], cloud_share(windows.input_ahead(CLOUDS))[lit])


# -- honesty ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("garbage", [1e6, -1e6, np.nan])
def test_a_run_that_came_after_the_issue_time_is_in_no_feature(garbage):
    """Whatever was not there at the issue time is poisoned, and everything is revised to garbage after it."""
    whole = together(made_load(), weather())
    windows = made_windows(spec=WITH_WEATHER, observations=whole)
    row = 5
    issued = pd.Timestamp(windows.issue_time[row], unit="us", tz="UTC")
    late = made_windows(spec=WITH_WEATHER, observations=poisoned(whole, issued, garbage))
    moments = Scaler.fit(windows, "week").moments
    honest, spoilt = (weather_inputs(one.alone(row), moments.scaled_past(one.alone(row))) for one in (windows, late))
    assert all(np.isfinite(part).all() for part in honest)
    assert all(np.array_equal(*pair) for pair in zip(honest, spoilt, strict=True))
    assert late.data_hash(row) == windows.data_hash(row)


def test_features_of_a_window_are_the_same_alone_and_beside_others():
    windows = windows_with(weather())
    scaler = Scaler.fit(windows, "week")
    together_, alone = scaler.inputs(windows, "day"), scaler.inputs(windows.alone(7), "day")
    assert np.array_equal(together_.decoder[7, : alone.decoder.shape[1]], alone.decoder[0])


def test_what_is_not_known_is_no_number_that_is_not_one():
    windows = windows_with(weather().iloc[:0])
    assert all(np.isfinite(part).all() for part in made(windows))


def test_features_are_added_only_where_they_are_asked_for_and_a_bundle_keeps_them():
    plain = replace(WITH_WEATHER, weather=None)
    without, with_ = (
        Scaler.fit(one, "week").inputs(one, "day").decoder.shape[-1]
        for one in (windows_with(weather(), plain), windows_with(weather()))
    )
    assert with_ - without == 8 + 1 + 1 + 4
    assert WindowSpec.from_dict(WITH_WEATHER.to_dict()) == WITH_WEATHER
    stored = plain.to_dict()
    del stored["weather"]  # as a bundle of an earlier release has it
    assert WindowSpec.from_dict(stored) == plain
