"""The regression that is fitted beside a champion: what serves where the weights of networks are lost or damaged.

It learns the same windows, and is calibrated out of fold on the same days. It is read without torch, in milliseconds.
"""

from __future__ import annotations

from gridahead.models.tabular import TabularForecaster
from gridahead.training.split import Split
from gridahead.training.tabular import fit_tabular


def fit_fallback(split: Split, quantiles: tuple[float, ...]) -> TabularForecaster:
    """A ridge regression on the windows of a split, calibrated on the judged days by ones that had not learnt them.

    It has no anchor: where everything is known a regression has its anchors among its features, and one anchor makes
    the fit four times as fast as the choice of one.

    Args:
        split: the windows, and what each is for.
        quantiles: the levels.
    """
    return fit_tabular("ridge", split, quantiles, anchors=("level",))
