"""Score: what was published, against the outturn, beside the references."""

from __future__ import annotations

import pandas as pd

from gridahead.grid import Series
from gridahead.pipeline.outturn import outturn
from gridahead.pipeline.references import REFERENCES, reference_forecasts
from gridahead.pipeline.served import LIVE
from gridahead.pipeline.workspace import Workspace
from gridahead.scoring.evaluate import score
from gridahead.tables import SCORES, Forecasts, Observations, Scores
from gridahead.timeline import delivery_days, now


def score_published(workspace: Workspace, series: Series) -> Scores:
    """Score every published forecast of a series whose outturn is known; no rows if there is none yet."""
    found = published_beside_references(workspace, series)
    if found is None:
        return Scores(SCORES.empty())
    together, observations = found
    scores = score(together, outturn(observations, series), scored_at=now())
    workspace.lake.scores.append(scores)
    return scores


def published_beside_references(workspace: Workspace, series: Series) -> tuple[Forecasts, Observations] | None:
    """What was published, as model `published`, with the references of the same days, and what was observed.

    None if nothing has been published.

    Raises:
        LakeError: the lake does not have the series.
    """
    forecasts = workspace.lake.read_forecasts(series, LIVE)
    if forecasts.empty:
        return None
    spec, observations = workspace.inputs(series)
    # Successive champions are one service to its readers; the newest forecast of an hour is the one they had.
    newest = forecasts.sort_values(["issue_time", "made_at"]).drop_duplicates(["valid_time", "quantile"], keep="last")
    forecasts = newest.assign(model="published")
    days = sorted(day.date() for day in delivery_days(forecasts["valid_time"], spec.zone.timezone).unique())
    levels = tuple(sorted(forecasts["quantile"].unique()))
    references = reference_forecasts(REFERENCES, observations, spec, days, levels, LIVE)
    return Forecasts(pd.concat([forecasts, *references], ignore_index=True)), observations
