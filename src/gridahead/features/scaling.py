"""From windows to what a network reads, and back from what it says to megawatts.

Three pieces, each measured to help a recurrent network on day-ahead data:

- *Anchor.* The network forecasts the difference to a forecast that is there anyway: the official one, the same hour
  last week, or a mean of the last days. Having learnt nothing, the network already is that forecast.
- *Day segments.* The encoder takes one step a day, not one an hour: two weeks are 14 steps, so gradients survive.
- *Skips.* Each unit of the horizon also sees the same hour of former days directly.

Everything is fitted on the training windows only and stored in the bundle.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gridahead.features.calendar import CALENDAR_FEATURES, DAY_FEATURES
from gridahead.features.windows import Array, Windows, WindowSpec

Anchor = Literal["reference", "week", "profile", "recent"]
"""The official forecast, the same hour last week, the mean of that hour over 7 days, or the mean of the last day."""
COMPARABLE = 1.5
"""An anchor with half as much error again may still win; wider apart, the network would spend itself on the anchor."""
SKIP_DAYS = (1, 2, 3, 7, 14)
"""Same hour so many days ago; days beyond the context are left out. 7 and 14 keep the weekday."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a network reads and is compared with, scaled."""

    encoder: Array
    """(N, S, E) one row a day of the context."""
    decoder: Array
    """(N, H, D) one row a unit of the horizon."""
    target: Array
    """(N, H) difference to the anchor, NaN where there is no outturn."""


@dataclass(frozen=True, slots=True)
class Scaler:
    """Means, scales and the anchor, learnt on the training windows of one series."""

    anchor: Anchor
    level: float
    """Mean of the target [MW]."""
    spread: float
    """Standard deviation of the target [MW]."""
    error_spread: float
    """Standard deviation of target − official forecast [MW]; 1 without one."""
    scale: float
    """Standard deviation of target − anchor [MW]: the unit in which the network answers."""
    covariates: dict[str, tuple[float, float]]
    """Mean and standard deviation of every covariate, in its own unit."""
    known: dict[str, float]
    """Share of each input that was known in training: at the end of the context, and `… ahead` in the delivery day."""

    @classmethod
    def fit(cls, windows: Windows, anchor: Anchor | None = None) -> Scaler:
        """Learn from training windows; without an anchor given, the one with the smallest error there."""
        spec = windows.spec
        target = windows.past[..., 0]
        level, spread = _moments(target)
        error = _moments(target - windows.past[..., 1])[1] if spec.use_reference else 1.0
        covariates = {
            name: _moments(windows.past[..., spec.past_names.index(name)])
            for name in (str(one) for one in spec.inputs)
            if name not in (str(spec.series), str(spec.series.reference))
        }
        chosen = anchor or plausible_anchors(windows)[0]
        left = (windows.target - anchored(windows, chosen, level))[windows.delivery]
        return cls(chosen, level, spread, error, _moments(left)[1], covariates, windows.known_shares())

    def baseline(self, windows: Windows) -> Array:
        """The anchor at each unit of the horizon, (N, H) [MW]."""
        return anchored(windows, self.anchor, self.level)

    def inputs(self, windows: Windows) -> Inputs:
        """What the network reads for these windows."""
        spec = windows.spec
        past = self.scaled_past(windows)
        known = ~np.isnan(windows.past[..., :1])
        values = np.concatenate([np.nan_to_num(past), known], axis=-1)
        days = windows.past[..., -len(DAY_FEATURES) :]
        by_day = (len(windows), spec.context_days, spec.steps_per_day)
        encoder = np.concatenate([values.reshape(*by_day[:2], -1), days.reshape(*by_day, -1).mean(axis=2)], axis=-1)

        ahead = self._scaled_ahead(windows)
        decoder = [windows.future[..., -len(CALENDAR_FEATURES) :], np.nan_to_num(ahead), ~np.isnan(ahead)]
        decoder += [same_hour(values, spec, days, ahead.shape[1]) for days in SKIP_DAYS if days <= spec.context_days]
        target = (windows.target - self.baseline(windows)) / self.scale
        return Inputs(_float32(encoder), _float32(np.concatenate(decoder, axis=-1)), _float32(target))

    def megawatts(self, answer: Array, windows: Windows) -> Array:
        """The network's answer (N, H, Q) in MW."""
        return answer * np.float32(self.scale) + self.baseline(windows)[..., None]

    def scaled_past(self, windows: Windows) -> npt.NDArray[np.floating[Any]]:
        """(N, C, values): every input in its own scale, and the error of the official forecast."""
        spec = windows.spec
        columns = [self._scaled(str(one), windows.past[..., n]) for n, one in enumerate(spec.inputs)]
        if spec.use_reference:
            columns.append((windows.past[..., 0] - windows.past[..., 1]) / self.error_spread)
        return np.stack(columns, axis=-1)

    def _scaled_ahead(self, windows: Windows) -> npt.NDArray[np.floating[Any]]:
        """(N, H, values): what is known ahead, in its own scale."""
        columns = [self._scaled(str(one), windows.future[..., n]) for n, one in enumerate(windows.spec.ahead)]
        return np.stack(columns, axis=-1) if columns else np.zeros((*windows.target.shape, 0), np.float32)

    def _scaled(self, name: str, values: Array) -> Array:
        mean, spread = self.covariates.get(name, (self.level, self.spread))
        return (values - mean) / spread

    def to_dict(self) -> dict[str, Any]:
        """For the bundle."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Scaler:
        """From the bundle."""
        pairs = {name: (float(mean), float(spread)) for name, (mean, spread) in stored["covariates"].items()}
        return cls(**{**stored, "covariates": pairs})


def same_hour(values: npt.NDArray[Any], spec: WindowSpec, days: int, horizon: int) -> npt.NDArray[Any]:
    """The values at the same hour some days before each unit of the horizon.

    Where that hour is not past yet at the issue time, the nearest earlier day is taken.

    Args:
        values: (N, C, K) over the context.
        spec: gives the axis.
        days: how many days back.
        horizon: H.

    Returns:
        (N, H, K)
    """
    ahead = np.arange(horizon)
    back = np.maximum(days, ahead // spec.steps_per_day + 1)
    return values[:, values.shape[1] + ahead - back * spec.steps_per_day]


def plausible_anchors(windows: Windows) -> tuple[Anchor, ...]:
    """The anchors worth trying, best first: the two with the smallest error, the second only if it is not far behind.

    The smaller error alone does not decide. The official load forecast of Germany beats last week's load, yet networks
    anchored on last week, with the official forecast among their inputs, do better: its bias drifts from year to year.
    """
    level = _moments(windows.past[..., 0])[0]
    candidates: list[Anchor] = ["week", "profile", "recent"]
    if windows.spec.use_reference:
        candidates.append("reference")
    errors = {
        anchor: float(np.nanmean(np.abs(windows.target - anchored(windows, anchor, level))[windows.delivery]))
        for anchor in candidates
    }
    first, second = sorted(candidates, key=errors.__getitem__)[:2]
    return (first, second) if errors[second] <= COMPARABLE * errors[first] else (first,)


def anchored(windows: Windows, anchor: Anchor, level: float) -> Array:
    """A simple forecast of every unit of the horizon, (N, H) [MW]; the next of its kind where it is not known.

    Every anchor but the official forecast and last week's hour is a mean over many units: a single gap in the context,
    such as the hour that is not published yet at the issue time, must not tear a hole into the forecast.
    """
    spec, (_, horizon) = windows.spec, windows.target.shape
    target = windows.past[..., :1]
    by_day = [same_hour(target, spec, days, horizon)[..., 0] for days in range(1, 8)]
    profile = mean_of_known(np.stack(by_day), axis=0)
    recent = np.broadcast_to(mean_of_known(target[:, -spec.steps_per_day :], axis=1), profile.shape)
    ladder = [by_day[6], profile, recent]
    candidates = {
        "reference": [windows.future[..., 0], *ladder],
        "week": ladder,
        "profile": ladder[1:],
        "recent": ladder[2:],
    }
    known = np.full(profile.shape, level, np.float32)
    for candidate in reversed(candidates[anchor]):
        known = np.where(np.isnan(candidate), known, candidate)
    return known


def mean_of_known(values: Array, axis: int) -> Array:
    """The mean of what is there, NaN where nothing is."""
    there = ~np.isnan(values)
    count = there.sum(axis=axis)
    total = np.where(there, values, 0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _moments(values: npt.NDArray[Any]) -> tuple[float, float]:
    """Mean and standard deviation of what is there; a constant has the spread 1."""
    there = values[~np.isnan(values)].astype(np.float64)
    if len(there) == 0:
        return 0.0, 1.0
    spread = float(there.std())
    return float(there.mean()), spread if spread > 1e-6 * max(1.0, abs(float(there.mean()))) else 1.0


def _float32(values: npt.NDArray[Any]) -> Array:
    return np.ascontiguousarray(values, dtype=np.float32)
