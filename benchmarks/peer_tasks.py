"""The three tasks of the comparison with peers: data, inputs and networks of the benchmarks that they are from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import elia_solar_2024 as elia
import smard_load_2025 as load
from common import Bench
from contest import RECURRENT
from datasets import smard

from gridahead.core.grid import ZONES
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu, days_between
from gridahead.evaluation.references import reference_answers
from gridahead.features.windows import Windows, WindowSpec, build_windows
from gridahead.models.base import Quantiles
from gridahead.settings.networks import DEFAULT_MODELS, Anchor, ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.split import Split, split

QUICK_DAYS, QUICK_EPOCHS = 10, 2
DEFAULTS = {name: DEFAULT_MODELS[name] for name in RECURRENT}
BATCH_SIZE = TrainingSettings().batch_size
WIND_SOLAR = WindowSpec(
    load.WIND_SOLAR, ZONES["DE"], Mtu.PT60M, Deadline.parse("D-1T1830[Europe/Berlin]"), context_days=14
)
"""SMARD publishes an official forecast of wind and solar together only as load minus residual load; wind alone has none
in these files. It appears at 18:00 on the day before."""


@dataclass(frozen=True)
class Task:
    """A series, its inputs, its year, and what our networks learn."""

    name: str
    title: str
    read: Callable[[Bench], Observations]
    spec: WindowSpec
    anchors: Sequence[Anchor]
    models: Mapping[str, ModelSettings]
    """The recurrent networks of the ensemble."""
    validation_days: int
    batch_size: int
    first: dt.date
    last: dt.date

    def settings(self, quick: bool) -> TrainingSettings:
        """How our networks are trained: as in the benchmark of the same data."""
        settings = TrainingSettings(
            holdout_start=self.first, validation_days=self.validation_days, batch_size=self.batch_size
        )
        return settings.model_copy(update={"epochs": QUICK_EPOCHS}) if quick else settings


TASKS = (
    Task(
        "load",
        "German load 2025, issued D-1 11:00",
        smard,
        load.TASKS["with_official"],
        load.ANCHORS,
        DEFAULTS,
        load.VALIDATION_DAYS,
        BATCH_SIZE,
        load.HOLDOUT,
        load.LAST,
    ),
    Task(
        "wind_solar",
        "German wind and solar 2025, issued D-1 18:30",
        smard,
        WIND_SOLAR,
        ("official", "linear"),
        DEFAULTS,
        load.VALIDATION_DAYS,
        BATCH_SIZE,
        load.HOLDOUT,
        load.LAST,
    ),
    Task(
        "solar",
        "Belgian solar 2024, issued D-1 11:00",
        elia.observations,
        elia.SPEC,
        elia.ANCHORS,
        {name: elia.MODELS[name] for name in ("rnn", "lstm")},
        elia.VALIDATION_DAYS,
        elia.BATCH_SIZE,
        elia.HOLDOUT,
        elia.LAST,
    ),
)


@dataclass(frozen=True)
class Prepared:
    """The windows of a task."""

    task: Task
    observations: Observations
    settings: TrainingSettings
    parts: Split
    test: Windows

    @property
    def levels(self) -> list[float]:
        """The quantile levels that all are asked for."""
        return list(self.settings.quantiles)


def prepare(task: Task, bench: Bench) -> Prepared:
    """Read the data, cut the windows to learn from and those of the year."""
    observations, settings = task.read(bench), task.settings(bench.quick)
    days = days_between(task.first, task.last)[: QUICK_DAYS if bench.quick else None]
    parts = split(observations, task.spec, settings)
    return Prepared(task, observations, settings, parts, build_windows(observations, task.spec, days))


def references(prepared: Prepared) -> dict[str, Quantiles]:
    """The references, with quantiles from the errors that they made before the year.

    Where the official forecast comes with a P10 and P90 of its own, its quantiles come from these.
    """
    return reference_answers(prepared.observations, prepared.parts.windows, prepared.test, prepared.settings.quantiles)
