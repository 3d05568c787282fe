"""Forecasts of several models as one: the mean of their quantiles, level by level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gridahead.evaluation.sample import levels_of

MIXED = "ensemble and lightgbm"
"""Recurrent networks and boosted trees with equal weights, which nothing has chosen."""
PARTS = ("ensemble", "lightgbm")


def mean_of(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The mean of the quantiles of tables of the same hours, as `common_quantiles` gives them.

    Source: Lichtendahl, Grushka-Cockayne and Winkler (2013), Is it better to average probabilities or quantiles?,
    Management Science 59.
    """
    levels, mean = levels_of(tables[0]), tables[0].copy()
    mean[levels] = np.mean([one[levels] for one in tables], axis=0)
    return mean
