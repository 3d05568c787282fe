"""The verdicts on the newest inputs of a forecast, in the few words that go with it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.time import TimeRange
from gridahead.core.vintages import IDENTITY, among, ruled
from gridahead.lake.lake import Lake

RECENT = pd.Timedelta(days=3)
"""What is older than this moves a forecast little, and yesterday's forecast has named it."""

_FOLLOWS = {"quarantine": "in quarantine", "flag": "flagged"}


def suspect_inputs(lake: Lake, inputs: Sequence[Series], issue_time: pd.Timestamp, until: pd.Timestamp) -> list[str]:
    """A sentence without its full stop for each input of which values are flagged or in quarantine; mostly none.

    Args:
        lake: where the verdicts are.
        inputs: what the model reads.
        issue_time: of the forecast; what came later was no input, and a later verdict was not known.
        until: end of what it reads ahead.
    """
    time_range = TimeRange(issue_time - RECENT, until)
    verdicts = lake.read_verdicts(*inputs, time_range=time_range)
    verdicts = verdicts[(verdicts["available_at"] <= issue_time) & (verdicts["known_at"] <= issue_time)]
    rulings = lake.read_rulings(*inputs, time_range=time_range)
    released = ruled(rulings[rulings["decided_at"] <= issue_time], "release")
    verdicts = verdicts[~among(verdicts, released, IDENTITY)]
    return [
        f"{len(of_it.drop_duplicates(IDENTITY))} values of {zone}/{quantity} {_FOLLOWS[str(severity)]} "
        f"({', '.join(sorted(of_it['rule'].unique()))})"
        for (zone, quantity, severity), of_it in verdicts.groupby(["zone", "quantity", "severity"])
    ]
