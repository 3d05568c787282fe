"""Train: fit the candidates of a series, record them, let the better one serve."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gridahead.grid import Series
from gridahead.pipeline.workspace import Workspace
from gridahead.training.fit import Fit, split
from gridahead.training.isolated import fit_all
from gridahead.training.loop import Epoch, Progress
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


def train(workspace: Workspace, series: Series, progress: Progress = log_epoch, workers: int = 1) -> list[Candidate]:
    """Fit every model that the settings name for a series; the best on the validation days becomes champion.

    Raises:
        LakeError: the lake does not have the series.
        ModelError: there are too few days, or a loss is not a number.
    """
    settings = workspace.settings
    models = {name: settings.models[name] for name in settings.series_settings(series).models}
    spec, observations = workspace.inputs(series)
    parts = split(observations, spec, settings.training)
    del observations  # several series are trained side by side, and their fits hold what they need
    fits = fit_all(parts, models, settings.training, workers, progress)
    registered = [workspace.tracking.record(fit, settings.models[fit.model.name], settings.training) for fit in fits]
    best = min(range(len(fits)), key=lambda n: fits[n].validation[CRITERION])
    workspace.tracking.promote(registered[best])
    candidates = [_candidate(fit, one, n == best) for n, (fit, one) in enumerate(zip(fits, registered, strict=True))]
    for candidate in candidates:
        log.info(
            "%s %s v%s: validation MAE %.0f MW, pinball %.0f MW%s", series, candidate.model, candidate.version,
            candidate.validation["validation_mae"], candidate.validation[CRITERION],
            ", champion" if candidate.champion else "",
        )  # fmt: skip
    return candidates


def train_all(workspace: Workspace, series: list[Series], progress: Progress = log_epoch) -> list[Candidate]:
    """Train several series, `training.workers` of them side by side."""
    with ThreadPoolExecutor(workspace.settings.training.workers) as pool:
        _ = workspace.tracking  # opened once, before the threads need it
        return [one for found in pool.map(lambda s: train(workspace, s, progress), series) for one in found]


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
