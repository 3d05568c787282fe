"""The card of a version: gathered from the registry and the lake, kept as a page and as an artifact of its run.

Every training ends with the cards of its candidates, on figures that are gathered once for all of them. What inputs
matter takes many forecasts, and is measured when somebody asks for a card.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gridahead.core.grid import Series
from gridahead.core.time import days_between
from gridahead.core.vintages import of_series
from gridahead.core.weather_vintages import shares_of_bounds
from gridahead.explain.importance import permutation_importance
from gridahead.features.windows import Windows, build_windows
from gridahead.models.determinism import deterministic
from gridahead.promotion.measured import Measured, measure, savings
from gridahead.registry.versions import GRADIENTS, Registered
from gridahead.reports.card_view import card_view
from gridahead.reports.model_card import render_card
from gridahead.workspace import Workspace, reading_range

log = logging.getLogger(__name__)

ARTIFACT = "card.html"
IMPORTANCE_DAYS = 90


@deterministic()
def card(workspace: Workspace, series: Series, number: str) -> Path:
    """Write the whole card of a version, by its number or alias; returns the page.

    Raises:
        ModelError: there is no such version.
        LakeError: the lake does not have the series.
    """
    version = workspace.registry.load(workspace.registry.version(series, number))
    importance = permutation_importance(version.model, _judging_windows(workspace, version))
    return _keep(workspace, version, measure(workspace, series, [version.about]), importance)


def cards(workspace: Workspace, fitted: Sequence[Registered]) -> dict[str, Path]:
    """Write the cards of new versions of one series, without the importance of inputs; returns the pages by version.

    What goes wrong here is logged and costs a card: the models are registered and stay so.
    """
    pages: dict[str, Path] = {}
    if not fitted:
        return pages
    series = fitted[0].series
    try:
        measured = measure(workspace, series, [version.about for version in fitted])
        for version in fitted:
            about = workspace.registry.version(series, version.version)  # with the outcome of its trial
            pages[version.version] = _keep(workspace, replace(version, about=about), measured, None)
    except Exception as error:
        missing = ", ".join(str(version) for version in fitted if version.version not in pages)
        log.warning(
            "%s: no card of %s could be written, the models themselves are kept (%s: %s). "
            "`gridahead models card VERSION --series %s` tries again",
            series,
            missing,
            type(error).__name__,
            error,
            series,
        )
    return pages


def _keep(
    workspace: Workspace, version: Registered, measured: Measured | None, importance: Mapping[str, float] | None
) -> Path:
    """Write the page, and keep it with the run of the fit."""
    gradients = workspace.tracking.file(version.run_id, GRADIENTS)
    view = card_view(
        version,
        measured,
        savings=[] if measured is None else savings(measured.evidence, str(version)),
        importance=importance,
        gradients=None if gradients is None else gradients.read_bytes(),
        promotions=workspace.lake.read_promotions(version.series),
        settings=workspace.settings,
        bounds=_bounds(workspace, version),
    )
    page = workspace.settings.published_folder / "cards" / f"{version.series.slug}-v{version.version}.html"
    content = render_card(view)
    workspace.put_page(page, content.encode())
    workspace.tracking.keep_text(version.run_id, ARTIFACT, content)
    return page


def _bounds(workspace: Workspace, version: Registered) -> dict[str, dict[str, float]]:
    """Of the covariates that it learnt from, the share that stands for a forecast which is not kept."""
    spec = version.model.spec
    covariates = (*spec.future_covariates, *spec.past_covariates)
    if not covariates:
        return {}
    first, last = (dt.date.fromisoformat(day) for day in version.about.tags["train_days"].split(" to "))
    rows = workspace.lake.read_vintages(*covariates, time_range=reading_range(spec, first, last))
    shares = {str(series): shares_of_bounds(of_series(rows, series)) for series in covariates}
    return {name: bounds for name, bounds in shares.items() if bounds}


def _judging_windows(workspace: Workspace, version: Registered) -> Windows:
    """The newest days on which it was judged."""
    spec, last = version.model.spec, version.about.last_day_seen
    first = last - dt.timedelta(days=IMPORTANCE_DAYS - 1)
    observations = workspace.lake.read_vintages(*spec.inputs, time_range=reading_range(spec, first, last))
    windows = build_windows(observations, spec, days_between(first, last))
    return windows.where(np.any(windows.delivery & ~np.isnan(windows.target), axis=1))
