"""The candidates of a series: its networks, each fitted once, and the ensembles of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gridahead.core.errors import ModelError
from gridahead.features.anchors import every_anchor
from gridahead.models.aggregate import Aggregate
from gridahead.models.bundle import TrainedModel
from gridahead.models.determinism import deterministic
from gridahead.models.ensemble import Ensemble, Model, combine
from gridahead.settings.model import Settings
from gridahead.settings.networks import BESIDE, ModelSettings
from gridahead.training.aggregate import fit_aggregate
from gridahead.training.conditions import conditions_on, later_metrics, views
from gridahead.training.crossfit import crossfitted, validation_metrics
from gridahead.training.epoch import Progress
from gridahead.training.fit import Fit
from gridahead.training.split import Block, Split
from gridahead.training.workers import WorkerPool, fit_all


def fit_candidates(
    split: Split,
    names: Sequence[str],
    settings: Settings,
    workers: int | WorkerPool,
    progress: Progress,
    *,
    start: Sequence[TrainedModel] | None = None,
    checkpoints: Path | None = None,
) -> list[Fit]:
    """A fit of every model and ensemble that is named, in that order; a network is trained once, whoever needs it.

    Args:
        split: training and validation windows of one series.
        names: of models and ensembles in the settings.
        settings: what the names mean, and how networks are trained.
        workers: networks trained at a time, or a pool that trains them.
        progress: called in this process.
        start: networks whose weights to begin with, where cells are the same.
        checkpoints: a folder for this call alone; emptied when all is done.

    Raises:
        ModelError: a fit went wrong, or the start fits no model.
    """
    networks = {name: [part for part in settings.ensembles.get(name, (name,)) if part not in BESIDE] for name in names}
    needed = dict.fromkeys(part for parts in networks.values() for part in parts)
    cells = {name: settings.models[name].cell for name in needed}
    starts = {} if start is None else _starts(start, cells)
    jobs = [(name, config) for name in needed for config in _on_anchors(settings.models[name], split)]
    spread = {name for name in needed if settings.models[name].anchor == "each"}
    labels = [f"{name} on {config.anchor}" if name in spread else name for name, config in jobs]
    done = fit_all(
        split,
        {label: config for label, (_, config) in zip(labels, jobs, strict=True)},
        settings.training,
        workers,
        progress,
        starts={label: starts[name] for label, (name, _) in zip(labels, jobs, strict=True) if name in starts},
        checkpoints=checkpoints,
    )
    fits = {name: [fit for fit, (owner, _) in zip(done, jobs, strict=True) if owner == name] for name in needed}
    fits |= {name: [fit for part in parts for fit in fits[part]] for name, parts in networks.items()}
    return [_together(name, fits[name], settings.ensembles.get(name, ()), split) for name in names]


def _together(name: str, fits: Sequence[Fit], parts: Sequence[str], split: Split) -> Fit:
    """The only fit, the ensemble of several, or the aggregate of them with what stands beside networks."""
    beside = [part for part in parts if part in BESIDE]
    recurrent = fits[0] if len(fits) == 1 else fit_ensemble(name, fits, split)
    return fit_aggregate(name, recurrent, beside, split) if beside else recurrent


def _on_anchors(config: ModelSettings, split: Split) -> list[ModelSettings]:
    """The model as it is, or one on each anchor."""
    if config.anchor != "each":
        return [config]
    return [config.model_copy(update={"anchor": anchor}) for anchor in every_anchor(split.train.spec)]


@deterministic()
def fit_ensemble(name: str, fits: Sequence[Fit], split: Split) -> Fit:
    """The ensemble of fitted networks, weighted and calibrated on what the folds have shown, and judged by it.

    Raises:
        ModelError: the models are not of the same series, inputs and quantiles.
    """
    begun = time.perf_counter()
    judged, answers = split.judged, [fit.answers for fit in fits]

    def of_block(block: Block) -> Ensemble:
        networks = tuple(network(fit.folds[block.fold]) for fit in fits)
        return combine(name, networks, [answer[block.others] for answer in answers], judged.where(block.others))

    served = combine(name, tuple(network(fit.model) for fit in fits), answers, judged)
    forecasts, levels = crossfitted(split, of_block), served.quantiles
    beside = tuple(
        served.mean([fit.beside[number] for fit in fits], view.windows) for number, view in enumerate(views(split))
    )
    mean = served.mean(answers, judged)
    return replace(
        fits[0],
        model=replace(served, conditions=conditions_on(split, served.calibration, mean, beside, levels)),
        folds=tuple(
            replace(served, models=tuple(network(fit.folds[fold]) for fit in fits)) for fold in range(split.folds)
        ),
        answers=mean,
        forecasts=forecasts,
        epochs=(),
        validation={**validation_metrics(forecasts, judged, levels), **later_metrics(split, beside, levels)},
        seconds=time.perf_counter() - begun,
        beside=beside,
    )


def network(model: Model | Aggregate) -> TrainedModel:
    """The model, which is no ensemble.

    Raises:
        ModelError: it is one.
    """
    if model.kind != "network":
        raise ModelError(model.label, "is an ensemble already; name the models that it is made of")
    return model.networks[0]


def _starts(start: Sequence[TrainedModel], cells: Mapping[str, str]) -> dict[str, TrainedModel]:
    """For each name the weights to begin with: those of the same name if there are, else of the same cell.

    Raises:
        ModelError: nothing of the start is of any use.
    """
    chosen = {}
    for name, cell in cells.items():
        same = [model for model in start if model.config.cell == cell]
        if same:
            chosen[name] = next((model for model in same if model.name == name), same[0])
    if not chosen:
        raise ModelError(
            ", ".join(dict.fromkeys(model.label for model in start)),
            f"has the cell {', '.join(sorted({model.config.cell for model in start}))}; there is nothing to begin "
            f"{', '.join(cells)} with. Train without a warm start",
        )
    return chosen
