"""The regression that stands by a champion: fitted with every training, and anew where it is damaged or gone."""

from __future__ import annotations

import logging

from gridahead.core.errors import GridaheadError, ModelError
from gridahead.core.grid import Series
from gridahead.models.tabular import TabularForecaster
from gridahead.registry.fallbacks import fallback, keep_fallback
from gridahead.registry.versions import Version
from gridahead.training.fallbacks import fit_fallback
from gridahead.training.split import Split, split
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)


def keep_regression(
    workspace: Workspace, series_split: Split, fitted: TabularForecaster | None = None
) -> Version | None:
    """Export the regression that serves where networks cannot; None, which is logged, if there can be none.

    Args:
        workspace: with the exports.
        series_split: the windows of the training.
        fitted: one that has learnt them all, such as stands in an aggregate; it is fitted unless given.
    """
    series = series_split.train.spec.series
    try:
        model = fitted or fit_fallback(series_split, workspace.settings.training.quantiles)
        keep_fallback(workspace.exports, model, series_split.days[-1], workspace.clock())
        return fallback(workspace.exports, series)
    except GridaheadError as error:
        log.warning("%s: no regression stands by: %s", series, error)
        return None


def has_regression(workspace: Workspace, series: Series) -> bool:
    """Whether a regression of a series is exported whose record and weights are what they were."""
    try:
        version = fallback(workspace.exports, series)
    except ModelError as error:
        log.warning("%s", error)
        return False
    return version is not None and workspace.exports.sound(version)


def mend_regressions(workspace: Workspace) -> tuple[list[Version], list[Series]]:
    """Fit the regressions anew that are damaged or gone; returns those that are made, and the series left without one.

    One is fitted for every series of the settings that has a version of a network, from what the lake has by now: it is
    small, has no copy in MLflow, and takes seconds.
    """
    trained = [entry.series for entry in workspace.settings.series if workspace.exports.newest_of(entry.series)]
    made, without = list[Version](), list[Series]()
    for series in trained:
        with workspace.exports.alone(series):
            if has_regression(workspace, series):
                continue
            version = _fitted(workspace, series)
        if version is None:
            without.append(series)
        else:
            made.append(version)
    return made, without


def _fitted(workspace: Workspace, series: Series) -> Version | None:
    try:
        spec, observations = workspace.inputs(series)
        return keep_regression(workspace, split(observations, spec, workspace.settings.training))
    except GridaheadError as error:
        log.warning("%s: no regression stands by: %s", series, error)
        return None
