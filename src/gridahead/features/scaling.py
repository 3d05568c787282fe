"""From windows to what a network reads, and back from what it says to megawatts.

Three pieces, each measured to help a recurrent network on day-ahead data:

- *Anchor.* The network forecasts the difference to a forecast that is there anyway: the official one, the same hour
  last week, or a mean of the last days. Having learnt nothing, the network already is that forecast.
- *Segments.* The encoder takes one step a day, not one an hour: two weeks are 14 steps, so gradients survive.
- *Skips.* Each unit of the horizon also sees the same hour of former days directly.

A fourth is there to be compared: *instance normalisation* scales the target in every window by the mean and spread of
its own last week, so that a level never seen before is nothing new. Where capacity is installed all the time and its
amount is known, *capacity normalisation* does the same for wind and solar power.

Everything else is fitted on the training windows only and stored in the bundle.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gridahead.config import Anchor, Normalise, Segment
from gridahead.errors import ModelError
from gridahead.features.ahead import course
from gridahead.features.calendar import CALENDAR_FEATURES, DAY_FEATURES
from gridahead.features.linear import LinearForecast
from gridahead.features.official import official_columns
from gridahead.features.rows import mean_of_known, same_hour, unit_rows
from gridahead.features.sun import dark, sun_clock, under_the_sun
from gridahead.features.windows import Array, Windows, WindowSpec
from gridahead.grid import SUN_DRIVEN

COMPARABLE = 1.5
"""An anchor with half as much error again may still win; wider apart, the network would spend itself on the anchor."""
SKIP_DAYS = (1, 2, 3, 7, 14)
"""Same hour so many days ago; days beyond the context are left out. 7 and 14 keep the weekday."""
LEAST_SPREAD = 0.1
"""Of a window's last week, relative to the series: a week without change must not blow up noise to a signal."""
CAPACITY = "capacity"
"""The quantity by which capacity normalisation knows the installed capacity."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a network reads, scaled."""

    encoder: Array
    """(N, S, E) one row a segment of the context."""
    decoder: Array
    """(N, H, D) one row a unit of the horizon."""
    static: Array
    """(N, G) what tells the series of a shared model apart; G is 0 for a model of one series."""
    length: npt.NDArray[np.int64]
    """(N,) units of each horizon; what stands behind them is padding."""


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
    normalise: Normalise = "series"
    linear: LinearForecast | None = None
    """The regression, where it is the anchor."""

    @classmethod
    def fit(cls, windows: Windows, anchor: Anchor | None = None, normalise: Normalise = "series") -> Scaler:
        """Learn from training windows; without an anchor given, the one with the smallest error there."""
        spec = windows.spec
        target = windows.past[..., 0]
        level, spread = _moments(target)
        error = _moments(target - windows.past[..., 1])[1] if spec.use_reference else 1.0
        covariates = {
            name: _moments(windows.past[..., n])
            for n, name in enumerate(map(str, spec.inputs))
            if not _of_the_target(spec, name)
        }
        chosen = anchor or plausible_anchors(windows)[0]
        scaler = cls(chosen, level, spread, error, 1.0, covariates, windows.known_shares(), normalise)
        if normalise == "capacity" and scaler._capacity(spec) not in covariates:
            raise ModelError(
                str(spec.series),
                f"cannot be normalised by its capacity: {scaler._capacity(spec)} is not among its inputs; "
                'bring it as a covariate that is known ahead, or choose normalise = "series"',
            )
        if chosen == "linear":
            target = np.where(windows.delivery, (windows.target - level) / spread, np.nan).astype(np.float32)
            linear = LinearForecast.fit(scaler.rows(windows), target, _known_ahead(windows), windows.within)
            scaler = replace(scaler, linear=linear)
        left = (windows.target - scaler.baseline(windows)) / scaler._frame(windows)[1]
        return replace(scaler, scale=_moments(left[windows.delivery])[1])

    def baseline(self, windows: Windows) -> Array:
        """The anchor at each unit of the horizon, (N, H) [MW]."""
        if self.linear is None:
            return anchored(windows, self.anchor, self.level)
        forecast = self.linear(self.rows(windows), _known_ahead(windows)) * np.float32(self.spread) + self.level
        return np.where(np.isnan(forecast), anchored(windows, "week", self.level), forecast).astype(np.float32)

    def rows(self, windows: Windows) -> Array:
        """What a regression reads of every unit of the horizon, (N, H, K), in units of the series' spread."""
        whole = replace(self, normalise="series")
        past = whole.scaled_past(windows)
        return unit_rows(windows.spec, past, whole._decoder(windows, past, whole._masked(windows, past)))

    def inputs(self, windows: Windows, segment: Segment, static: tuple[float, ...] = ()) -> Inputs:
        """What the network reads for these windows, one encoder step a segment.

        Args:
            windows: N of them.
            segment: what one step of the encoder spans; `none` leaves it out.
            static: G numbers that tell this series from others.
        """
        past = self.scaled_past(windows)
        values = self._masked(windows, past)
        return Inputs(
            encoder=self._encoder(windows, values, segment),
            decoder=self._decoder(windows, past, values),
            static=np.broadcast_to(np.array(static, np.float32), (len(windows), len(static))).copy(),
            length=windows.within.sum(axis=1),
        )

    def target(self, windows: Windows) -> Array:
        """What the network should answer, (N, H): the difference to the anchor.

        NaN where there is no outturn, in padding, and for solar power by night: the answer is zero there, whatever a
        network says.
        """
        left = (windows.target - self.baseline(windows)) / self._unit(windows)
        return _float32(np.where(dark(windows) | ~windows.within, np.nan, left))

    def megawatts(self, answer: Array, windows: Windows) -> Array:
        """The network's answer (N, H, Q) in MW."""
        return answer * self._unit(windows)[..., None] + self.baseline(windows)[..., None]

    def scaled_past(self, windows: Windows) -> Array:
        """(N, C, values): every input in its own scale, and the error of the official forecast."""
        spec, frame = windows.spec, self._frame(windows)
        scaled = np.empty((*windows.past.shape[:2], len(spec.inputs) + spec.use_reference), np.float32)
        for n, one in enumerate(spec.inputs):
            scaled[..., n] = self._scaled(str(one), windows.past[..., n], frame)
        if spec.use_reference:
            scaled[..., -1] = (windows.past[..., 0] - windows.past[..., 1]) / (self.error_spread * frame[1])
        return scaled

    def _masked(self, windows: Windows, past: Array) -> Array:
        """The scaled past with 0 for what is not known, and whether the target is, (N, C, values + 1)."""
        return np.concatenate([np.nan_to_num(past), ~np.isnan(windows.past[..., :1])], axis=-1)

    def _encoder(self, windows: Windows, values: Array, segment: Segment) -> Array:
        """What is remembered of the masked context (N, C, values + 1), one row a segment."""
        if segment == "none":
            return np.empty((len(windows), 0, 0), np.float32)
        spec, days = windows.spec, windows.past[..., -len(DAY_FEATURES) :]
        units, units_a_day = units_in(segment, spec), spec.steps_per_day
        if segment == "day":
            # The hours tell the course of a day; quarter hours beside them are noise to learn by heart.
            values, days = (_means(part, spec.mtu.per_hour) for part in (values, days))
            units = units_a_day = 24
        return segments(values, days, units, units_a_day)

    def _decoder(self, windows: Windows, past: Array, values: Array) -> Array:
        """What is known of every unit of the horizon: calendar, what is read ahead, the same hour of former days.

        Nothing is known of padding: there all is 0.

        Args:
            windows: N of them.
            past: (N, C, values) their scaled past, NaN where not known.
            values: (N, C, values + 1) the same, masked.
        """
        spec, horizon = windows.spec, windows.target.shape[1]
        ahead, official = self._scaled_ahead(windows), [*official_columns(spec).values()]
        # Official quantiles run as the forecast does, and where they are not published it stands for them: whether they
        # are says nothing but the era.
        bounds = np.where(np.isnan(ahead[..., official]), ahead[..., :1], ahead[..., official])
        ahead = ahead[..., [n for n in range(len(spec.ahead)) if n not in official and not self._framed(spec, n)]]
        columns = [np.nan_to_num(ahead), ~np.isnan(ahead), np.nan_to_num(bounds)]
        columns.append(course(ahead, windows.delivery, spec.mtu.per_hour))
        if spec.series.quantity in SUN_DRIVEN:
            columns = [sun_clock(windows.valid_time), *columns, under_the_sun(windows, past)]
        else:
            former = [same_hour(values, spec, back, horizon) for back in SKIP_DAYS if back <= spec.context_days]
            columns = [windows.future[..., -len(CALENDAR_FEATURES) :], *columns, *former]
        return _float32(np.where(windows.within[..., None], np.concatenate(columns, axis=-1), 0))

    def _framed(self, spec: WindowSpec, column: int) -> bool:
        """Whether a column ahead is the capacity by which all else is divided."""
        return self.normalise == "capacity" and str(spec.ahead[column]) == self._capacity(spec)

    def _scaled_ahead(self, windows: Windows) -> Array:
        """(N, H, values): what is known ahead, in its own scale."""
        scaled, frame = np.empty((*windows.target.shape, len(windows.spec.ahead)), np.float32), self._frame(windows)
        for n, one in enumerate(windows.spec.ahead):
            scaled[..., n] = self._scaled(str(one), windows.future[..., n], frame)
        return scaled

    def _scaled(self, name: str, values: Array, frame: tuple[Array, Array]) -> Array:
        if name in self.covariates:
            mean, spread = self.covariates[name]
            if self.normalise == "capacity" and name.endswith(f"/{CAPACITY}"):
                values = values / frame[1]  # what is left is how it changed
            return (values - mean) / spread
        centre, relative = frame
        return (values - centre) / (self.spread * relative)

    def _unit(self, windows: Windows) -> Array:
        """In which the network answers, (N or 1, 1) [MW]."""
        return np.float32(self.scale) * self._frame(windows)[1]

    def _frame(self, windows: Windows) -> tuple[Array, Array]:
        """The level of the target [MW], and its spread relative to that of the series, each (N or 1, 1)."""
        if self.normalise == "series":
            return np.full((1, 1), self.level, np.float32), np.ones((1, 1), np.float32)
        if self.normalise == "capacity":
            grown = self._growth(windows)
            return np.float32(self.level) * grown, grown
        week = windows.past[:, -7 * windows.spec.steps_per_day :, 0]
        centre = mean_of_known(week, axis=1)[:, None]
        spread = np.sqrt(mean_of_known((week - centre) ** 2, axis=1))[:, None]
        centre = np.where(np.isnan(centre), np.float32(self.level), centre)
        relative = np.maximum(np.where(np.isnan(spread), self.spread, spread) / self.spread, LEAST_SPREAD)
        return centre, relative.astype(np.float32)

    def _growth(self, windows: Windows) -> Array:
        """The capacity in the last day of each context relative to that of all windows learnt, (N, 1)."""
        spec, name = windows.spec, self._capacity(windows.spec)
        newest = windows.past[:, -spec.steps_per_day :, spec.past_names.index(name)]
        grown = mean_of_known(newest, axis=1)[:, None] / np.float32(self.covariates[name][0])
        return np.where(np.isnan(grown), np.float32(1), grown)

    @staticmethod
    def _capacity(spec: WindowSpec) -> str:
        return f"{spec.series.zone}/{CAPACITY}"

    def to_dict(self) -> dict[str, Any]:
        """For the bundle, but for the weights of the regression."""
        return asdict(replace(self, linear=None))

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Scaler:
        """From the bundle."""
        pairs = {name: (float(mean), float(spread)) for name, (mean, spread) in stored["covariates"].items()}
        return cls(**{**stored, "covariates": pairs})


def units_in(segment: Segment, spec: WindowSpec) -> int:
    """Market time units that one step of the encoder spans."""
    return {"unit": 1, "hour": spec.mtu.per_hour, "day": spec.steps_per_day}[segment]


def segments(values: Array, days: Array, units: int, units_a_day: int) -> Array:
    """The context cut into segments, one row each: its values one after the other and the mean of its day features.

    Segments shorter than a day also get their place in the day, as waves counted from the issue time.

    Args:
        values: (N, C, K)
        days: (N, C, day features)
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
    cut, kept = units * width, days.shape[-1]
    encoder = np.empty((count, rows, cut + kept + clock.shape[-1]), np.float32)
    encoder[..., :cut] = values.reshape(count, rows, cut)
    encoder[..., cut : cut + kept] = days.reshape(count, rows, units, kept).mean(axis=2)
    encoder[..., cut + kept :] = clock
    return encoder


def _means(values: Array, units: int) -> Array:
    """The means of so many units, (N, C / units, K)."""
    count, length, width = values.shape
    return values if units == 1 else values.reshape(count, length // units, units, width).mean(axis=2)


def every_anchor(spec: WindowSpec) -> tuple[Anchor, ...]:
    """Anchors so different that networks on each of them err differently, which is what averaging lives on."""
    return (*(("reference",) if spec.use_reference else ()), "week", "profile", "level", "linear")


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
        "level": [],
    }
    known = np.full(profile.shape, level, np.float32)
    for candidate in reversed(candidates[anchor]):
        known = np.where(np.isnan(candidate), known, candidate)
    return known


def _of_the_target(spec: WindowSpec, name: str) -> bool:
    """Whether an input is the target or named after it, as `solar_p90` is after `solar`: then it shares its scale."""
    return name == str(spec.series) or name.startswith(f"{spec.series}_")


def _known_ahead(windows: Windows) -> npt.NDArray[np.bool_]:
    """(N, H, A) whether each input that is read ahead is known."""
    return ~np.isnan(windows.future[..., : len(windows.spec.ahead)])


def _moments(values: npt.NDArray[Any]) -> tuple[float, float]:
    """Mean and standard deviation of what is there; a constant has the spread 1."""
    there = values[~np.isnan(values)].astype(np.float64)
    if len(there) == 0:
        return 0.0, 1.0
    spread = float(there.std())
    return float(there.mean()), spread if spread > 1e-6 * max(1e-6, abs(float(there.mean()))) else 1.0


def _float32(values: npt.NDArray[Any]) -> Array:
    return np.ascontiguousarray(values, dtype=np.float32)
