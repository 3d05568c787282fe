"""Daily losses of models that resemble a champion and its challengers, on days of German load that none has learnt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from common import Bench, say
from datasets import smard

from gridahead.config import DEFAULT_MODELS, ModelSettings, TrainingSettings
from gridahead.features.windows import Array, Windows, WindowSpec, build_windows
from gridahead.grid import ZONES, Series
from gridahead.models.base import Forecaster, Quantiles
from gridahead.models.baselines import ReferenceForecast
from gridahead.models.bundle import TrainedModel
from gridahead.models.tabular import fit_tabular
from gridahead.timeline import Deadline, Mtu, days_between
from gridahead.training.fit import Split, split
from gridahead.training.isolated import fit_all

FIRST, LAST = dt.date(2024, 1, 1), dt.date(2025, 12, 31)
OLDER = dt.date(2023, 7, 1)
"""The champion of `retrained` has learnt days before this one, its challenger half a year more."""
LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Few, for the sake of boosting, which fits one model a level."""
LINEAR_LSTM = DEFAULT_MODELS["lstm"].model_copy(update={"anchor": "linear", "members": 2})
LINEAR_GRU = DEFAULT_MODELS["gru"].model_copy(update={"anchor": "linear", "members": 1})


@dataclass(frozen=True)
class Losses:
    """What the gate would be given, for every model and delivery day."""

    days: tuple[dt.date, ...]
    """(N,)"""
    daily: Mapping[str, Array]
    """By model, (N,) mean pinball loss of the day [MW]; the references' is that of their error quantiles."""
    absolute: Mapping[str, Array]
    """By model, (N,) mean absolute error of the day [MW]."""
    inside: Mapping[str, Array]
    """By model, (N,) share of the day's outturns inside the 80 % interval [1]."""


def measured(bench: Bench) -> Losses:
    """Fit the models on days before 2024, forecast 2024 and 2025."""
    observations = smard(bench)
    settings = TrainingSettings(holdout_start=FIRST, quantiles=LEVELS)
    if bench.quick:
        settings = settings.model_copy(update={"epochs": 2})
    spec = WindowSpec(
        Series("DE", "load"), ZONES["DE"], Mtu.PT60M, Deadline.parse("D-1T1100[Europe/Berlin]"), settings.context_days
    )
    parts = split(observations, spec, settings)
    older = split(observations, spec, settings.model_copy(update={"holdout_start": OLDER}))
    days = days_between(FIRST, LAST)
    test = build_windows(observations, spec, days)
    say("fitting two regressions, two seeds of an LSTM, a GRU, and an LSTM on half a year less")
    models: dict[str, Forecaster] = {
        "official": ReferenceForecast.fit("official", parts.train, LEVELS),
        "naive": ReferenceForecast.fit("naive", parts.train, LEVELS),
        "ridge": fit_tabular("ridge", parts.train, parts.validation, LEVELS),
        "lightgbm": fit_tabular("lightgbm", parts.train, parts.validation, LEVELS),
        **networks(parts, {"lstm": LINEAR_LSTM, "gru": LINEAR_GRU}, settings),
        "lstm, half a year less": networks(older, {"lstm": LINEAR_LSTM}, settings)["lstm"],
    }
    answers = {name: model.predict(test) for name, model in models.items()}
    return Losses(
        tuple(days),
        {name: pinball_by_day(answer, test) for name, answer in answers.items()},
        {name: error_by_day(answer, test) for name, answer in answers.items()},
        {name: inside_by_day(answer, test) for name, answer in answers.items()},
    )


def networks(parts: Split, configs: dict[str, ModelSettings], settings: TrainingSettings) -> dict[str, TrainedModel]:
    """Each network from its first seed, and the LSTM from its second as well."""
    found = {}
    for name, fit in zip(configs, fit_all(parts, configs, settings, 1, lambda _: None), strict=True):
        assert isinstance(fit.model, TrainedModel)
        for number, member in enumerate(fit.model.members):
            label = name if number == 0 else f"{name}, another seed"
            found[label] = replace(fit.model, members=(member,)).calibrated(parts.validation)
    return found


def pinball_by_day(answer: Quantiles, test: Windows) -> Array:
    """Mean pinball loss of each delivery day, (N,) [MW]."""
    short = test.target[..., None] - answer
    level = np.array(LEVELS, np.float32)
    return _by_day(np.maximum(level * short, (level - 1) * short).mean(axis=-1), test)


def error_by_day(answer: Quantiles, test: Windows) -> Array:
    """Mean absolute error of each delivery day, (N,) [MW]."""
    return _by_day(np.abs(test.target - answer[..., LEVELS.index(0.5)]), test)


def inside_by_day(answer: Quantiles, test: Windows) -> Array:
    """Share of the outturns of each delivery day inside the 80 % interval, (N,) [1]."""
    low, high = answer[..., LEVELS.index(0.1)], answer[..., LEVELS.index(0.9)]
    known = np.where(np.isnan(test.target), np.nan, (test.target >= low) & (test.target <= high))
    return _by_day(known, test)


def _by_day(values: Array, test: Windows) -> Array:
    mean: Array = np.nanmean(np.where(test.delivery, values, np.nan), axis=1)
    return mean
