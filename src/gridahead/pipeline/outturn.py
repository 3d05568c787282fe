"""What came: the measured values that forecasts are compared with."""

from __future__ import annotations

import pandas as pd

from gridahead.grid import Series
from gridahead.tables import Observations
from gridahead.timeline import now
from gridahead.vintages import as_of, of_series


def outturn(observations: Observations, series: Series) -> pd.DataFrame:
    """The newest vintage of the measured values: `valid_time`, `value` [MW]."""
    return as_of(of_series(observations, series), now())[["valid_time", "value"]]
