"""One fit: from the accepted observations of a series to a calibrated model."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, replace

import numpy as np
import torch

from gridahead.config import ModelSettings, TrainingSettings
from gridahead.errors import ModelError
from gridahead.features.scaling import Inputs, Scaler, plausible_anchors
from gridahead.features.windows import Windows, WindowSpec, build_windows
from gridahead.models.bundle import TrainedModel
from gridahead.models.recurrent import NetworkConfig, RecurrentNetwork
from gridahead.tables import Observations
from gridahead.timeline import days_between, delivery_days, delivery_window
from gridahead.training.loop import BRIDGE_WEIGHT, Batch, Epoch, Progress, train_network
from gridahead.vintages import of_series

MIN_DAYS = 60
"""Fewer training days than this teach a network nothing but the noise."""


@dataclass(frozen=True)
class Fit:
    """A model and the record of how it came about."""

    model: TrainedModel
    epochs: tuple[Epoch, ...]
    train_days: tuple[dt.date, dt.date]
    validation_days: tuple[dt.date, dt.date]
    data_fingerprint: str
    validation: dict[str, float]
    """Metrics on the validation days, which decide between candidates; never on the holdout."""
    seconds: float


@dataclass(frozen=True)
class Split:
    """Training and validation windows of one series, both before the holdout."""

    train: Windows
    validation: Windows
    train_days: tuple[dt.date, dt.date]
    validation_days: tuple[dt.date, dt.date]


def split(observations: Observations, spec: WindowSpec, settings: TrainingSettings) -> Split:
    """Windows of every delivery day before the holdout that has an outturn; the last ones are for validation.

    Targets are read as of the issue time of the first holdout day: a revision that came later is not learnt.

    Raises:
        ModelError: the lake holds too few days.
    """
    target = of_series(observations, spec.series)
    if target.empty:
        raise ModelError(str(spec.series), "there is nothing to train on; bring data with `gridahead ingest`")
    local = delivery_days(target["valid_time"], spec.zone.timezone)
    first = local.min().date() + dt.timedelta(days=spec.context_days + spec.deadline.days_before)
    last = local.max().date()
    if settings.holdout_start is not None:
        last = min(last, settings.holdout_start - dt.timedelta(days=1))
    horizon_end = delivery_window(last, spec.zone.timezone).end
    if settings.holdout_start is not None:
        known_by = spec.deadline.for_delivery(settings.holdout_start)
    else:
        known_by = max(target["available_at"].max(), horizon_end)
    days = days_between(first, last)
    if len(days) < MIN_DAYS:
        raise ModelError(
            str(spec.series),
            f"has {max(0, len(days))} delivery days to learn from before {settings.holdout_start or 'now'}, "
            f"needs {MIN_DAYS} after a context of {spec.context_days} days; ingest a longer history",
        )
    windows = build_windows(observations, spec, days, outturn_as_of=known_by)
    usable = np.any(~np.isnan(windows.target) & windows.delivery, axis=1)
    windows, days = windows.where(usable), [day for day, use in zip(days, usable, strict=True) if use]
    held = min(settings.validation_days, len(days) // 4)
    begin = len(days) - held
    chosen = np.arange(len(days)) >= begin
    return Split(windows.where(~chosen), windows.where(chosen), (days[0], days[begin - 1]), (days[begin], days[-1]))


def fit(name: str, parts: Split, config: ModelSettings, settings: TrainingSettings, progress: Progress) -> Fit:
    """Train the members, average them, calibrate the intervals on the validation days.

    Raises:
        ModelError: the loss is not a number.
    """
    begun, epochs = time.perf_counter(), list[Epoch]()

    def record(epoch: Epoch) -> None:
        epochs.append(epoch)
        progress(epoch)

    def members(scaler: Scaler, seeds: range) -> TrainedModel:
        return _train_members(name, parts, scaler, config, settings, seeds, record)

    # The first member tries the plausible anchors; the others follow the one that did best on the validation days.
    trials = [members(Scaler.fit(parts.train, anchor), range(1)) for anchor in plausible_anchors(parts.train)]
    first = min(trials, key=lambda model: _metrics(model, parts.validation)["validation_pinball"])
    rest = members(first.scaler, range(1, config.members))
    model = replace(first, members=first.members + rest.members).calibrated(parts.validation)
    return Fit(
        model=model,
        epochs=tuple(epochs),
        train_days=parts.train_days,
        validation_days=parts.validation_days,
        data_fingerprint=parts.train.fingerprint(),
        validation=_metrics(model, parts.validation),
        seconds=time.perf_counter() - begun,
    )


def _train_members(
    name: str,
    parts: Split,
    scaler: Scaler,
    config: ModelSettings,
    settings: TrainingSettings,
    seeds: range,
    record: Progress,
) -> TrainedModel:
    """An uncalibrated model with one member a seed."""
    train, validation = scaler.inputs(parts.train), scaler.inputs(parts.validation)
    network_config = _network_config(config, train, len(settings.quantiles))
    train_batch = Batch.of(train, parts.train.delivery, BRIDGE_WEIGHT)
    validation_batch = Batch.of(validation, parts.validation.delivery, 0.0)
    members = []
    for member in seeds:
        seed = settings.seed * 1000 + member
        torch.manual_seed(seed)
        members.append(
            train_network(
                RecurrentNetwork(network_config),
                train_batch,
                validation_batch,
                settings.quantiles,
                settings,
                model=f"{parts.train.spec.series} {name} on {scaler.anchor}",
                member=member,
                seed=seed,
                progress=record,
            )
        )
    ones = np.ones(len(settings.quantiles), np.float32)
    return TrainedModel(name, parts.train.spec, scaler, settings.quantiles, network_config, tuple(members), ones)


def _network_config(config: ModelSettings, inputs: Inputs, quantiles: int) -> NetworkConfig:
    return NetworkConfig(
        cell=config.cell,
        encoder_features=inputs.encoder.shape[-1],
        decoder_features=inputs.decoder.shape[-1],
        quantiles=quantiles,
        hidden=config.hidden,
        decoder_hidden=config.decoder_hidden,
        layers=config.layers,
        dropout=config.dropout,
        decoder=config.decoder,
    )


def _metrics(model: TrainedModel, windows: Windows) -> dict[str, float]:
    """MAE [MW] and mean pinball loss [MW] over the delivery days."""
    predicted = model.predict(windows)
    counted = windows.delivery & ~np.isnan(windows.target)
    error = (windows.target[..., None] - predicted)[counted]
    levels = np.array(model.quantiles)
    pinball = np.maximum(levels * error, (levels - 1) * error).mean()
    return {"validation_mae": float(np.abs(error[:, len(levels) // 2]).mean()), "validation_pinball": float(pinball)}
