"""Does a recurrent network beat gradient boosting and the official forecast on German load, hour by hour in 2025?

Three tasks: `with_official` is issued at 11:00 on the day before and reads the official load forecast; `evening` is
issued at 18:30, when the official wind and solar forecast is out as well; `own` is issued at 11:00 and reads no
official forecast. The first is there for 2023 and 2024 as well, each learnt from the years before it. All models learn
from days before the year, the last 365 of them choose epochs, trees and weights and calibrate; no figure of the year
has chosen anything. Networks are trained from several seeds: a row is their median, low and high their range. The
ensemble is the weighted mean of the recurrent ones, on three anchors and from every seed; the two that are no part of
it are trained on two anchors and for 2025 only, to save time. What is scored is what would have been issued: every
forecast from its own window alone, calibrated once, before the year. `lightgbm_on_ridge` is no pure boosting: it learns
what the ridge regression leaves, as the networks may.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from common import Bench, Row, measure
from contest import OTHERS, RECURRENT, ensemble_of, single, train
from datasets import smard
from pictures import colour, picture, title

from gridahead.core.grid import ZONES, Series
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu, days_between
from gridahead.evaluation.metrics import coverage, mae, pinball
from gridahead.evaluation.references import reference_answers
from gridahead.evaluation.significance import diebold_mariano
from gridahead.features.windows import Array, Windows, WindowSpec, build_windows
from gridahead.models.base import Quantiles, predict_each
from gridahead.models.tabular import TABULAR
from gridahead.settings.networks import DEFAULT_MODELS, Anchor, ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.split import Split, split
from gridahead.training.tabular import fit_tabular
from gridahead.training.workers import processes

LOAD, WIND_SOLAR = Series("DE", "load"), Series("DE", "wind_solar")
ANCHORS: tuple[Anchor, ...] = ("level", "linear", "profile")
"""None, the strongest, and the week's own shape: networks on them err differently. On 2024, forecast from 2020 to 2023,
the third took 0.4 % (`with_official`) and 1.0 % (`evening`) off the error of the ensemble on the first two and 0.8 and
1.3 % off its pinball loss, though no network on it alone is among the best. Last week's hour and the official forecast
as further anchors brought nothing."""
NETWORKS = {**DEFAULT_MODELS, "gru": ModelSettings(cell="gru")}
"""All recurrent decoders, so that only the cell differs; the GRU of the product answers every hour by itself."""
HOLDOUT, LAST = dt.date(2025, 1, 1), dt.date(2025, 12, 31)
EARLIER = (2023, 2024)
"""Beside 2025, for one task and the recurrent networks only. Anchors and pieces were chosen on 2024."""
VALIDATION_DAYS = 365
"""Every season has its share in the calibration: for 2024, intervals from the whole of 2023 covered 0.2 and 1.4 %
more than those from its last 270 days (an LSTM on two anchors)."""


def spec(deadline: str, use_official: bool, ahead: tuple[Series, ...]) -> WindowSpec:
    """What the models of a task read."""
    return WindowSpec(
        LOAD,
        ZONES["DE"],
        Mtu.PT60M,
        Deadline.parse(f"{deadline}[Europe/Berlin]"),
        14,
        use_official,
        past_covariates=(WIND_SOLAR,),
        future_covariates=ahead,
    )


TASKS = {
    "with_official": spec("D-1T1100", True, (WIND_SOLAR.official,)),  # ahead is the forecast of today only
    "evening": spec("D-1T1830", True, (WIND_SOLAR.official,)),
    "own": spec("D-1T1100", False, ()),
}


@dataclass(frozen=True)
class Task:
    """The windows of a task, and what is known of its year."""

    name: str
    spec: WindowSpec
    parts: Split
    test: Windows
    networks: tuple[tuple[str, Anchor], ...]
    """That are trained, by name and anchor."""

    @property
    def counted(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """(N, H) the hours that are scored."""
        return self.test.delivery & ~np.isnan(self.test.target)

    def daily(self, predicted: Quantiles, levels: Sequence[float]) -> Array:
        """Mean absolute error of each delivery day, (N,) [MW]."""
        error = np.abs(self.test.target - predicted[..., levels.index(0.5)])
        mean: Array = np.nanmean(np.where(self.counted, error, np.nan), axis=1)
        return mean

    def figures(self, predicted: Quantiles, levels: Sequence[float]) -> dict[str, float]:
        """MAE and pinball [MW], the share of outturns inside the central 80 %, and below the median and every level."""
        answer, outturn = predicted[self.counted], self.test.target[self.counted]
        low, median, high = (answer[:, levels.index(level)] for level in (0.1, 0.5, 0.9))
        return {
            "mae": mae(median, outturn),
            "pinball": pinball(answer, levels, outturn),
            "coverage_80": coverage(low, high, outturn),
            "below_median": float((outturn < median).mean()),
            "furthest_level": float(np.abs((outturn[:, None] < answer).mean(axis=0) - levels).max()),
        }


def run(bench: Bench) -> list[Row]:
    """All tasks one after the other; one that is done is not done again."""
    observations = smard(bench)
    wanted = [(name, spec, HOLDOUT.year) for name, spec in TASKS.items()]
    wanted += [(f"with_official {year}", TASKS["with_official"], year) for year in EARLIER]
    rows: list[Row] = []
    for name, spec, year in wanted:
        rows += bench.resumed(name, partial(measured, bench, name, spec, year, observations))
    return rows


def measured(bench: Bench, name: str, spec: WindowSpec, year: int, observations: Observations) -> list[Row]:
    """The rows of one task."""
    settings = TrainingSettings(holdout_start=dt.date(year, 1, 1), validation_days=VALIDATION_DAYS)
    if bench.quick:
        settings = settings.model_copy(update={"epochs": 2})
    return run_task(bench, task(name, spec, year, observations, settings), observations, settings)


def task(name: str, spec: WindowSpec, year: int, observations: Observations, settings: TrainingSettings) -> Task:
    """The windows to learn from and those of the year."""
    networks = [*product(RECURRENT, ANCHORS), *(product(OTHERS, ANCHORS[:2]) if year == HOLDOUT.year else ())]
    test = build_windows(observations, spec, days_between(dt.date(year, 1, 1), dt.date(year, 12, 31)))
    return Task(name, spec, split(observations, spec, settings), test, tuple(networks))


def run_task(bench: Bench, task: Task, observations: Observations, settings: TrainingSettings) -> list[Row]:
    """The rows of a task: references, regressions, networks, ensemble."""
    levels = list(settings.quantiles)
    answers = references(task, observations, settings)
    with processes(1) as beside:
        regressed = beside.submit(regressions, task, settings)
        fits = train(task.name, task.parts, task.networks, bench.seeds, settings, NETWORKS)
        answers |= regressed.result()
    names = dict.fromkeys(name for name, _ in task.networks)
    for name in names:
        answers[name] = [predict_each(single(fits, name, seed, task.parts), task.test) for seed in range(bench.seeds)]
    ensemble = ensemble_of(fits, RECURRENT, task.parts)
    answers["ensemble"] = [predict_each(ensemble.model, task.test)]

    rows = [row for name, each in answers.items() for row in scored(task, name, each, levels)]
    judged = replace(task, test=task.parts.judged)
    rows += [
        replace(row, task=f"{task.name}, validation")
        for row in scored(judged, "ensemble", [ensemble.forecasts], levels)
    ]
    return rows + compared(task, answers, levels, [*names, "ensemble"])


def references(task: Task, observations: Observations, settings: TrainingSettings) -> dict[str, list[Quantiles]]:
    """The official forecast, whether or not the models of the task read it, the same corrected, and last week."""
    with_official = replace(task.spec, use_official=True)
    learnt = split(observations, with_official, settings).train
    year = settings.holdout_start or HOLDOUT
    test = build_windows(observations, with_official, days_between(year, dt.date(year.year, 12, 31)))
    return {name: [each] for name, each in reference_answers(observations, learnt, test, settings.quantiles).items()}


def regressions(task: Task, settings: TrainingSettings) -> dict[str, list[Quantiles]]:
    """Ridge, LightGBM, and LightGBM on what the ridge regression leaves (its median only)."""
    levels = settings.quantiles
    answers = {str(name): [predict_each(fit_tabular(name, task.parts, levels), task.test)] for name in TABULAR}
    median = predict_each(fit_tabular("lightgbm", task.parts, (0.5,), ("linear",)), task.test)
    return {**answers, "lightgbm_on_ridge": [median.repeat(len(settings.quantiles), axis=-1)]}


def scored(task: Task, name: str, answers: Sequence[Quantiles], levels: Sequence[float]) -> list[Row]:
    """A row a metric: median and range over the seeds; n is the number of hours."""
    each = [task.figures(answer, levels) for answer in answers]
    if not np.any(np.diff(answers[0][task.counted], axis=-1)):  # a point forecast has no quantiles to score
        each = [{"mae": one["mae"]} for one in each]
    hours = int(task.counted.sum())
    return [replace(Row.of(task.name, name, metric, [one[metric] for one in each]), n=hours) for metric in each[0]]


def compared(
    task: Task, answers: dict[str, list[Quantiles]], levels: Sequence[float], names: Sequence[str]
) -> list[Row]:
    """The ensemble against all others, and each network's median seed against the regressions."""
    daily = {name: [task.daily(answer, levels) for answer in each] for name, each in answers.items()}
    days = len(task.test)
    rows = [
        Row(task.name, "ensemble", f"mae_ratio_to_{other}", ratio(daily["ensemble"][0], daily[other][0]), n=days)
        for other in ("official", "official_corrected", "lightgbm", "ridge", "lightgbm_on_ridge")
    ]
    for name in names:
        for other in ("official_corrected", "lightgbm", "ridge"):
            tests = [diebold_mariano(one, daily[other][0]).p for one in daily[name]]
            rows.append(replace(Row.of(task.name, name, f"diebold_mariano_p_to_{other}", tests), n=days))
    return rows


def ratio(first: Array, second: Array) -> float:
    """Of the mean errors."""
    return float(first.mean() / second.mean())


def draw(rows: Sequence[Row], path: Path) -> None:
    """A panel a task: the MAE of every model, with the range of its seeds."""
    with picture(path, len(TASKS), width=3.6, height=4.0) as panels:
        for axes, name in zip(panels, TASKS, strict=True):
            shown = sorted(
                (row for row in rows if (row.task, row.metric) == (name, "mae")),
                key=lambda row: -row.value,
            )
            for n, row in enumerate(shown):
                axes.barh(n, row.value, color=colour(row.model), height=0.7)
                if row.low is not None and row.high is not None:
                    axes.plot([row.low, row.high], [n, n], color="black", linewidth=1.2)
                axes.text(row.value, n, f"  {row.value:,.0f}", va="center", fontsize=8)
            axes.set_yticks(range(len(shown)), [row.model for row in shown], fontsize=8)
            axes.set_xlim(0, 1.18 * shown[0].value)
            title(axes, f"{name}: MAE [MW]")


if __name__ == "__main__":
    measure(run, draw)
