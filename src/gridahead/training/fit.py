"""One fit: from the accepted observations of a series to a calibrated model, and to what it is worth.

Choose, judge, refit: the earliest validation days choose the number of epochs. Networks that learn all days but a fold
choose the anchor, say what the fit is worth there, and calibrate it. Those that serve have learnt all days. All of them
are then tuned on the same days without inputs: these weights answer where something is missing, and no other window.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from gridahead.core.vintages import MICROSECONDS_A_DAY, Instants
from gridahead.features.anchors import plausible_anchors
from gridahead.features.scaling import Scaler
from gridahead.features.windows import Array, Windows, WindowSpec
from gridahead.models.aggregate import Aggregate
from gridahead.models.base import Quantiles
from gridahead.models.bundle import TrainedModel
from gridahead.models.calibration import as_it_is
from gridahead.models.conditions import Conditions, usual_age_of
from gridahead.models.determinism import deterministic
from gridahead.models.ensemble import Model
from gridahead.models.network.network import Network, NetworkConfig
from gridahead.settings.networks import Anchor, ModelSettings, Segment
from gridahead.settings.training import TrainingSettings
from gridahead.training.batch import BRIDGE_WEIGHT, Batch
from gridahead.training.conditions import answers_of, conditions_on, later_metrics
from gridahead.training.crossfit import judge, validation_metrics
from gridahead.training.device import training_device
from gridahead.training.epoch import Epoch, Progress
from gridahead.training.members import Member, Trainer
from gridahead.training.split import Lesson, Split
from gridahead.training.tabular import regressed_anchor


@dataclass(frozen=True)
class Fit:
    """A model and the record of how it came about."""

    model: Model | Aggregate
    """What serves."""
    folds: tuple[Model, ...]
    """The networks that answered for each fold, not calibrated: learnt as far as those that serve, but not the fold."""
    answers: Quantiles
    """(J, H, Q) [MW] their answers on the judged days, not calibrated."""
    forecasts: Quantiles
    """(J, H, Q) [MW] the same days as they would have been issued, calibrated on other days."""
    epochs: tuple[Epoch, ...]
    train_days: tuple[dt.date, dt.date]
    validation_days: tuple[dt.date, dt.date]
    judged_days: tuple[dt.date, dt.date]
    learnt_until: dt.date
    """The last delivery day that the weights of the model have learnt."""
    data_fingerprint: str
    validation: dict[str, float]
    """Metrics of the forecasts of the judged days, which decide between candidates; never on the holdout."""
    seconds: float
    beside: tuple[Quantiles, ...] = ()
    """Their answers to every view of the judged days that `training.conditions` gives: later, and without inputs."""
    taught_by: int = 0
    """Of a series that is too new to learn from, how many others have taught all that the model knows; else 0."""


@deterministic(flush_denormal=True)
def fit(
    name: str,
    split: Split,
    config: ModelSettings,
    settings: TrainingSettings,
    progress: Progress,
    *,
    start: TrainedModel | None = None,
    checkpoints: Path | None = None,
) -> Fit:
    """Train the networks, those of the folds and those that serve; average and calibrate them.

    Args:
        name: of the model in the settings.
        split: the windows, and what each is for.
        config: the network.
        settings: how it is trained.
        progress: called after every epoch.
        start: whose weights to begin with: last week's, or another series'. `training.warm_epochs` are enough then.
        checkpoints: a folder of this fit alone; a fit that was killed goes on from what it finds there.

    Raises:
        ModelError: the loss is not a number, or the start does not fit.
        SettingsError: the device cannot be had.
    """
    begun = time.perf_counter()
    anchors = anchors_to_try(split, config, start)
    if start is not None:
        settings = settings.model_copy(update={"epochs": settings.warm_epochs})
    label = f"{split.train.spec.series} {name}"
    trainer = Trainer(label, settings, _trainings(split, config, anchors), progress, start, checkpoints)
    if not split.learnt_later:
        stopped, epochs = _stop(name, split, config, trainer, anchors)
        stopped = _tuned(stopped, epochs, split.to_stop(), split, trainer)
        return finished(stopped, (stopped,) * split.folds, split, trainer, time.perf_counter() - begun)
    stopped, epochs = _stop(name, split, config, trainer, anchors[:1])
    folds, anchor = _folds(stopped, epochs, config.members, split, trainer, anchors)
    served = _again(stopped, anchor, epochs, range(config.members), split.everything(), trainer)
    folds = tuple(
        _tuned(network, epochs, split.without(split.spans(fold)), split, trainer) for fold, network in enumerate(folds)
    )
    served = _tuned(served, epochs, split.everything(), split, trainer)
    return finished(served, folds, split, trainer, time.perf_counter() - begun)


def _trainings(split: Split, config: ModelSettings, anchors: Sequence[Anchor]) -> int:
    """How many trainings a fit has: of networks, and of those that are tuned."""
    sets = 2 if split.silent else 1
    if not split.learnt_later:
        return len(anchors) - 1 + sets * config.members
    return 1 + sets * config.members * (split.folds + 1) + len(split.trial_folds()) * (len(anchors) - 1)


def finished(
    served: TrainedModel, folds: tuple[TrainedModel, ...], split: Split, trainer: Trainer, seconds: float
) -> Fit:
    """The fit of trained networks: what serves is calibrated on what the folds have shown, and judged by it."""
    evaluated, levels = judge(served, folds, split), served.quantiles
    beside = answers_of(split, folds)
    model = evaluated.model
    conditions = conditions_on(split, model.calibration, evaluated.answers, beside, levels)
    return Fit(
        model=replace(model, conditions=conditions),
        folds=folds,
        answers=evaluated.answers,
        forecasts=evaluated.forecasts,
        epochs=tuple(trainer.epochs),
        train_days=split.train_days,
        validation_days=split.validation_days,
        judged_days=split.judged_days,
        learnt_until=split.days_learnt_until,
        data_fingerprint=split.fingerprint(),
        validation={
            **validation_metrics(evaluated.forecasts, split.judged, levels),
            **later_metrics(split, beside, levels),
        },
        seconds=seconds,
        beside=beside,
    )


def anchors_to_try(split: Split, config: ModelSettings, start: TrainedModel | None) -> tuple[Anchor, ...]:
    """The anchors to try: the best simple one, that on which a regression does best, and none; a start keeps its own.

    None is best everywhere. On German load of 2024, an LSTM that had learnt four years had an MAE of 1230 MW without
    an anchor, 1246 on the regression and 1352 on the official forecast; one that had learnt a year had 1720, 1710 and
    1487. On wind and solar of 2024, with four years, it had 1644, 1597 and 1534.
    """
    if config.anchor != "best" and config.anchor != "each":
        return (config.anchor,)
    if start is not None:
        return (start.scaler.anchor,)
    learnt = split.to_stop().daily
    return tuple(dict.fromkeys((plausible_anchors(learnt)[0], regressed_anchor(learnt, split.stopping), "level")))


def _stop(
    name: str, split: Split, config: ModelSettings, trainer: Trainer, anchors: Sequence[Anchor]
) -> tuple[TrainedModel, int]:
    """The uncalibrated model whose training the stopping days stopped, and its first member's best number of epochs.

    Its first member is trained on each anchor, and the one that does best on these days stays. Where networks are
    trained again, it is the only one: all others learn for as many epochs.
    """
    learnt, stopping = split.to_stop(), split.stopping

    def members(scaler: Scaler, seeds: range) -> tuple[TrainedModel, int]:
        train = to_learn(scaler, config.segment, trainer.settings, learnt.as_they_were)
        judge = windows_to_judge(scaler, config.segment, trainer.settings, stopping)
        shape = network_config(config, train, trainer.settings.quantiles)
        trained = [trainer.train(shape, seed, train, judge, windows=learnt.an_epoch) for seed in seeds]
        model = uncalibrated(name, split.windows.spec, scaler, config, shape, trained)
        return model, trained[0].epochs

    trials = [members(Scaler.fit(learnt.daily, anchor, config.normalise), range(1)) for anchor in anchors]
    first, epochs = min(trials, key=lambda trial: _loss(trial[0], stopping)) if len(trials) > 1 else trials[0]
    if split.learnt_later or config.members == 1:
        return first, epochs
    rest, _ = members(first.scaler, range(1, config.members))
    return replace(first, members=first.members + rest.members), epochs


def _folds(
    stopped: TrainedModel, epochs: int, members: int, split: Split, trainer: Trainer, anchors: Sequence[Anchor]
) -> tuple[tuple[TrainedModel, ...], Anchor]:
    """The networks that have not learnt each fold, and the anchor of those that serve.

    The first members of the trial folds try the anchors. A fold has the anchor that did best on the other ones, so that
    its days are judged by networks they had no say in; those that serve have the best of all.
    """
    trying = split.trial_folds() if len(anchors) > 1 else ()
    learnt = [split.without(split.spans(fold)) for fold in range(split.folds)]
    tried = {
        (fold, anchor): _again(stopped, anchor, epochs, range(1), learnt[fold], trainer)
        for fold in trying
        for anchor in anchors
    }
    losses = {(fold, anchor): _loss(model, split.of_fold(fold)) for (fold, anchor), model in tried.items()}

    def best(folds: Sequence[int]) -> Anchor:
        return min(anchors, key=lambda anchor: sum(losses[fold, anchor] for fold in folds))

    def network(fold: int) -> TrainedModel:
        anchor = best([other for other in trying if other != fold])
        first = tried.get((fold, anchor))
        if first and members == 1:
            return first
        rest = _again(stopped, anchor, epochs, range(1 if first else 0, members), learnt[fold], trainer)
        return replace(first, members=first.members + rest.members) if first else rest

    return tuple(network(fold) for fold in range(split.folds)), best(trying)


def _loss(model: TrainedModel, windows: Windows) -> float:
    """Mean pinball loss of an uncalibrated model [MW]."""
    return validation_metrics(model.predict(windows), windows, model.quantiles)["validation_pinball"]


def uncalibrated(
    name: str,
    spec: WindowSpec,
    scaler: Scaler,
    config: ModelSettings,
    shape: NetworkConfig,
    members: Sequence[Member],
    static: tuple[float, ...] = (),
) -> TrainedModel:
    """A model of trained members, its quantiles as they answer them."""
    networks = tuple(member.network for member in members)
    plain = as_it_is(shape.levels)
    return TrainedModel(name, spec, scaler, shape.levels, shape, networks, plain, config.segment, static)


def _again(
    stopped: TrainedModel, anchor: Anchor, epochs: int, seeds: range, lesson: Lesson, trainer: Trainer
) -> TrainedModel:
    """The same model with members that have learnt other windows on an anchor, each for so many epochs."""
    scaler = Scaler.fit(lesson.daily, anchor, stopped.scaler.moments.normalise)
    train = to_learn(scaler, stopped.segment, trainer.settings, lesson.as_they_were)
    trained = [trainer.train(stopped.config, n, train, None, windows=lesson.an_epoch, epochs=epochs) for n in seeds]
    return replace(stopped, scaler=scaler, members=tuple(member.network for member in trained))


def _tuned(model: TrainedModel, epochs: int, lesson: Lesson, split: Split, trainer: Trainer) -> TrainedModel:
    """The same model with weights of its own for windows where something is missing, learnt from the same days.

    Args:
        model: that has learnt the lesson.
        epochs: for so many.
        lesson: whose windows without inputs are learnt now.
        split: says what is usual.
        trainer: of the fit.
    """
    if not lesson.without_inputs:
        return model
    train = to_learn(model.scaler, model.segment, trainer.settings, lesson.silent)
    tuned = [
        trainer.tune(network, member, train, windows=lesson.an_epoch, epochs=epochs)
        for member, network in enumerate(model.members)
    ]
    return with_degraded(model, tuned, split)


def with_degraded(model: TrainedModel, tuned: Sequence[Network], split: Split) -> TrainedModel:
    """The same model with such weights, which answer where more is missing than usual in a split."""
    return replace(model, degraded=tuple(tuned), conditions=Conditions(usual_age_of(split.windows)))


def to_learn(
    scaler: Scaler,
    segment: Segment,
    settings: TrainingSettings,
    parts: Sequence[Windows],
    static: tuple[float, ...] = (),
) -> Batch:
    """Parts of a lesson on the device of the training, one after the other."""
    return Batch.join(*(windows_to_learn(scaler, segment, settings, part, static) for part in parts))


def windows_to_learn(
    scaler: Scaler, segment: Segment, settings: TrainingSettings, windows: Windows, static: tuple[float, ...] = ()
) -> Batch:
    """The windows on the device of the training, weighted by their age."""
    batch = _batch(scaler, segment, windows, static, BRIDGE_WEIGHT)
    if settings.half_life_days is not None:
        batch = batch.weighted(torch.from_numpy(recency(windows.issue_time, settings.half_life_days)))
    return batch.to(training_device(settings))


def windows_to_judge(
    scaler: Scaler, segment: Segment, settings: TrainingSettings, windows: Windows, static: tuple[float, ...] = ()
) -> Batch:
    """The windows on the device of the training; only the delivery days count."""
    return _batch(scaler, segment, windows, static, 0.0).to(training_device(settings))


def _batch(
    scaler: Scaler, segment: Segment, windows: Windows, static: tuple[float, ...], bridge_weight: float
) -> Batch:
    inputs = scaler.inputs(windows, segment, static)
    return Batch.of(inputs, scaler.target(windows), windows.delivery, bridge_weight)


def recency(issued: Instants, half_life_days: float) -> Array:
    """A weight for each issue time, (N,): 1 for the newest, half of it so many days before."""
    days = (issued.max() - issued) / MICROSECONDS_A_DAY
    weights: Array = np.exp2(-days / half_life_days).astype(np.float32)
    return weights


def network_config(config: ModelSettings, inputs: Batch, levels: tuple[float, ...]) -> NetworkConfig:
    """The network that the settings describe, as wide as its inputs."""
    return NetworkConfig(
        cell=config.cell,
        encoder_features=inputs.encoder.shape[-1],
        decoder_features=inputs.decoder.shape[-1],
        static_features=inputs.static.shape[-1],
        levels=levels,
        hidden=config.hidden,
        decoder_hidden=config.decoder_hidden,
        layers=config.layers,
        layer_norm=config.layer_norm,
        dropout=config.dropout,
        decoder=config.decoder,
        bidirectional=config.bidirectional,
        bptt_steps=config.bptt_steps,
    )
