"""One network for many series: what they have in common is learnt once, from all of them.

Each series keeps a scaler of its own, so that a city and a country look alike, and a static row that tells it from the
others. Histories may be unequal, values may be missing: windows that are not there are not learnt, and what is not
known is masked. Out come ordinary models, one a series, that share their weights; who serves them need not know.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gridahead.config import ModelSettings, TrainingSettings
from gridahead.errors import ModelError
from gridahead.features.scaling import Scaler, plausible_anchors
from gridahead.features.windows import Array, Windows, WindowSpec
from gridahead.grid import Series
from gridahead.training.batch import Batch
from gridahead.training.epoch import Progress
from gridahead.training.fit import (
    Fit,
    Split,
    network_config,
    uncalibrated,
    validation_metrics,
    windows_to_judge,
    windows_to_learn,
)
from gridahead.training.gradients import model_gradients
from gridahead.training.members import Trainer

CODES = 64
"""Numbers that tell series apart at most, so that the cost grows no faster than the number of series."""
PADDING_HOURS = 3
"""Horizons may differ by so much, as clock changes and time zones make them; beyond it, deadlines are different."""


@dataclass(frozen=True)
class _Part:
    """What the shared network knows of one series."""

    split: Split
    scaler: Scaler
    static: tuple[float, ...]

    @property
    def spec(self) -> WindowSpec:
        return self.split.train.spec


def fit_shared(
    name: str,
    series: Mapping[Series, Split],
    config: ModelSettings,
    settings: TrainingSettings,
    progress: Progress,
    *,
    checkpoints: Path | None = None,
) -> list[Fit]:
    """A fit for each series, in the order given, all with the weights of the same members.

    Args:
        name: of the models.
        series: training and validation windows of each.
        config: the network.
        settings: how it is trained; early stopping looks at the validation windows of all series together.
        progress: told every epoch.
        checkpoints: a folder of this fit alone; a fit that was killed goes on from what it finds there.

    Raises:
        ModelError: the loss is not a number, or a series is on other axes than the rest.
        SettingsError: the device cannot be had.
    """
    begun = time.perf_counter()
    _require_same_axes(name, series)
    parts = _parts(series, config)
    trainings = config.members * (2 if settings.refit else 1)
    trainer = Trainer(f"{name} of {len(parts)} series", settings, trainings, progress, checkpoints=checkpoints)

    train = Batch.join(*(_to_learn(part, config, settings, part.split.train) for part in parts))
    validation = Batch.join(*(_to_judge(part, config, settings) for part in parts))
    shape = network_config(config, train, settings.quantiles)
    members = [trainer.train(shape, n, train, validation) for n in range(config.members)]
    judged = [
        uncalibrated(name, part.spec, part.scaler, config, shape, members, part.static).calibrated(
            part.split.validation
        )
        for part in parts
    ]
    models = judged
    if settings.refit:
        everything = [part.split.train.followed_by(part.split.validation) for part in parts]
        both = Batch.join(
            *(_to_learn(part, config, settings, one) for part, one in zip(parts, everything, strict=True))
        )
        again = [trainer.train(shape, n, both, None, epochs=one.epochs) for n, one in enumerate(members)]
        models = [replace(model, members=tuple(member.network for member in again)) for model in judged]
    return [
        Fit(
            model=model,
            judged=before,
            epochs=tuple(trainer.epochs),
            train_days=part.split.train_days,
            validation_days=part.split.validation_days,
            learnt_until=max(
                (one.split.validation_days if settings.refit else one.split.train_days)[1] for one in parts
            ),
            data_fingerprint=part.split.fingerprint(),
            validation=validation_metrics(before, part.split.validation),
            gradients=model_gradients(before, part.split.validation),
            seconds=(time.perf_counter() - begun) / len(parts),
        )
        for part, model, before in zip(parts, models, judged, strict=True)
    ]


def series_codes(count: int) -> Array:
    """A row for each of so many series, (count, G): one-hot, or for many of them random directions, nearly orthogonal.

    The network turns it into an embedding by a linear map.
    """
    if count <= CODES:
        return np.eye(count, dtype=np.float32)
    directions = np.random.default_rng(0).normal(size=(count, CODES))
    unit: Array = (directions / np.linalg.norm(directions, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _parts(series: Mapping[Series, Split], config: ModelSettings) -> list[_Part]:
    """Scalers on the anchor with the smallest error of each series; codes, and how large each is beside the others."""
    scalers = [
        Scaler.fit(split.train, plausible_anchors(split.train)[0], config.normalise) for split in series.values()
    ]
    sizes = np.log([scaler.spread for scaler in scalers])
    sizes = (sizes - sizes.mean()) / (sizes.std() or 1.0)
    static = np.column_stack([series_codes(len(scalers)), sizes])
    rows = [tuple(float(value) for value in row) for row in static]
    return [_Part(*each) for each in zip(series.values(), scalers, rows, strict=True)]


def _to_learn(part: _Part, config: ModelSettings, settings: TrainingSettings, windows: Windows) -> Batch:
    return windows_to_learn(part.scaler, config.segment, settings, windows, static=part.static)


def _to_judge(part: _Part, config: ModelSettings, settings: TrainingSettings) -> Batch:
    return windows_to_judge(part.scaler, config.segment, settings, part.split.validation, static=part.static)


def _require_same_axes(name: str, series: Mapping[Series, Split]) -> None:
    """The same inputs in the same places, the same steps, horizons that a clock change or a time zone explains.

    Raises:
        ModelError: names the series that are unlike most.
    """
    axes = {one: _axes(split.train.spec) for one, split in series.items()}
    usual = Counter(axes.values()).most_common(1)[0][0]
    odd = {one: f"{own} instead of {usual}" for one, own in axes.items() if own != usual}
    if not odd:
        units = {one: split.train.target.shape[1] for one, split in series.items()}
        common = Counter(units.values()).most_common(1)[0][0]
        most = PADDING_HOURS * next(iter(series.values())).train.spec.mtu.per_hour
        odd = {
            one: f"a horizon of {own} units instead of {common}; give it the same deadline"
            for one, own in units.items()
            if abs(own - common) > most
        }
    if odd:
        told = "; ".join(f"{one} has {what}" for one, what in odd.items())
        raise ModelError(name, f"cannot be shared: {told}. Or take it out of the group")


def _axes(spec: WindowSpec) -> str:
    reference = "an official forecast" if spec.use_reference else "no official forecast"
    return (
        f"{spec.mtu}, {spec.context_days} days of context, {reference}, "
        f"{len(spec.past_covariates)} past and {len(spec.future_covariates)} future covariates"
    )
