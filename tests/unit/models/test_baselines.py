"""The references: a point forecast that is left as it is, with the spread of its own errors."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
from builders.rows import LOAD, measured, together
from builders.windows import WITHOUT_REFERENCE, made_windows

from gridahead.core.grid import Series
from gridahead.features.windows import build_windows
from gridahead.models.baselines import ReferenceForecast

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
WINDOWS = made_windows()


def test_the_median_is_the_official_forecast_to_the_bit():
    reference = ReferenceForecast.fit("official", WINDOWS, LEVELS)
    predicted = reference.predict(WINDOWS)
    official = WINDOWS.future[..., 0]
    assert not np.isnan(official).any()
    assert np.ascontiguousarray(predicted[..., 2]).tobytes() == np.ascontiguousarray(official).tobytes()


def test_where_the_official_forecast_comes_with_quantiles_they_are_its_own():
    ahead = (Series("DE", "load_p10"), Series("DE", "load_p90"))
    official = WINDOWS.future[..., :1]
    told = replace(
        WINDOWS,
        spec=replace(WINDOWS.spec, future_covariates=ahead),
        future=np.concatenate([official, official - 700, official + 900, WINDOWS.future[..., 1:]], axis=-1),
    )
    told.future[:, 20, 1] = np.nan
    reference = ReferenceForecast.fit("official", WINDOWS, LEVELS)
    predicted = reference.predict(told)
    away = predicted - official
    np.testing.assert_allclose(away[:, 21, [0, 2, 4]], [[-700, 0, 900]] * len(away), atol=0.01)
    np.testing.assert_array_equal(predicted[:, 20], reference.predict(WINDOWS)[:, 20])


def test_the_naive_median_is_the_same_hour_last_week():
    windows = made_windows(spec=WITHOUT_REFERENCE)
    predicted = ReferenceForecast.fit("naive", windows, LEVELS).predict(windows)
    # The context is eight days, so last week's hour stands a day into it.
    np.testing.assert_array_equal(predicted[..., 2], windows.past[:, 24 : 24 + windows.target.shape[1], 0])


def test_the_quantiles_are_those_of_its_own_errors_around_the_median():
    # Errors on the delivery days are 0 … 100 MW, so their median is 50; before them they are huge and do not count.
    errors = np.resize(np.arange(101.0), WINDOWS.target.shape[0] * 101)
    target = WINDOWS.future[..., 0] + 1e6
    count = int(WINDOWS.delivery.sum())
    # Whole rounds of 0 … 100 and NaN for the rest.
    filled = np.full(count, np.nan)
    whole = count // 101 * 101
    filled[:whole] = errors[:whole]
    target[WINDOWS.delivery] = WINDOWS.future[..., 0][WINDOWS.delivery].astype(np.float64) + filled
    reference = ReferenceForecast.fit("official", replace(WINDOWS, target=target.astype(np.float64)), LEVELS)
    np.testing.assert_allclose(reference.offsets, [-40, -25, 0, 25, 40], atol=0.51)
    assert reference.offsets[2] == 0.0


def test_quantiles_rise_and_stay_above_nought():
    low = replace(WINDOWS, future=WINDOWS.future.copy())
    low.future[..., 0] = 100.0
    predicted = ReferenceForecast.fit("official", WINDOWS, LEVELS).predict(low)
    assert (np.diff(predicted, axis=-1) >= 0).all()
    assert predicted.min() == 0.0
    assert predicted[..., 2].min() == 100.0


def test_a_reference_is_what_was_published_or_nothing():
    holed = replace(WINDOWS, future=WINDOWS.future.copy())
    holed.future[:, 20, 0] = np.nan
    for name in ("official", "official_corrected"):
        predicted = ReferenceForecast.fit(name, WINDOWS, LEVELS).predict(holed)
        assert np.isnan(predicted[:, 20]).all()
        assert not np.isnan(np.delete(predicted, 20, axis=1)).any()


def test_without_any_past_error_the_median_is_all_that_it_says():
    unmeasured = replace(WINDOWS, target=np.full_like(WINDOWS.target, np.nan))
    reference = ReferenceForecast.fit("official", unmeasured, LEVELS)
    assert reference.quantiles == (0.5,)
    np.testing.assert_array_equal(reference.predict(WINDOWS)[..., 0], WINDOWS.future[..., 0])


def test_last_weeks_same_hour_keeps_the_wall_clock_when_clocks_change():
    # On 30 March 2025 the clocks go forward: Monday 31st 08:00 is 06:00 UTC, a week before it was 07:00 UTC.
    times = pd.date_range("2025-03-10", "2025-04-02", freq="h", tz="Europe/Berlin", inclusive="left").tz_convert("UTC")
    rows = together(measured(LOAD, times, times.tz_convert("Europe/Berlin").hour.to_numpy(dtype=float)))
    windows = build_windows(rows, WITHOUT_REFERENCE, [dt.date(2025, 3, 31)])
    naive = ReferenceForecast("naive", windows.spec, (0.5,), 0.0, np.zeros(1, np.float32))
    assert list(naive.predict(windows)[0, windows.delivery[0], 0]) == list(range(24))
