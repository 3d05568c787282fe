"""How models are fitted, and on which days."""

from __future__ import annotations

from typing import Literal

import pydantic
from pydantic import Field

from gridahead.settings.section import DayText, Section


class TrainingSettings(Section):
    """How models are fitted, and on which days."""

    holdout_start: DayText | None = None
    """First delivery day that no model may learn from; without it, everything in the lake may be learnt."""
    validation_days: int = Field(270, ge=7)
    """Days before the holdout that stop the training early, judge, and calibrate; of a short history fewer."""
    context_days: int = Field(14, ge=8)
    """How many days back a model looks."""
    quantiles: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
    """Levels that are forecast: rising, symmetric around 0.5, which is among them."""
    epochs: int = Field(25, ge=1)
    """How often a training goes through its days at most."""
    patience: int = Field(5, ge=1)
    """Epochs without improvement on the validation days before a fit stops."""
    batch_size: int = Field(32, ge=1)
    """Windows a step."""
    learning_rate: float = Field(3e-3, gt=0)
    """The highest; it rises to it and falls to nearly nothing over the steps of a training."""
    weight_decay: float = Field(1e-2, ge=0)
    """How strongly weights are drawn to nothing."""
    clip_norm: float = Field(1.0, gt=0)
    """Longest gradient that a step follows; longer ones are shortened to it."""
    half_life_days: float | None = Field(None, gt=0)
    """So many days before the last one a day counts half, twice as many a quarter; without it, all count the same."""
    refit: bool = True
    """Whether the networks that serve, and those that judge them, learn the validation days as well."""
    warm_epochs: int = Field(8, ge=1)
    """Epochs of a training that begins with the weights of another model."""
    seed: int = 0
    """What chance begins with; the same seed gives the same weights."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`auto` takes a GPU where there is one."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """How exactly the network multiplies; bfloat16 is for GPUs."""
    checkpoint_steps: int | None = Field(None, ge=1)
    """Steps between checkpoints within an epoch; without it there is one at the end of every epoch."""
    workers: int = Field(2, ge=1)
    """Fits in parallel, each in a process with one torch thread."""

    @pydantic.field_validator("quantiles")
    @classmethod
    def _levels(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if list(value) != sorted(set(value)) or 0.5 not in value or not all(0 < q < 1 for q in value):
            raise ValueError("quantiles must rise from above 0 to below 1 and include 0.5")
        if any(abs(low + high - 1) > 1e-9 for low, high in zip(value, reversed(value), strict=True)):
            raise ValueError("quantiles must be symmetric: 0.1 needs 0.9")
        return value
