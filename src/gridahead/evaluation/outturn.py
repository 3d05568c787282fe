"""What came: the measured values that forecasts are compared with, and the temperature that went with them."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.core.time import now
from gridahead.core.vintages import as_of, of_series
from gridahead.lake.annotations import NOT_SCORED


def outturn(observations: Observations, series: Series, at: pd.Timestamp | None = None) -> pd.DataFrame:
    """The newest vintage of the measured values: `valid_time`, `value` [MW], and `flags` if observations have them.

    What a person has excluded from scores is left out, where observations have flags.

    Args:
        observations: every vintage.
        series: which.
        at: as known then; now unless given.
    """
    newest = as_of(of_series(observations, series), now() if at is None else at)
    if "flags" in newest:
        newest = newest[~newest["flags"].str.contains(NOT_SCORED, regex=False)]
    return newest[[name for name in ("valid_time", "value", "flags") if name in newest]]


def temperature(
    observations: Observations, inputs: Iterable[Series], at: pd.Timestamp | None = None
) -> pd.Series | None:
    """The newest vintage of the first of these inputs that is in degC, by valid time; None where none is."""
    in_degrees = observations[observations["unit"] == "degC"]
    measured = set(zip(in_degrees["zone"], in_degrees["quantity"], strict=True))
    for series in inputs:
        if (series.zone, series.quantity) in measured:
            return outturn(observations, series, at).set_index("valid_time")["value"]
    return None
