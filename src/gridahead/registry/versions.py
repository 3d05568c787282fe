"""A version of a model: the registry's description of it, and the weights where they are wanted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.runs import TAUGHT_BY

if TYPE_CHECKING:  # torch takes a second to import, and whoever only looks does without
    from gridahead.models.base import Forecaster

METRICS = ("validation_mae", "validation_pinball")
CREATED = "created_at"
"""Tag of a version that was registered before its registry was made again."""
OF_GROUP = "of_group"
"""Tag of a version that was trained with others: the version of its group, such as `north v3`."""
GRADIENTS = "gradients.png"
"""The picture of a gradient report, among what is kept with the run of a fit."""


@dataclass(frozen=True)
class Version:
    """The registry's description of a version, without its weights."""

    series: Series
    number: str
    run_id: str
    created_at: pd.Timestamp
    aliases: tuple[str, ...]
    tags: Mapping[str, str]

    @property
    def model(self) -> str:
        """Name in the settings, such as lstm."""
        return self.tags["model"]

    @property
    def validation(self) -> dict[str, float]:
        """Metrics on its own validation days [MW]."""
        return {name: float(self.tags[name]) for name in METRICS if name in self.tags}

    @property
    def taught_by(self) -> int:
        """How many other series have taught all that it knows; 0 for one that has learnt its own days."""
        return int(self.tags.get(TAUGHT_BY, "0"))

    @property
    def of_group(self) -> str:
        """The version of the group that it was trained with, in words; empty if it was trained alone."""
        return self.tags.get(OF_GROUP, "")

    @property
    def is_decided(self) -> bool:
        """Whether a trial or a person has said what becomes of it; else its training was interrupted before."""
        return "outcome" in self.tags or bool(self.aliases)

    @property
    def last_day_seen(self) -> dt.date:
        """The last delivery day that its training or its choice has looked at."""
        return dt.date.fromisoformat(self.tags["validation_days"].partition(" to ")[2])

    @property
    def last_day_learnt(self) -> dt.date:
        """The last delivery day that its weights have learnt."""
        return dt.date.fromisoformat(self.tags["learnt_until"])

    @property
    def judged_learnt(self) -> dt.date:
        """The last delivery day before its validation days: networks that had not learnt those have forecast them."""
        return dt.date.fromisoformat(self.tags["train_days"].partition(" to ")[2])

    def __str__(self) -> str:
        return f"{self.model} v{self.number}"


def figure_tags(figures: Mapping[str, float]) -> dict[str, str]:
    """Figures as tags, with all their digits: candidates differ by them, and those of a meter are small."""
    return {name: repr(float(value)) for name, value in figures.items()}


@dataclass(frozen=True)
class Registered:
    """A version of a model together with its weights."""

    about: Version
    model: Forecaster

    @property
    def series(self) -> Series:
        """The series that the version forecasts."""
        return self.about.series

    @property
    def version(self) -> str:
        """The number of the version in the registry."""
        return self.about.number

    @property
    def run_id(self) -> str:
        """The id of the MLflow run of its fit."""
        return self.about.run_id

    def __str__(self) -> str:
        return str(self.about)
