"""The paths of past forecasts, drawn as operation would have drawn them: by what was known at each issue time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from gridahead.core.grid import Series, quantity_of
from gridahead.core.tables import Observations
from gridahead.core.time import Mtu, TimeRange, delivery_range, local_slots
from gridahead.core.vintages import Floats
from gridahead.evaluation.sample import levels_of
from gridahead.forecasting.history import LOOK_BACK_DAYS, History
from gridahead.forecasting.paths import Template, ordered, template_of


@dataclass(frozen=True, eq=False)
class Drawer:
    """Draws the paths of forecasts of one series; models that are compared follow the same days."""

    observations: Observations
    """Every vintage of the series and of its official forecast."""
    series: Series
    timezone: str
    mtu: Mtu
    _found: dict[tuple[pd.Timestamp, dt.date], Template | None] = field(default_factory=dict, repr=False)

    def paths(
        self, quantiles: Floats, levels: tuple[float, ...], times: pd.DatetimeIndex, issued: pd.Timestamp
    ) -> Floats | None:
        """The paths of a delivery day, (S, U) [MW]; None without quantiles, or where too little was known.

        Args:
            quantiles: (U, Q) rising along Q [MW].
            levels: Q of them.
            times: (U,) starts of the units.
            issued: when the forecast was.
        """
        template = self._template(issued, times[0].tz_convert(self.timezone).date())
        if template is None or len(levels) < 2 or np.isnan(quantiles).any():
            return None
        columns = local_slots(times, self.timezone, template.errors.shape[1])
        return ordered(quantiles, levels, template.errors[:, columns], low=quantity_of(self.series.quantity).low)

    def of_day(self, rows: pd.DataFrame) -> Floats | None:
        """The same of a whole day as `common_rows` gives it; None also where its units were issued one after the other.

        Args:
            rows: quantile levels, `valid_time` and `issue_time`, a row a unit in order of time.
        """
        issued, levels = pd.Timestamp(rows["issue_time"].iloc[0]), levels_of(rows)
        if (rows["issue_time"] != issued).any():
            return None
        times = pd.DatetimeIndex(rows["valid_time"])
        return self.paths(rows[levels].to_numpy(dtype=float), tuple(levels), times, issued)

    def _template(self, issued: pd.Timestamp, day: dt.date) -> Template | None:
        key = (issued, day)
        if key not in self._found:
            first = delivery_range(day - dt.timedelta(days=LOOK_BACK_DAYS), self.timezone).start
            span = TimeRange(first, delivery_range(day, self.timezone).end)
            times = self.observations["valid_time"]
            rows = Observations(self.observations[(times >= span.start) & (times < span.end)])
            history = History.of(rows, self.series, self.timezone, self.mtu, day, issued)
            self._found[key] = template_of(history)
        return self._found[key]


def drawer_of(observations: Observations, series: Series, timezone: str, mtu: Mtu) -> Drawer:
    """A drawer that holds no more than it reads.

    Args:
        observations: every vintage, of other series too.
        series: whose forecasts.
        timezone: of its delivery days.
        mtu: of the forecasts.
    """
    read = observations["quantity"].isin([series.quantity, series.official.quantity])
    rows = observations[read & (observations["zone"] == series.zone)]
    return Drawer(Observations(rows), series, timezone, mtu)
