"""Splits of windows without inputs, whose outturn is made up day by day."""

import datetime as dt
from dataclasses import replace

import numpy as np

from builders.windows import windows_of
from gridahead.settings.training import TrainingSettings
from gridahead.training.split import cut

LEVELS = (0.1, 0.5, 0.9)
FIRST = dt.date(2022, 1, 1)


def split_of(count, *, validation_days=90, refit=True, outturn=None, deadline=None):
    """So many days, one after the other; the outturn of each is its number unless given, (N,) or (N, 37).

    Units are told apart by valid times that a day shares with no other.
    """
    target = np.arange(count) if outturn is None else outturn
    target = target[:, None] if np.ndim(target) == 1 else target
    windows = windows_of(np.full((count, 192), 10.0), target=target)
    windows = replace(windows, valid_time=np.arange(count)[:, None] * 100 + np.arange(37))
    if deadline is not None:
        windows = replace(windows, spec=replace(windows.spec, deadline=deadline))
    days = [FIRST + dt.timedelta(days=n) for n in range(count)]
    settings = TrainingSettings(quantiles=LEVELS, context_days=8, validation_days=validation_days, refit=refit)
    return cut(windows, days, settings)


def numbers(windows):
    """Which days these are."""
    return (windows.valid_time[:, 0] // 100).tolist()
