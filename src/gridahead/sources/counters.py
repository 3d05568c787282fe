"""Meters that count: readings that only ever rise, and the energy between them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridahead.sources.findings import Findings

WEEK = pd.Timedelta(days=7)
"""No load or generation rises for so long without ever falling."""
MOSTLY = 0.5
"""Of the steps of a meter go up; what stands still but for a few steps is no meter of a load."""


def refuse_counter(readings: pd.Series, instants: pd.Series, findings: Findings) -> None:
    """Find a column that is the reading of a meter and not what flowed: it rises for a week or more and never falls.

    A straight line is none: by how much a counter rises differs from unit to unit.
    """
    values = readings.loc[instants.index].dropna()
    if values.empty or instants[values.index[-1]] - instants[values.index[0]] < WEEK:
        return
    steps = np.diff(values.to_numpy())
    rising = (steps >= 0).all() and (steps > 0).mean() >= MOSTLY
    if rising and not np.allclose(steps, steps.mean(), rtol=1e-6):
        findings.add(
            f"column {readings.name!r} only ever rises, from {values.iloc[0]:g} to {values.iloc[-1]:g}: it seems to be "
            "the reading of a meter that counts energy, not the energy or power of each unit",
            'Set meter_reading = true and its unit, such as unit = "kWh": the energy of a unit is then the difference '
            "to the next reading.",
        )


def energy_between(readings: pd.Series, instants: pd.Series, length: pd.Series, *, ending: bool) -> pd.Series:
    """The energy of each unit from the readings at its beginning and its end.

    Missing where one of them is missing, and where a reading is less than the one before: the meter began anew.

    Args:
        readings: by row, in order.
        instants: when they were read, UTC.
        length: of the unit of each row.
        ending: whether a reading is that at the ending of its unit.
    """
    energy = readings.diff() if ending else -readings.diff(-1)
    apart = instants.diff() if ending else -instants.diff(-1)
    return energy.where((apart == length) & (energy >= 0))
