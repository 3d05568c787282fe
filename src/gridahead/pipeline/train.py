"""Train: fit the candidates of a series, record them, let the better one serve."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gridahead.config import ModelSettings, SharedSettings
from gridahead.errors import ModelError
from gridahead.grid import Series
from gridahead.models.ensemble import Model
from gridahead.pipeline.workspace import Workspace
from gridahead.training.candidates import fit_candidates
from gridahead.training.epoch import Epoch, Progress
from gridahead.training.fit import Fit, Split, split
from gridahead.training.isolated import fit_shared_apart
from gridahead.training.tracking import Registered

log = logging.getLogger(__name__)

CRITERION = "validation_pinball"
"""The whole distribution is what we publish, so the whole distribution decides. Never a figure of the holdout."""


@dataclass(frozen=True)
class Candidate:
    """A fit and its place in the registry."""

    series: Series
    model: str
    version: str
    champion: bool
    validation: dict[str, float]
    epochs: int
    seconds: float


def log_epoch(epoch: Epoch) -> None:
    """Every fifth epoch and the last, so that a log stays readable."""
    if (epoch.epoch + 1) % 5 == 0 or epoch.epoch + 1 == epoch.epochs:
        log.info(str(epoch))


def train(
    workspace: Workspace,
    series: Series,
    progress: Progress = log_epoch,
    workers: int = 1,
    warm_from: Series | None = None,
) -> list[Candidate]:
    """Fit every model that the settings name for a series; the best on the validation days becomes champion.

    Args:
        workspace: where the data and the models are.
        series: whose models.
        progress: told every epoch.
        workers: networks trained at a time.
        warm_from: the series whose champion's weights are begun with, itself or another; random ones without it.

    Raises:
        LakeError: the lake does not have the series.
        ModelError: there are too few days, a loss is not a number, or the weights to begin with do not fit.
    """
    settings = workspace.settings
    spec, observations = workspace.inputs(series)
    parts = split(observations, spec, settings.training)
    del observations  # several series are trained side by side, and their fits hold what they need
    fits = fit_candidates(
        parts,
        settings.series_settings(series).models,
        settings,
        workers,
        progress,
        start=None if warm_from is None else _start(workspace, warm_from, parts),
        checkpoints=settings.checkpoint_folder / series.slug,
    )
    return _record(workspace, [(fit, settings.models.get(fit.model.name)) for fit in fits])


def train_shared(workspace: Workspace, group: SharedSettings, progress: Progress = log_epoch) -> list[Candidate]:
    """Fit one network for a group of series; it serves those that it is the best for on their validation days.

    Raises:
        LakeError: the lake does not have a series.
        ModelError: a series is on other axes than the rest, there are too few days, or a loss is not a number.
    """
    settings = workspace.settings
    config, parts = settings.models[group.model], {}
    for series in group.series:
        spec, observations = workspace.inputs(series)
        parts[series] = split(observations, spec, settings.training)
    folder = settings.checkpoint_folder / group.name
    fits = fit_shared_apart(group.name, parts, config, settings.training, progress, checkpoints=folder)
    return [candidate for fit in fits for candidate in _record(workspace, [(fit, config)], challenge=True)]


def train_all(
    workspace: Workspace,
    series: list[Series],
    progress: Progress = log_epoch,
    *,
    warm: bool = False,
    warm_from: Series | None = None,
) -> list[Candidate]:
    """Train several series, `training.workers` of them side by side, then the groups that they share a network in."""
    with ThreadPoolExecutor(workspace.settings.training.workers) as pool:
        _ = workspace.tracking  # opened once, before the threads need it
        done = pool.map(
            lambda one: train(workspace, one, progress, warm_from=warm_from or (one if warm else None)), series
        )
        candidates = [one for found in done for one in found]
    for group in workspace.settings.shared:
        if set(group.series) <= set(series):
            candidates += train_shared(workspace, group, progress)
    return candidates


def _start(workspace: Workspace, series: Series, parts: Split) -> Model:
    """The champion of a series, to begin with.

    Raises:
        ModelError: there is none, or it has seen days that this training must not see.
    """
    champion = workspace.tracking.champion(series)
    learnt, seen = workspace.tracking.last_day_learnt(champion), workspace.tracking.last_day_seen(champion)
    if learnt > parts.train_days[1] or seen > parts.validation_days[1]:
        raise ModelError(
            f"{champion.series} {champion}",
            f"has learnt days until {learnt} and was chosen on days until {seen}; what begins with its weights would "
            f"be judged on days that it knows (from {parts.validation_days[0]} to {parts.validation_days[1]}). Train "
            "without a warm start, or with training.refit = false from one week to the next",
        )
    return champion.model


def _record(
    workspace: Workspace, fits: Sequence[tuple[Fit, ModelSettings | None]], *, challenge: bool = False
) -> list[Candidate]:
    """Register the fits of one series and promote the best; a challenger must beat the champion."""
    tracking = workspace.tracking
    registered = [tracking.record(fit, config, workspace.settings.training) for fit, config in fits]
    best = min(range(len(fits)), key=lambda n: fits[n][0].validation[CRITERION])
    wins = not challenge or tracking.beats_champion(registered[best], CRITERION)
    if wins:
        tracking.promote(registered[best])
    candidates = [
        _candidate(fit, one, wins and n == best) for n, ((fit, _), one) in enumerate(zip(fits, registered, strict=True))
    ]
    for candidate in candidates:
        log.info(
            "%s %s v%s: validation MAE %.0f MW, pinball %.0f MW%s", candidate.series, candidate.model,
            candidate.version, candidate.validation["validation_mae"], candidate.validation[CRITERION],
            ", champion" if candidate.champion else "",
        )  # fmt: skip
    return candidates


def _candidate(fit: Fit, registered: Registered, champion: bool) -> Candidate:
    return Candidate(
        series=registered.series,
        model=fit.model.name,
        version=registered.version,
        champion=champion,
        validation=fit.validation,
        epochs=len(fit.epochs),
        seconds=fit.seconds,
    )
