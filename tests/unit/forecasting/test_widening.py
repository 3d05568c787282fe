"""By how much a band grows with what is missing, measured on days whose outturn is known."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

import numpy as np
import pytest
from builders.rows import LOAD
from builders.windows import made_load, made_windows

from gridahead.forecasting.widening import recent_windows, strain, widened
from gridahead.models.base import Forecaster

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


def test_a_band_that_is_as_wide_as_the_model_says_stays_to_the_bit():
    model = Erring(3)
    _, stale = measured(model)
    answer = model.predict(stale)
    assert np.array_equal(widened(answer, stale, 1.0), answer, equal_nan=True)
