"""Score: what was published, against the outturn, beside the references."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from gridahead.core.each import of_each, require
from gridahead.core.errors import GridaheadError
from gridahead.core.grid import Series, unit_of
from gridahead.core.resolution import forecasts_at
from gridahead.core.runs import (
    BACKFILLED,
    BY_HAND,
    CHAMPION,
    LIVE,
    PUBLISHED,
    REFERENCES,
    UNADAPTED,
    UNCORRECTED,
    VALIDATION,
)
from gridahead.core.tables import SCORES, Forecasts, Observations, Scores
from gridahead.core.time import Mtu, delivery_days
from gridahead.core.vintages import as_answered, newest_forecasts
from gridahead.evaluation.in_time import counted
from gridahead.evaluation.left_out import COLUMNS, Scored, left_out
from gridahead.evaluation.outturn import outturn
from gridahead.evaluation.references import reference_forecasts
from gridahead.evaluation.scores import score
from gridahead.lake.annotations import excluded_from
from gridahead.operate.together import history_together
from gridahead.reading.live import as_read
from gridahead.workspace import Workspace


def score_published(workspace: Workspace, series: Series, run: str = LIVE) -> Scored:
    """Score every published forecast of a series whose outturn is known; no rows if there is none yet.

    In mode live only what was there before the gate closed counts; what was made up for afterwards is scored beside it,
    as run `backfilled`. What should be there is every unit from the first published day to the newest outturn: a day on
    which nothing was published is named among what is left out.

    Args:
        workspace: whose lake.
        series: which.
        run: live, or backfilled for what was made up for alone.

    Raises:
        LakeError: the lake does not have the series.
    """
    done, failed = score_each(workspace, [series], run)
    require(failed)
    return done[series]


def score_each(
    workspace: Workspace, names: Sequence[Series], run: str = LIVE
) -> tuple[dict[Series, Scored], dict[Series, GridaheadError]]:
    """Score what was published of each series, as `score_published` does; why it cannot be, of the others.

    Series that memory holds together read the lake together, and their scores are one batch of it.
    """
    done: dict[Series, Scored] = {}
    failed: dict[Series, GridaheadError] = {}
    for ahead, some in history_together(workspace, names):
        made: list[Scores] = []
        scored, unscored = of_each(some, partial(_score_one, ahead, run, made))
        if new := [scores for scores in made if len(scores)]:
            workspace.lake.scores.append(pd.concat(new, ignore_index=True))
        done |= scored
        failed |= unscored
    return done, failed


def _score_one(workspace: Workspace, run: str, made: list[Scores], series: Series) -> Scored:
    """What came of one series; its scores are added to those that are made."""
    found = {one: _scored(workspace, series, one) for one in ([BACKFILLED, LIVE] if run == LIVE else [run])}
    made += [one.scores for one in found.values()]
    return found[run]


def _scored(workspace: Workspace, series: Series, run: str) -> Scored:
    stored = published_beside_references(workspace, series, run)
    if stored is None:
        return Scored(Scores(SCORES.empty()), pd.DataFrame(columns=list(COLUMNS)))
    together, observations = stored
    scored_at, zone = workspace.clock(), workspace.settings.zone(series.zone)
    measured = outturn(observations, series, scored_at)
    # What is made up for is single days: those between them are published, and not missing here.
    expected = _due(together, measured) if run == LIVE else None
    scores = score(together, measured, scored_at=scored_at, expected=expected, unit=unit_of(series, zone))
    times = pd.DatetimeIndex(together["valid_time"].unique()).sort_values() if expected is None else expected
    excluded = excluded_from(workspace.lake.read_annotations(series), "scores", times)
    return Scored(scores, left_out(together, measured, times, zone.timezone, excluded))


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
    scored_at = workspace.clock()
    return score(Forecasts(mine), outturn(observations, series, scored_at), scored_at=scored_at, unit=unit)


def _due(forecasts: Forecasts, outturn: pd.DataFrame) -> pd.DatetimeIndex:
    """Every unit from the first that was forecast to the last, as far as the outturn goes."""
    mtu, measured = Mtu(forecasts["mtu"].iloc[0]), outturn.dropna(subset="value")["valid_time"]
    if measured.empty:
        return pd.DatetimeIndex([], tz="UTC")
    last = min(forecasts["valid_time"].max(), measured.max())
    return pd.date_range(forecasts["valid_time"].min(), last, freq=mtu.delta)


def published_beside_references(
    workspace: Workspace, series: Series, run: str = LIVE
) -> tuple[Forecasts, Observations] | None:
    """What was published, as model `published`, with the references of the same days, and what was observed.

    Beside it stands what it would have been without adaptation, as `unadapted`, and without corrections by hand, as
    `uncorrected`, where there is any. All of it in the market time unit that the series has now. None if nothing has
    been published in time.

    Args:
        workspace: whose lake.
        series: which.
        run: live, or backfilled for what was made up for.

    Raises:
        LakeError: the lake does not have the series.
    """
    forecasts = workspace.lake.read_forecasts(series, run)
    if run == LIVE:
        forecasts = Forecasts(counted(forecasts, series, workspace.settings))
    if forecasts.empty:
        return None
    spec, observations = workspace.inputs(series)
    forecasts = forecasts_at(forecasts, spec.mtu, spec.zone.timezone)
    made = forecasts[forecasts["rung"] != BY_HAND]
    read = as_read(workspace, series, forecasts)
    # Successive champions are one service to its readers; the newest forecast of an hour is the one they had.
    together = [newest_forecasts(read).assign(model=PUBLISHED)]
    if len(made) < len(forecasts):
        together.append(newest_forecasts(made).assign(model=UNCORRECTED))
    if ((unadapted := as_answered(made)) != made["value_mw"]).any():
        together.append(newest_forecasts(made.assign(model=UNADAPTED, value_mw=unadapted)))
    days = sorted(day.date() for day in delivery_days(forecasts["valid_time"], spec.zone.timezone).unique())
    levels = tuple(sorted(forecasts["quantile"].unique()))
    together += reference_forecasts(REFERENCES, observations, spec, days, levels, run, workspace.clock())
    return Forecasts(pd.concat(together, ignore_index=True)), observations


def every_issue(workspace: Workspace, series: Series, mtu: Mtu) -> Forecasts:
    """Every issue that readers were given of a series, as `published`; renewals on the day of delivery are among them.

    Args:
        workspace: whose lake.
        series: which.
        mtu: in which they are compared.
    """
    timezone = workspace.settings.zone(series.zone).timezone
    forecasts = forecasts_at(workspace.lake.read_forecasts(series, LIVE), mtu, timezone)
    return Forecasts(as_read(workspace, series, forecasts).assign(model=PUBLISHED))
