"""One fit: from the accepted observations of a series to a calibrated model.

Choose, calibrate, refit: the validation days choose the anchor and the number of epochs, then they calibrate the
intervals, and then, if the settings say so, they are learnt as well.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from gridahead.config import Anchor, ModelSettings, Segment, TrainingSettings
from gridahead.errors import ModelError
from gridahead.features.leaks import refuse_leaks
from gridahead.features.scaling import Scaler, plausible_anchors
from gridahead.features.windows import Array, Windows, WindowSpec, build_windows
from gridahead.models.base import Forecaster
from gridahead.models.bundle import TrainedModel
from gridahead.models.ensemble import Model
from gridahead.models.network import NetworkConfig
from gridahead.tables import Observations
from gridahead.timeline import days_between, delivery_days, delivery_window
from gridahead.training.batch import BRIDGE_WEIGHT, Batch
from gridahead.training.device import training_device
from gridahead.training.epoch import Epoch, Progress
from gridahead.training.gradients import GradientReport, model_gradients
from gridahead.training.members import Member, Trainer
from gridahead.vintages import MICROSECONDS_A_DAY, Instants, of_series

MIN_DAYS = 60
"""Fewer training days than this teach a network nothing but the noise."""


@dataclass(frozen=True)
class Fit:
    """A model and the record of how it came about."""

    model: Model
    """What serves."""
    judged: Model
    """What the validation figures are of: the same, but for a refit."""
    epochs: tuple[Epoch, ...]
    train_days: tuple[dt.date, dt.date]
    validation_days: tuple[dt.date, dt.date]
    learnt_until: dt.date
    """The last delivery day that the weights of the model have learnt."""
    data_fingerprint: str
    validation: dict[str, float]
    """Metrics on the validation days, which decide between candidates; never on the holdout."""
    gradients: GradientReport | None
    """How far back the judged model hears on the validation days; None without an encoder."""
    seconds: float


@dataclass(frozen=True)
class Split:
    """Training and validation windows of one series, both before the holdout."""

    train: Windows
    validation: Windows
    train_days: tuple[dt.date, dt.date]
    validation_days: tuple[dt.date, dt.date]

    def fingerprint(self) -> str:
        """Fingerprint of all windows that decide what a fit gives, 16 digits."""
        both = self.train.fingerprint() + self.validation.fingerprint()
        return hashlib.sha256(both.encode()).hexdigest()[:16]


def split(observations: Observations, spec: WindowSpec, settings: TrainingSettings) -> Split:
    """Windows of every delivery day before the holdout that has an outturn; the last ones are for validation.

    Targets are read as of the issue time of the first holdout day: a revision that came later is not learnt.

    Raises:
        ModelError: the lake holds too few days, or an input knows the outturn.
    """
    days, newest = days_to_learn(observations, spec), observations["available_at"].max()
    if settings.holdout_start is not None:
        days = [day for day in days if day < settings.holdout_start]
        known_by = spec.deadline.for_delivery(settings.holdout_start)
    elif days:
        known_by = max(newest, delivery_window(days[-1], spec.zone.timezone).end)
    _require_days(days, spec, settings.holdout_start)
    return cut(build_windows(observations, spec, days, outturn_as_of=known_by), days, settings)


def days_to_learn(observations: Observations, spec: WindowSpec) -> list[dt.date]:
    """The delivery days from the first with a whole context to the newest.

    Raises:
        ModelError: there is nothing of the series.
    """
    target = of_series(observations, spec.series)
    if target.empty:
        raise ModelError(str(spec.series), "there is nothing to train on; bring data with `gridahead ingest`")
    local = delivery_days(target["valid_time"], spec.zone.timezone)
    first = local.min().date() + dt.timedelta(days=spec.context_days + spec.deadline.days_before)
    return days_between(first, local.max().date())


def cut(windows: Windows, days: Sequence[dt.date], settings: TrainingSettings) -> Split:
    """The windows of some days, all before the holdout, cut in two: those to learn, and the last ones to judge.

    Raises:
        ModelError: there are too few days, or an input knows the outturn.
    """
    _require_days(days, windows.spec, settings.holdout_start)
    usable = np.any(~np.isnan(windows.target) & windows.delivery, axis=1)
    windows, days = windows.where(usable).trimmed(), [day for day, use in zip(days, usable, strict=True) if use]
    refuse_leaks(windows)
    held = min(settings.validation_days, len(days) // 4)
    begin = len(days) - held
    chosen = np.arange(len(days)) >= begin
    return Split(windows.where(~chosen), windows.where(chosen), (days[0], days[begin - 1]), (days[begin], days[-1]))


def _require_days(days: Sequence[dt.date], spec: WindowSpec, before: dt.date | None) -> None:
    if len(days) < MIN_DAYS:
        raise ModelError(
            str(spec.series),
            f"has {len(days)} delivery days to learn from before {before or 'now'}, "
            f"needs {MIN_DAYS} after a context of {spec.context_days} days; ingest a longer history",
        )


def fit(
    name: str,
    parts: Split,
    config: ModelSettings,
    settings: TrainingSettings,
    progress: Progress,
    *,
    start: TrainedModel | None = None,
    checkpoints: Path | None = None,
) -> Fit:
    """Train the members, average them, calibrate the intervals on the validation days, refit.

    Args:
        name: of the model in the settings.
        parts: training and validation windows.
        config: the network.
        settings: how it is trained.
        progress: told every epoch.
        start: whose weights to begin with: last week's, or another series'. `training.warm_epochs` are enough then.
        checkpoints: a folder of this fit alone; a fit that was killed goes on from what it finds there.

    Raises:
        ModelError: the loss is not a number, or the start does not fit.
        SettingsError: the device cannot be had.
    """
    begun = time.perf_counter()
    anchors = anchors_to_try(parts.train, config, start)
    if start is not None:
        settings = settings.model_copy(update={"epochs": settings.warm_epochs})
    trainings = len(anchors) + config.members - 1 + (config.members if settings.refit else 0)
    trainer = Trainer(f"{parts.train.spec.series} {name}", settings, trainings, progress, start, checkpoints)

    chosen, epochs = _choose(name, parts, config, trainer, anchors)
    judged = chosen.calibrated(parts.validation)
    model = _refit(judged, epochs, parts, trainer) if settings.refit else judged
    return Fit(
        model=model,
        judged=judged,
        epochs=tuple(trainer.epochs),
        train_days=parts.train_days,
        validation_days=parts.validation_days,
        learnt_until=(parts.validation_days if settings.refit else parts.train_days)[1],
        data_fingerprint=parts.fingerprint(),
        validation=validation_metrics(judged, parts.validation),
        gradients=model_gradients(judged, parts.validation),
        seconds=time.perf_counter() - begun,
    )


def anchors_to_try(train: Windows, config: ModelSettings, start: TrainedModel | None) -> tuple[Anchor, ...]:
    """The anchors to try; a start has learnt the difference to its own."""
    if config.anchor != "best" and config.anchor != "each":
        return (config.anchor,)
    plausible = plausible_anchors(train)
    same = tuple(anchor for anchor in plausible if start is not None and anchor == start.scaler.anchor)
    return same or plausible


def _choose(
    name: str, parts: Split, config: ModelSettings, trainer: Trainer, anchors: tuple[Anchor, ...]
) -> tuple[TrainedModel, tuple[int, ...]]:
    """The uncalibrated model, and the number of epochs that was best for each member.

    The first member tries the anchors; the others follow the one that did best on the validation days.
    """

    def members(scaler: Scaler, seeds: range) -> tuple[TrainedModel, tuple[int, ...]]:
        train = windows_to_learn(scaler, config.segment, trainer.settings, parts.train)
        validation = windows_to_judge(scaler, config.segment, trainer.settings, parts.validation)
        shape = network_config(config, train, trainer.settings.quantiles)
        trained = [trainer.train(shape, seed, train, validation) for seed in seeds]
        model = uncalibrated(name, parts.train.spec, scaler, config, shape, trained)
        return model, tuple(member.epochs for member in trained)

    trials = [members(Scaler.fit(parts.train, anchor, config.normalise), range(1)) for anchor in anchors]
    first, epochs = min(trials, key=lambda trial: validation_metrics(trial[0], parts.validation)["validation_pinball"])
    rest, more = members(first.scaler, range(1, config.members))
    return replace(first, members=first.members + rest.members), epochs + more


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
    ones = np.ones((1, len(shape.levels)), np.float32)
    networks = tuple(member.network for member in members)
    return TrainedModel(name, spec, scaler, shape.levels, shape, networks, ones, config.segment, static)


def _refit(judged: TrainedModel, epochs: tuple[int, ...], parts: Split, trainer: Trainer) -> TrainedModel:
    """The same model with members that have learnt the validation days as well, each for its best number of epochs.

    Nothing is judged on those days any more. The calibration stays: it was measured on days that the members had not
    learnt, and for members that have seen newer days it is slightly wide rather than narrow.
    """
    everything = parts.train.followed_by(parts.validation)
    scaler = Scaler.fit(everything, judged.scaler.anchor, judged.scaler.normalise)
    train = windows_to_learn(scaler, judged.segment, trainer.settings, everything)
    trained = [trainer.train(judged.config, n, train, None, epochs=count) for n, count in enumerate(epochs)]
    return replace(judged, scaler=scaler, members=tuple(member.network for member in trained))


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


def validation_metrics(model: Forecaster, windows: Windows) -> dict[str, float]:
    """MAE [MW] and mean pinball loss [MW] over the delivery days."""
    predicted = model.predict(windows)
    counted = windows.delivery & ~np.isnan(windows.target)
    error = (windows.target[..., None] - predicted)[counted]
    levels = np.array(model.quantiles)
    pinball = np.maximum(levels * error, (levels - 1) * error).mean()
    return {"validation_mae": float(np.abs(error[:, len(levels) // 2]).mean()), "validation_pinball": float(pinball)}
