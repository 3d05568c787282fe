"""Forecast and publish: as of an issue time, with the exported model of the champion.

A challenger forecasts along in the shadow: its forecast is kept in the lake and compared later, but nobody reads it.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

import pandas as pd

from gridahead.core.errors import GridaheadError
from gridahead.core.grid import Series
from gridahead.core.runs import CHALLENGER, FULL, SHADOW
from gridahead.core.tables import Forecasts, Observations
from gridahead.forecasting.issue import degradations
from gridahead.forecasting.publish import Published, publish
from gridahead.forecasting.slot import Slot, slot_of
from gridahead.models.determinism import deterministic
from gridahead.operate.answer import climb, made_by, windows_of
from gridahead.promotion.serving import champion as serving_champion
from gridahead.promotion.serving import holder, reconcile
from gridahead.registry.versions import Registered
from gridahead.workspace import Workspace, require_unseen

log = logging.getLogger(__name__)

LOOK_BACK_DAYS = 3
"""How far back from its newest value the lake is searched for a delivery day with complete inputs."""


@deterministic()
def forecast(workspace: Workspace, series: Series, issue_time: pd.Timestamp | None = None) -> Published:
    """Forecast one delivery day and publish it.

    Args:
        workspace: where the data and the champion are.
        series: what to forecast.
        issue_time: as of when; the delivery day is the one whose deadline is on that date. Without it, the newest
            delivery day after those that the champion has learnt for which the lake has complete inputs, or else
            most of them, as of its deadline.

    Raises:
        ModelError: there is no champion, its weights are damaged or gone, it has learnt from the delivery day, or
            nothing of the series is known in the context.
    """
    aliases = reconcile(workspace, series)
    if issue_time is None:
        issue_time = _newest_deadline(workspace, serving_champion(workspace, series, aliases))
    slot = _slot(workspace, series, issue_time)
    answer = climb(workspace, slot, aliases)
    forecasts, issued = answer.forecasts, answer.issue_time
    _keep(workspace, forecasts)
    unit, zone = workspace.settings.unit_of(series), workspace.settings.zone(series.zone)
    published = publish(workspace.settings.published_folder, forecasts, zone.timezone, answer.about, unit)
    log.info(
        "%s: issued %s by %s, %s%s",
        series,
        published.manifest["issue_time"],
        answer.model,
        "inputs complete" if answer.rung == FULL else f"{answer.rung}: {answer.missing}",
        "" if published.changed else " (published before, unchanged)",
    )
    _shadow(workspace, slot, aliases, issued)
    return published


def _slot(workspace: Workspace, series: Series, asked: pd.Timestamp) -> Slot:
    settings = workspace.settings
    deadline, closure = settings.series_settings(series).deadline, settings.gate_closure_of(series)
    return slot_of(series, settings.zone(series.zone).timezone, deadline, closure, asked)


def _shadow(workspace: Workspace, slot: Slot, aliases: Mapping[str, str], issued: pd.Timestamp) -> None:
    """Let the challenger, if there is one, forecast the same delivery day; nothing that it does harms the champion."""
    try:
        version = holder(workspace, slot.series, aliases, CHALLENGER)
        if version is None:
            return
        spec = (challenger := workspace.exports.load(version)).model.spec
        require_unseen(version, slot.day)
        _keep(workspace, made_by(workspace, challenger, windows_of(workspace, spec, [slot.day], [issued]), SHADOW))
        log.info("%s: %s forecast along, unpublished", slot.series, version)
    except GridaheadError as error:
        log.warning("%s: the challenger did not forecast along: %s", slot.series, error)


def _keep(workspace: Workspace, forecasts: Forecasts) -> None:
    """Append the forecast to the lake unless exactly this one is there."""
    key = [name for name in workspace.lake.forecasts.table.key if name not in ("valid_time", "quantile")]
    stored = workspace.lake.forecasts.read({name: str(forecasts[name].iloc[0]) for name in key if name != "issue_time"})
    if not (stored["issue_time"] == forecasts["issue_time"].iloc[0]).any():
        workspace.lake.forecasts.append(forecasts)


def _newest_deadline(workspace: Workspace, champion: Registered) -> pd.Timestamp:
    """The deadline of the newest unlearnt delivery day with complete inputs, or else of the least degraded of the last.

    Where all days of the lake are learnt, as after a training on a file that is history, it is the day after them.
    """
    spec, unlearnt = champion.model.spec, champion.about.last_day_seen + dt.timedelta(days=1)
    known_by = _newest_known_by(workspace.lake.read_accepted(spec.series))
    newest = unlearnt if known_by is None else max(spec.deadline.delivery_day(known_by), unlearnt)
    days = [newest - dt.timedelta(days=back) for back in range(LOOK_BACK_DAYS + 1)]
    days = [day for day in days if day >= unlearnt]
    windows = windows_of(workspace, spec, days)
    known_share, late = champion.model.known_share, workspace.settings.quality.late_after_hours
    degraded = [len(degradations(windows, row, known_share, late)) for row in range(len(days))]
    return spec.deadline.for_delivery(days[degraded.index(min(degraded))])


def _newest_known_by(observations: Observations) -> pd.Timestamp | None:
    """From when the newest value was known; None where there is none.

    A revision of an older value tells nothing of it: it comes months later, and then nothing newer may be there.
    """
    if observations.empty:
        return None
    return pd.Timestamp(
        observations.loc[observations["valid_time"] == observations["valid_time"].max(), "available_at"].min()
    )
