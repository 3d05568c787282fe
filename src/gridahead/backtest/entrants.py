"""Entrants of a fold: models of the settings fitted for it, the model that serves, and the references."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from gridahead.backtest.data import SeriesData, with_outturn
from gridahead.backtest.plan import Fold
from gridahead.core.errors import ModelError, SettingsError
from gridahead.core.runs import CHAMPION
from gridahead.evaluation.references import fit_reference, reference_windows, references_among
from gridahead.features.windows import Windows
from gridahead.models.base import Forecaster
from gridahead.models.bundle import TrainedModel
from gridahead.models.storage import load
from gridahead.models.tabular import TabularForecaster, TabularName
from gridahead.training.candidates import fit_candidates
from gridahead.training.epoch import Progress
from gridahead.training.identity import config_of, decisive
from gridahead.training.split import Split
from gridahead.training.tabular import fit_tabular
from gridahead.training.workers import WorkerPool
from gridahead.workspace import require_unseen


@dataclass(frozen=True)
class Entrant:
    """Who forecasts the days of a fold; a model of the settings has to be fitted first."""

    asked: str
    """The name that was asked for, such as champion."""
    windows: Windows
    """Those that it forecasts."""
    made_of: str
    """Fingerprint of all that decides what comes of it."""


@dataclass(frozen=True)
class FittedEntrant(Entrant):
    """An entrant that can forecast."""

    model: Forecaster
    version: str | None = None
    """In the registry; a model that is not from there is known by its content."""
    last_seen: dt.date | None = None
    """The last day that it has learnt, or was chosen by; the one before the fold unless given."""


def entrants(data: SeriesData, fold: Fold, starts: Sequence[str]) -> tuple[list[Entrant], Split | None]:
    """All that were asked for, some to be fitted yet, and what there is to learn for those.

    Args:
        data: of the series.
        fold: days to forecast.
        starts: content of the models whose weights are begun with.

    Raises:
        ModelError: there is too little to learn, no champion, or it has learnt from the period.
        SettingsError: the champion has the name of another model that is asked for.
    """
    windows, to_fit, split = data.to_forecast(fold), [], None
    if data.networks or data.tabular:
        split = data.to_learn(fold)
        to_fit = _to_fit(data, fold, windows, split, starts)
    return [*to_fit, *_references(data, fold), *_champion(data, windows)], split


def _to_fit(data: SeriesData, fold: Fold, windows: Windows, split: Split, starts: Sequence[str]) -> list[Entrant]:
    settings, to_fit = data.workspace.settings, []
    learns = [split.train.fingerprint(), split.validation.fingerprint()]
    training = decisive(settings.training)
    for name in [*data.networks, *data.tabular]:
        networks = settings.ensembles.get(name, (name,)) if name in data.networks else ()
        configs = {part: config_of(settings, part) for part in networks}
        made_of = data.fingerprint(fold, windows, [name, configs, training, learns, data.plan.warm, [*starts]])
        to_fit.append(Entrant(name, windows, made_of))
    return to_fit


def _references(data: SeriesData, fold: Fold) -> list[FittedEntrant]:
    levels, references = data.workspace.settings.training.quantiles, []
    for name in references_among(data.plan.models, data.observations, data.spec):
        model = fit_reference(name, data.observations, data.spec, fold.first, levels)
        published = reference_windows(name, data.observations, data.spec, fold.days)
        windows = with_outturn(published, data.observations)
        if not len(windows):
            continue
        made_of = data.fingerprint(fold, windows, [name, levels, model.level, model.offsets.tolist()])
        references.append(FittedEntrant(name, windows, made_of, model))
    return references


def _champion(data: SeriesData, windows: Windows) -> list[FittedEntrant]:
    """The champion, the same for every fold.

    Raises:
        ModelError: there is none, it has learnt from the period, or it was not trained for the deadline.
        SettingsError: a model of its name is asked for as well.
    """
    if CHAMPION not in data.plan.models:
        return []
    champion = data.workspace.registry.champion(data.series)
    require_unseen(champion.about, data.plan.first)
    if champion.model.name in data.plan.models:
        raise SettingsError(
            f"the champion of {data.series} is {champion}, and {champion.model.name} is asked for as well: their "
            "forecasts would bear the same name. Ask for one of them"
        )
    if refusal := champion.model.spec.unserved(data.spec.deadline.for_delivery(data.plan.first), data.plan.first):
        raise ModelError(f"{data.series} {champion}", refusal)
    made_of = data.fingerprint(data.folds[0], windows, [CHAMPION, champion.version, champion.run_id])
    seen = champion.about.last_day_seen
    return [FittedEntrant(CHAMPION, windows, made_of, champion.model, champion.version, seen)]


def fitted(
    data: SeriesData,
    fold: Fold,
    wanted: Sequence[Entrant],
    split: Split | None,
    starts: Sequence[str],
    pool: WorkerPool,
    progress: Progress,
) -> list[FittedEntrant]:
    """The same entrants, each with a model.

    Args:
        data: of the series.
        fold: days to forecast.
        wanted: those that are not there yet.
        split: what there is to learn; None if none of them is fitted.
        starts: content of the models whose weights are begun with.
        pool: trains networks.
        progress: called every epoch.

    Raises:
        ModelError: a fit went wrong, or the weights to begin with fit no model.
    """
    missing = [entrant.asked for entrant in wanted if not isinstance(entrant, FittedEntrant)]
    models = {} if split is None else _fit(data, fold, missing, split, starts, pool, progress)
    return [
        entrant
        if isinstance(entrant, FittedEntrant)
        else FittedEntrant(entrant.asked, entrant.windows, entrant.made_of, models[entrant.asked])
        for entrant in wanted
    ]


def _fit(
    data: SeriesData,
    fold: Fold,
    missing: Sequence[str],
    split: Split,
    starts: Sequence[str],
    pool: WorkerPool,
    progress: Progress,
) -> dict[str, Forecaster]:
    """The models of these names, fitted on what was known before the fold."""
    models: dict[str, Forecaster] = {}
    names = [name for name in data.networks if name in missing]
    if names:
        settings = data.workspace.settings
        training = settings.training.model_copy(update={"holdout_start": fold.first})
        checkpoints = settings.checkpoint_folder / data.plan.run / data.series.slug / str(fold.first)
        fits = fit_candidates(
            split,
            names,
            settings.model_copy(update={"training": training}),
            pool,
            progress,
            start=_networks(data, starts) or None,
            checkpoints=checkpoints,
        )
        models = {name: fit.model for name, fit in zip(names, fits, strict=True)}
    tabular, levels = [name for name in data.tabular if name in missing], data.workspace.settings.training.quantiles
    if tabular:
        regressions = pool.run([partial(_fit_tabular, name, split, levels) for name in tabular], progress)
        models |= dict(zip(tabular, regressions, strict=True))
    return models


def _networks(data: SeriesData, starts: Sequence[str]) -> list[TrainedModel]:
    """The networks of the former fold."""
    return [network for digest in starts for network in load(data.store.bundle(digest)).networks]


def _fit_tabular(name: TabularName, split: Split, levels: tuple[float, ...], _progress: Progress) -> TabularForecaster:
    return fit_tabular(name, split, levels)
