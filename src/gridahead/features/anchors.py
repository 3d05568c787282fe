"""Anchors: the simple forecasts to which a network forecasts the difference.

Having learnt nothing, a network already is its anchor: the official forecast, the same hour last week, or a mean of the
last days. The linear regression, an anchor as well, is in `linear`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from gridahead.features.comparable import alike, comparable_mean
from gridahead.features.moments import moments
from gridahead.features.rows import mean_of_known, newest_days, same_hour, same_hours
from gridahead.features.windows import Array, Windows, WindowSpec
from gridahead.settings.networks import Anchor

COMPARABLE = 1.5
"""An anchor with half as much error again may still win; wider apart, the network would spend itself on the anchor."""

WEEK_DAYS = 7


def every_anchor(spec: WindowSpec) -> tuple[Anchor, ...]:
    """Anchors so different that networks on each of them err differently, which is what averaging lives on."""
    return ("official_corrected" if spec.use_official else "week", "profile", "level", "linear")


def plausible_anchors(windows: Windows) -> tuple[Anchor, ...]:
    """The anchors worth trying, best first: the two with the smallest error, the second only if it is not far behind.

    The smaller error alone does not decide. The official load forecast of Germany beats last week's load, yet networks
    anchored on last week, with the official forecast among their inputs, do better: its bias drifts from year to year.
    """
    level = moments(windows.target_past)[0]

    def error(anchor: Anchor) -> float:
        return float(np.nanmean(np.abs(windows.target - anchored(windows, anchor, level))[windows.delivery]))

    errors: dict[Anchor, float] = {anchor: error(anchor) for anchor in ("week", "profile", "recent")}
    if windows.spec.use_official:  # as it is, or without its recent error: networks on both would be much the same
        official: Anchor = min(("official", "official_corrected"), key=error)
        errors[official] = error(official)
    first, second = sorted(errors, key=errors.__getitem__)[:2]
    return (first, second) if errors[second] <= COMPARABLE * errors[first] else (first,)


def anchored(windows: Windows, anchor: Anchor, level: float) -> Array:
    """A simple forecast of every unit of the horizon, (N, H) [MW]; the next of its kind where it is not known.

    Every anchor but the official forecast and last week's hour is a mean over many units: a single gap in the context,
    such as the hour that is not published yet at the issue time, must not tear a hole into the forecast.

    Args:
        windows: N of them.
        anchor: which one.
        level: mean of the target [MW], where nothing is known.
    """
    forecast = np.full(windows.target.shape, np.nan, np.float32)
    for simple in _IN_ORDER[anchor]:
        if not (unknown := np.isnan(forecast)).any():
            break
        forecast = np.where(unknown, simple(windows), forecast)
    return np.where(np.isnan(forecast), np.float32(level), forecast)


def _week(windows: Windows) -> Array:
    """The same hour a week before; a week before a holiday, or after one, the mean over comparable days."""
    spec, horizon, target = windows.spec, windows.target.shape[1], windows.target_past[..., None]
    week, other_kind = same_hour(target, spec, WEEK_DAYS, horizon)[..., 0], alike(windows, [WEEK_DAYS])[0] < 0.5
    if (has_other := other_kind.any(axis=1)).any():
        comparable = comparable_mean(windows.where(has_other), target[has_other])[..., 0]
        week[has_other] = np.where(other_kind[has_other], comparable, week[has_other])
    return week


def _profile(windows: Windows) -> Array:
    spec, target = windows.spec, windows.target_past[..., None]
    hours = same_hours(target, spec, newest_days(spec, WEEK_DAYS), windows.target.shape[1])
    return mean_of_known(hours, axis=0)[..., 0]


def _recent(windows: Windows) -> Array:
    newest = windows.target_past[:, -windows.spec.steps_per_day :, None]
    return np.broadcast_to(mean_of_known(newest, axis=1), windows.target.shape)


def _official(windows: Windows) -> Array:
    return windows.official_ahead


def _official_corrected(windows: Windows) -> Array:
    return windows.corrected_ahead


_SIMPLEST = (_week, _profile, _recent)
_IN_ORDER: Mapping[Anchor, Sequence[Callable[[Windows], Array]]] = {
    "official": (_official, *_SIMPLEST),
    "official_corrected": (_official_corrected, *_SIMPLEST),
    "week": _SIMPLEST,
    "profile": _SIMPLEST[1:],
    "recent": _SIMPLEST[2:],
    "level": (),
}
"""Each anchor, and what stands for it where it is not known."""
