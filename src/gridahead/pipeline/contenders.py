"""Who forecasts a fold of a back-test: models fitted for it, the model that serves, and the references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from gridahead.errors import SettingsError
from gridahead.features.windows import Windows
from gridahead.models.bundle import TrainedModel
from gridahead.models.ensemble import Ensemble
from gridahead.models.storage import Savable
from gridahead.models.tabular import TabularForecaster
from gridahead.pipeline.course import Course, with_outturn
from gridahead.pipeline.folds import Fold
from gridahead.pipeline.references import fit_reference, reference_windows, references_among
from gridahead.pipeline.workspace import require_unseen
from gridahead.training.candidates import fit_candidates
from gridahead.training.epoch import Progress
from gridahead.training.isolated import Workshop
from gridahead.training.split import Split
from gridahead.training.tabular import fit_tabular

SERVED = "champion"
_BESIDE = {"workers", "holdout_start", "checkpoint_steps"}
"""Settings of the training that decide nothing about what comes of it; the fold says where the holdout begins."""


@dataclass(frozen=True)
class Contender:
    """A model and the windows that it forecasts."""

    asked: str
    """The name that was asked for, such as champion."""
    windows: Windows
    made_of: str
    """Fingerprint of all that decides what comes of it."""
    model: Savable | None
    """None until it is fitted."""
    version: str | None = None
    """In the registry; a model that is not from there is known by its content."""

    @property
    def known(self) -> Mapping[str, float] | None:
        """Share of each input that was known in training."""
        return getattr(self.model, "known", None)


def contenders(course: Course, fold: Fold, starts: Sequence[str]) -> tuple[list[Contender], Split | None]:
    """Everyone who was asked for, some to be fitted yet, and what there is to learn for those.

    Args:
        course: of the series.
        fold: days to forecast.
        starts: content of the models whose weights are begun with.

    Raises:
        ModelError: there is too little to learn, no champion, or it has learnt from the period.
        SettingsError: the champion has the name of another model that is asked for.
    """
    windows, found, parts = course.to_forecast(fold), [], None
    if course.networks or course.tabular:
        parts = course.to_learn(fold)
        found = _to_fit(course, fold, windows, parts, starts)
    return [*found, *_references(course, fold), *_served(course, windows)], parts


def _to_fit(course: Course, fold: Fold, windows: Windows, parts: Split, starts: Sequence[str]) -> list[Contender]:
    settings, found = course.workspace.settings, []
    learns = [parts.train.fingerprint(), parts.validation.fingerprint()]
    training = settings.training.model_dump(mode="json", exclude=_BESIDE)
    for name in [*course.networks, *course.tabular]:
        networks = settings.ensembles.get(name, (name,)) if name in course.networks else ()
        configs = {one: settings.models[one].model_dump(mode="json") for one in networks}
        made_of = course.fingerprint(fold, windows, [name, configs, training, learns, course.plan.warm, [*starts]])
        found.append(Contender(name, windows, made_of, None))
    return found


def _references(course: Course, fold: Fold) -> list[Contender]:
    levels, found = course.workspace.settings.training.quantiles, []
    for name in references_among(course.plan.models, course.observations, course.spec):
        fitted = fit_reference(name, course.observations, course.spec, fold.first, levels)
        told = reference_windows(name, course.observations, course.spec, fold.days)
        windows = with_outturn(told, course.observations)
        if not len(windows):
            continue
        made_of = course.fingerprint(fold, windows, [name, levels, fitted.level, fitted.offsets.tolist()])
        found.append(Contender(name, windows, made_of, fitted))
    return found


def _served(course: Course, windows: Windows) -> list[Contender]:
    """The champion, the same for every fold."""
    if SERVED not in course.plan.models:
        return []
    champion = course.workspace.registry.champion(course.series)
    require_unseen(champion.about, course.plan.first)
    if champion.model.name in course.plan.models:
        raise SettingsError(
            f"the champion of {course.series} is {champion}, and {champion.model.name} is asked for as well: their "
            "forecasts would bear the same name. Ask for one of them"
        )
    made_of = course.fingerprint(course.folds[0], windows, [SERVED, champion.version, champion.run_id])
    return [Contender(SERVED, windows, made_of, champion.model, champion.version)]


def fitted(
    course: Course, fold: Fold, wanted: Sequence[Contender], parts: Split | None, starts: Sequence[str],
    shop: Workshop, progress: Progress,
) -> list[Contender]:  # fmt: skip
    """The same contenders, each with a model.

    Raises:
        ModelError: a fit went wrong, or the start fits no model.
    """
    if parts is None:
        return [*wanted]
    missing = [one.asked for one in wanted if one.model is None]
    models: dict[str, Savable] = {}
    names = [name for name in course.networks if name in missing]
    if names:
        settings = course.workspace.settings
        training = settings.training.model_copy(update={"holdout_start": fold.first})
        checkpoints = settings.checkpoint_folder / course.plan.run / course.series.slug / str(fold.first)
        fits = fit_candidates(
            parts, names, settings.model_copy(update={"training": training}), shop, progress,
            start=_networks(course, starts) or None, checkpoints=checkpoints,
        )  # fmt: skip
        models = {name: fit.model for name, fit in zip(names, fits, strict=True)}
    tabular, levels = [name for name in course.tabular if name in missing], course.workspace.settings.training.quantiles
    if tabular:
        done = shop.run([partial(_fit_tabular, name, parts, levels) for name in tabular], progress)
        models |= dict(zip(tabular, done, strict=True))
    return [replace(one, model=models[one.asked]) if one.asked in models else one for one in wanted]


def _networks(course: Course, starts: Sequence[str]) -> list[TrainedModel]:
    """The networks of the former fold."""
    found = [course.kept.model(digest) for digest in starts]
    networks = [part for one in found for part in (one.models if isinstance(one, Ensemble) else (one,))]
    return [one for one in networks if isinstance(one, TrainedModel)]


def _fit_tabular(name: Any, parts: Split, levels: tuple[float, ...], _progress: Progress) -> TabularForecaster:
    return fit_tabular(name, parts, levels)
