"""Train: fit the candidates of a series, record them, and let a trial decide which serves.

What has been trained on the same data with the same settings before is not trained again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gridahead.core.each import of_each, require
from gridahead.core.errors import GridaheadError, ModelError, PartialError, SettingsError
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION
from gridahead.models.determinism import deterministic
from gridahead.operate.explain import keep_gradients
from gridahead.operate.model_card import cards
from gridahead.operate.promotion import admit
from gridahead.operate.regression import has_regression, keep_regression
from gridahead.promotion.evidence import keep_judged
from gridahead.promotion.serving import is_trained_for
from gridahead.promotion.sync import sync
from gridahead.promotion.version_trial import Outcome
from gridahead.registry.versions import Registered, Version
from gridahead.reports.promotion import outcome_reason
from gridahead.settings.model import Settings
from gridahead.settings.networks import SharedSettings
from gridahead.training.candidates import fit_candidates
from gridahead.training.epoch import Progress, log_epoch
from gridahead.training.fit import Fit
from gridahead.training.identity import settings_hash
from gridahead.training.shared import unlike
from gridahead.training.split import Split, split
from gridahead.training.workers import WorkerPool, fit_shared_in_worker
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)

MOST_SHOWN = 8
"""Series of a group whose candidates get cards and pictures of their gradients at once, half a minute a series. Of more
they are made when somebody asks: `gridahead models card`, `gridahead diagnose`."""
FEWEST_SERIES = 2
"""That share a network: of one alone it would be a network of its own."""


@dataclass(frozen=True)
class Candidate:
    """A version, what became of it, and whether it was there before."""

    series: Series
    model: str
    version: str
    champion: bool
    validation: dict[str, float]
    epochs: int
    seconds: float
    outcome: str
    known: bool
    """Trained before on the same data with the same settings, so not again."""
    card: Path | None = None
    """Its page; None if it was there before, is one of many, or if the page could not be written."""


def train(
    workspace: Workspace,
    series: Series,
    progress: Progress = log_epoch,
    workers: int | WorkerPool = 1,
    warm_from: Series | None = None,
) -> list[Candidate]:
    """Fit every model that the settings name for a series; a trial decides whether the best of them serves.

    Args:
        workspace: where the data and the models are.
        series: whose models.
        progress: called after every epoch.
        workers: networks trained at a time, or a pool that trains them.
        warm_from: the series whose champion's weights are begun with, itself or another; random ones without it.

    Raises:
        LakeError: the lake does not have the series.
        ModelError: there are too few days, a loss is not a number, or the weights to begin with do not fit.
    """
    with workspace.exports.alone(series):
        return _train(workspace, series, progress, workers, warm_from)


def _train(
    workspace: Workspace, series: Series, progress: Progress, workers: int | WorkerPool, warm_from: Series | None
) -> list[Candidate]:
    settings = workspace.settings
    sync(workspace, workspace.registry, series)
    spec, observations = workspace.inputs(series)
    series_split = split(observations, spec, settings.training)
    del observations  # several series are trained side by side, and their fits hold what they need
    start = None if warm_from is None else _start(workspace, warm_from, series_split)
    named = f"{start.series} v{start.version}" if start else ""
    hashes = {model: settings_hash(settings, model, spec, named) for model in settings.series_settings(series).models}
    unchanged = _known(workspace, series_split, hashes)
    missing = [model for model in hashes if model not in unchanged]
    if not missing:
        if not has_regression(workspace, series):
            keep_regression(workspace, series_split)
        return _decide(workspace, series, [], list(unchanged.values()))
    fits = fit_candidates(
        series_split,
        missing,
        settings,
        workers,
        progress,
        start=None if start is None else start.model.networks,
        checkpoints=settings.checkpoint_folder / series.slug,
    )
    return _admit(workspace, series_split, [(fit, hashes[fit.model.name]) for fit in fits], list(unchanged.values()))


def train_shared(workspace: Workspace, group: SharedSettings, progress: Progress = log_epoch) -> list[Candidate]:
    """Fit one network for a group of series; for each of them a trial decides whether it serves.

    A series that cannot be part of it keeps none of the others from it.

    Raises:
        ModelError: fewer than two series can be part of it, or a loss is not a number.
        PartialError: some could not be: nothing in the lake, too few days, other axes than most. The candidates of the
            others are in its `done`.
    """
    with ExitStack() as locks:
        for series in sorted(group.series):  # in one order everywhere, so that no two groups wait for each other
            locks.enter_context(workspace.exports.alone(series))
        return _train_shared(workspace, group, progress)


def _train_shared(workspace: Workspace, group: SharedSettings, progress: Progress) -> list[Candidate]:
    settings = workspace.settings
    config = settings.models[group.model]
    unchanged: dict[Series, list[Version]] = {}
    hashes: dict[Series, dict[str, str]] = {}

    def windows_of(series: Series) -> Split:
        sync(workspace, workspace.registry, series)
        spec, observations = workspace.inputs(series)
        return split(observations, spec, settings.training)

    splits, failed = of_each(group.series, windows_of)
    failed |= unlike(splits) if splits else {}
    splits = {series: of_it for series, of_it in splits.items() if series not in failed}
    if len(splits) < FEWEST_SERIES:
        require(failed)
    for series in splits:
        spec = splits[series].windows.spec
        hashes[series] = {name: settings_hash(settings, name, spec) for name in group.candidates}
        versions = _known(workspace, splits[series], hashes[series])
        if group.name in versions:
            unchanged[series] = list(versions.values())
    if len(unchanged) == len(splits):  # where one of the series has new data, the network is another for all of them
        candidates = [
            candidate
            for series, versions in unchanged.items()
            for candidate in _decide(workspace, series, [], versions)
        ]
    else:
        folder = settings.checkpoint_folder / group.name
        fits = fit_shared_in_worker(group, splits, config, settings.training, progress, checkpoints=folder)
        candidates = [
            candidate
            for (series, of_it), of_series in zip(splits.items(), fits, strict=True)
            for candidate in _admit(
                workspace,
                of_it,
                [(fit, hashes[series][fit.model.name]) for fit in of_series],
                [],
                shown=len(splits) <= MOST_SHOWN,
            )
        ]
    require(failed, candidates)
    return candidates


def train_all(
    workspace: Workspace,
    series: list[Series],
    progress: Progress = log_epoch,
    *,
    warm: bool = False,
    warm_from: Series | None = None,
) -> list[Candidate]:
    """Train several series and the groups that they share a network in, `training.workers` of them side by side.

    Raises:
        PartialError: some could not be trained; the candidates of the others are in its `done`.
    """
    order = order_of(workspace.settings, series)

    def of_series(name: Series) -> list[Candidate]:
        return train(workspace, name, progress, warm_from=warm_from or (name if warm else None))

    def of_group(name: str) -> list[Candidate]:
        return train_shared(workspace, groups[name], progress)

    groups = {group.name: group for group in workspace.settings.shared}
    with deterministic(), ThreadPoolExecutor(workspace.settings.training.workers) as pool:
        shared = {group.name: pool.submit(of_group, group.name) for group in order.first}
        own = {str(name): pool.submit(of_series, name) for name in order.own}
        begun = {**own, **shared}
        done, failed = of_each(begun, lambda name: begun[name].result())
        later, failed_later = of_each([group.name for group in order.last], of_group)
    errors, partly = _apart({**failed, **failed_later})
    candidates = [candidate for results in (*done.values(), *later.values(), partly) for candidate in results]
    require(errors, candidates)
    return candidates


def _apart(failed: Mapping[str, GridaheadError]) -> tuple[dict[str, GridaheadError], list[Candidate]]:
    """Errors by what they are of: of a group by its series; and the candidates of those that were trained with it."""
    errors: dict[str, GridaheadError] = {}
    done: list[Candidate] = []
    for name, error in failed.items():
        errors |= error.errors if isinstance(error, PartialError) else {name: error}
        done += error.done if isinstance(error, PartialError) else ()
    return errors, done


class Order(NamedTuple):
    """What is trained side by side, and what after it."""

    first: list[SharedSettings]
    """Groups whose series have no models of their own: they begin, because they take longest."""
    own: list[Series]
    """Series with models of their own, beside them."""
    last: list[SharedSettings]
    """Groups that challenge what their series have of their own, and so are decided on after them."""


def order_of(settings: Settings, series: Sequence[Series]) -> Order:
    """In which order series and groups are trained.

    A group is trained, for all of its series, if all are asked for, or one that has no models of its own.

    Raises:
        SettingsError: a series has no models of its own and is in no group.
    """
    own = [member for member in series if settings.series_settings(member).models]
    groups = [
        group
        for group in settings.shared
        if set(group.series) <= set(series) or set(group.series) & (set(series) - set(own))
    ]
    idle = set(series) - set(own) - {member for group in groups for member in group.series}
    if idle:
        raise SettingsError(
            f"{', '.join(sorted(map(str, idle)))} has models = [] and is in no [[shared]] group, so that nothing would "
            "ever forecast it; name models, or leave the line out for the defaults"
        )
    last = [group for group in groups if any(settings.series_settings(member).models for member in group.series)]
    return Order([group for group in groups if group not in last], own, last)


def _start(workspace: Workspace, series: Series, series_split: Split) -> Registered:
    """The champion of a series, to begin with.

    Raises:
        ModelError: there is none, or it has seen days that this training must not see.
    """
    champion = workspace.registry.champion(series)
    learnt_until, chosen_until = champion.about.last_day_learnt, champion.about.last_day_seen
    first, last = series_split.validation_days
    if learnt_until > series_split.train_days[1] or chosen_until > last:
        raise ModelError(
            f"{champion.series} {champion}",
            f"has learnt days until {learnt_until} and was chosen on days until {chosen_until}; what begins with its "
            f"weights would be judged on days that it knows (from {first} to {last}). Train "
            "without a warm start, or with training.refit = false from one week to the next",
        )
    return champion


def _known(workspace: Workspace, series_split: Split, hashes: Mapping[str, str]) -> dict[str, Version]:
    """By model, the version that came from the same data and settings, where there is one."""
    series, fingerprint = series_split.train.spec.series, series_split.fingerprint()
    versions = {}
    for model, settings in hashes.items():
        same = {"data_fingerprint": fingerprint, "settings_hash": settings}
        version = workspace.registry.find(series, model, same)
        if version is not None and workspace.registry.sound(version):
            versions[model] = version
            log.info(
                "%s: nothing has changed since %s (data %s, settings %s), so it is not trained again",
                series,
                version,
                fingerprint,
                settings,
            )
    return versions


def _admit(
    workspace: Workspace,
    series_split: Split,
    fits: Sequence[tuple[Fit, str]],
    known: Sequence[Version],
    *,
    shown: bool = True,
) -> list[Candidate]:
    """Make fits versions, keep their forecasts of the validation days, and decide which serves.

    Args:
        workspace: with the registry.
        series_split: their windows, of one series.
        fits: each with the hash of its settings.
        known: versions that were there before and have not been fitted.
        shown: whether their gradients are drawn and their cards written now.
    """
    registry, settings = workspace.registry, workspace.settings
    series = series_split.train.spec.series
    new, again = [], list(known)
    for fit, hashed in fits:
        config = settings.models.get(fit.model.name)
        version, is_new = registry.register(fit, config, settings.training, hashed)
        if not is_new:  # its weights had been lost, or another host was quicker
            again.append(version)
        else:
            new.append((fit, version))
            keep_judged(workspace, version, series_split.judged, fit.forecasts, fit.model.quantiles)
    if shown:
        keep_gradients(workspace, new, series_split.judged)
    keep_regression(workspace, series_split)
    return _decide(workspace, series, new, again, shown=shown)


def _decide(
    workspace: Workspace,
    series: Series,
    new: Sequence[tuple[Fit, Version]],
    known: Sequence[Version],
    *,
    shown: bool = True,
) -> list[Candidate]:
    """What becomes of new versions of one series, and their cards.

    Without a champion that can be asked at the deadline, those that were known are decided on as well.
    """
    candidates = [version for _, version in new]
    champion = workspace.registry.holder(series, CHAMPION)
    if champion is None or not is_trained_for(champion, workspace.settings.series_settings(series).deadline):
        candidates += known
    outcomes = admit(workspace, series, candidates) if candidates else {}
    trained = {version.number: fit for fit, version in new}
    pages = cards(workspace, [Registered(version, fit.model) for fit, version in new]) if shown else {}
    return [
        _candidate(version, trained.get(version.number), outcomes.get(version.number), pages.get(version.number))
        for version in (*(version for _, version in new), *known)
    ]


def _candidate(version: Version, fit: Fit | None, outcome: Outcome | None, page: Path | None) -> Candidate:
    return Candidate(
        series=version.series,
        model=version.model,
        version=version.number,
        champion=outcome.serves if outcome else CHAMPION in version.aliases,
        validation=fit.validation if fit else version.validation,
        epochs=len(fit.epochs) if fit else 0,
        seconds=fit.seconds if fit else 0.0,
        outcome=outcome_reason(outcome) if outcome else "nothing has changed since it was trained",
        known=fit is None,
        card=page,
    )
