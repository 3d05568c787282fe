"""Networks of several kinds, on several anchors, from several seeds, on the same windows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import reduce

import numpy as np
from common import say
from rolling import DAYS, recalibrated

from gridahead.config import DEFAULT_MODELS, Anchor, ModelSettings, TrainingSettings
from gridahead.features.windows import Windows
from gridahead.models.base import Quantiles
from gridahead.models.bundle import TrainedModel
from gridahead.models.ensemble import Ensemble, Model
from gridahead.training.candidates import fit_ensemble
from gridahead.training.fit import Fit, Split, validation_metrics
from gridahead.training.isolated import fit_all

RECURRENT = ("rnn", "lstm", "gru")
OTHERS = ("lstm_attention", "transformer")
WORKERS = 2

Fits = Mapping[tuple[str, Anchor], Fit]
"""By name of the network and anchor; the members of a fit are the seeds."""


def train(
    label: str,
    parts: Split,
    wanted: Sequence[tuple[str, Anchor]],
    seeds: int,
    settings: TrainingSettings,
    models: Mapping[str, ModelSettings] = DEFAULT_MODELS,
) -> Fits:
    """Networks on their anchors, each from every seed, of the names and pieces in `models`."""
    configs = {
        f"{name} on {anchor}": models[name].model_copy(update={"anchor": anchor, "members": seeds})
        for name, anchor in wanted
    }
    say(f"{label}: training {len(configs)} networks from {seeds} seeds")
    return dict(zip(wanted, fit_all(parts, configs, settings, WORKERS, lambda _: None), strict=True))


def single(fits: Fits, name: str, seed: int, parts: Split) -> TrainedModel:
    """The network of one kind and seed, on the anchor that the validation days prefer."""

    def alone(model: Model) -> TrainedModel:
        assert isinstance(model, TrainedModel)
        return replace(model, members=(model.members[seed],))

    judged = {
        anchor: alone(fit.judged).calibrated(parts.validation) for (kind, anchor), fit in fits.items() if kind == name
    }
    anchor = min(judged, key=lambda one: validation_metrics(judged[one], parts.validation)["validation_pinball"])
    return replace(alone(fits[name, anchor].model), calibration=judged[anchor].calibration)


def ensemble_of(fits: Fits, names: Collection[str], parts: Split) -> Fit:
    """All networks of these names, weighted on the validation days."""
    return fit_ensemble("ensemble", [fit for (name, _), fit in fits.items() if name in names], parts)


def recalibrated_ensemble(
    fitted: Sequence[Fit], validation: Windows, tests: Sequence[Windows], days: int = DAYS
) -> Quantiles:
    """What ensembles say of the test windows, each of those that follow its fit, their intervals measured every month.

    The first months are measured on the validation days of the first fit, by networks that had not learnt them.
    """

    def plain(model: Model, windows: Windows) -> Quantiles:
        assert isinstance(model, Ensemble)
        return replace(model, calibration=np.ones_like(model.calibration)).predict(windows)

    windows = reduce(Windows.followed_by, tests, validation)
    answers = [plain(fit.model, test) for fit, test in zip(fitted, tests, strict=True)]
    everything = np.concatenate([plain(fitted[0].judged, validation), *answers])
    return recalibrated(everything, windows, len(validation), fitted[0].model.quantiles, days)
