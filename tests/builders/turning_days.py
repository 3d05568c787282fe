"""Series that share a network, which no simple forecast says: their days turn up and down."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd

from builders.rows import DE, measured
from builders.windows import FIRST
from gridahead.core.time import Deadline, Mtu
from gridahead.features.windows import WindowSpec
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.split import split

GRU = ModelSettings(cell="gru", hidden=8, decoder_hidden=8, members=1, dropout=0.1)
DAYS = 130


def settings_of(**changes):
    plain = {"quantiles": (0.1, 0.5, 0.9), "epochs": 10, "batch_size": 16, "context_days": 8, "validation_days": 20}
    plain["refit"] = False
    return TrainingSettings.model_validate({**plain, "learning_rate": 0.03, **changes})


def spec_of(series, **changes):
    plain = WindowSpec(series, DE, Mtu.PT60M, Deadline.parse("D-1T1100[Europe/Berlin]"), 8, use_official=False)
    return replace(plain, **changes)


def made(series, level, days=DAYS, seed=0):
    """Noon is high on even days and low on odd ones: last week's same hour and means of days are always wrong."""
    start = pd.Timestamp(FIRST + dt.timedelta(days=DAYS - days), tz="Europe/Berlin")
    times = pd.date_range(
        start, pd.Timestamp(FIRST + dt.timedelta(days=DAYS), tz="Europe/Berlin"), freq="h", inclusive="left"
    )
    turn = np.where((times.tz_localize(None).normalize() - pd.Timestamp(FIRST)).days % 2 == 0, 1, -1)
    shape = np.sin(np.pi * times.hour / 24) * turn
    noise = np.random.default_rng(seed).normal(0, 0.05, len(times))
    return measured(series, times.tz_convert("UTC"), level * (3 + shape + noise))


def parts_of(observations, series, settings, **changes):
    return split(observations, spec_of(series, **changes), settings)
