"""What the encoder of a network reads: the context in segments, one step each.

A segment is a day rather than an hour: two weeks are 14 steps, so gradients survive.
"""

from __future__ import annotations

import numpy as np

from gridahead.features.windows import Array, Windows, WindowSpec
from gridahead.settings.networks import Segment


def encoder_inputs(windows: Windows, values: Array, segment: Segment) -> Array:
    """What is remembered of the context, one row a segment, (N, S, E).

    Args:
        windows: N of them.
        values: (N, C, K) their context, scaled, without NaN.
        segment: what one row spans; `none` leaves the context out.
    """
    if segment == "none":
        return np.empty((len(windows), 0, 0), np.float32)
    spec, dates = windows.spec, windows.calendar_past
    units, units_a_day = units_in(segment, spec), spec.steps_per_day
    if segment == "day":
        # The hours tell the course of a day; quarter hours beside them are noise to learn by heart.
        values, dates = (_means(part, spec.mtu.per_hour) for part in (values, dates))
        units = units_a_day = 24
    return segments(values, dates, units, units_a_day)


def units_in(segment: Segment, spec: WindowSpec) -> int:
    """Market time units that one step of the encoder spans."""
    return {"unit": 1, "hour": spec.mtu.per_hour, "day": spec.steps_per_day}[segment]


def segments(values: Array, dates: Array, units: int, units_a_day: int) -> Array:
    """The context cut into segments, one row each: its values one after the other and the mean of its day features.

    Segments shorter than a day also get their place in the day, as waves counted from the issue time.

    Args:
        values: (N, C, K)
        dates: (N, C, day features)
        units: in a segment.
        units_a_day: in 24 hours.

    Returns:
        (N, S, E), S = C / units.
    """
    count, length, width = values.shape
    rows = length // units
    waves = [1, 2] if units < units_a_day else []
    angle = 2 * np.pi * np.outer(np.arange(rows) * units / units_a_day, waves)
    clock = np.concatenate([np.sin(angle), np.cos(angle)], axis=-1)
    value_width, date_width = units * width, dates.shape[-1]
    encoder = np.empty((count, rows, value_width + date_width + clock.shape[-1]), np.float32)
    encoder[..., :value_width] = values.reshape(count, rows, value_width)
    encoder[..., value_width : value_width + date_width] = dates.reshape(count, rows, units, date_width).mean(axis=2)
    encoder[..., value_width + date_width :] = clock
    return encoder


def _means(values: Array, units: int) -> Array:
    """The means of so many units, (N, C / units, K)."""
    count, length, width = values.shape
    return values if units == 1 else values.reshape(count, length // units, units, width).mean(axis=2)
