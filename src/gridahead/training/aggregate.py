"""Fits of an aggregate: the experts beside the networks, and what each is worth on the judged days, day by day.

The judged days are gone through in order, as operation will go on with: every expert answers by what had not learnt the
day, and is weighted by the days before; the regression on what they say follows them from the plain mean on. What the
weights and the regression have become is what serving begins with, the weights drawn half-way to equal ones, for a year
is short; and the means are calibrated as those of any model.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gridahead.core.errors import ModelError
from gridahead.core.runs import NAIVE, OFFICIAL_CORRECTED, REFERENCES, Reference
from gridahead.features.normal import Scores
from gridahead.models.aggregate import Aggregate, Beside, expert_answers, with_regression
from gridahead.models.aggregation import aggregated
from gridahead.models.base import Quantiles, possible
from gridahead.models.baselines import ReferenceForecast
from gridahead.models.calibration import calibration_on
from gridahead.models.determinism import deterministic
from gridahead.models.tabular import TABULAR
from gridahead.settings.networks import Anchor
from gridahead.training.crossfit import calibrated_by_block, validation_metrics
from gridahead.training.fit import Fit
from gridahead.training.split import Rows, Split
from gridahead.training.tabular import judged_tabular

WARMING_DAYS = 28
"""Days until weights that began equal say something: the intervals are not measured on them."""
KEPT = 0.5
"""Of what the judged days have made of the weights; the rest is equal again."""


@deterministic()
def fit_aggregate(name: str, recurrent: Fit, beside: Sequence[str], split: Split) -> Fit:
    """The aggregate of fitted networks and what stands beside them, calibrated and judged as operation goes on.

    Args:
        name: in the settings.
        recurrent: the networks as they serve alone.
        beside: names of regressions and references; the official forecast is left out where none is read.
        split: gives the J judged days.

    Raises:
        ModelError: the networks are an aggregate already.
    """
    begun, judged, levels = time.perf_counter(), split.judged, recurrent.model.quantiles
    if isinstance(recurrent.model, Aggregate):
        raise ModelError(recurrent.model.label, "is an aggregate already; name the networks that it is made of")
    experts, said = _beside(beside, split, levels)
    others = np.stack([possible(answer, judged) for answer in (recurrent.answers, *said)])
    counted = np.where(judged.delivery, judged.target, np.float32(np.nan))
    lag = judged.spec.deadline.days_before + 1
    answers, regression = with_regression(others, judged, counted, None, lag)
    equal = np.full((len(answers), len(levels)), 1 / len(answers))
    means, weights = aggregated(answers, counted, equal, levels, lag)
    warm = np.arange(len(judged)) >= min(WARMING_DAYS, len(judged) // 4)
    prior = KEPT * weights + (1 - KEPT) * equal

    def on(days: Rows) -> Scores:
        chosen = days & warm if (days & warm).any() else days
        return calibration_on(means[chosen], judged.where(chosen), levels)

    forecasts = calibrated_by_block(split, means, judged, on, levels)
    return replace(
        recurrent,
        model=Aggregate(name, recurrent.model, experts, prior, on(warm), regression),
        answers=means,
        forecasts=forecasts,
        epochs=(),
        validation={**recurrent.validation, **validation_metrics(forecasts, judged, levels)},
        seconds=time.perf_counter() - begun,
    )


def _beside(
    names: Sequence[str], split: Split, levels: tuple[float, ...]
) -> tuple[tuple[Beside, ...], list[Quantiles]]:
    """The experts of these names that can be had, and what they say of the judged days, not having learnt them."""
    experts: list[Beside] = []
    said: list[Quantiles] = []
    for method in TABULAR:
        if method in names:
            fitted = judged_tabular(method, split, levels, anchors=_anchors(split) if method == "ridge" else None)
            experts.append(fitted.model)
            said.append(fitted.answers)
    for name in REFERENCES:
        if name in names and (split.windows.spec.use_official or name == NAIVE):
            reference = _reference(name, split, levels)
            if reference.quantiles != levels:
                continue  # no day tells its errors
            experts.append(reference)
            said.append(expert_answers(reference, split.judged))
    return tuple(experts), said


def _anchors(split: Split) -> tuple[Anchor, ...]:
    """The anchor of the ridge regression, to which it is drawn; the others are among its features anyway."""
    return ("official_corrected",) if split.windows.spec.use_official else ("level",)


def _reference(name: Reference, split: Split, levels: tuple[float, ...]) -> ReferenceForecast:
    """A reference, with the spread of its errors on all days: eleven numbers learn no day by heart."""
    windows = split.windows.corrected() if name == OFFICIAL_CORRECTED else split.windows
    return ReferenceForecast.fit(name, windows, levels)
