"""The newest inputs of a forecast that the quality gate doubts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.time import TimeRange
from gridahead.core.vintages import IDENTITY, among, ruled
from gridahead.lake.lake import Lake

RECENT = pd.Timedelta(days=3)
"""What is older than this moves a forecast little, and yesterday's forecast has named it."""


@dataclass(frozen=True, slots=True)
class SuspectInput:
    """Values of an input that are flagged or in quarantine."""

    series: Series
    severity: str
    count: int
    rules: tuple[str, ...]
    """That they failed."""


def suspect_inputs(
    lake: Lake, inputs: Sequence[Series], issue_time: pd.Timestamp, until: pd.Timestamp
) -> list[SuspectInput]:
    """The inputs of which values are flagged or in quarantine; mostly none.

    Args:
        lake: where the verdicts are.
        inputs: what the model reads.
        issue_time: of the forecast; what came later was no input, and a later verdict was not known.
        until: end of what it reads ahead.
    """
    time_range = TimeRange(issue_time - RECENT, until)
    verdicts = lake.read_verdicts(*inputs, time_range=time_range)
    verdicts = verdicts[(verdicts["available_at"] <= issue_time) & (verdicts["known_at"] <= issue_time)]
    if verdicts.empty:
        return []
    rulings = lake.read_rulings(*inputs, time_range=time_range)
    released = ruled(rulings[rulings["decided_at"] <= issue_time], "release")
    verdicts = verdicts[~among(verdicts, released, IDENTITY)]
    return [
        SuspectInput(
            Series(str(zone), str(quantity)),
            str(severity),
            len(of_it.drop_duplicates(IDENTITY)),
            tuple(sorted(of_it["rule"].unique())),
        )
        for (zone, quantity, severity), of_it in verdicts.groupby(["zone", "quantity", "severity"])
    ]
