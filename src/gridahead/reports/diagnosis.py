"""The memory of a network in words and figures: a sentence, a table, and everything for machines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridahead.explain.gradient_report import NEGLIGIBLE, GradientReport

if TYPE_CHECKING:  # it imports torch, and what tells of it does without
    from gridahead.explain.diagnosis import Diagnosis


def memory_sentence(gradients: GradientReport) -> str:
    """How far back it remembers, for a person."""
    if gradients.memory_hours >= gradients.context_hours:
        return (
            f"Through the encoder, the loss on the delivery day reaches back all {span(gradients.context_hours)}; "
            f"the gradient at the oldest step is {gradients.oldest_relative:.0%} of that at the newest."
        )
    return (
        f"Through the encoder, the loss on the delivery day reaches back {span(gradients.memory_hours)}; "
        f"older steps have less than {NEGLIGIBLE:.0%} of the gradient at the newest."
    )


def undefined_sentence(gradients: GradientReport) -> str | None:
    """What is not defined for this cell, and why; None if everything is."""
    if gradients.stretch is None:
        return "A Transformer hands no state from step to step: it has neither a step Jacobian nor a forget gate."
    return "A plain rnn has no forget gate." if gradients.gate_hours is None else None


def diagnosis_rows(diagnosis: Diagnosis) -> list[dict[str, str]]:
    """What people read: one line a measure."""
    gradients, clipping = diagnosis.gradients, diagnosis.clipping
    metrics = gradients.metrics()
    values = {
        "reads": f"{span(gradients.context_hours)} in steps of {span(gradients.hours_per_step)}",
        "remembers (1 % of the gradient)": span(gradients.memory_hours),
        "gradient at the oldest step": f"{gradients.oldest_relative:.2g} of the newest",
        "step Jacobian, largest singular value": _number(metrics.get("step_jacobian_sigma"), "median {:.2f}"),
        "forget gates keep": _gates(metrics),
        "clipped in training": _number(clipping.get("clip_rate"), "{:.0%} of the steps"),
        "largest gradient before clipping": _number(clipping.get("gradient_norm"), "{:.3g}"),
    }
    return [{"measure": name, "value": value} for name, value in values.items()]


def diagnosis_json(diagnosis: Diagnosis, picture: Path) -> dict[str, Any]:
    """The diagnosis of a network as plain values, for JSON."""
    return {
        "series": str(diagnosis.registered.series),
        "model": diagnosis.network.name,
        "version": diagnosis.registered.version,
        **diagnosis.gradients.to_dict(),
        **diagnosis.clipping,
        "picture": str(picture),
    }


def span(hours: float) -> str:
    """A time in the unit that a person would use."""
    count, unit = (hours, "hour") if hours < 48 else (hours / 24, "day")
    return f"{count:.0f} {unit}" + ("" if round(count) == 1 else "s")


def _number(value: float | None, form: str) -> str:
    return "not defined" if value is None else form.format(value)


def _gates(metrics: dict[str, float]) -> str:
    if "forget_gate_hours_median" not in metrics:
        return "not defined"
    low, middle, high = (span(metrics[f"forget_gate_hours_{name}"]) for name in ("p10", "median", "p90"))
    return f"{middle} (10 to 90 % of the units: {low} to {high})"
