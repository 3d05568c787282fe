"""What a model is worth, and how sure it may be, at other issue times and without inputs.

The judged days are answered again, by the networks that have not learnt them: as of drawn issue times, and with the
newest outturn, the official forecast, the covariates taken away. From where the outturns lie then, intervals are
calibrated for each condition, on the answers of the weights that serve it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from gridahead.core.grid import Series
from gridahead.features.missing import covariates, official_inputs, without
from gridahead.features.normal import Scores
from gridahead.features.windows import Windows
from gridahead.models.base import Quantiles
from gridahead.models.calibration import calibrate, calibration_on, units_of_block
from gridahead.models.conditions import (
    AGES,
    COMPLETE,
    Condition,
    Conditions,
    Issued,
    ages_of,
    conditions_of,
    usual_age_of,
    usually_there,
)
from gridahead.training.crossfit import Answering, calibrated_by_block, out_of_fold, validation_metrics
from gridahead.training.split import Rows, Split

FURTHEST = 2.5
"""As in the calibration for complete inputs, where it is 1: networks have seen few days without an input, and how
little they know then is for the judged days to say."""
FEWEST = 20
"""Windows that a calibration of its own needs."""
GOLDEN = 0.618
"""Steps by this part of a span fall evenly into it, wherever they end."""
STRETCHED = 2.0
"""An interval is drawn to that of a lesser condition by this factor at most; what would need more is no interval."""


@dataclass(frozen=True)
class View:
    """The judged days as of other issue times, or without inputs."""

    issued: Issued
    windows: Windows
    """J of them."""
    is_complete: bool


def views(split: Split) -> Iterator[View]:
    """The judged days under every condition, in the same order for every model of a split."""
    usual, has = split.windows.known_share(), usually_there(split.windows.spec, split.windows.known_share())
    judged: dict[Issued, Windows] = {"deadline": split.judged, **split.drawn}
    for issued, windows in judged.items():
        if issued != "deadline":
            yield View(issued, windows, True)
        if issued == "late":  # as little later as it is, what is missing then is as at the deadline
            continue
        for age, official, others in product(range(len(AGES) + 1), _whether(has[0]), _whether(has[1])):
            condition = Condition(issued, age, official, others)
            if not condition.is_complete:
                yield View(issued, without(windows, _silent(windows, condition, usual)), False)


def _whether(can_be_missing: bool) -> list[bool]:
    return [False, True] if can_be_missing else [False]


def _silent(windows: Windows, condition: Condition, usual: Mapping[str, float]) -> dict[Series, np.ndarray]:
    """For how long each input is silent under a condition, (N,) [h]."""
    spec, count = windows.spec, len(windows)
    silent: dict[Series, np.ndarray] = {}
    along = np.arange(1, count + 1) * GOLDEN % 1
    if condition.age:
        edges = (*AGES, 24 * spec.context_days)
        low, high = edges[condition.age - 1], max(edges[condition.age], edges[condition.age - 1] + 1)
        silent[spec.series] = np.median(ages_of(windows)) + low + along * (high - low)
    days = 24.0 * np.array([1, 2, 4, 8])[np.arange(count) % 4]
    if condition.official:
        silent |= dict.fromkeys(official_inputs(spec), np.where(np.arange(count) % 2, 1.0, days))
    if condition.covariates:
        silent |= dict.fromkeys(covariates(spec), days)
    return silent


def answers_of(split: Split, folds: Sequence[Answering]) -> tuple[Quantiles, ...]:
    """The answers of the networks of each fold to every view of its days, not calibrated."""
    return tuple(out_of_fold(split, folds, view.windows) for view in views(split))


def conditions_on(
    split: Split, complete: Scores, answers: Quantiles, beside: Sequence[Quantiles], levels: tuple[float, ...]
) -> Conditions:
    """The calibrations of a model for each condition; the more is missing, the wider, on average.

    Args:
        split: gives the J judged days.
        complete: the calibration for complete inputs.
        answers: (J, H, Q) [MW] on the judged days.
        beside: the same for each view of them.
        levels: Q levels.
    """
    usual = split.windows.known_share()
    usual_age = usual_age_of(split.windows)
    parts: dict[Condition, list[tuple[Windows, Quantiles]]] = {}
    for view, answer in zip(views(split), beside, strict=True):
        found = conditions_of(view.windows, usual_age, usual)
        for condition in dict.fromkeys(found):
            rows = np.array([one == condition for one in found])
            parts.setdefault(condition, []).append((_light(view.windows.where(rows)), answer[rows]))
    parts.pop(COMPLETE, None)
    units, scores = units_of_block(split.windows.spec), {COMPLETE: complete}
    widths = {COMPLETE: _width(answers, split.judged, complete, levels, units)}
    for condition in sorted(parts, key=lambda one: (one.issued, sum(one[1:]), one)):
        windows, answer = _together(parts[condition])
        if len(windows) < FEWEST:
            continue
        fitted = calibration_on(answer, windows, levels, FURTHEST)
        least = max((width for other, width in widths.items() if condition.covers(other)), default=0.0)
        scores[condition], widths[condition] = _no_narrower(fitted, least, answer, windows, levels, units)
    del scores[COMPLETE]
    return Conditions(usual_age, scores)


def _no_narrower(
    scores: Scores, least: float, answer: Quantiles, windows: Windows, levels: tuple[float, ...], units: int
) -> tuple[Scores, float]:
    """The scores, stretched around the median until what they publish is so wide on average [MW], and that width."""
    middle = len(levels) // 2
    median = scores[:, middle : middle + 1]
    width = _width(answer, windows, scores, levels, units)
    plain = scores
    for factor in np.linspace(1, STRETCHED, 101)[1:]:
        if width >= least:
            break
        scores = median + (plain - median) * factor
        width = _width(answer, windows, scores, levels, units)
    return scores, width


def _width(answer: Quantiles, windows: Windows, scores: Scores, levels: tuple[float, ...], units: int) -> float:
    """From the lowest to the highest level on average over the delivery days [MW]."""
    published = calibrate(answer, scores, levels, units)
    return float((published[..., -1] - published[..., 0])[windows.delivery].mean())


def _light(windows: Windows) -> Windows:
    """The same windows without what models read: outturn and delivery days are enough to calibrate on."""
    return replace(windows, past=windows.past[:, :0], future=windows.future[..., :0])


def _together(parts: Sequence[tuple[Windows, Quantiles]]) -> tuple[Windows, Quantiles]:
    windows, answers = parts[0]
    for more, said in parts[1:]:
        windows, answers = windows.followed_by(more), np.concatenate([answers, said])
    return windows, answers


def later_metrics(split: Split, beside: Sequence[Quantiles], levels: tuple[float, ...]) -> dict[str, float]:
    """MAE and pinball loss [MW] of the judged days as of drawn issue times, each calibrated on the other days."""
    metrics: dict[str, float] = {}
    for view, answers in zip(views(split), beside, strict=True):
        if not view.is_complete:
            continue

        def calibration(days: Rows, windows: Windows = view.windows, answers: Quantiles = answers) -> Scores:
            return calibration_on(answers[days], windows.where(days), levels, FURTHEST)

        forecasts = calibrated_by_block(split, answers, view.windows, calibration, levels)
        found = validation_metrics(forecasts, view.windows, levels)
        metrics |= {f"{name}_{view.issued}": value for name, value in found.items()}
    return metrics
