"""How fast does a training run: of the machine's peak, against other libraries, to the same error, with many series?

1. The training step: windows a second and share of the matrix peak, by cell, segment and size; on a GPU as well where
   there is one.
2. The race: neuralforecast's LSTM and darts' BlockRNNModel on the same load, context, horizon and hidden size.
3. An epoch of one network for 1, 10, 100 and 1 000 series.
4. A load model, fitted as `gridahead train` fits it, on one core.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from common import Bench, Row, measure, say
from datasets import smard
from pictures import colour, picture, title
from race import LOAD, TASK, race
from steps import SERIES, series_rows, step_rows

from gridahead.core.grid import ZONES
from gridahead.core.time import Deadline, Mtu
from gridahead.features.windows import WindowSpec
from gridahead.reports.palette import LIGHT
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.split import Split, split
from gridahead.training.workers import fit_all

SETTINGS = TrainingSettings(holdout_start=dt.date(2025, 1, 1), device="cpu")
SECONDS = 40.0
"""Of training in the race, each racer and round: eight passes of the slowest on a core of today."""
ROUNDS = 2


def run(bench: Bench) -> list[Row]:
    """All four parts; quick: once each, and short."""
    spec = WindowSpec(LOAD, ZONES["DE"], Mtu.PT60M, Deadline.parse("D-1T1100[Europe/Berlin]"), SETTINGS.context_days)
    parts = split(smard(bench), spec, SETTINGS)
    repetitions = 1 if bench.quick else 3
    rows = step_rows(parts.train, "cpu", repetitions)
    if torch.cuda.is_available():
        rows += step_rows(parts.train, "cuda", repetitions)
    rows += race(bench, 10.0 if bench.quick else SECONDS, 1 if bench.quick else ROUNDS)
    rows += series_rows(parts.train, SERIES[2] if bench.quick else SERIES[-1])
    return [*rows, _fit_row(parts)]


def _fit_row(parts: Split) -> Row:
    """Seconds to fit one LSTM of the load as it is fitted in operation: anchors tried, calibrated."""
    (done,) = fit_all(parts, {"lstm": ModelSettings(cell="lstm", members=1)}, SETTINGS, 1, lambda _epoch: None)
    say(f"a load model: {done.seconds:.0f} s, validation MAE {done.validation['validation_mae']:,.0f} MW")
    return Row("fit, DE/load with the official forecast", "lstm", "seconds", done.seconds)


def draw(rows: Sequence[Row], path: Path) -> None:
    """Share of the peak, the race and the many series, side by side."""
    with picture(path, 3, width=4.2) as (steps, racers, many):
        _draw_steps(steps, rows)
        _draw_race(racers, rows)
        _draw_series(many, rows)


def _draw_steps(axes: Any, rows: Sequence[Row]) -> None:
    """Share of the peak on one core, the sizes one below the other."""
    shares = [row for row in rows if row.metric == "share_of_peak" and row.task.endswith("cpu")]
    sizes = list(dict.fromkeys(row.task for row in shares))
    for number, row in enumerate(shares):
        height = sizes.index(row.task) + 0.25 * (number % 3 - 1)
        axes.barh(height, 100 * row.value, 0.22, color=colour(row.model))
        axes.annotate(row.model.upper(), (100 * row.value, height), (3, 0), textcoords="offset points", va="center")
    names = [task.removeprefix("step, ").removesuffix(", cpu").replace(", hidden", "\nhidden") for task in sizes]
    axes.set_yticks(range(len(sizes)), names)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlim(0, 100)
    title(axes, "Training step, share of the matrix peak [%]")


def _draw_race(axes: Any, rows: Sequence[Row]) -> None:
    """Windows a second of every racer."""
    speeds = {row.model: row.value for row in rows if (row.task, row.metric) == (TASK, "windows_per_second")}
    axes.barh(list(speeds), list(speeds.values()), 0.6, color=[colour(name) for name in speeds])
    for name, value in speeds.items():
        axes.annotate(f"{value:,.0f}", (value, name), (3, 0), textcoords="offset points", va="center")
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.15)
    title(axes, "Windows a second, the same task")


def _draw_series(axes: Any, rows: Sequence[Row]) -> None:
    """Seconds an epoch over the number of series, beside what would be proportional."""
    told = {int(row.task.split()[0]): row.value for row in rows if row.metric == "seconds_per_epoch"}
    (first, least), counts = next(iter(told.items())), list(told)
    axes.loglog(counts, [least * count / first for count in counts], color=LIGHT["soft"], linestyle=":", linewidth=1.2)
    axes.loglog(counts, list(told.values()), color=colour("lstm"), marker="o")
    axes.set_xlabel("series")
    title(axes, "Seconds an epoch (dotted: proportional)")


if __name__ == "__main__":
    measure(run, draw)
