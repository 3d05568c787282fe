"""How honest the clocks of a back-test are: whether it was recorded when its inputs appeared, or assumed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from gridahead.core.tables import Observations
from gridahead.core.vintages import of_series
from gridahead.core.weather_vintages import shares_of_bounds
from gridahead.features.windows import WindowSpec
from gridahead.workspace import reading_range


@dataclass(frozen=True)
class Availability:
    """How the availability of one input is known over the period that a back-test reads."""

    series: str
    rows: int
    recorded: float
    """Share of the rows whose availability was seen and recorded [1]."""
    assumed: float
    """Share of the rows whose availability is the usual lag of the source [1]."""
    bounds: Mapping[str, float] = field(default_factory=dict)
    """Share of the rows that stand for a forecast which is not kept [1], by how they were had."""


def availability(
    observations: Observations, spec: WindowSpec, first: dt.date, last: dt.date
) -> tuple[Availability, ...]:
    """Every input of the windows of some delivery days, the target first."""
    time_range = reading_range(spec, first, last)
    by_input = []
    for series in spec.inputs:
        rows = of_series(observations, series)
        read = rows[(rows["valid_time"] >= time_range.start) & (rows["valid_time"] < time_range.end)]
        read = read.drop_duplicates(["valid_time", "available_at"])
        recorded = float((read["availability"] == "recorded").mean()) if len(read) else 0.0
        assumed = 1 - recorded if len(read) else 0.0
        by_input.append(Availability(str(series), len(read), recorded, assumed, shares_of_bounds(read)))
    return tuple(by_input)
