"""Catching up: after a downtime, what is due is published, and what is too late for that is made up for and scored.

Whoever starts after a downtime calls it, and it does no harm at any other time: what is published, kept or made up for
is not done again, and two at once do not do it twice.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from gridahead.core.each import of_each, require
from gridahead.core.errors import GridaheadError
from gridahead.core.grid import Series
from gridahead.core.runs import BACKFILLED, LIVE
from gridahead.core.tables import Forecasts
from gridahead.core.time import TimeRange, delivery_range
from gridahead.forecasting.pointers import renew_pointers
from gridahead.forecasting.publish import Issue, Published, issues_of, published_days, superseded_at
from gridahead.forecasting.slot import Slot
from gridahead.models.determinism import deterministic
from gridahead.operate.answer import climb
from gridahead.operate.due import DAYS_BACK, due_of, missed_of
from gridahead.operate.forecast import publish_slot, shadow
from gridahead.operate.publication import alone_with, keep, keep_published
from gridahead.operate.score import score_published
from gridahead.operate.sink import after_publication
from gridahead.operate.slots import is_live
from gridahead.operate.sums import reconcile_published
from gridahead.promotion.serving import serving
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)

UNSETTLED_DAYS = 2
"""Of these newest delivery days every manifest is compared with the lake, of earlier ones those whose issue time the
lake does not have at all: a lake that was away for longer than that was away for whole issue times."""


@dataclass(frozen=True)
class SeriesCaughtUp:
    """What there was to do for a series."""

    published: tuple[Published, ...] = ()
    """What was due, and still in time for the market."""
    backfilled: tuple[dt.date, ...] = ()
    """Delivery days that were made up for: in the run `backfilled`, as of their deadlines."""
    kept: tuple[str, ...] = ()
    """Ids of forecasts that were published, and that the lake did not have."""
    failed: Mapping[str, GridaheadError] = field(default_factory=dict)
    """By delivery day or step, what could not be done; the next call tries again."""


@dataclass(frozen=True)
class CatchUp:
    """What there was to do, by series."""

    done: Mapping[Series, SeriesCaughtUp]
    failed: Mapping[str, GridaheadError]
    """By series and delivery day or step, what could not be done."""

    @property
    def sentence(self) -> str:
        """The same in words."""
        parts = []
        for series, done in self.done.items():
            days = [str(published.manifest["delivery_day"]) for published in done.published]
            told = [f"published {', '.join(days)}"] if days else []
            if done.backfilled:
                told.append(f"made up for {', '.join(map(str, done.backfilled))}, too late to be published")
            if done.kept:
                told.append(f"kept {len(done.kept)} in the lake that were published without it")
            parts += [f"{series}: {'; '.join(told)}"] if told else []
        parts += [f"not done: {name}" for name in self.failed]
        return ". ".join(parts) or "Nothing was left to be done"

    def require(self) -> None:
        """Raise what could not be done, if anything.

        Raises:
            PartialError: of several.
        """
        require(self.failed, [published for done in self.done.values() for published in done.published])


@deterministic()
def catch_up(workspace: Workspace) -> CatchUp:
    """Publish what is due and in time, make up for what is not, keep in the lake what is only published.

    Every series stands alone: what fails of one is told, and keeps no other waiting. In mode demo nothing is due.
    """
    if not is_live(workspace):
        return CatchUp({}, {})
    at = workspace.clock()
    names = [entry.series for entry in workspace.settings.series]
    done, failed = of_each(names, lambda series: _catch_up(workspace, series, at))
    errors = {str(series): error for series, error in failed.items()}
    for series, one in done.items():
        errors |= {f"{series} {what}": error for what, error in one.failed.items()}
    for name, error in errors.items():
        log.error("%s: %s", name, error)
    caught_up = CatchUp(done, errors)
    log.info("caught up: %s", caught_up.sentence)
    return caught_up


def _catch_up(workspace: Workspace, series: Series, at: pd.Timestamp) -> SeriesCaughtUp:
    with alone_with(workspace, series):
        aliases = serving(workspace, series)
        slots = due_of(workspace, series, at)
        published, unpublished = of_each(slots, lambda slot: publish_slot(workspace, slot, aliases))
        failed = {str(slot.day): error for slot, error in unpublished.items()}
        renew_pointers(workspace.settings.published_place, series, at)
        kept, unkept = of_each(["the lake"], lambda _: _keep_published(workspace, series, at))
        missing, unread = of_each(["what is missed"], lambda _: missed_of(workspace, series, at))
        late, unmade = of_each(
            missing.get("what is missed", ()), lambda slot: keep(workspace.lake, [backfill(workspace, slot, aliases)])
        )
    published = {slot: reconcile_published(workspace, series, one) for slot, one in published.items()}
    for slot, one in published.items():
        keep_published(workspace.lake, shadow(workspace, slot, aliases, one))
    after_publication(workspace, series)
    failed |= unkept | unread | {str(slot.day): error for slot, error in unmade.items()}
    if late:
        _, unscored = of_each(["the scores"], lambda _: score_published(workspace, series, BACKFILLED))
        failed |= unscored
    return SeriesCaughtUp(
        tuple(published.values()), tuple(slot.day for slot in late), tuple(kept.get("the lake", ())), failed
    )


def backfill(workspace: Workspace, slot: Slot, aliases: Mapping[str, str]) -> Forecasts:
    """The forecast of a slot that nobody can have any more, as of its deadline; not kept yet."""
    return Forecasts(climb(workspace, slot, aliases).forecasts.assign(run=BACKFILLED))


def _keep_published(workspace: Workspace, series: Series, at: pd.Timestamp) -> list[str]:
    """Append to the lake what was published without it; gives the ids."""
    place, timezone = workspace.settings.published_place, workspace.settings.zone(series.zone).timezone
    today = at.tz_convert(timezone).date()
    days = [day for day in published_days(place, series) if day >= today - dt.timedelta(days=DAYS_BACK)]
    if not days:
        return []
    span = TimeRange(delivery_range(days[0], timezone).start, delivery_range(days[-1], timezone).end)
    issue_times = set(workspace.lake.read_forecasts(series, LIVE, span)["issue_time"])
    kept = []
    for day in days:
        for issue in issues_of(place, series, day):
            if "made_at" not in issue.manifest:  # of a release that kept a forecast before it was published
                continue
            if issue.at("issue_time") in issue_times and day < today - dt.timedelta(days=UNSETTLED_DAYS):
                continue
            versions = _versions(issue)
            appended = keep(workspace.lake, [one.forecasts for one in versions])
            kept += [one.manifest["forecast_id"] for one, new in zip(versions, appended, strict=True) if new]
    return kept


def _versions(issue: Issue) -> list[Issue]:
    return [*superseded_at(issue.folder), issue]
