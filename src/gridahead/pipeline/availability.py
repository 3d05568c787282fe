"""How honest the clocks of a back-test are: whether it was recorded when its inputs appeared, or assumed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from gridahead.features.windows import WindowSpec
from gridahead.pipeline.workspace import reading_window
from gridahead.tables import Observations
from gridahead.vintages import of_series


@dataclass(frozen=True)
class Availability:
    """Of one input over the period that a back-test reads."""

    series: str
    rows: int
    recorded: float
    """Share of the rows of which we saw when they appeared."""
    assumed: float
    """Share of the rows whose availability is what the source usually takes."""


def availability(
    observations: Observations, spec: WindowSpec, first: dt.date, last: dt.date
) -> tuple[Availability, ...]:
    """Every input of the windows of some delivery days, the target first."""
    window = reading_window(spec, first, last)
    found = []
    for one in spec.inputs:
        rows = of_series(observations, one)
        read = rows[(rows["valid_time"] >= window.start) & (rows["valid_time"] < window.end)]
        read = read.drop_duplicates(["valid_time", "available_at"])
        recorded = float((read["availability"] == "recorded").mean()) if len(read) else 0.0
        found.append(Availability(str(one), len(read), recorded, 1 - recorded if len(read) else 0.0))
    return tuple(found)
