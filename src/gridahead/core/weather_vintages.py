"""What stands for past weather forecasts where the runs themselves are not kept, and what that means for a score.

Rows say it in their `source`, such as `openmeteo previous_day2`: the service, and how its past forecasts were had.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

BOUNDS: Mapping[str, str] = {
    "previous_day2": "by the run of two days before each hour, never newer than what was known; scores are a lower "
    "bound of what weather is worth",
    "previous_day1": "by the run of the day before each hour, taken as known at the midnight before that day, which "
    "for later hours it was not; scores are an upper bound of what weather is worth",
    "hindcast": "by the first hours of every run, known after the hour: no forecast",
    "reanalysis": "by the analysis of later days, known days after the hour: no forecast",
}
"""By how they were had."""


def bound_of(source: str) -> str | None:
    """How past forecasts of a source were had, if only within bounds: a key of `BOUNDS`; None where they are runs."""
    kind = source.rpartition(" ")[2]
    return kind if kind in BOUNDS else None


def shares_of_bounds(rows: pd.DataFrame) -> dict[str, float]:
    """The share of rows of a series that are known within bounds alone, by how they were had."""
    shares = rows["source"].value_counts(normalize=True, sort=False)
    kinds: dict[str, float] = {}
    for source, share in shares.items():
        if (kind := bound_of(str(source))) is not None:
            kinds[kind] = kinds.get(kind, 0.0) + float(share)
    return kinds
