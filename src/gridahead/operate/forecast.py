"""Forecast and publish: as of an issue time, with the exported model of the champion.

A challenger forecasts along in the shadow: its forecast is kept in the lake and compared later, but nobody reads it.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

import numpy as np
import pandas as pd

from gridahead.core.errors import GridaheadError, ModelError
from gridahead.core.grid import Series
from gridahead.core.runs import CHALLENGER, FULL, LIVE, SHADOW
from gridahead.core.tables import Forecasts, Observations
from gridahead.core.time import now
from gridahead.features.windows import Windows, WindowSpec, build_windows
from gridahead.forecasting.inputs import inputs_folder, keep_inputs
from gridahead.forecasting.issue import degradations, issue
from gridahead.forecasting.publish import Published, publish
from gridahead.models.base import predict_each
from gridahead.models.determinism import deterministic
from gridahead.models.storage import content_of
from gridahead.promotion.serving import champion as serving_champion
from gridahead.promotion.serving import holder, reconcile
from gridahead.quarantine.inputs_in_doubt import suspect_inputs
from gridahead.registry.versions import Registered
from gridahead.reports.suspects import suspects_sentence
from gridahead.workspace import Workspace, reading_range, require_unseen

log = logging.getLogger(__name__)

LOOK_BACK_DAYS = 3
"""How far back from its newest value the lake is searched for a delivery day with complete inputs."""


@deterministic()
def forecast(workspace: Workspace, series: Series, issue_time: pd.Timestamp | None = None) -> Published:
    """Forecast one delivery day and publish it.

    Args:
        workspace: where the data and the champion are.
        series: what to forecast.
        issue_time: as of when; the delivery day is the first whose deadline is not before it. Without it, the newest
            delivery day after those that the champion has learnt for which the lake has complete inputs, or else
            most of them, as of its deadline.

    Raises:
        ModelError: there is no champion, its weights are damaged or gone, it has learnt from the delivery day, or
            nothing of the series is known in the context.
    """
    aliases = reconcile(workspace, series)
    champion = serving_champion(workspace, series, aliases)
    spec = champion.model.spec
    if issue_time is None:
        windows = _newest_windows(workspace, champion)
    else:
        windows = _windows(workspace, spec, [spec.deadline.delivery_day(issue_time)], [issue_time])
    issued = pd.Timestamp(windows.issue_time[0], unit="us", tz="UTC")
    if np.isnan(windows.target_past[0]).all():
        raise ModelError(
            str(series),
            f"nothing is known of it in the {spec.context_days} days before "
            f"{issued:%Y-%m-%d %H:%M} UTC; run `gridahead ingest`, "
            "or set --issue-time to a day that `gridahead status` shows",
        )
    require_unseen(champion.about, spec.deadline.delivery_day(issued))
    forecasts = _made(workspace, champion, windows.alone(0), LIVE)
    _keep(workspace, forecasts)
    end = forecasts["valid_time"].max() + spec.mtu.delta
    about = {
        "run_id": champion.run_id,
        "bundle": content_of(champion.model),
        "inputs": [str(covariate) for covariate in spec.inputs],
        "attribution": workspace.settings.attribution_of(*spec.inputs),
        "suspect_inputs": suspects_sentence(suspect_inputs(workspace.lake, spec.inputs, issued, end)) or None,
    }
    unit = workspace.settings.unit_of(series)
    published = publish(workspace.settings.published_folder, forecasts, spec.zone.timezone, about, unit)
    rung = forecasts["rung"].iloc[0]
    log.info(
        "%s: issued %s by %s, %s%s",
        series,
        published.manifest["issue_time"],
        champion,
        "inputs complete" if rung == FULL else rung,
        "" if published.changed else " (published before, unchanged)",
    )
    _shadow(workspace, series, aliases, issued)
    return published


def _shadow(workspace: Workspace, series: Series, aliases: Mapping[str, str], issued: pd.Timestamp) -> None:
    """Let the challenger, if there is one, forecast the same delivery day; nothing that it does harms the champion."""
    try:
        version = holder(workspace, series, aliases, CHALLENGER)
        if version is None:
            return
        spec = (challenger := workspace.exports.load(version)).model.spec
        day = spec.deadline.delivery_day(issued)
        require_unseen(version, day)
        _keep(workspace, _made(workspace, challenger, _windows(workspace, spec, [day], [issued]), SHADOW))
        log.info("%s: %s forecast along, unpublished", series, version)
    except GridaheadError as error:
        log.warning("%s: the challenger did not forecast along: %s", series, error)


def _made(workspace: Workspace, registered: Registered, windows: Windows, run: str) -> Forecasts:
    """The forecasts of a version for the windows; what they hold is kept, to be compared with later."""
    keep_inputs(inputs_folder(workspace.settings.data_folder, registered.series), windows)
    return issue(
        windows,
        predict_each(registered.model, windows),
        registered.model.quantiles,
        run=run,
        model=registered.model.name,
        version=registered.version,
        made_at=now(),
        known_share=registered.model.known_share,
        late_after_hours=workspace.settings.quality.late_after_hours,
    )


def _keep(workspace: Workspace, forecasts: Forecasts) -> None:
    """Append the forecast to the lake unless exactly this one is there."""
    key = [name for name in workspace.lake.forecasts.table.key if name not in ("valid_time", "quantile")]
    stored = workspace.lake.forecasts.read({name: str(forecasts[name].iloc[0]) for name in key if name != "issue_time"})
    if not (stored["issue_time"] == forecasts["issue_time"].iloc[0]).any():
        workspace.lake.forecasts.append(forecasts)


def _windows(
    workspace: Workspace, spec: WindowSpec, days: list[dt.date], issue_times: list[pd.Timestamp] | None
) -> Windows:
    time_range = reading_range(spec, min(days), max(days))
    observations: Observations = workspace.lake.read_vintages(*spec.inputs, time_range=time_range)
    return build_windows(observations, spec, days, issue_times=issue_times)


def _newest_windows(workspace: Workspace, champion: Registered) -> Windows:
    """The newest unlearnt delivery day with complete inputs; if none of the last days has them, the least degraded.

    Where all days of the lake are learnt, as after a training on a file that is history, it is the day after them.
    """
    spec, unlearnt = champion.model.spec, champion.about.last_day_seen + dt.timedelta(days=1)
    known_by = _newest_known_by(workspace.lake.read_accepted(spec.series))
    newest = unlearnt if known_by is None else max(spec.deadline.delivery_day(known_by), unlearnt)
    days = [newest - dt.timedelta(days=back) for back in range(LOOK_BACK_DAYS + 1)]
    days = [day for day in days if day >= unlearnt]
    windows = _windows(workspace, spec, days, None)
    known_share, late = champion.model.known_share, workspace.settings.quality.late_after_hours
    degraded = [len(degradations(windows, row, known_share, late)) for row in range(len(days))]
    best = degraded.index(min(degraded))
    return windows.where(np.arange(len(days)) == best)


def _newest_known_by(observations: Observations) -> pd.Timestamp | None:
    """From when the newest value was known; None where there is none.

    A revision of an older value tells nothing of it: it comes months later, and then nothing newer may be there.
    """
    if observations.empty:
        return None
    return pd.Timestamp(
        observations.loc[observations["valid_time"] == observations["valid_time"].max(), "available_at"].min()
    )
