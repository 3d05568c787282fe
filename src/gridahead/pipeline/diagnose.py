"""Diagnose: how far back the network that serves a series hears, measured on the newest days it was judged on."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridahead.errors import ModelError
from gridahead.features.windows import build_windows
from gridahead.grid import Series
from gridahead.models.bundle import TrainedModel
from gridahead.pipeline.workspace import Workspace, reading_window
from gridahead.timeline import days_between
from gridahead.training.gradient_picture import draw
from gridahead.training.gradients import MAX_WINDOWS, GradientReport, model_gradients, span
from gridahead.training.isolated import one_thread
from gridahead.training.tracking import GRADIENTS
from gridahead.training.versions import Registered
from gridahead.whole_files import write_whole


@dataclass(frozen=True)
class Diagnosis:
    """What was measured of a network, and where its picture is."""

    registered: Registered
    """The version that it is, or that it is part of."""
    network: TrainedModel
    gradients: GradientReport
    clipping: dict[str, float]
    """`clip_rate` and `gradient_norm` of its training, as far as they were logged."""
    picture: Path

    @property
    def title(self) -> str:
        """Series, version, and the network where the version is an ensemble."""
        part = "" if self.network.name == self.registered.model.name else f": {self.network.name}"
        return f"{self.registered.series} {self.registered}{part}"

    def rows(self) -> list[dict[str, str]]:
        """What people read: one line a measure."""
        found, gradients = self.gradients.metrics(), self.gradients
        lines = {
            "reads": f"{span(gradients.context_hours)} in steps of {span(gradients.hours_per_step)}",
            "hears (1 % of the gradient)": span(gradients.memory_hours),
            "gradient at the oldest step": f"{found['gradient_oldest_relative']:.2g} of the newest",
            "step Jacobian, largest singular value": _number(found.get("step_jacobian_sigma"), "median {:.2f}"),
            "forget gates keep": _gates(found),
            "clipped in training": _number(self.clipping.get("clip_rate"), "{:.0%} of the steps"),
            "largest gradient before clipping": _number(self.clipping.get("gradient_norm"), "{:.3g}"),
        }
        return [{"measure": name, "value": value} for name, value in lines.items()]

    def to_dict(self) -> dict[str, Any]:
        """Everything, for machines."""
        about = {"series": str(self.registered.series), "model": self.network.name}
        measured = {**self.gradients.to_dict(), **self.clipping}
        return {**about, "version": self.registered.version, **measured, "picture": str(self.picture)}


def diagnose(workspace: Workspace, series: Series, model: str | None = None) -> list[Diagnosis]:
    """Measure the champion, or the newest version of a model, and draw what was found; an ensemble network by network.

    Args:
        workspace: where the data and the models are.
        series: whose model.
        model: a name in the settings; the champion without it.

    Raises:
        ModelError: there is no such version, or no network of it has an encoder to look back with.
        LakeError: the lake does not have the series.
    """
    one_thread()
    registry = workspace.registry
    registered = registry.champion(series) if model is None else registry.newest(series, model)
    spec = registered.model.spec
    last = registered.about.last_day_seen
    first = last - dt.timedelta(days=MAX_WINDOWS - 1)
    observations = workspace.lake.read_vintages(*spec.inputs, window=reading_window(spec, first, last))
    windows = build_windows(observations, spec, days_between(first, last))
    clipping = workspace.tracking.clipping(registered.run_id)
    found = registered.model
    measured = [
        _draw(Diagnosis(registered, network, gradients, clipping, _picture(workspace, network)))
        for network in ((found,) if isinstance(found, TrainedModel) else found.models)
        if (gradients := model_gradients(network, windows)) is not None
    ]
    if not measured:
        raise ModelError(
            found.label,
            "has no encoder: it reads the known future only, so there is no way back through time to measure. "
            "Name another with --model",
        )
    return measured


def _picture(workspace: Workspace, network: TrainedModel) -> Path:
    return workspace.settings.published_folder / network.spec.series.slug / f"{network.name}-{GRADIENTS}"


def _draw(diagnosis: Diagnosis) -> Diagnosis:
    drawn = io.BytesIO()
    draw(diagnosis.gradients, diagnosis.title).savefig(drawn, format="png", metadata={"Software": None})
    write_whole(diagnosis.picture, drawn.getvalue())
    return diagnosis


def _number(value: float | None, form: str) -> str:
    return "not defined" if value is None else form.format(value)


def _gates(found: dict[str, float]) -> str:
    if "forget_gate_hours_median" not in found:
        return "not defined"
    low, middle, high = (span(found[f"forget_gate_hours_{name}"]) for name in ("p10", "median", "p90"))
    return f"{middle} (10 to 90 % of the units: {low} to {high})"
