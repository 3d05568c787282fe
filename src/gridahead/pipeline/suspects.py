"""What the gate says of the newest inputs of a forecast, in the few words that go with it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from gridahead.grid import Series
from gridahead.lake.lake import Lake
from gridahead.timeline import Window
from gridahead.vintages import IDENTITY, among, decided

RECENT = pd.Timedelta(days=3)
"""What is older than this moves a forecast little, and yesterday's forecast has told of it."""

_FOLLOWS = {"quarantine": "in quarantine", "flag": "flagged"}


def suspect_inputs(lake: Lake, inputs: Sequence[Series], issue_time: pd.Timestamp, until: pd.Timestamp) -> list[str]:
    """A sentence without its full stop for each input of which values are flagged or in quarantine; mostly none.

    Args:
        lake: where the verdicts are.
        inputs: what the model reads.
        issue_time: of the forecast; what came later was no input, and what was said later was not known.
        until: end of what it reads ahead.
    """
    window = Window(issue_time - RECENT, until)
    verdicts = lake.read_verdicts(*inputs, window=window)
    verdicts = verdicts[(verdicts["available_at"] <= issue_time) & (verdicts["known_at"] <= issue_time)]
    decisions = lake.read_decisions(*inputs, window=window)
    released = decided(decisions[decisions["decided_at"] <= issue_time], "release")
    verdicts = verdicts[~among(verdicts, released, IDENTITY)]
    return [
        f"{len(of_it.drop_duplicates(IDENTITY))} values of {zone}/{quantity} {_FOLLOWS[str(severity)]} "
        f"({', '.join(sorted(of_it['rule'].unique()))})"
        for (zone, quantity, severity), of_it in verdicts.groupby(["zone", "quantity", "severity"])
    ]
