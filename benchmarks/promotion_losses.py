"""Daily losses of models that resemble a champion and its challengers, on days of German load that none has learnt.

They are kept beside the results, each model as soon as it is done: a run that was stopped goes on where it was.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import Bench, say
from contest import of_seed
from datasets import smard

from gridahead.core.files import write_whole
from gridahead.core.fingerprint import code_hash, digest
from gridahead.core.grid import ZONES, Series
from gridahead.core.runs import REFERENCES
from gridahead.core.time import Deadline, Mtu, days_between
from gridahead.evaluation.metrics import inside
from gridahead.evaluation.references import reference_answers
from gridahead.features.windows import Array, Windows, WindowSpec, build_windows
from gridahead.models.base import Forecaster, Quantiles, predict_each
from gridahead.models.bundle import TrainedModel
from gridahead.settings.networks import DEFAULT_MODELS, ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.split import Split, split
from gridahead.training.tabular import fit_tabular
from gridahead.training.workers import fit_all

FIRST, LAST = dt.date(2024, 1, 1), dt.date(2025, 12, 31)
OLDER = dt.date(2023, 7, 1)
"""The champion of `retrained` has learnt days before this one, its challenger half a year more."""
LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Few, for the sake of boosting, which fits one model a level."""
LINEAR_LSTM = DEFAULT_MODELS["lstm"].model_copy(update={"anchor": "linear", "members": 2})
LINEAR_GRU = DEFAULT_MODELS["gru"].model_copy(update={"anchor": "linear", "members": 1})


@dataclass(frozen=True)
class Losses:
    """What a trial would be given, for every model and delivery day."""

    days: tuple[dt.date, ...]
    """(N,)"""
    daily: Mapping[str, Array]
    """By model, (N,) mean pinball loss of the day [MW]; the references' is that of their error quantiles."""
    absolute: Mapping[str, Array]
    """By model, (N,) mean absolute error of the day [MW]."""
    inside: Mapping[str, Array]
    """By model, (N,) share of the day's outturns inside the 80 % interval [1]."""


def measured(bench: Bench) -> Losses:
    """Fit the models on days before 2024, and forecast 2024 and 2025 as they would be issued."""
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

    def said(models: Mapping[str, Forecaster]) -> dict[str, Quantiles]:
        return {name: predict_each(model, test) for name, model in models.items()}

    answers: dict[tuple[str, ...], Callable[[], Mapping[str, Quantiles]]] = {
        REFERENCES: lambda: reference_answers(observations, parts.train, test, LEVELS),
        ("ridge",): lambda: said({"ridge": fit_tabular("ridge", parts, LEVELS)}),
        ("lightgbm",): lambda: said({"lightgbm": fit_tabular("lightgbm", parts, LEVELS)}),
        ("lstm", "lstm, another seed"): lambda: said(networks(parts, {"lstm": LINEAR_LSTM}, settings)),
        ("gru",): lambda: said(networks(parts, {"gru": LINEAR_GRU}, settings)),
        ("lstm, half a year less",): lambda: said(
            {"lstm, half a year less": networks(older, {"lstm": LINEAR_LSTM}, settings)["lstm"]}
        ),
    }
    made_of: list[object] = [
        code_hash(),
        settings.model_dump(mode="json"),
        *(one.model_dump(mode="json") for one in (LINEAR_LSTM, LINEAR_GRU)),
        parts.fingerprint(),
        older.fingerprint(),
        test.fingerprint(),
    ]
    return _kept(bench.output / "tasks" / "promotion_losses.json", days, test, answers, made_of)


def _kept(
    file: Path,
    days: list[dt.date],
    test: Windows,
    answers: Mapping[tuple[str, ...], Callable[[], Mapping[str, Quantiles]]],
    made_of: list[object],
) -> Losses:
    """The losses in the file, and those that it lacks, which are written to it as they come."""
    known = digest(made_of)
    there = json.loads(file.read_text()) if file.exists() else {}
    models = there["models"] if there.get("made_of") == known else {}
    for names, made in answers.items():
        if set(names) <= set(models):
            continue
        say(f"fitting {' and '.join(names)}")
        for name, answer in made().items():
            models[name] = {
                "pinball": pinball_by_day(answer, test).round(3).tolist(),
                "absolute": error_by_day(answer, test).round(3).tolist(),
                "inside": inside_by_day(answer, test).round(6).tolist(),
            }
        content = {"made_of": known, "first": str(days[0]), "last": str(days[-1]), "models": models}
        write_whole(file, json.dumps(content).encode() + b"\n")
    columns = [
        {name: np.array(one[kind]) for name, one in models.items()} for kind in ("pinball", "absolute", "inside")
    ]
    return Losses(tuple(days), *columns)


def networks(parts: Split, configs: dict[str, ModelSettings], settings: TrainingSettings) -> dict[str, TrainedModel]:
    """Each network from its first seed, and the LSTM from its second as well."""
    found = {}
    for name, fit in zip(configs, fit_all(parts, configs, settings, 1, lambda _: None), strict=True):
        for seed in range(configs[name].members):
            label = name if seed == 0 else f"{name}, another seed"
            found[label] = of_seed(fit, seed, parts).model
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
    return _by_day(inside(low, high, test.target).astype(np.float32), test)


def _by_day(values: Array, test: Windows) -> Array:
    mean: Array = np.nanmean(np.where(test.delivery, values, np.nan), axis=1)
    return mean
