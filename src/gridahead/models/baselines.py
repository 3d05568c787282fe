"""The references every model is measured against: the official forecast, the same corrected, last week's same hour."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from gridahead.features.official import official_quantiles
from gridahead.features.scaling import anchored
from gridahead.features.windows import Array, Windows
from gridahead.models.base import Quantiles, possible
from gridahead.vintages import micros

ReferenceName = Literal["official", "official_corrected", "naive"]


@dataclass(frozen=True)
class ReferenceForecast:
    """A given point forecast with its own quantiles, or with the spread of its past errors around it.

    The median is the point forecast itself, so that its error is the one that its publisher answers for. Windows for
    `official_corrected` are those of `features.corrected`, which hold it in the place of the official forecast. Both
    say nothing of a unit that the publisher said nothing of.
    """

    name: ReferenceName
    quantiles: tuple[float, ...]
    level: float
    """Mean of the target [MW], where nothing at all is known."""
    offsets: Array
    """(Q,) quantiles of the error, shifted so that the median is 0 [MW]."""
    FILE: ClassVar = "reference.json"
    """By which a folder is known to hold one."""

    @classmethod
    def fit(cls, name: ReferenceName, windows: Windows, quantiles: tuple[float, ...]) -> ReferenceForecast:
        """Learn the spread of the errors on training windows; where there is none, the median is all that it says."""
        level = float(np.nanmean(windows.past[..., 0]))
        error = (windows.target - _point(name, windows, level))[windows.delivery]
        if np.isnan(error).all():
            return cls(name, (0.5,), level, np.zeros(1, np.float32))
        offsets = np.nanquantile(error, quantiles) - np.nanmedian(error)
        return cls(name, quantiles, level, offsets.astype(np.float32))

    def save(self, folder: Path) -> None:
        """Write the bundle into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        about = {**asdict(self), "offsets": self.offsets.tolist()}
        (folder / self.FILE).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ReferenceForecast:
        """Read a bundle."""
        about = json.loads((folder / cls.FILE).read_text(encoding="utf-8"))
        offsets = np.array(about["offsets"], np.float32)
        return cls(about["name"], tuple(about["quantiles"]), about["level"], offsets)

    def predict(self, windows: Windows) -> Quantiles:
        """The point forecast, and the quantiles that come with it or else those of its errors, (N, H, Q) [MW].

        NaN where nothing was published.
        """
        point = _point(self.name, windows, self.level)[..., None]
        answer = point + self.offsets
        told = official_quantiles(windows, self.quantiles) if self.name == "official" else None
        whole = answer if told is None else np.where(np.isnan(told), answer, told)
        return np.where(np.isnan(point), np.float32(np.nan), possible(whole, windows))


def _point(name: ReferenceName, windows: Windows, level: float) -> Array:
    """The point forecast, (N, H) [MW]: what was published, or the same hour of last week, else the next simplest."""
    if name != "naive":
        return windows.future[..., 0]
    week_ago = _same_local_hour(windows, days=7)
    return np.where(np.isnan(week_ago), anchored(windows, "week", level), week_ago)


def _same_local_hour(windows: Windows, days: int) -> Array:
    """The target at the same wall-clock time some days before, (N, H): people keep their hours when clocks change."""
    spec = windows.spec
    step = spec.mtu.delta // pd.Timedelta(microseconds=1)
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
    values = np.take_along_axis(windows.past[..., 0], np.where(inside, at, 0), axis=1)
    return np.where(inside, values, np.nan).astype(np.float32)
