"""From windows to what a network reads, and back from what it answers to megawatts.

Three pieces, each measured to help a recurrent network on day-ahead data:

- *Anchor* (`anchors`, `linear`). The network forecasts the difference to a forecast that is there anyway.
- *Segments* (`encoder_inputs`). The encoder takes one step a day, not one an hour.
- *Skips* (`decoder_inputs`). Each unit of the horizon also sees the same hour of former days directly.

In which units all of it is read, the `moments` say, and of prices first `stabilised` on which scale. Everything is
fitted on the training windows only and stored in the bundle.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gridahead.features.anchors import anchored, plausible_anchors
from gridahead.features.comparable import special_days
from gridahead.features.decoder_inputs import decoder_inputs
from gridahead.features.encoder_inputs import encoder_inputs
from gridahead.features.linear import LinearForecast
from gridahead.features.moments import Moments, moments
from gridahead.features.rows import unit_rows
from gridahead.features.stabilised import Stabilised
from gridahead.features.sun import dark
from gridahead.features.windows import Array, Windows
from gridahead.settings.networks import Anchor, Normalise, Segment


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a network reads, scaled."""

    encoder: Array
    """(N, S, E) one row a segment of the context."""
    decoder: Array
    """(N, H, D) one row a unit of the horizon."""
    static: Array
    """(N, G) what identifies the series of a shared model; G is 0 for a model of one series."""
    length: npt.NDArray[np.int64]
    """(N,) units of each horizon; what stands behind them is padding."""


@dataclass(frozen=True, slots=True)
class Scaler:
    """Moments and anchor, learnt on the training windows of one series."""

    moments: Moments
    anchor: Anchor
    scale: float
    """Standard deviation of target − anchor [MW, or on the scale of prices]: the unit in which the network answers."""
    known_share: dict[str, float]
    """Share of each input that was known in training: at the end of the context, and `… ahead` in the delivery day."""
    linear: LinearForecast | None = None
    """The regression, where it is the anchor."""
    stabilised: Stabilised | None = None
    """The scale on which a price is learnt; moments, anchor and answer are on it."""
    official_place: bool = False
    """Whether an official forecast has a place in what the network reads though the series has none: others that share
    the network have one."""

    @classmethod
    def fit(
        cls,
        windows: Windows,
        anchor: Anchor | None = None,
        normalise: Normalise = "series",
        *,
        official_place: bool = False,
    ) -> Scaler:
        """Learn from training windows; without an anchor given, the one with the smallest error there.

        Raises:
            ModelError: they are to be normalised by a capacity that is not read.
        """
        anchor, stabilised = anchor or plausible_anchors(windows)[0], Stabilised.fit(windows)
        seen = windows if stabilised is None else stabilised.of(windows)
        learnt = Moments.fit(seen, normalise)
        known = windows.known_share()
        scaler = cls(learnt, anchor, 1.0, known, stabilised=stabilised, official_place=official_place)
        if scaler.anchor == "linear":
            target = np.where(windows.delivery, (seen.target - learnt.level) / learnt.spread, np.nan)
            rows, ahead = scaler._rows(seen), _known_ahead(windows)
            linear = LinearForecast.fit(rows, target.astype(np.float32), ahead, windows.within, windows.skipped)
            scaler = replace(scaler, linear=linear)
        left = (seen.target - scaler._baseline(seen)) / learnt.frame(seen)[1]
        return replace(scaler, scale=moments(left[windows.delivery])[1])

    def baseline(self, windows: Windows) -> Array:
        """The anchor at each unit of the horizon, (N, H) [MW]."""
        return self._back(self._baseline(self.seen(windows)))

    def seen(self, windows: Windows) -> Windows:
        """The windows on the scale on which they are learnt."""
        return windows if self.stabilised is None else self.stabilised.of(windows)

    def _back(self, values: Array) -> Array:
        """Values of that scale in MW."""
        return values if self.stabilised is None else self.stabilised.back(values)

    def _baseline(self, windows: Windows) -> Array:
        level, spread = self.moments.level, np.float32(self.moments.spread)
        if self.linear is None:
            return anchored(windows, self.anchor, level)
        forecast = self.linear(self._rows(windows), _known_ahead(windows), windows.skipped) * spread + level
        return np.where(np.isnan(forecast), anchored(windows, "week", level), forecast).astype(np.float32)

    def rows(self, windows: Windows) -> Array:
        """What a regression reads of every unit of the horizon, (N, H, K), in units of the series' spread."""
        return self._rows(self.seen(windows))

    def _rows(self, windows: Windows) -> Array:
        series = replace(self.moments, normalise="series")
        past = series.scaled_past(windows)
        decoder = decoder_inputs(series, windows, past, _masked(windows, past))
        return unit_rows(windows.spec, past, decoder, special_days(windows))

    def inputs(self, windows: Windows, segment: Segment, static: tuple[float, ...] = ()) -> Inputs:
        """What the network reads for these windows, one encoder step a segment.

        Args:
            windows: N of them.
            segment: what one step of the encoder spans; `none` leaves it out.
            static: G numbers that tell this series from others.
        """
        windows = self.seen(windows)
        if self.official_place:
            windows = windows.with_place_for_official()
        past = self.moments.scaled_past(windows)
        values = _masked(windows, past)
        return Inputs(
            encoder=encoder_inputs(windows, values, segment),
            decoder=decoder_inputs(self.moments, windows, past, values),
            static=np.broadcast_to(np.array(static, np.float32), (len(windows), len(static))).copy(),
            length=windows.within.sum(axis=1),
        )

    def target(self, windows: Windows) -> Array:
        """What the network should answer, (N, H): the difference to the anchor.

        NaN where there is no outturn, in padding, and for solar power by night: the answer is zero there, whatever a
        network says.
        """
        windows = self.seen(windows)
        left = (windows.target - self._baseline(windows)) / self._unit(windows)
        scaled = np.where(dark(windows) | ~windows.within, np.nan, left)
        return np.ascontiguousarray(scaled, dtype=np.float32)

    def megawatts(self, answer: Array, windows: Windows) -> Array:
        """The network's answer (N, H, Q) in MW."""
        windows = self.seen(windows)
        return self._back(answer * self._unit(windows)[..., None] + self._baseline(windows)[..., None])

    def _unit(self, windows: Windows) -> Array:
        """In which the network answers, (N or 1, 1) [MW, or on the scale of prices]."""
        return np.float32(self.scale) * self.moments.frame(windows)[1]

    def to_dict(self) -> dict[str, Any]:
        """For the bundle, but for the weights of the regression."""
        return asdict(replace(self, linear=None))

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Scaler:
        """The scaler from the plain values of a bundle."""
        learnt, prices = stored["moments"], stored.get("stabilised")
        pairs = {name: (float(mean), float(spread)) for name, (mean, spread) in learnt["covariates"].items()}
        moments_of = Moments(**{**learnt, "covariates": pairs})
        return cls(**{**stored, "moments": moments_of, "stabilised": prices and Stabilised(**prices)})


def _masked(windows: Windows, past: Array) -> Array:
    """The scaled past with 0 for what is not known, and last whether the target is, (N, C, ·)."""
    return np.concatenate([np.nan_to_num(past), ~np.isnan(windows.target_past[..., None])], axis=-1)


def _known_ahead(windows: Windows) -> npt.NDArray[np.bool_]:
    """(N, H, A) whether each input that is read ahead is known."""
    return ~np.isnan(windows.inputs_ahead)
