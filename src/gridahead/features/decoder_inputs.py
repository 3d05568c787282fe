"""What the decoder of a network reads of every unit of the horizon.

It is the calendar, what is read ahead, and the same hour of former days, so that what happened a week ago at this hour
need not pass through the memory of an encoder; and a mean of that hour over days that compare. For what lives on the
sun, season and time of the day by the sun stand in the place of the calendar, and what a clear day would bring in that
of former days. What is made of the weather comes last, and for what is made again every hour the errors of the newest
ones.
"""

from __future__ import annotations

import numpy as np

from gridahead.core.grid import SUN_DRIVEN
from gridahead.features.comparable import comparable_mean
from gridahead.features.moments import Moments
from gridahead.features.newest_error import newest_error
from gridahead.features.official import official_levels
from gridahead.features.rows import newest_days, same_hour
from gridahead.features.shape_ahead import shape_ahead
from gridahead.features.sun import sun_clock, under_the_sun
from gridahead.features.weather import weather_inputs
from gridahead.features.windows import Array, Windows

NEWEST_DAYS = 3
"""Same hour of so many newest days that are known: 1, 2 and 3 days ago where the forecast is for the day ahead."""
WEEKS = (7, 14)
"""The same so many days ago, which keeps the weekday; what is beyond the context is left out."""


def decoder_inputs(moments: Moments, windows: Windows, past: Array, values: Array) -> Array:
    """One row a unit of the horizon, (N, H, D). Nothing is known of padding: there all is 0.

    Args:
        moments: in which everything is scaled.
        windows: N of them.
        past: (N, C, ·) their scaled past, NaN where not known.
        values: (N, C, ·) the same with 0 there, and last whether the target is known.
    """
    spec, horizon = windows.spec, windows.target.shape[1]
    columns = _read_ahead(moments, windows)
    if spec.series.quantity in SUN_DRIVEN:
        columns = [sun_clock(windows.valid_time), *columns, under_the_sun(windows, past)]
    else:
        skips = (*newest_days(spec, NEWEST_DAYS), *(days for days in WEEKS if days <= spec.context_days))
        former = [same_hour(values, spec, back, horizon) for back in skips]
        target_and_error = past[..., [0, -1] if spec.use_official else [0]]
        columns = [windows.calendar_ahead, *columns, *former, np.nan_to_num(comparable_mean(windows, target_and_error))]
    columns += weather_inputs(windows, past)
    if spec.intraday:
        columns.append(newest_error(windows, past))
    rows = np.where(windows.within[..., None], np.concatenate(columns, axis=-1), 0)
    return np.ascontiguousarray(rows, dtype=np.float32)


def _read_ahead(moments: Moments, windows: Windows) -> list[Array]:
    """The inputs that are read ahead, scaled: their values, whether they are known, official quantiles, their shape."""
    spec, ahead = windows.spec, moments.scaled_ahead(windows)
    official = [*official_levels(spec).values()]
    quantiles = [spec.ahead.index(series) for series in official]
    # Official quantiles run as the forecast does, and where they are not published it stands for them: whether they
    # are says nothing but the era.
    bounds = np.where(np.isnan(ahead[..., quantiles]), ahead[..., :1], ahead[..., quantiles])
    others = [n for n, one in enumerate(spec.ahead) if one not in official and not moments.divides_all(spec, one)]
    ahead = ahead[..., others]
    shape = shape_ahead(ahead, windows.delivery, spec.mtu.per_hour)
    columns = [np.nan_to_num(ahead), ~np.isnan(ahead), np.nan_to_num(bounds), shape]
    return [*columns, *([np.nan_to_num(moments.scaled_correction(windows))] if spec.use_official else [])]
