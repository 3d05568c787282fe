"""Diagnose: how far back the network that serves a series remembers, on the newest days it was judged on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.time import days_between
from gridahead.explain.gradient_report import GradientReport
from gridahead.explain.gradients import MAX_WINDOWS, model_gradients
from gridahead.features.windows import build_windows
from gridahead.models.bundle import TrainedModel
from gridahead.models.determinism import deterministic
from gridahead.registry.versions import Registered
from gridahead.workspace import Workspace, reading_range


@dataclass(frozen=True)
class Diagnosis:
    """What was measured of a network."""

    registered: Registered
    """The version that it is, or that it is part of."""
    network: TrainedModel
    gradients: GradientReport
    clipping: dict[str, float]
    """`clip_rate` and `gradient_norm` of its training, as far as they were logged."""

    @property
    def title(self) -> str:
        """Series, version, and the network where the version is an ensemble."""
        part = "" if self.network.name == self.registered.model.name else f": {self.network.name}"
        return f"{self.registered.series} {self.registered}{part}"


@deterministic()
def diagnose(workspace: Workspace, series: Series, model: str | None = None) -> list[Diagnosis]:
    """Measure the champion, or the newest version of a model; an ensemble network by network.

    Args:
        workspace: where the data and the models are.
        series: whose model.
        model: a name in the settings; the champion without it.

    Raises:
        ModelError: there is no such version, or no network of it has an encoder to look back with.
        LakeError: the lake does not have the series.
    """
    registry = workspace.registry
    registered = registry.champion(series) if model is None else registry.newest(series, model)
    spec, served = registered.model.spec, registered.model
    last = registered.about.last_day_seen
    first = last - dt.timedelta(days=MAX_WINDOWS - 1)
    observations = workspace.lake.read_vintages(*spec.inputs, time_range=reading_range(spec, first, last))
    windows = build_windows(observations, spec, days_between(first, last))
    clipping = workspace.tracking.clipping(registered.run_id)
    measured = [
        Diagnosis(registered, network, gradients, clipping)
        for network in served.networks
        if (gradients := model_gradients(network, windows)) is not None
    ]
    if not measured:
        raise ModelError(
            f"{spec.series} {served.name}",
            "has no encoder: it reads the known future only, so there is no way back through time to measure. "
            "Name another with --model",
        )
    return measured
