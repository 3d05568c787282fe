"""The foot of the ladder: the forecasts that need no model, and by which those of models are judged."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.errors import LakeError
from gridahead.core.grid import Series
from gridahead.core.resolution import mtu_of
from gridahead.core.runs import CORRECTED, LAST_WEEK
from gridahead.core.tables import Observations
from gridahead.core.time import Mtu, TimeRange
from gridahead.core.vintages import Instants
from gridahead.features.windows import Windows, WindowSpec, build_windows
from gridahead.forecasting.history import LONG_LOOK_BACK_DAYS, LOOK_BACK_DAYS, History
from gridahead.forecasting.plausible import broken, implausible
from gridahead.forecasting.simple import OLDEST_WEEKS, Simple, corrected_official, last_week
from gridahead.forecasting.slot import Slot
from gridahead.models.base import Quantiles, possible
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Foot:
    """What is known of a slot without any model; read when it is asked for first, and once."""

    workspace: Workspace
    slot: Slot

    @property
    def issued(self) -> pd.Timestamp:
        """As of when: as it is asked, to the minute where it is late."""
        return self.slot.asked.floor("min") if self.slot.is_late else self.slot.asked

    @property
    def levels(self) -> tuple[float, ...]:
        """The quantile levels of the settings."""
        return self.workspace.settings.training.quantiles

    @cached_property
    def windows(self) -> Windows:
        """The window of the slot on the axes of the settings, of the series alone.

        Raises:
            LakeError: neither of them can be read, or nothing is there.
        """
        return self._known[0]

    @cached_property
    def history(self) -> History:
        """The same by local day and time, as far back as the intervals need it.

        Raises:
            LakeError: neither of them can be read, or nothing is there.
        """
        return self._known[1]

    @cached_property
    def simple(self) -> Mapping[str, Simple | str]:
        """The forecast of either rung, or why it has none."""
        makers = {CORRECTED: corrected_official, LAST_WEEK: last_week}
        return {rung: make(self.history, self.levels) for rung, make in makers.items()}

    @property
    def smallest_error(self) -> tuple[str, float]:
        """The rung that has erred least of late, and its mean error [MW]; infinite where none is known."""
        try:
            known = {name: one.mean_error for name, one in self.simple.items() if isinstance(one, Simple)}
        except Exception:  # no reason to withhold a forecast that does not need what is broken
            log.exception("%s: what the rungs below err by is not known", self.slot.series)
            known = {}
        known = {name: error for name, error in known.items() if np.isfinite(error)}
        best = min(known, key=known.__getitem__, default="")
        return best, known.get(best, np.inf)

    def quantiles(self, simple: Simple) -> Quantiles:
        """A simple forecast on the axes of the windows, (1, H, Q), as physics allows it [MW]."""
        delivery = self.windows.delivery[0]
        values = np.full((1, len(delivery), len(self.levels)), np.nan, np.float32)
        values[0, delivery] = simple.quantiles
        return possible(values, self.windows)

    def judge(
        self,
        quantiles: npt.NDArray[np.float32],
        levels: tuple[float, ...],
        valid_time: Instants,
        below: tuple[str, ...] = (CORRECTED, LAST_WEEK),
    ) -> str:
        """Why quantiles (H, Q) must not be published, in words; empty if nothing speaks against it.

        Where nothing can be read that they could be compared with, they are to be finite, and no more.
        """
        try:
            simple = {name: one for name, one in self.simple.items() if name in below and isinstance(one, Simple)}
            history = self.history
        except Exception:  # no reason to withhold a forecast that does not need what is broken
            log.exception("%s: a forecast cannot be compared with what is known", self.slot.series)
            return broken(np.asarray(quantiles, dtype=float))
        return implausible(quantiles, levels, valid_time, history, simple)

    @cached_property
    def _known(self) -> tuple[Windows, History]:
        history = self._read(LOOK_BACK_DAYS)
        age = history[1].age_days
        return history if age is not None and age < 7 * OLDEST_WEEKS else self._read(LONG_LOOK_BACK_DAYS)

    def _read(self, back: int) -> tuple[Windows, History]:
        settings, series, day = self.workspace.settings, self.slot.series, self.slot.day
        zone, chosen = settings.zone(series.zone), settings.series_settings(series)
        span = TimeRange(self.slot.end - pd.Timedelta(days=back + 2), self.slot.end)
        observations = self._observations(span)
        mtu = chosen.mtu or _unit(observations, series, zone.timezone)
        spec = WindowSpec(series, zone, mtu, chosen.deadline, settings.training.context_days, use_official=False)
        windows = build_windows(observations, spec, [day], issue_times=[self.issued])
        wanted = windows.valid_time[0][windows.delivery[0]]
        return windows, History.of(observations, series, zone.timezone, mtu, day, self.issued, wanted, back)

    def _observations(self, span: TimeRange) -> Observations:
        """The series and its official forecast: one of them is enough."""
        series, lake = self.slot.series, self.workspace.lake
        parts, errors = [], []
        for one in (series, series.official):
            try:
                parts.append(lake.read_vintages(one, time_range=span))
            except LakeError as error:
                log.warning("%s: %s", one, error)
                errors.append(error)
        if not parts:
            raise errors[0]
        return Observations(pd.concat(parts, ignore_index=True))


def _unit(observations: Observations, series: Series, timezone: str) -> Mtu:
    """The market time unit of the newest value, or of the newest official forecast.

    Raises:
        LakeError: there is neither.
    """
    try:
        return mtu_of(observations, series, timezone)
    except LakeError:
        return mtu_of(observations, series.official, timezone)
