"""How good what was published has been: the last thirty live days, against the outturn and the official forecast."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from gridahead.core.grid import Series
from gridahead.workspace import Workspace

RECORD_DAYS = 30
ENOUGH = 7 * 24
"""Fewer hours than a week are no evidence of anything: [h]"""


@dataclass(frozen=True, eq=False)
class Record:
    """Live forecasts of some days against what came, whoever was champion."""

    start: pd.Timestamp
    """Of the first unit that both have, UTC."""
    end: pd.Timestamp
    """Of the last one, its end."""
    n: int
    """Units that have a forecast and an outturn."""
    hours: float
    """How long these are [h]."""
    mae: float
    """[MW], a price in its currency per MWh."""
    coverage: float
    """Share of outturns within the 80 % band [1]."""
    coverage_interval: tuple[float, float]
    """95 % interval of it, whole days drawn again."""
    against: tuple[Skill, ...]
    """Against `official` and `official_corrected`, where they are."""
    daily: pd.DataFrame
    """A row a delivery day: `day`, `mae`, `official_mae`, `coverage`."""

    @property
    def enough(self) -> bool:
        """Whether there is a week or more of it."""
        return self.hours >= ENOUGH


@dataclass(frozen=True, slots=True)
class Skill:
    """By how much a forecast erred less than a reference on the same units."""

    reference: str
    mae: float
    """Of the reference."""
    skill: float
    """1 - MAE / MAE of the reference."""
    interval: tuple[float, float]
    """95 % interval of it, whole days drawn again."""
    n: int


def live_record(
    workspace: Workspace, series: Series, days: int = RECORD_DAYS, at: pd.Timestamp | None = None
) -> Record | None:
    """The record of the last days that were published in time; None where nothing published has an outturn.

    Args:
        workspace: whose lake.
        series: whose.
        days: how many of the newest delivery days with an outturn.
        at: as of when; now unless given.

    Raises:
        LakeError: the lake cannot be read.
    """
    raise NotImplementedError
