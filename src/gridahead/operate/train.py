"""Train: fit the candidates of a series, record them, and let a trial decide which serves.

What has been trained on the same data with the same settings before is not trained again.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gridahead.core.each import of_each, require
from gridahead.core.errors import GridaheadError, ModelError, PartialError, SettingsError, TooFewDaysError
from gridahead.core.fingerprint import digest
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION
from gridahead.features.windows import Windows
from gridahead.models.aggregate import Aggregate
from gridahead.models.determinism import deterministic
from gridahead.models.tabular import TabularForecaster
from gridahead.operate.explain import keep_gradients
from gridahead.operate.model_card import cards
from gridahead.operate.promotion import admit
from gridahead.operate.regression import has_regression, keep_regression
from gridahead.operate.together import of_each_together
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
from gridahead.training.newcomers import Newcomer, newcomer
from gridahead.training.shared import unlike
from gridahead.training.split import Split, split
from gridahead.training.workers import WorkerPool, fit_shared_in_worker
from gridahead.workspace import Workspace

if TYPE_CHECKING:  # MLflow takes seconds to import
    from gridahead.registry.shared import SharedTraining

log = logging.getLogger(__name__)

MOST_SHOWN = 8
"""Series of a group whose candidates get cards and pictures of their gradients at once, half a minute a series. Of more
they are made when somebody asks: `gridahead models card`, `gridahead diagnose`."""
TAUGHT = "what others have taught"
"""What a version of a series begins with that is too new to learn from: this is another procedure than learning."""
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
    unchanged = _known(workspace, series, series_split.fingerprint(), hashes)
    missing = [model for model in hashes if model not in unchanged]
    if not missing:
        if not has_regression(workspace, series):
            keep_regression(workspace, series_split)
        return _decide(workspace, series, [], list(unchanged.values()))
    left = _undecided(workspace, series)
    fits = fit_candidates(
        series_split,
        missing,
        settings,
        workers,
        progress,
        start=None if start is None else start.model.networks,
        checkpoints=settings.checkpoint_folder / series.slug,
    )
    keep_regression(workspace, series_split, _regression_of(fits))
    hashed = [(fit, hashes[fit.model.name]) for fit in fits]
    return _admit(workspace, series, series_split.judged, hashed, list(unchanged.values()), left=left)


def train_shared(workspace: Workspace, group: SharedSettings, progress: Progress = log_epoch) -> list[Candidate]:
    """Fit one network for a group of series; for each of them a trial decides whether it serves.

    A series that is too new to learn from is served by what the others have taught. One that cannot be part of it keeps
    none of the others from it.

    Raises:
        ModelError: fewer than two series can teach it, or a loss is not a number.
        PartialError: some could not be: nothing in the lake, not even a week of values, other axes than most. The
            candidates of the others are in its `done`.
    """
    with ExitStack() as locks:
        for series in sorted(group.series):  # in one order everywhere, so that no two groups wait for each other
            locks.enter_context(workspace.exports.alone(series))
        return _train_shared(workspace, group, progress)


def _train_shared(workspace: Workspace, group: SharedSettings, progress: Progress) -> list[Candidate]:
    splits, new, failed = _days_of_each(workspace, group)
    if splits:
        failed |= unlike(
            {series: one.windows for series, one in splits.items()},
            {series: one.windows for series, one in new.items()},
        )
    splits = {series: one for series, one in splits.items() if series not in failed}
    new = {series: one for series, one in new.items() if series not in failed}
    if len(splits) < FEWEST_SERIES:
        require(failed | {series: _untaught(series, splits) for series in new})
    taught = [*splits.values()]
    _, unjudged = of_each(new, lambda series: new[series].judged(taught))
    failed |= unjudged
    new = {series: one for series, one in new.items() if series not in unjudged}
    unchanged = _unchanged(workspace, group, splits, new)
    if unchanged is not None:
        candidates = [
            candidate
            for series, versions in unchanged.items()
            for candidate in _decide(workspace, series, [], versions)
        ]
    else:
        candidates = _fitted_together(workspace, group, splits, new, progress)
    require(failed, candidates)
    return candidates


def _days_of_each(
    workspace: Workspace, group: SharedSettings
) -> tuple[dict[Series, Split], dict[Series, Newcomer], dict[Series, GridaheadError]]:
    """What the series of a group have to learn, what those can be served with that do not teach, and why others cannot.

    The first two are in the order of the group.
    """
    splits: dict[Series, Split] = {}
    new: dict[Series, Newcomer] = {}
    drawn = sorted(group.series, key=lambda series: digest(str(series))) if group.teachers else group.series

    def days_of(ahead: Workspace, series: Series) -> None:
        sync(workspace, workspace.registry, series)
        found = _days_of(ahead, series, teaches=group.teachers is None or len(splits) < group.teachers)
        if isinstance(found, Newcomer):
            new[series] = found
        else:
            splits[series] = found

    _, failed = of_each_together(workspace, drawn, days_of)
    return (
        {series: splits[series] for series in group.series if series in splits},
        {series: new[series] for series in group.series if series in new},
        failed,
    )


def _days_of(workspace: Workspace, series: Series, *, teaches: bool) -> Split | Newcomer:
    """What a series of a group has to learn; of one that is too new, or does not teach, what it can be served with."""
    spec, observations = workspace.inputs(series)
    if not teaches:
        return newcomer(observations, spec, workspace.settings.training)
    try:
        return split(observations, spec, workspace.settings.training)
    except TooFewDaysError:
        champion = workspace.registry.holder(series, CHAMPION)
        if champion is not None and not champion.taught_by:  # it has had days of its own, and what serves knows them
            raise
        return newcomer(observations, spec, workspace.settings.training)


def _untaught(series: Series, taught: Mapping[Series, Split]) -> ModelError:
    enough = ", ".join(map(str, taught)) or "none"
    return ModelError(
        str(series),
        f"is new, and served by what others of its group have taught, of which {FEWEST_SERIES} need enough days to "
        f"learn from; those that have them: {enough}. Bring a longer history with `gridahead ingest`",
    )


def _unchanged(
    workspace: Workspace, group: SharedSettings, splits: Mapping[Series, Split], new: Mapping[Series, Newcomer]
) -> dict[Series, list[Version]] | None:
    """The versions of all series, if each has all of them of the same data and settings, and they are decided on.

    Where one has new data, the network is another for all of them; where one lacks a version, a training was
    interrupted or a bundle is lost.
    """
    of_taught = {series: one.fingerprint() for series, one in splits.items()}
    prints = of_taught | {series: one.fingerprint([*of_taught.values()]) for series, one in new.items()}
    members: dict[Series, Split | Newcomer] = {**splits, **new}
    hashes = {series: _hashes(group, workspace.settings, member) for series, member in members.items()}
    versions = {series: _known(workspace, series, prints[series], hashes[series]) for series in members}
    if any(versions[series].keys() != hashes[series].keys() for series in members):
        return None
    return {series: [*of_series.values()] for series, of_series in versions.items()}


def _hashes(group: SharedSettings, settings: Settings, of_series: Split | Newcomer) -> dict[str, str]:
    """By candidate, the hash of the settings that decide what it is; a newcomer has one, and by another procedure."""
    spec = of_series.windows.spec
    if isinstance(of_series, Newcomer):
        return {group.name: settings_hash(settings, group.name, spec, start=TAUGHT)}
    return {name: settings_hash(settings, name, spec) for name in group.candidates}


def _fitted_together(
    workspace: Workspace,
    group: SharedSettings,
    splits: Mapping[Series, Split],
    new: Mapping[Series, Newcomer],
    progress: Progress,
) -> list[Candidate]:
    """The candidates of all series of a group from one network, registered and decided on."""
    settings, taught = workspace.settings, [*splits.values()]
    folder = settings.checkpoint_folder / group.name
    config = settings.models[group.model]
    left = {one: _undecided(workspace, one) for one in (*splits, *new)}
    fits = fit_shared_in_worker(group, splits, new, config, settings.training, progress, checkpoints=folder)
    members: dict[Series, Split | Newcomer] = {**splits, **new}
    every = [fit for of_series in fits for fit in of_series]
    training = workspace.registry.together(group.name, every, config, settings.training)
    candidates = []
    for (series, of_it), of_series in zip(members.items(), fits, strict=True):
        hashes = _hashes(group, settings, of_it)
        hashed = [(fit, hashes[fit.model.name]) for fit in of_series]
        judged = of_it.judged(taught) if isinstance(of_it, Newcomer) else of_it.judged
        done = _admit(workspace, series, judged, hashed, [], training, left[series], shown=len(splits) <= MOST_SHOWN)
        if not isinstance(of_it, Newcomer):
            keep_regression(workspace, of_it, _regression_of([fit for fit, _ in hashed]))
        candidates += done
    training.withdraw_if_unused()
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


def _known(workspace: Workspace, series: Series, fingerprint: str, hashes: Mapping[str, str]) -> dict[str, Version]:
    """By model, the version that came from the same data and settings and was decided on, where there is one."""
    versions = {}
    for model, settings in hashes.items():
        same = {"data_fingerprint": fingerprint, "settings_hash": settings}
        version = workspace.registry.find(series, model, same)
        if version is not None and version.is_decided and workspace.registry.sound(version):
            versions[model] = version
            log.info(
                "%s: nothing has changed since %s (data %s, settings %s), so it is not trained again",
                series,
                version,
                fingerprint,
                settings,
            )
    return versions


def _undecided(workspace: Workspace, series: Series) -> set[str]:
    """The numbers of the versions that an interrupted training has left."""
    return {version.number for version in workspace.registry.versions(series) if not version.is_decided}


def _admit(
    workspace: Workspace,
    series: Series,
    judged: Windows,
    fits: Sequence[tuple[Fit, str]],
    known: Sequence[Version],
    training: SharedTraining | None = None,
    left: Collection[str] = (),
    *,
    shown: bool = True,
) -> list[Candidate]:
    """Make fits versions, keep their forecasts of the validation days, and decide which serves.

    Args:
        workspace: with the registry.
        series: theirs.
        judged: the windows of their forecasts.
        fits: each with the hash of its settings.
        known: versions that were there before and have not been fitted.
        training: of their group, if they were fitted with those of others.
        left: numbers of versions that an interrupted training has made, on which nothing has been decided yet.
        shown: whether their gradients are drawn and their cards written now.
    """
    registry, settings = workspace.registry, workspace.settings
    new, again = [], list(known)
    for fit, hashed in fits:
        config = settings.models.get(fit.model.name)
        version, is_new = registry.register(fit, config, settings.training, hashed, training)
        if is_new or version.number in left:
            new.append((fit, version))
            keep_judged(workspace, version, judged, fit.forecasts, fit.model.quantiles)
        else:  # its weights had been lost, or another host was quicker
            again.append(version)
    if shown:
        keep_gradients(workspace, new, judged)
    return _decide(workspace, series, new, again, shown=shown)


def _regression_of(fits: Sequence[Fit]) -> TabularForecaster | None:
    """The ridge regression that stands in an aggregate, if one does."""
    experts = [expert for fit in fits if isinstance(fit.model, Aggregate) for expert in fit.model.beside]
    return next((one for one in experts if isinstance(one, TabularForecaster) and one.name == "ridge"), None)


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
