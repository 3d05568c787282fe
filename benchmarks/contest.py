"""Networks of several kinds, on several anchors, from several seeds, on the same windows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from common import say

from gridahead.models.aggregate import Aggregate
from gridahead.models.bundle import TrainedModel
from gridahead.models.ensemble import Model
from gridahead.settings.networks import DEFAULT_MODELS, Anchor, ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.candidates import fit_ensemble, network
from gridahead.training.crossfit import Judged, judge, validation_metrics
from gridahead.training.fit import Fit
from gridahead.training.split import Split
from gridahead.training.workers import fit_all

RECURRENT = ("rnn", "lstm", "gru")
OTHERS = ("lstm_attention", "transformer", "slstm", "mlstm", "mingru", "minlstm")
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


def of_seed(fit: Fit, seed: int, parts: Split) -> Judged[TrainedModel]:
    """The network of one seed alone, judged and calibrated as the product does it."""

    def alone(model: Model | Aggregate) -> TrainedModel:
        one = network(model)
        return replace(one, members=(one.members[seed],), degraded=one.degraded[seed : seed + 1])

    return judge(alone(fit.model), [alone(fold) for fold in fit.folds], parts)


def single(fits: Fits, name: str, seed: int, parts: Split) -> TrainedModel:
    """The network of one kind and seed, on the anchor that is best on the judged days."""
    judged = [of_seed(fit, seed, parts) for (kind, _), fit in fits.items() if kind == name]
    levels = judged[0].model.quantiles
    best = min(judged, key=lambda one: validation_metrics(one.forecasts, parts.judged, levels)["validation_pinball"])
    return best.model


def ensemble_of(fits: Fits, names: Collection[str], parts: Split) -> Fit:
    """All networks of these names, weighted and calibrated as the product does it."""
    return fit_ensemble("ensemble", [fit for (name, _), fit in fits.items() if name in names], parts)
