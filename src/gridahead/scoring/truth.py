"""Which vintage of the outturn is the truth: a revision must not change a score that was asked for as of before."""

from __future__ import annotations

import pandas as pd

from gridahead.grid import Series
from gridahead.tables import Observations
from gridahead.vintages import as_of, of_series


def outturn_known_by(observations: Observations, series: Series, instant: pd.Timestamp) -> pd.DataFrame:
    """The measured values as they stood at an instant: `valid_time`, `value` [MW], by valid time.

    Args:
        observations: every vintage, of any series.
        series: of which.
        instant: revisions that came later are not read, and units that were published later are not there.
    """
    return as_of(of_series(observations, series), instant)[["valid_time", "value"]]


def outturn_settled(observations: Observations, series: Series, after: pd.Timedelta) -> pd.DataFrame:
    """The measured values as each stood so long after the beginning of its unit: `valid_time`, `value` [MW].

    Old and new days are then judged by values of the same age, so that the error does not seem to rise towards the
    present, where revisions are still to come.

    Args:
        observations: every vintage, of any series.
        series: of which.
        after: the age; units that were published later are not there.
    """
    rows = of_series(observations, series)
    in_time = rows[rows["available_at"] <= rows["valid_time"] + after]
    return as_of(in_time, rows["available_at"].max())[["valid_time", "value"]]
