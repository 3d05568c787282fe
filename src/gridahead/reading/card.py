"""Everything that is shown of one series: its forecast, what surrounds it, and what speaks for and against it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.time import Mtu, TimeRange
from gridahead.core.units import Unit
from gridahead.forecasting.publish import Issue
from gridahead.reading.change import SinceYesterday
from gridahead.reading.figures import Figure
from gridahead.reading.record import Record
from gridahead.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Shown:
    """One issue, as a chart draws it: everything within its delivery day."""

    issue: Issue
    day: dt.date
    time_range: TimeRange
    """The local day: 23, 24 or 25 hours."""
    mtu: Mtu
    wide: pd.DataFrame
    """Quantile levels as columns, valid times as rows [MW]."""
    official: pd.Series
    """By valid time [MW]; may be empty."""
    outturn: pd.Series
    """By valid time [MW], as far as it is known."""
    before: pd.Series
    """The median that was forecast for these units by the issue before; may be empty [MW]."""
    figures: tuple[Figure, ...]


@dataclass(frozen=True, eq=False)
class Card:
    """What a page shows of a series."""

    series: Series
    title: str
    timezone: str
    unit: Unit | None
    """In which power is shown; None for what fits it."""
    at: pd.Timestamp
    """As of when all of this is."""
    shown: tuple[Shown, ...]
    """The newest issue first, one a delivery day, at most fourteen; empty where nothing has been published."""
    normal: pd.DataFrame
    """The seasonal normal of the newest day; may be empty."""
    since: SinceYesterday | None
    record: Record | None
    """Of the last thirty live days."""
    holdout: pd.DataFrame
    """SCORES rows of the served model and its references on the holdout; may be empty."""
    drifted: Mapping[str, str]
    """What has changed, as facts of `monitoring.published`: by kind, `official` or `band`."""
    files: Mapping[str, str]
    """Of the newest issue, by ending, relative to the published folder."""


def card(workspace: Workspace, series: Series, at: pd.Timestamp | None = None) -> Card:
    """The card of a series.

    Args:
        workspace: where its data are.
        series: which.
        at: as it was seen then; now unless given.

    Raises:
        LakeError: lake or published folder cannot be read.
    """
    raise NotImplementedError
