"""Explain and diagnose, with pictures beside what is published; and the diagnosis of every new version.

A diagnosis comes after the registration: what cannot be measured or drawn costs a picture, never a model.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from gridahead.core.grid import Series
from gridahead.explain.diagnosis import Diagnosis, diagnose
from gridahead.explain.explanation import Explanation, explain
from gridahead.explain.gradients import model_gradients
from gridahead.features.windows import Windows
from gridahead.models.bundle import TrainedModel
from gridahead.models.determinism import deterministic
from gridahead.operate.version_inputs import forecast_of, median_by_time
from gridahead.registry.versions import GRADIENTS, Registered, Version
from gridahead.reports.drawing import with_licence
from gridahead.reports.explanation import draw_change, draw_explanation
from gridahead.reports.gradient_picture import draw_gradients
from gridahead.training.fit import Fit
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)

_ONE_AT_A_TIME = threading.Lock()
"""Series are trained side by side in threads; torch's random numbers and matplotlib's style are one for all of them."""


@dataclass(frozen=True)
class Explained:
    """An explanation, and where its pictures lie."""

    explanation: Explanation
    picture: Path
    change_picture: Path | None
    """None where nothing is there to be compared with."""


@dataclass(frozen=True)
class Diagnosed:
    """A diagnosis, and where its picture lies."""

    diagnosis: Diagnosis
    picture: Path


def explanation_of(
    workspace: Workspace,
    series: Series,
    issue_time: pd.Timestamp | None = None,
    since: pd.Timestamp | None = None,
    version: str | None = None,
) -> Explanation:
    """The explanation of a forecast as operation publishes it; arguments and errors of `explain`."""
    return explain(workspace, series, partial(published_median, workspace), issue_time, since, version)


def published_median(workspace: Workspace, registered: Registered, windows: Windows) -> pd.Series:
    """What is published of a single window by a version: the median by valid time [MW], adapted to the newest days.

    Raises:
        LakeError: the series itself cannot be read.
    """
    return median_by_time(windows, forecast_of(workspace, registered, windows).answer)


def explain_forecast(
    workspace: Workspace,
    series: Series,
    issue_time: pd.Timestamp | None = None,
    since: pd.Timestamp | None = None,
    version: str | None = None,
) -> Explained:
    """Explain a forecast, and draw the explanation beside it; arguments and errors of `explain`."""
    explanation = explanation_of(workspace, series, issue_time, since, version)
    day = workspace.settings.published_folder / series.slug / str(explanation.day)
    folder = day / f"{explanation.issue_time:%Y-%m-%dT%H%MZ}"
    picture, change_picture = folder / "explained.png", folder / "changed.png"
    attribution = workspace.settings.attribution_of(*explanation.windows.spec.inputs)
    workspace.put_page(picture, with_licence(draw_explanation(explanation), attribution))
    if explanation.change is None:
        return Explained(explanation, picture, None)
    changed = draw_change(explanation.change, explanation.unit)
    workspace.put_page(change_picture, with_licence(changed, attribution))
    return Explained(explanation, picture, change_picture)


def diagnose_model(workspace: Workspace, series: Series, model: str | None = None) -> list[Diagnosed]:
    """Diagnose a model, and draw each of its networks; arguments and errors of `diagnose`."""
    folder = workspace.settings.published_folder / series.slug
    diagnosed = []
    for diagnosis in diagnose(workspace, series, model):
        picture = folder / f"{diagnosis.network.name}-{GRADIENTS}"
        content = io.BytesIO()
        figure = draw_gradients(diagnosis.gradients, diagnosis.title)
        figure.savefig(content, format="png", metadata={"Software": None})
        workspace.put_page(picture, with_licence(content.getvalue(), workspace.settings.attribution_of(series)))
        diagnosed.append(Diagnosed(diagnosis, picture))
    return diagnosed


def keep_gradients(workspace: Workspace, fits: Sequence[tuple[Fit, Version]], judged: Windows) -> None:
    """Measure the gradients of new versions, and keep figures and picture with their runs.

    What goes wrong here is logged as a warning: the models are registered and stay so.

    Args:
        workspace: with the registry.
        fits: of one series, each with its version; an ensemble has no gradients of its own.
        judged: the windows that judge them.
    """
    for fit, version in fits:
        try:
            if isinstance(fit.model, TrainedModel):
                _keep_gradients(workspace, fit, fit.model, version, judged)
        except Exception as error:
            log.warning(
                "%s %s: its gradients could not be measured, the model itself is kept (%s: %s). "
                "`gridahead diagnose --series %s --model %s` tries again",
                version.series,
                version,
                type(error).__name__,
                error,
                version.series,
                version.model,
            )


def _keep_gradients(workspace: Workspace, fit: Fit, model: TrainedModel, version: Version, judged: Windows) -> None:
    with _ONE_AT_A_TIME, deterministic(flush_denormal=True):
        gradients = model_gradients(model, judged)
        if gradients is None:
            return
        step = len(fit.epochs)
        figures = {name: {step: value} for name, value in gradients.metrics().items()}
        workspace.tracking.note(version.run_id, {}, {**figures, **gradients.metrics_by_lag()})
        figure = draw_gradients(gradients, f"{version.series} {version.model}")
        workspace.tracking.keep_figure(version.run_id, GRADIENTS, figure)
