"""The newest errors, by hand."""

import numpy as np
import pytest
from builders.windows import C, H, windows_of

from gridahead.features.newest_error import newest_error


def past_of(error):
    """A scaled past of which the last column is the error of the official forecast."""
    return np.stack([np.zeros((1, C)), np.zeros((1, C)), error], axis=-1).astype(np.float32)


def test_the_mean_of_the_newest_three_hours_fades_with_the_hours_since_the_newest_of_them():
    error = np.full((1, C), np.nan, np.float32)
    error[0, -26:-2] = 1.0
    error[0, -5:-2] = [1, 2, 3]  # two hours ago was the newest one
    windows = windows_of(np.ones((1, C)), official_ahead=np.ones((1, H)))
    found = newest_error(windows, past_of(error))
    assert found.shape == (1, H, 4)
    assert found[0, 4].tolist() == pytest.approx([2 * np.exp(-6 / 3), 2 * np.exp(-6 / 12), 2, (21 + 6) / 24], rel=1e-5)


def test_without_an_official_forecast_it_is_the_difference_to_last_week():
    context = np.zeros((1, C, 1), np.float32)
    context[0, -3:, 0], context[0, -171:-168, 0] = 5, 1
    windows = windows_of(context[..., 0])
    assert newest_error(windows, context)[0, 0, 2] == pytest.approx(4)


def test_of_nothing_known_nothing_is_said():
    windows = windows_of(np.ones((1, C)), official_ahead=np.ones((1, H)))
    assert (newest_error(windows, past_of(np.full((1, C), np.nan))) == 0).all()
