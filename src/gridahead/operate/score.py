"""Score: what was published, against the outturn, beside the references."""

from __future__ import annotations

import pandas as pd

from gridahead.core.grid import Series, unit_of
from gridahead.core.resolution import forecasts_at
from gridahead.core.runs import CHAMPION, LIVE, PUBLISHED, REFERENCES, VALIDATION
from gridahead.core.tables import SCORES, Forecasts, Observations, Scores
from gridahead.core.time import Mtu, delivery_days
from gridahead.core.vintages import newest_forecasts
from gridahead.evaluation.left_out import COLUMNS, Scored, left_out
from gridahead.evaluation.outturn import outturn
from gridahead.evaluation.references import reference_forecasts
from gridahead.evaluation.scores import score
from gridahead.workspace import Workspace


def score_published(workspace: Workspace, series: Series) -> Scored:
    """Score every published forecast of a series whose outturn is known; no rows if there is none yet.

    What should be there is every unit from the first published day to the newest outturn: a day on which nothing was
    published is named among what is left out.
    """
    stored = published_beside_references(workspace, series)
    if stored is None:
        return Scored(Scores(SCORES.empty()), pd.DataFrame(columns=list(COLUMNS)))
    together, observations = stored
    measured, zone = outturn(observations, series), workspace.settings.zone(series.zone)
    expected = _due(together, measured)
    scores = score(together, measured, scored_at=workspace.clock(), expected=expected, unit=unit_of(series, zone))
    workspace.lake.scores.append(scores)
    return Scored(scores, left_out(together, measured, expected, zone.timezone))


def score_validation(workspace: Workspace, series: Series) -> Scores:
    """The scores of what the champion's fit forecast for its validation days, which nothing in it had learnt; not kept.

    Raises:
        ModelError: the series has no champion.
        LakeError: the lake does not have the series.
    """
    champion = workspace.registry.version(series, CHAMPION)
    rows = workspace.lake.read_forecasts(series, VALIDATION)
    mine = rows[(rows["model"] == champion.model) & (rows["model_version"] == champion.number)]
    _, observations = workspace.inputs(series, mtu=None if mine.empty else Mtu(mine["mtu"].iloc[0]))
    unit = unit_of(series, workspace.settings.zone(series.zone))
    return score(Forecasts(mine), outturn(observations, series), scored_at=workspace.clock(), unit=unit)


def _due(forecasts: Forecasts, outturn: pd.DataFrame) -> pd.DatetimeIndex:
    """Every unit from the first that was forecast to the last, as far as the outturn goes."""
    mtu = Mtu(forecasts["mtu"].iloc[0])
    last = min(forecasts["valid_time"].max(), outturn.dropna(subset="value")["valid_time"].max())
    return pd.date_range(forecasts["valid_time"].min(), last, freq=mtu.delta)


def published_beside_references(workspace: Workspace, series: Series) -> tuple[Forecasts, Observations] | None:
    """What was published, as model `published`, with the references of the same days, and what was observed.

    All of it in the market time unit that the series has now. None if nothing has been published.

    Raises:
        LakeError: the lake does not have the series.
    """
    forecasts = workspace.lake.read_forecasts(series, LIVE)
    if forecasts.empty:
        return None
    spec, observations = workspace.inputs(series)
    # Successive champions are one service to its readers; the newest forecast of an hour is the one they had.
    forecasts = forecasts_at(forecasts, spec.mtu, spec.zone.timezone)
    forecasts = Forecasts(newest_forecasts(forecasts).assign(model=PUBLISHED))
    days = sorted(day.date() for day in delivery_days(forecasts["valid_time"], spec.zone.timezone).unique())
    levels = tuple(sorted(forecasts["quantile"].unique()))
    references = reference_forecasts(REFERENCES, observations, spec, days, levels, LIVE)
    return Forecasts(pd.concat([forecasts, *references], ignore_index=True)), observations
