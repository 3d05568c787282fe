"""One network for many series: what they have in common is learnt once, from all of them.

Each series keeps a scaler of its own, so that a city and a country look alike, and a static row that tells it from the
others. Histories may be unequal, values may be missing, and not all need an official forecast: windows that are not
there are not learnt, and what is not known is masked. Out come ordinary models, one a series, that share their weights;
who serves them need not know.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gridahead.core.errors import ModelError
from gridahead.core.grid import SUN_DRIVEN, Series
from gridahead.features.scaling import Scaler
from gridahead.features.windows import Array, Windows, WindowSpec
from gridahead.models.bundle import TrainedModel
from gridahead.models.determinism import deterministic
from gridahead.settings.networks import AGGREGATE, TUNED, ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.aggregate import fit_aggregate
from gridahead.training.batch import Batch
from gridahead.training.epoch import Progress
from gridahead.training.fit import (
    Fit,
    finished,
    network_config,
    to_learn,
    uncalibrated,
    windows_to_judge,
    with_degraded,
)
from gridahead.training.members import Trainer
from gridahead.training.newcomers import Lore, Newcomer, Taught, fit_newcomer, pooled_calibration, spans_of
from gridahead.training.split import Lesson, Split

CODES = 64
"""Numbers that identify a series at most, so that the cost grows no faster than the number of series."""
FINE_RATE = 0.3
"""Of the learning rate, for a series alone: what all have in common shall not be forgotten."""
PADDING_HOURS = 3
"""Horizons may differ by so much, as clock changes and time zones make them; beyond it, deadlines are different."""

LessonOf = Callable[[Split], Lesson]
"""Which of its windows a network learns of a series."""


@dataclass(frozen=True)
class _Part:
    """What the shared network knows of one series."""

    split: Split
    scaler: Scaler
    static: tuple[float, ...]

    @property
    def spec(self) -> WindowSpec:
        return self.split.windows.spec

    def scaler_on(self, windows: Windows) -> Scaler:
        """A scaler on the same anchor, learnt on other windows."""
        own = self.scaler
        return Scaler.fit(windows, own.anchor, own.moments.normalise, official_place=own.official_place)


class Fitted(NamedTuple):
    """A model of one series, and the best number of epochs."""

    model: TrainedModel
    epochs: int


@dataclass(frozen=True)
class _Shared:
    """A trained network and its parts."""

    parts: list[_Part]
    served: list[Fitted]
    """Of each part, what has learnt everything."""
    by_fold: list[list[Fitted]]
    """Of each fold and part, what has not learnt the fold."""
    trainer: Trainer
    seconds: float
    """Of each part."""

    def fits(self) -> list[Fit]:
        """The fit of each part, with the weights that all of them have."""
        each = enumerate(self.served)
        return [self.fit(place, one.model, [fold[place].model for fold in self.by_fold]) for place, one in each]

    def fit(self, place: int, served: TrainedModel, folds: Sequence[TrainedModel]) -> Fit:
        """The fit of one part by networks of its own."""
        made = finished(served, tuple(folds), self.parts[place].split, self.trainer, self.seconds)
        # A day of another series tells of the same weather.
        return replace(made, learnt_until=max(part.split.days_learnt_until for part in self.parts))

    def taught(self, fits: Sequence[Fit]) -> Taught:
        """What a series can be served with that is none of these.

        Args:
            fits: of each part.
        """
        splits = [part.split for part in self.parts]
        served = [one.model for one in self.served]
        by_fold = [
            Lore.of([one.model for one in fold], pooled_calibration(fits, splits, spans), ())
            for fold, spans in zip(self.by_fold, spans_of(splits), strict=True)
        ]
        known = [fit.model.networks[0] for fit in fits]
        codes, (mean, spread) = len(self.parts[0].static) - 1, _sizes([part.scaler for part in self.parts])

        def without_code(of_values: float) -> tuple[float, ...]:
            return (*[0.0] * codes, float((np.log(of_values) - mean) / spread))

        lore = Lore.of(served, [one.calibration for one in known], [one.conditions for one in known])
        return Taught(splits, lore, by_fold, without_code, tuple(self.trainer.epochs))


@deterministic(flush_denormal=True)
def fit_shared(
    name: str,
    series: Mapping[Series, Split],
    config: ModelSettings,
    settings: TrainingSettings,
    progress: Progress,
    *,
    fine_tune: bool,
    beside: Sequence[str],
    newcomers: Mapping[Series, Newcomer] | None = None,
    checkpoints: Path | None = None,
) -> list[list[Fit]]:
    """The candidates of each series, in the order given, from one network that all share; then those of newcomers.

    They are the network as all share it, the same after some epochs on the days of the series alone (`NAME_tuned`), and
    an aggregate of the better of the two with what stands beside it (`NAME_aggregate`). A newcomer has the first alone.

    Args:
        name: of the shared network.
        series: training and validation windows of each.
        config: the network.
        settings: how it is trained; early stopping looks at the stopping days of all series together.
        progress: called after every epoch.
        fine_tune: whether it is trained on for each series.
        beside: names of regressions and references, of which and the network there is an aggregate; none for none.
        newcomers: series that are too new to teach the network anything.
        checkpoints: a folder of this fit alone; a fit that was killed goes on from what it finds there.

    Raises:
        ModelError: the loss is not a number, a series is on other axes than the rest, or a newcomer cannot be judged.
        SettingsError: the device cannot be had.
    """
    _require_same_axes(series, newcomers or {})
    more = len(series) * config.members if fine_tune else 0
    shared = _trained(name, series, config, settings, progress, checkpoints, more)
    candidates, fits = [], shared.fits()
    for place, fit in enumerate(fits):
        of_series = [fit]
        if fine_tune:
            of_series.append(_fine_tuned(f"{name}{TUNED}", shared, place, config, settings))
        if beside:
            better = min(of_series, key=lambda one: one.validation["validation_pinball"])
            of_series.append(fit_aggregate(f"{name}{AGGREGATE}", better, beside, shared.parts[place].split))
        candidates.append(of_series)
    if newcomers:
        taught, others = shared.taught(fits), [fit.data_fingerprint for fit in fits]
        candidates += [[fit_newcomer(new, taught, new.fingerprint(others))] for new in newcomers.values()]
    return candidates


def _fine_tuned(name: str, shared: _Shared, place: int, config: ModelSettings, settings: TrainingSettings) -> Fit:
    """The fit of one series by weights that have learnt some epochs more of its own days."""
    part, epochs = shared.parts[place], shared.served[place].epochs

    def own(model: TrainedModel, lesson_of: LessonOf) -> TrainedModel:
        part_of_it, lesson = replace(part, scaler=model.scaler), lesson_of(part.split)
        train = _to_learn(part_of_it, config, settings, lesson.as_they_were)
        members = tuple(
            shared.trainer.tune(network, n, train, windows=lesson.an_epoch, epochs=epochs, rate=FINE_RATE)
            for n, network in enumerate(model.members)
        )
        return replace(model, name=name, members=members)

    if not part.split.learnt_later:
        tuned = own(shared.served[place].model, Split.to_stop)
        return shared.fit(place, tuned, [tuned for _ in shared.by_fold])
    folds = [own(fold[place].model, _without(shared.parts, n)) for n, fold in enumerate(shared.by_fold)]
    return shared.fit(place, own(shared.served[place].model, Split.everything), folds)


def _trained(
    name: str,
    series: Mapping[Series, Split],
    config: ModelSettings,
    settings: TrainingSettings,
    progress: Progress,
    checkpoints: Path | None,
    more: int,
) -> _Shared:
    """The network of all series; `more` trainings for each fold and for what serves will follow."""
    begun = time.perf_counter()
    parts = _parts(series, config)
    folds, later = range(parts[0].split.folds), parts[0].split.learnt_later
    trained = config.members * (2 if all(part.split.silent for part in parts) else 1)
    trainings = 1 + (trained + more) * (1 + len(folds)) if later else trained + more
    trainer = Trainer(f"{name} of {len(parts)} series", settings, trainings, progress, checkpoints=checkpoints)

    def learn(lesson_of: LessonOf, count: int, epochs: int | None = None) -> list[Fitted]:
        again, batches, windows = list[_Part](), list[Batch](), 0
        for part in parts:  # a lesson is a copy of the windows, and of all series together they would fill the memory
            lesson = lesson_of(part.split)
            again.append(replace(part, scaler=part.scaler_on(lesson.daily)))
            batches.append(_to_learn(again[-1], config, settings, lesson.as_they_were))
            windows += lesson.an_epoch
        train = Batch.join(*batches)
        batches.clear()  # for the time of a training, once is enough
        judge = None if epochs else Batch.join(*(_to_judge(part, config, settings) for part in again))
        shape = network_config(config, train, settings.quantiles)
        members = [trainer.train(shape, n, train, judge, windows=windows, epochs=epochs) for n in range(count)]
        return [
            Fitted(uncalibrated(name, part.spec, part.scaler, config, shape, members, part.static), members[0].epochs)
            for part in again
        ]

    def tune(models: list[Fitted], lesson_of: LessonOf) -> list[Fitted]:
        if not all(part.split.silent for part in parts):
            return models
        batches, windows, (first, epochs) = list[Batch](), 0, models[0]
        for part, one in zip(parts, models, strict=True):
            lesson = lesson_of(part.split)
            batches.append(_to_learn(replace(part, scaler=one.model.scaler), config, settings, lesson.silent))
            windows += lesson.an_epoch
        train = Batch.join(*batches)
        batches.clear()
        members = enumerate(first.members)
        tuned = [trainer.tune(network, n, train, windows=windows, epochs=epochs) for n, network in members]
        return [
            one._replace(model=with_degraded(one.model, tuned, part.split))
            for one, part in zip(models, parts, strict=True)
        ]

    stopped = learn(Split.to_stop, 1 if later else config.members)
    if later:
        epochs = stopped[0].epochs
        by_fold = [learn(_without(parts, fold), config.members, epochs) for fold in folds]
        served = learn(Split.everything, config.members, epochs)
        by_fold = [tune(models, _without(parts, fold)) for fold, models in enumerate(by_fold)]
        served = tune(served, Split.everything)
    else:
        served = tune(stopped, Split.to_stop)
        by_fold = [served for _ in folds]
    return _Shared(parts, served, by_fold, trainer, (time.perf_counter() - begun) / len(parts))


def _without(parts: Sequence[_Part], fold: int) -> LessonOf:
    """What the networks of a fold learn of each series: no day of the fold of any of them, as days are alike."""
    spans = spans_of([part.split for part in parts])[fold]
    return lambda split: split.without(spans)


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
    """Scalers on the anchor with the smallest error of each series; codes, and how large each is beside the others.

    All have as many folds as the shortest history needs.
    """
    folds = max(split.folds for split in series.values())
    splits = [replace(split, folds=folds) for split in series.values()]
    some_official = any(split.train.spec.use_official for split in series.values())
    scalers = [
        Scaler.fit(
            split.train,
            normalise=config.normalise,
            official_place=some_official and not split.train.spec.use_official,
        )
        for split in series.values()
    ]
    mean, spread = _sizes(scalers)
    sizes = [(np.log(scaler.moments.spread) - mean) / spread for scaler in scalers]
    static = np.column_stack([series_codes(len(scalers)), sizes])
    rows = [tuple(float(value) for value in row) for row in static]
    return [_Part(*each) for each in zip(splits, scalers, rows, strict=True)]


def _sizes(scalers: Sequence[Scaler]) -> tuple[float, float]:
    """Mean and standard deviation of how large series are: of the logarithms of their spreads."""
    sizes = np.log([scaler.moments.spread for scaler in scalers])
    return float(sizes.mean()), float(sizes.std()) or 1.0


def _to_learn(part: _Part, config: ModelSettings, settings: TrainingSettings, windows: Sequence[Windows]) -> Batch:
    return to_learn(part.scaler, config.segment, settings, windows, static=part.static)


def _to_judge(part: _Part, config: ModelSettings, settings: TrainingSettings) -> Batch:
    return windows_to_judge(part.scaler, config.segment, settings, part.split.stopping, static=part.static)


def unlike(
    series: Mapping[Series, Windows], newcomers: Mapping[Series, Windows] | None = None
) -> dict[Series, ModelError]:
    """Those of several series that cannot share a network with most of the others, and why.

    They need the same inputs in the same places, the same steps, and horizons that a clock change or a time zone
    explains. An official forecast not all need to have, but what is new has to be like one that teaches it.

    Args:
        series: windows of each.
        newcomers: of those that have no say in what is usual.
    """
    everybody = {**series, **(newcomers or {})}
    axes = {member: _axes(windows.spec) for member, windows in everybody.items()}
    usual = Counter(axes[member] for member in series).most_common(1)[0][0]
    odd = {member: f"{own} instead of {usual}" for member, own in axes.items() if own != usual}
    units = {member: windows.target.shape[1] for member, windows in everybody.items() if member not in odd}
    common = Counter(units[member] for member in series if member in units).most_common(1)[0][0]
    most = PADDING_HOURS * next(iter(series.values())).spec.mtu.per_hour
    odd |= {
        member: f"a horizon of {own} units instead of {common}; give it the same deadline"
        for member, own in units.items()
        if abs(own - common) > most
    }
    kinds = {windows.spec.use_official for windows in series.values()}
    odd |= {
        member: f"{'an' if windows.spec.use_official else 'no'} official forecast, unlike any that could teach it"
        for member, windows in (newcomers or {}).items()
        if windows.spec.use_official not in kinds
    }
    return {
        member: ModelError(str(member), f"cannot share a network with the others: it has {what}. Or take it out")
        for member, what in odd.items()
    }


def _require_same_axes(series: Mapping[Series, Split], newcomers: Mapping[Series, Newcomer]) -> None:
    """Go on only with series that can share a network.

    Raises:
        ModelError: names those that are unlike most.
    """
    new = {member: one.windows for member, one in newcomers.items()}
    if odd := unlike({member: split.train for member, split in series.items()}, new):
        raise ModelError(", ".join(map(str, odd)), "; ".join(error.reason for error in odd.values()))


def _axes(spec: WindowSpec) -> str:
    clock = "the sun's" if spec.series.quantity in SUN_DRIVEN else "the calendar's"
    return (
        f"{spec.mtu}, {spec.context_days} days of context, "
        f"{len(spec.past_covariates)} past and {len(spec.future_covariates)} future covariates, {clock} clock"
    )
