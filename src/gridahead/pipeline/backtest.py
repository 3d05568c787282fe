"""Back-test: walk forward over delivery days, each forecast as of its issue time, several models side by side."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from gridahead.errors import ModelError, SettingsError
from gridahead.features.windows import Windows, WindowSpec, build_windows
from gridahead.forecasting.issue import issue
from gridahead.grid import Series
from gridahead.models.base import Forecaster
from gridahead.models.tabular import TABULAR, fit_tabular
from gridahead.pipeline.references import REFERENCES, reference_forecasts
from gridahead.pipeline.train import log_epoch
from gridahead.pipeline.workspace import Workspace, require_unseen
from gridahead.scoring.evaluate import score
from gridahead.tables import Forecasts, Observations, Scores
from gridahead.timeline import days_between, delivery_days, now
from gridahead.training.candidates import fit_candidates
from gridahead.training.epoch import Progress
from gridahead.training.fit import split
from gridahead.training.isolated import one_thread
from gridahead.vintages import as_of, of_series

log = logging.getLogger(__name__)

SERVED = "champion"


def backtest(
    workspace: Workspace,
    series: Series,
    first: dt.date,
    last: dt.date,
    models: Sequence[str],
    name: str,
    progress: Progress = log_epoch,
) -> Scores:
    """Forecast every delivery day from first to last with every model, keep the forecasts, score them.

    A model of the settings is fitted on what was known before the first day. `champion` is the model that serves now,
    refused if it has learnt from the period. `ridge` and `lightgbm` are fitted on the same windows, to compare.
    `official` and `naive` are the references.

    Raises:
        ModelError: a model cannot be had, or the champion has seen the period.
        SettingsError: a model is not known.
        LakeError: the lake does not have the series.
    """
    settings = workspace.settings
    known = (*settings.names, SERVED, *TABULAR, *REFERENCES)
    unknown = set(models) - set(known)
    if unknown:
        raise SettingsError(f"no model {', '.join(sorted(unknown))}; known are {', '.join(known)}")
    if last < first:
        raise SettingsError(f"a back-test from {first} to {last} ends before it starts")
    spec, observations = workspace.inputs(series)
    windows = build_windows(observations, spec, days_between(first, last))
    scored = np.any(windows.delivery & ~np.isnan(windows.target), axis=1)
    days = [day for day, has_outturn in zip(days_between(first, last), scored, strict=True) if has_outturn]
    if not days:
        raise ModelError(
            str(series), f"has no outturn from {first} to {last}; `gridahead status` shows what the lake has"
        )
    windows, run = windows.where(scored), f"backtest/{name}"
    log.info("%s: %s delivery days from %s to %s", series, len(days), days[0], days[-1])

    made = [
        _issue(model, version, windows, run)
        for model, version in _models(workspace, observations, spec, first, models, progress)
    ]
    made += reference_forecasts(models, observations, spec, days, settings.training.quantiles, run)
    if not made:
        raise ModelError(str(series), f"has no {', '.join(models)}: the lake holds no official forecast of it")
    forecasts = Forecasts(pd.concat(made, ignore_index=True))
    workspace.lake.forecasts.append(forecasts)
    scores = score(forecasts, outturn(observations, series), scored_at=now())
    workspace.lake.scores.append(scores)
    return scores


def last_day(workspace: Workspace, series: Series) -> dt.date:
    """The newest delivery day of a series in the lake, whole or not."""
    spec, observations = workspace.inputs(series)
    newest: pd.Timestamp = delivery_days(outturn(observations, series)["valid_time"], spec.zone.timezone).max()
    return newest.date()


def outturn(observations: Observations, series: Series) -> pd.DataFrame:
    """The newest vintage of the measured values: `valid_time`, `value` [MW]."""
    return as_of(of_series(observations, series), now())[["valid_time", "value"]]


def _models(
    workspace: Workspace, observations: Observations, spec: WindowSpec, first: dt.date, models: Sequence[str],
    progress: Progress,
) -> list[tuple[Forecaster, str]]:  # fmt: skip
    """The trained models, each with what the rows will say of its version."""
    settings = workspace.settings
    found: list[tuple[Forecaster, str]] = []
    networks = [name for name in models if name in settings.names]
    tabular = [name for name in TABULAR if name in models]
    if networks or tabular:
        training = settings.training.model_copy(update={"holdout_start": first})
        parts = split(observations, spec, training)
        version = f"until {first}, data {parts.train.fingerprint()}"
        if networks:
            fits = fit_candidates(
                parts, networks, settings.model_copy(update={"training": training}), training.workers, progress,
                checkpoints=settings.checkpoint_folder / "backtest" / spec.series.slug,
            )  # fmt: skip
            found += [(fit.model, version) for fit in fits]
        for name in tabular:
            log.info("%s %s: fitting", spec.series, name)
            found.append((fit_tabular(name, parts.train, parts.validation, training.quantiles), version))
    if SERVED in models:
        champion = workspace.tracking.champion(spec.series)
        require_unseen(workspace, champion, first)
        found.append((champion.model, champion.version))
    return found


def _issue(model: Forecaster, version: str, windows: Windows, run: str) -> Forecasts:
    one_thread()
    return issue(
        windows, model.predict(windows), model.quantiles, run=run, model=model.name, version=version, made_at=now()
    )
