"""The paths of a forecast that a rung of the ladder has given: what goes wrong with them holds up no forecast."""

from __future__ import annotations

import logging
from dataclasses import replace

import pandas as pd

from gridahead.core.tables import Forecasts
from gridahead.forecasting.paths import FEWEST_DAYS, Paths, draw, template_of
from gridahead.operate.foot import Foot

log = logging.getLogger(__name__)


def paths_of(foot: Foot, forecasts: Forecasts) -> Paths | None:
    """The paths of a forecast, as known at its issue time; None, and a line in the log, where there are none.

    Args:
        foot: of the slot of the forecast.
        forecasts: its rows.
    """
    series, issued = foot.slot.series, pd.Timestamp(forecasts["issue_time"].iloc[0])
    try:
        if foot.issued != issued:  # a model that is asked late may have answered as of its deadline
            foot = replace(foot, slot=replace(foot.slot, asked=issued))
        if forecasts["quantile"].nunique() < 2:
            log.info("%s: published without paths: a forecast of one quantile has no spread", series)
            return None
        template = template_of(foot.history)
        if template is None:
            log.info("%s: published without paths: errors of fewer than %d days are known", series, FEWEST_DAYS)
            return None
        return draw(forecasts, template, foot.workspace.settings.zone(series.zone).timezone)
    except Exception:  # whatever it is: quantiles are a forecast without paths
        log.exception("%s: published without paths", series)
        return None
