"""What was measured of a network's memory: gradients by lag, the stretch of every step, the times of forget gates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]

NEGLIGIBLE = 0.01
"""Of the gradient at the newest state; with less, a step's share in what is learnt drowns in that of the newest."""


@dataclass(frozen=True)
class GradientReport:
    """How much a loss depends on the context, by lag: index 0 is the newest step."""

    cell: str
    hours_per_step: float
    norms: Float
    """(S,) gradient of one window's loss at the state after each step, mean over windows. A Transformer hands no state
    from step to step; there it is the gradient at the embedded segments."""
    norms_untrained: Float
    """(S,) the same before training, from another start."""
    stretch: Float | None
    """(S,) largest singular value of the Jacobian of each step, median over windows; None without a recurrence."""
    gate_hours: Float | None
    """(hidden,) characteristic time of each unit's forget gate, rising [h]; of an mlstm that of each head; None without
    one."""

    @property
    def lags(self) -> Float:
        """(S,) time from the end of each step to the end of the context [h]."""
        return np.arange(len(self.norms), dtype=np.float64) * np.float64(self.hours_per_step)

    @property
    def context_hours(self) -> float:
        """Length of the context that the encoder reads [h]."""
        return self.hours_per_step * len(self.norms)

    @property
    def memory_hours(self) -> float:
        """The lag from which on the gradient stays below a hundredth of the newest; the context if it never does."""
        return self.hours_per_step * effective_memory(self.norms)

    @property
    def oldest_relative(self) -> float:
        """The gradient at the oldest step over that at the newest, 0 where that has none."""
        return float(self.norms[-1] / self.norms[0]) if self.norms[0] else 0.0

    def metrics(self) -> dict[str, float]:
        """The report in a few numbers, by the names under which they are logged."""
        metrics = {"gradient_memory_hours": self.memory_hours, "gradient_oldest_relative": self.oldest_relative}
        if self.stretch is not None:
            metrics["step_jacobian_sigma"] = float(np.median(self.stretch))
        if self.gate_hours is not None:
            for name, share in (("p10", 0.1), ("median", 0.5), ("p90", 0.9)):
                metrics[f"forget_gate_hours_{name}"] = float(np.quantile(self.gate_hours, share))
        return metrics

    def metrics_by_lag(self) -> dict[str, dict[int, float]]:
        """The gradient back through time; the step of a metric counts segments back from the newest."""
        curves = {"gradient_norm_by_lag": self.norms, "step_jacobian_sigma_by_lag": self.stretch}
        return {
            name: {lag: float(value) for lag, value in enumerate(curve)}
            for name, curve in curves.items()
            if curve is not None
        }

    def to_dict(self) -> dict[str, Any]:
        """All figures as plain values, for JSON."""
        arrays = {
            "lag_hours": self.lags,
            "gradient_norm_by_lag": self.norms,
            "gradient_norm_by_lag_untrained": self.norms_untrained,
            "step_jacobian_sigma_by_lag": self.stretch,
            "forget_gate_hours": self.gate_hours,
        }
        lists = {name: None if values is None else values.tolist() for name, values in arrays.items()}
        return {"cell": self.cell, "hours_per_step": self.hours_per_step, **self.metrics(), **lists}


def effective_memory(norms: Float) -> float:
    """The number of steps back from which on the gradient stays below a hundredth of the newest.

    Between two steps the gradient is taken to fall exponentially.

    Args:
        norms: (S,) newest first.

    Returns:
        Steps; S if the oldest is above it.
    """
    if not norms[0]:
        return 0.0
    relative = norms / (NEGLIGIBLE * norms[0])
    last = int(np.flatnonzero(relative >= 1)[-1])
    if last == len(norms) - 1:
        return float(len(norms))
    if not relative[last + 1]:
        return float(last + 1)
    return last + float(np.log(relative[last]) / np.log(relative[last] / relative[last + 1]))
