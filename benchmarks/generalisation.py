"""Do the networks learn or memorise? Training, validation and test error of German load side by side, by cell.

One task: load issued at 11:00 on the day before, with the official forecast. All networks have the settings of
`gridahead train` and differ by their cell or decoder only; the weights are those of the epoch that was best on the
validation days, the last 270 before 2025. The test is every delivery day of 2025, forecast as of its issue time by
networks that have learnt nothing later than 2024. Errors are those of the networks as trained, before calibration.

Years differ in how hard they are: the official forecast stands beside, raw and corrected, and learns nothing. What the
networks lose from training to test beyond what it loses is what they had memorised. n counts seeds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from common import Bench, Row, measure
from contest import OTHERS, RECURRENT, train
from datasets import smard
from pictures import colour, picture, title

from gridahead.core.grid import ZONES, Series
from gridahead.core.runs import OFFICIAL, OFFICIAL_CORRECTED
from gridahead.core.time import Deadline, Mtu, days_between
from gridahead.features.corrected import corrected
from gridahead.features.windows import Windows, WindowSpec, build_windows
from gridahead.models.aggregate import Aggregate
from gridahead.models.base import Forecaster, predict_each
from gridahead.models.baselines import ReferenceForecast
from gridahead.models.bundle import TrainedModel
from gridahead.models.calibration import as_it_is
from gridahead.models.ensemble import Model
from gridahead.settings.training import TrainingSettings
from gridahead.training.candidates import network
from gridahead.training.crossfit import validation_metrics
from gridahead.training.split import split

TASK = "load_2025"
SPEC = WindowSpec(Series("DE", "load"), ZONES["DE"], Mtu.PT60M, Deadline.parse("D-1T1100[Europe/Berlin]"), 14)
HOLDOUT, LAST = dt.date(2025, 1, 1), dt.date(2025, 12, 31)
MODELS = (*RECURRENT, *OTHERS)
PERIODS = ("train", "validation", "test")


def run(bench: Bench) -> list[Row]:
    """Pinball loss and MAE of every cell in every period, and how much larger the test's is than the training's."""
    settings = TrainingSettings(holdout_start=HOLDOUT, refit=False)  # nothing later than the training days is learnt
    if bench.quick:
        settings = settings.model_copy(update={"epochs": 2})
    observations = smard(bench)
    parts = split(observations, SPEC, settings)
    test = build_windows(observations, SPEC, days_between(HOLDOUT, LAST))
    periods = {"train": parts.train, "validation": parts.validation, "test": test}
    rows = rows_of(OFFICIAL, [ReferenceForecast.fit(OFFICIAL, parts.train, settings.quantiles)], periods)
    afterwards = {name: corrected(part, observations) for name, part in periods.items()}
    without_bias = ReferenceForecast.fit(OFFICIAL_CORRECTED, afterwards["train"], settings.quantiles)
    rows += rows_of(OFFICIAL_CORRECTED, [without_bias], afterwards)
    # All on the same anchor, so that only the cell differs.
    for (name, _), fit in train(TASK, parts, [(name, "week") for name in MODELS], bench.seeds, settings).items():
        rows += rows_of(name, alone(fit.model), periods)
    return rows


def alone(model: Model | Aggregate) -> list[TrainedModel]:
    """Each network of a model by itself, before calibration, which was fitted on the validation days."""
    plain = replace(network(model), calibration=as_it_is(model.quantiles))
    return [
        replace(plain, members=(member,), degraded=plain.degraded[seed : seed + 1])
        for seed, member in enumerate(plain.members)
    ]


def figures(model: Forecaster, windows: Windows) -> dict[str, float]:
    """MAE and pinball loss [MW] of what a model says of some windows."""
    return validation_metrics(predict_each(model, windows), windows, tuple(model.quantiles))


def rows_of(name: str, models: Sequence[Forecaster], periods: dict[str, Windows]) -> list[Row]:
    """The rows of a model, median and range over its seeds."""
    rows = []
    for metric in ("pinball", "mae"):
        errors = {
            period: [figures(model, windows)[f"validation_{metric}"] for model in models]
            for period, windows in periods.items()
        }
        rows += [Row.of(f"{TASK}_{period}", name, metric, values) for period, values in errors.items()]
        ratios = [test / train for test, train in zip(errors["test"], errors["train"], strict=True)]
        rows.append(Row.of(TASK, name, f"{metric}_test_over_train", ratios))
    return rows


def draw(rows: Sequence[Row], path: Path) -> None:
    """Three bars a model, and the ratio of the outer two."""
    with picture(path, 2, width=6.0) as (errors, ratios):
        title(errors, "pinball loss in training, validation and test [MW]")
        title(ratios, "test over training")
        names = [OFFICIAL, OFFICIAL_CORRECTED, *MODELS]
        for number, period in enumerate(PERIODS):
            bars(
                errors,
                [row for row in rows if (row.task, row.metric) == (f"{TASK}_{period}", "pinball")],
                names,
                0.27 * (number - 1),
                0.25,
                alpha=(0.35, 0.65, 1.0)[number],
            )
        bars(ratios, [row for row in rows if row.metric == "pinball_test_over_train"], names, 0.0, 0.6, alpha=1.0)
        for axes in (errors, ratios):
            axes.set_xticks(range(len(names)), [name.replace("_", "\n") for name in names])


def bars(axes: Any, rows: Sequence[Row], names: list[str], offset: float, width: float, alpha: float) -> None:
    """One bar a model, with the range over its seeds."""
    for row in rows:
        at = names.index(row.model) + offset
        axes.bar(at, row.value, width, color=colour(row.model), alpha=alpha)
        if row.low is not None and row.high is not None:
            axes.vlines(at, row.low, row.high, color="black", linewidth=1)


if __name__ == "__main__":
    measure(run, draw)
