"""Forecast and publish: a delivery day, as of an issue time, by the highest step of the ladder that can be had.

A challenger forecasts along in the shadow: its forecast is kept in the lake and compared later, but nobody reads it.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from gridahead.core.each import of_each, require
from gridahead.core.errors import GridaheadError, ModelError
from gridahead.core.grid import Series
from gridahead.core.runs import CHALLENGER, CHAMPION, FULL, SHADOW
from gridahead.core.tables import Forecasts, Observations
from gridahead.core.time import TimeRange
from gridahead.forecasting.issue import degradations
from gridahead.forecasting.publish import Published
from gridahead.forecasting.slot import Slot
from gridahead.models.determinism import deterministic
from gridahead.operate.answer import climb, made_by, windows_of
from gridahead.operate.publication import alone_with, hand_out, keep_published
from gridahead.operate.since_yesterday import told_since_yesterday
from gridahead.operate.sink import after_publication
from gridahead.operate.slots import is_live, wanted_slot
from gridahead.operate.sums import as_it_stands, reconcile_published, reconciled_before, told_before
from gridahead.operate.together import AT_ONCE, reading_ahead
from gridahead.promotion.serving import champion as serving_champion
from gridahead.promotion.serving import holder, serving
from gridahead.workspace import Workspace, require_unseen

log = logging.getLogger(__name__)

LOOK_BACK_DAYS = 3
"""How far back from its newest value the lake is searched for a delivery day with complete inputs."""
READ_BACK = pd.Timedelta(days=165)
"""Before the end of a delivery day: as far as the intervals of the simple forecasts look back, the longest of all that
a forecast reads. What is older is read by itself."""


Asked = tuple[pd.Timestamp | None, dt.date | None, pd.Timestamp | None]
"""Issue time, delivery day and scheduled time, as far as they are named; see `forecast_each`."""


class Forecasted(NamedTuple):
    """What came of forecasting several series."""

    done: dict[Series, Published]
    """What was published, by series."""
    failed: dict[Series, GridaheadError]
    """Why nothing was, of the others."""


def forecast(
    workspace: Workspace,
    series: Series,
    issue_time: pd.Timestamp | None = None,
    *,
    day: dt.date | None = None,
    scheduled: pd.Timestamp | None = None,
) -> Published:
    """Forecast one delivery day and publish it, then keep it in the lake; the arguments are those of `forecast_each`.

    Raises:
        SettingsError: the issue time is to come, or after the end of the delivery day.
        ModelError: no step of the ladder has an answer.
        PublicationError: the delivery day of a scheduled run is over.
        LakeError: the folder of what is published cannot be written.
    """
    done, failed = forecast_each(workspace, [series], issue_time, day=day, scheduled=scheduled)
    require(failed)
    return done[series]


@deterministic()
def forecast_each(
    workspace: Workspace,
    names: Sequence[Series],
    issue_time: pd.Timestamp | None = None,
    *,
    day: dt.date | None = None,
    scheduled: pd.Timestamp | None = None,
    on_done: Callable[[Series], None] = lambda _series: None,
) -> Forecasted:
    """Forecast one delivery day of each series and publish it, then keep them in the lake.

    In mode live a forecast is of the day that is due, made as of now or, if the model has not learnt to be asked so
    late, as of its deadline. In mode demo it is of the newest delivery day after those that the champion has learnt for
    which the lake has complete inputs, or else most of them, as of its deadline.

    `AT_ONCE` series read the lake together and are one batch of it. What is forecast of each is what would be of it
    alone, and one that fails keeps no other from being published.

    Args:
        workspace: where the data and the champions are.
        names: what to forecast.
        issue_time: as of when.
        day: the delivery day; the one that is due on the date of the issue time unless given.
        scheduled: when the run should have begun: it is of the day that was due then, whenever it begins.
        on_done: called with each series, whatever came of it.

    Raises:
        SettingsError: nothing can be forecast as it was asked for, whatever the series.
    """
    chosen, together, asked = list(dict.fromkeys(names)), Forecasted({}, {}), (issue_time, day, scheduled)
    for first in range(0, len(chosen), AT_ONCE):
        done, failed = _forecast_together(workspace, chosen[first : first + AT_ONCE], asked, on_done)
        together.done.update(done)
        together.failed.update(failed)
    if workspace.settings.sums:  # all are out by now: the first of each sum makes it add up
        for series, one in together.done.items():
            together.done[series] = reconcile_published(workspace, series, as_it_stands(one))
    return together


def _forecast_together(
    workspace: Workspace,
    names: Sequence[Series],
    asked: Asked,
    on_done: Callable[[Series], None],
) -> Forecasted:
    wanted, failed = of_each(names, lambda series: _slot_of(workspace, series, asked))
    ahead, made = _reading_ahead(workspace, list(wanted.values())), list[Forecasts]()

    def published_slot(series: Series) -> Published:
        try:
            with alone_with(ahead, series):
                aliases = serving(ahead, series)
                published, forecasts = out(ahead, wanted[series], aliases)
            made.append(forecasts)  # first: it is out, whatever becomes of the challenger
            made.extend(shadow(ahead, wanted[series], aliases, published))
            return published
        finally:
            on_done(series)

    try:
        done, failed_later = of_each(wanted, published_slot)
    finally:  # whatever ends it, what is out is kept
        unkept = keep_published(workspace.lake, made) if made else ""
    unsunk = after_publication(workspace, *done) if done else ""
    done = {series: replace(one, unkept=unkept, unsunk=unsunk) for series, one in done.items()}
    return Forecasted(done, failed | failed_later)


def _slot_of(workspace: Workspace, series: Series, asked: Asked) -> Slot:
    if any(asked) or is_live(workspace):
        return wanted_slot(workspace, series, *asked)
    return wanted_slot(workspace, series, _newest_deadline(workspace, series, serving(workspace, series)), None, None)


def _reading_ahead(workspace: Workspace, slots: Sequence[Slot]) -> Workspace:
    """The workspace with what the forecasts of some slots read of its lake in memory."""
    if not slots:
        return workspace
    span = TimeRange(min(slot.end for slot in slots) - READ_BACK, max(slot.end for slot in slots))
    return reading_ahead(workspace, [slot.series for slot in slots], span)


def refresh(workspace: Workspace, series: Series) -> Published:
    """Forecast what is left of the day that is being delivered as of now, and publish it.

    Raises:
        ModelError: no step of the ladder has an answer.
        LakeError: the folder of what is published cannot be written.
    """
    timezone = workspace.settings.zone(series.zone).timezone
    return forecast(workspace, series, day=workspace.clock().tz_convert(timezone).date())


def publish_slot(workspace: Workspace, wanted: Slot, aliases: Mapping[str, str]) -> Published:
    """Forecast a slot, publish it and keep it in the lake; whoever calls holds the series.

    Raises:
        ModelError: no step of the ladder has an answer.
        LakeError: the folder of what is published cannot be written.
    """
    published, forecasts = out(workspace, wanted, aliases)
    return replace(published, unkept=keep_published(workspace.lake, [forecasts]))


def out(workspace: Workspace, wanted: Slot, aliases: Mapping[str, str]) -> tuple[Published, Forecasts]:
    """The forecast of a slot, published and not kept yet, and its rows; whoever calls holds the series.

    Raises:
        ModelError: no step of the ladder has an answer.
        LakeError: the folder of what is published cannot be written.
    """
    answer = climb(workspace, wanted, aliases)
    published = reconciled_before(workspace, answer.forecasts, wanted.day)
    if published is None:
        about = {**answer.about, **told_before(workspace, wanted.series)}
        about |= told_since_yesterday(workspace, wanted, answer)
        published = hand_out(workspace, wanted, answer.forecasts, about, answer.paths)
    log.info(
        "%s: %s issued %s by %s, %s%s%s",
        wanted.series,
        published.manifest["delivery_day"],
        published.manifest["issue_time"],
        answer.model,
        "inputs complete" if answer.rung == FULL else f"{answer.rung}: {answer.missing}",
        f", {published.manifest['late']:g} min late" if published.manifest["late"] else "",
        "" if published.changed else " (published before, unchanged)",
    )
    return published, answer.forecasts


def shadow(workspace: Workspace, slot: Slot, aliases: Mapping[str, str], published: Published) -> list[Forecasts]:
    """What the challenger, if there is one, forecasts of what was published, as of the same time; it harms nobody."""
    issued = pd.Timestamp(str(published.manifest["issue_time"]))
    try:
        version = holder(workspace, slot.series, aliases, CHALLENGER)
        if version is None:
            return []
        spec = (challenger := workspace.exports.load(version)).model.spec
        require_unseen(version, slot.day)
        if refusal := spec.unserved(issued, slot.day):
            raise ModelError(f"{slot.series} {version}", refusal)
        forecasts = made_by(workspace, challenger, windows_of(workspace, spec, [slot.day], [issued]), SHADOW)
    except GridaheadError as error:
        log.warning("%s: the challenger did not forecast along: %s", slot.series, error)
        return []
    log.info("%s: %s forecast along, unpublished", slot.series, version)
    return [forecasts]


def _newest_deadline(workspace: Workspace, series: Series, aliases: Mapping[str, str]) -> pd.Timestamp:
    """The deadline of the newest unlearnt delivery day with complete inputs, or else of the least degraded of the last.

    Where all days of the lake are learnt, as after a training on a file that is history, it is the day after them. Of a
    champion that is damaged it is the newest day of which anything is known: the rungs below may have a forecast.

    Raises:
        ModelError: there is no champion.
    """
    observations = workspace.lake.read_accepted(series)
    try:
        champion = serving_champion(workspace, series, aliases)
    except ModelError as error:
        if CHAMPION not in aliases or observations.empty:
            raise
        log.warning("%s", error)
        newest_day = observations["valid_time"].max().tz_convert(workspace.settings.zone(series.zone).timezone).date()
        return workspace.settings.series_settings(series).deadline.for_delivery(newest_day)
    known_by = _newest_known_by(observations)
    spec, unlearnt = champion.model.spec, champion.about.last_day_seen + dt.timedelta(days=1)
    newest = unlearnt if known_by is None else max(spec.deadline.delivery_day(known_by), unlearnt)
    # Where outturn and official forecast end together, the day that has both is as far back as the forecast is ahead.
    days = [newest - dt.timedelta(days=back) for back in range(LOOK_BACK_DAYS + max(1, spec.lead_days))]
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
