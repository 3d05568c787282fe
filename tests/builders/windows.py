"""Windows of a made-up German load, for the tests of models, training and forecasting."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd

from builders.rows import DE, LOAD, day_ahead, measured, together
from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu, days_between
from gridahead.features.calendar import CALENDAR_FEATURES, DAY_FEATURES
from gridahead.features.windows import Windows, WindowSpec, build_windows

FIRST = dt.date(2025, 1, 6)
SPEC = WindowSpec(LOAD, DE, Mtu.PT60M, Deadline.parse("D-1T1100[Europe/Berlin]"), context_days=8)
WITHOUT_REFERENCE = replace(SPEC, use_official=False)
C, H = 8 * 24, 37
"""Units of the context and the horizon of `windows_of`."""


def made_load(days: int = 30, seed: int = 3) -> Observations:
    """A load with a daily shape and noise [MW], and an official forecast that is 2 000 MW too high at noon."""
    start, end = (pd.Timestamp(day, tz="Europe/Berlin") for day in (FIRST, FIRST + dt.timedelta(days=days)))
    times = pd.date_range(start, end, freq="h", inclusive="left").tz_convert("UTC")
    hour = times.tz_convert("Europe/Berlin").hour.to_numpy()
    rng = np.random.default_rng(seed)
    load = 50_000 - 8_000 * np.cos(2 * np.pi * hour / 24) + rng.normal(0, 1_000, len(times)).cumsum() / 10
    official = load + np.where((hour >= 9) & (hour < 15), 2_000, 0) + rng.normal(0, 500, len(times))
    return together(measured(LOAD, times, load), day_ahead(LOAD.official, times, official))


def made_windows(first: int = 12, last: int = 25, spec: WindowSpec = SPEC, observations: Observations | None = None):
    """Windows of the delivery days so many days after the first."""
    days = days_between(FIRST + dt.timedelta(days=first), FIRST + dt.timedelta(days=last))
    return build_windows(made_load() if observations is None else observations, spec, days)


def windows_of(context, target=None, official_past=None, official_ahead=None, covariate=None):
    """N windows of eight days and 37 hours, issued at 11:00, with an empty calendar."""
    context = np.atleast_2d(context)
    n, use_official = len(context), official_ahead is not None
    past, future = [context], []
    if use_official:
        past.append(np.atleast_2d(official_past if official_past is not None else context))
        future.append(np.atleast_2d(official_ahead))
    covariates: tuple[Series, ...] = ()
    if covariate is not None:
        past.append(np.atleast_2d(covariate))
        covariates = (Series("DE", "solar"),)
    spec = WindowSpec(
        LOAD, DE, Mtu.PT60M, Deadline.parse("D-1T1100[Europe/Berlin]"), 8, use_official, past_covariates=covariates
    )
    stack = [*(one[..., None] for one in past), np.zeros((n, C, len(DAY_FEATURES)))]
    ahead = [*(one[..., None] for one in future), np.zeros((n, H, len(CALENDAR_FEATURES) + use_official))]
    return Windows(
        spec=spec,
        issue_time=np.zeros(n, np.int64),
        valid_time=np.zeros((n, H), np.int64),
        past=np.concatenate(stack, axis=-1).astype(np.float32),
        future=np.concatenate(ahead, axis=-1).astype(np.float32),
        target=np.broadcast_to(np.nan if target is None else target, (n, H)).astype(np.float32),
        delivery=np.broadcast_to(np.arange(H) >= 13, (n, H)),
    )
