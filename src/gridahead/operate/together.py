"""Series together: what a use case reads of many series, it reads from the lake for so many at once.

Whoever asks for one series after the other opens every file of the lake as often as there are series.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from gridahead.core.each import of_each
from gridahead.core.errors import GridaheadError
from gridahead.core.grid import Series
from gridahead.core.time import TimeRange
from gridahead.operate.day_counts import KEY, day_counts
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)

T = TypeVar("T")

AT_ONCE = 50
"""Series at most that read the lake together: their inputs of a season take 60 MB where they are hourly."""
ROWS_AT_ONCE = 250_000
"""Accepted values at most that are in memory together where all of the history is read: seven hourly series with their
official forecasts over two years, or one over fifteen. They take 300 MB."""


def reading_ahead(workspace: Workspace, names: Sequence[Series], time_range: TimeRange | None = None) -> Workspace:
    """The workspace with what is read of some series in memory; as it is where that fails.

    Then each reads for itself, and only those that need what is damaged go without it.

    Args:
        workspace: whose lake is read.
        names: of which, and of their official forecasts and covariates.
        time_range: of valid times; all that there is unless given.
    """
    if not names:
        return workspace
    try:
        return workspace.reading_ahead(
            sorted({one for series in names for one in _read_by(workspace, series)}), time_range
        )
    except (GridaheadError, OSError) as error:
        log.warning("the inputs of %d series cannot be read together: %s", len(names), error)
        return workspace


def history_together(workspace: Workspace, names: Sequence[Series]) -> Iterator[tuple[Workspace, list[Series]]]:
    """Some of the series after the other, each time with the workspace that has all of their history in memory.

    Args:
        workspace: whose lake is read.
        names: all of them.
    """
    if len(names) == 1:  # it reads no more than it asks for
        yield workspace, list(names)
        return
    for some in _parted(workspace, list(dict.fromkeys(names))):
        yield reading_ahead(workspace, some), some


def of_each_together(
    workspace: Workspace, names: Sequence[Series], call: Callable[[Workspace, Series], T]
) -> tuple[dict[Series, T], dict[Series, GridaheadError]]:
    """What `of_each` gives for a call that reads the history of each series; so many as memory holds read together.

    Args:
        workspace: whose lake is read.
        names: all of them.
        call: is given the workspace with the history in memory, and the series.

    Raises:
        SettingsError: the call is not valid whatever it is made for.
    """
    done: dict[Series, T] = {}
    failed: dict[Series, GridaheadError] = {}
    for ahead, some in history_together(workspace, names):
        found, lost = of_each(some, partial(call, ahead))
        done |= found
        failed |= lost
    return done, failed


def _parted(workspace: Workspace, names: Sequence[Series]) -> Iterator[list[Series]]:
    """The series in parts that memory holds, in order; one of its own where a single one is too long."""
    try:
        counted = day_counts(workspace).groupby(KEY)["present"].sum().to_dict()
    except (GridaheadError, OSError) as error:
        log.warning("how long %d series are cannot be counted: %s", len(names), error)
        yield list(names)
        return
    some, rows = list[Series](), 0
    for series in names:
        own = sum(int(counted.get((one.zone, one.quantity), 0)) for one in _read_by(workspace, series))
        if some and (len(some) == AT_ONCE or rows + own > ROWS_AT_ONCE):
            yield some
            some, rows = [], 0
        some, rows = [*some, series], rows + own
    if some:
        yield some


def _read_by(workspace: Workspace, series: Series) -> tuple[Series, ...]:
    chosen = workspace.settings.series_settings(series)
    return (series, series.official, *chosen.past_covariates, *chosen.future_covariates)
