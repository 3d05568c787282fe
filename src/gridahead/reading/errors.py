"""Errors of what was published, by lead time, hour and month, and whether its quantiles hold what they say."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from gridahead.core.grid import Series
from gridahead.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Errors:
    """Of one run of a series."""

    by_lead: pd.DataFrame
    """`lead_hours`, a column of MAE a model, `n` [MW]."""
    by_hour: pd.DataFrame
    """`hour` local, the same."""
    by_month: pd.DataFrame
    """`month` as YYYY-MM local, the same."""
    calibration: pd.DataFrame
    """`level`, `share` of outturns at or below that quantile, `n`."""


def errors_of(workspace: Workspace, series: Series, run: str = "live") -> Errors:
    """The errors of a run, `published` for ours beside the references; empty tables where nothing can be scored.

    Raises:
        LakeError: the lake cannot be read.
    """
    raise NotImplementedError
