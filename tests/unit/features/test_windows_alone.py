"""A window is the same whether it is built alone or beside longer days."""

import datetime as dt
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from builders.rows import LOAD, day_ahead, measured, together
from builders.windows import SPEC, made_windows

from gridahead.features.windows import build_windows
from gridahead.models.base import predict_each

# The clocks go back on 26 October: that delivery day has 25 hours, and pads the others by one.
DAYS = [dt.date(2025, 10, day) for day in (25, 26, 27)]
TIMES = pd.date_range("2025-10-10T22:00Z", "2025-10-28T23:00Z", freq="h", inclusive="left")
RNG = np.random.default_rng(2)
ROWS = together(
    measured(LOAD, TIMES, RNG.normal(50, 5, len(TIMES))),
    day_ahead(LOAD.official, TIMES, RNG.normal(50, 5, len(TIMES))),
)


def test_the_fingerprint_does_not_depend_on_the_days_beside():
    together_, alone = build_windows(ROWS, SPEC, DAYS), [build_windows(ROWS, SPEC, [day]) for day in DAYS]
    assert together_.future.shape[1] == 13 + 25
    assert alone[0].future.shape[1] == 13 + 24
    for row, one in enumerate(alone):
        assert together_.data_hash(row) == one.data_hash(0)
        for name in ("past", "future", "target", "valid_time", "delivery"):
            assert getattr(together_.alone(row), name).tobytes() == getattr(one, name).tobytes()


def test_a_model_is_asked_for_windows_of_one_length_and_padding_stays_empty():
    class Last:
        name, quantiles = "last", (0.1, 0.5, 0.9)
        asked: ClassVar = []

        def predict(self, windows):
            self.asked.append(windows.target.shape)
            return np.broadcast_to(windows.past[:, -3, :1, None], (*windows.target.shape, 3)).copy()

    windows = build_windows(ROWS, SPEC, DAYS)
    model: Any = Last()
    said = predict_each(model, windows)
    assert model.asked == [(2, 37), (1, 38)]
    assert np.isnan(said).sum() == 2 * 3
    assert np.array_equal(said[:, 0, 0], windows.past[:, -3, 0])


def test_without_padding_nothing_is_trimmed():
    windows = made_windows()
    assert windows.trimmed() is windows
