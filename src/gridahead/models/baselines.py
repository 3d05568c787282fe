"""The references every model is measured against: the official forecast, the same corrected, last week's same hour."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gridahead.core.runs import NAIVE, OFFICIAL, Reference
from gridahead.core.vintages import micros
from gridahead.features.anchors import anchored
from gridahead.features.official import official_quantiles
from gridahead.features.windows import Array, Windows, WindowSpec
from gridahead.models.base import Kind, Quantiles, possible, read_about, write_about

if TYPE_CHECKING:
    from gridahead.models.bundle import TrainedModel


@dataclass(frozen=True)
class ReferenceForecast:
    """A given point forecast with its own quantiles, or with the spread of its past errors around it.

    The median is the point forecast itself, so that its error is the one that its publisher answers for. Windows for
    `official_corrected` are those of `features.corrected`, which hold it in the place of the official forecast. Both
    forecast no unit that the publisher has not forecast.
    """

    name: Reference
    spec: WindowSpec
    quantiles: tuple[float, ...]
    level: float
    """Mean of the target [MW], where nothing at all is known."""
    offsets: Array
    """(Q,) quantiles of the error, shifted so that the median is 0 [MW]."""

    @property
    def kind(self) -> Kind:
        """The kind of a reference forecast."""
        return "reference"

    @property
    def known_share(self) -> dict[str, float]:
        """Nothing: it learns the spread of errors only."""
        return {}

    @property
    def networks(self) -> tuple[TrainedModel, ...]:
        """No networks: a reference has none."""
        return ()

    @classmethod
    def fit(cls, name: Reference, windows: Windows, quantiles: tuple[float, ...]) -> ReferenceForecast:
        """Learn the spread of the errors on training windows; where there is none, the median is all that it has."""
        level = float(np.nanmean(windows.target_past))
        error = (windows.target - _point(name, windows, level))[windows.delivery]
        if np.isnan(error).all():
            return cls(name, windows.spec, (0.5,), level, np.zeros(1, np.float32))
        offsets = np.nanquantile(error, quantiles) - np.nanmedian(error)
        return cls(name, windows.spec, quantiles, level, offsets.astype(np.float32))

    def save(self, folder: Path) -> None:
        """Write the bundle into a folder."""
        about = {
            "name": self.name,
            "spec": self.spec.to_dict(),
            "quantiles": self.quantiles,
            "level": self.level,
            "offsets": self.offsets.tolist(),
        }
        write_about(folder, self.kind, about)

    @classmethod
    def load(cls, folder: Path) -> ReferenceForecast:
        """The reference forecast that a bundle holds."""
        about = read_about(folder)
        offsets = np.array(about["offsets"], np.float32)
        spec = WindowSpec.from_dict(about["spec"])
        return cls(about["name"], spec, tuple(about["quantiles"]), about["level"], offsets)

    def predict(self, windows: Windows) -> Quantiles:
        """The point forecast, and the quantiles that come with it or else those of its errors, (N, H, Q) [MW].

        NaN where nothing was published.
        """
        point = _point(self.name, windows, self.level)[..., None]
        answer = point + self.offsets
        published = official_quantiles(windows, self.quantiles) if self.name == OFFICIAL else None
        whole = answer if published is None else np.where(np.isnan(published), answer, published)
        return np.where(np.isnan(point), np.float32(np.nan), possible(whole, windows))


def _point(name: Reference, windows: Windows, level: float) -> Array:
    """The point forecast, (N, H) [MW]: what was published, or the same hour of last week, else the next simplest."""
    if name != NAIVE:
        return windows.official_ahead
    week_ago = _same_local_hour(windows, days=7)
    return np.where(np.isnan(week_ago), anchored(windows, "week", level), week_ago)


def _same_local_hour(windows: Windows, days: int) -> Array:
    """The target at the same wall-clock time some days before, (N, H): people keep their hours when clocks change."""
    spec = windows.spec
    step = spec.mtu.microseconds
    local = pd.DatetimeIndex(pd.to_datetime(windows.valid_time.ravel(), unit="us", utc=True)).tz_convert(
        spec.zone.timezone
    )
    before = (local.tz_localize(None) - pd.Timedelta(days=days)).tz_localize(
        spec.zone.timezone, ambiguous=np.ones(len(local), bool), nonexistent="shift_forward"
    )
    length = windows.past.shape[1]
    first = windows.valid_time[:, :1] - length * step
    at = (micros(before).reshape(windows.valid_time.shape) - first) // step
    inside = (at >= 0) & (at < length)
    values = np.take_along_axis(windows.target_past, np.where(inside, at, 0), axis=1)
    return np.where(inside, values, np.nan).astype(np.float32)
