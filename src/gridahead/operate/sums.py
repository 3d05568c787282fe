"""Sums: once all series of a total are forecast for a delivery day, their forecasts are published so that they add up.

Each series is published by itself first, so that none waits for another. Whoever publishes the last one of a sum
publishes all of them once more, of the same issue time, moved so that they add up: what was there before is superseded,
and kept. Where that cannot be, as where one of them is from a lower rung of the ladder, all stay as they are, and their
manifests say why.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from gridahead.core.errors import GridaheadError, LakeError
from gridahead.core.files import alone
from gridahead.core.grid import Series
from gridahead.core.resolution import at_mtu
from gridahead.core.runs import FULL, LIVE, RUNG_WORDS, TAUGHT_BY
from gridahead.core.tables import Forecasts
from gridahead.core.time import MICROSECOND, Mtu, TimeRange, delivery_range
from gridahead.core.vintages import micros
from gridahead.forecasting.identity import forecast_id
from gridahead.forecasting.pointers import renew_pointers
from gridahead.forecasting.publish import Issue, Published, home_of, read_manifest, retell, superseded_at
from gridahead.forecasting.sums import (
    WINDOW_DAYS,
    Errors,
    InSums,
    Parts,
    Reconciled,
    UnreconciledError,
    in_sums,
    known_errors,
    members_of,
    reconcile,
    vintages_of,
)
from gridahead.operate.foot import Foot
from gridahead.operate.paths import paths_of
from gridahead.operate.publication import PATIENCE_S, alone_with, hand_out, keep_published
from gridahead.operate.sink import after_publication
from gridahead.operate.slots import is_live, slot
from gridahead.reading.change import SINCE
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)

CARRIED = ("run_id", "bundle", "adapted", "inputs", "attribution", "suspect_inputs", TAUGHT_BY, SINCE)
"""Lines of the manifest of a forecast that are those of its reconciled one as well."""
WAITING = "when it was published, not all series of the sum were forecast as of the same time"


@dataclass(frozen=True)
class _Day:
    """A delivery day of all series of some sums, as of one issue time."""

    workspace: Workspace
    parts: Parts
    day: dt.date
    issued: pd.Timestamp

    def __str__(self) -> str:
        return f"{' and '.join(map(str, self.parts))} of {self.day}"

    @cached_property
    def feet(self) -> dict[Series, Foot]:
        """What is known of each series without any model."""
        return {
            one: Foot(self.workspace, slot(self.workspace, one, self.issued, self.day))
            for one in members_of(self.parts)
        }

    @cached_property
    def found(self) -> dict[Series, Issue]:
        """What is published of each series; nothing as long as one is not."""
        place, found = self.workspace.settings.published_place, dict[Series, Issue]()
        for member in reversed(members_of(self.parts)):  # of many series those at the end are out last
            home = home_of(place, member, self.day, self.issued)
            if (manifest := read_manifest(home)) is None:
                return {}
            found[member] = Issue(home, manifest)
        return found


def parts_with(workspace: Workspace, series: Series) -> Parts:
    """The sums that are reconciled together with a series, by total; empty where it is in none."""
    return {one.total: one.parts for one in workspace.settings.sums_with(series)}


def told_before(workspace: Workspace, series: Series) -> dict[str, object]:
    """The line of the manifest of a forecast that is not reconciled yet; no line where its series is in no sum."""
    totals = tuple(map(str, parts_with(workspace, series)))
    return InSums(totals, WAITING).as_line() if totals else {}


def reconciled_before(workspace: Workspace, forecasts: Forecasts, day: dt.date) -> Published | None:
    """What was made to add up of exactly this forecast and is published; None where nothing was."""
    first = forecasts.iloc[0]
    series = Series(first["zone"], first["quantity"])
    home = home_of(workspace.settings.published_place, series, day, first["issue_time"])
    manifest = read_manifest(home)
    said = None if manifest is None else in_sums(manifest)
    if manifest is None or said is None or said.made_of != forecast_id(first):
        return None
    return Published(home, manifest, changed=False)


def reconcile_published(workspace: Workspace, series: Series, published: Published) -> Published:
    """Publish the forecasts of all sums of a series so that they add up, if all of them are out by now.

    Whatever goes wrong here, what is published stays.

    Args:
        workspace: where it is published.
        series: that was published last.
        published: of it.

    Returns:
        What stands of the series now.
    """
    said = in_sums(published.manifest)
    if not (parts := parts_with(workspace, series)) or (said is not None and said.made_of and not said.why):
        return published
    delivered = dt.date.fromisoformat(str(published.manifest["delivery_day"]))
    day = _Day(workspace, parts, delivered, pd.Timestamp(str(published.manifest["issue_time"])))
    try:
        with _alone(workspace, parts):
            return _published_again(day).get(series, published) if day.found else published
    except (GridaheadError, OSError) as error:
        log.error("%s: published, but not reconciled: %s", day, error)
        return published


def as_it_stands(published: Published) -> Published:
    """The same with the manifest that is there by now: others may have been published since, with which it adds up.

    Raises:
        LakeError: the folder cannot be read.
    """
    manifest = read_manifest(published.folder)
    if manifest is None or in_sums(manifest) is None:
        return published
    return replace(published, manifest=manifest)


def _alone(workspace: Workspace, parts: Parts) -> AbstractContextManager[None]:
    """Reconcile some sums while nobody else on this machine does."""
    name = f"{next(iter(parts)).slug}.sums"
    return alone(workspace.settings.data_folder / "locks" / name, at_most_s=PATIENCE_S)


def _published_again(day: _Day) -> dict[Series, Published]:
    """What was published to make a day add up, or to say why it does not, by series."""
    try:
        _require_full(day)
        before = {member: _made_of(issue) for member, issue in day.found.items()}
        forecasts = {member: issue.forecasts for member, issue in before.items()}
        made = reconcile(forecasts, errors_of(day.workspace, day.parts, day.day, forecasts), day.parts)
        _require_plausible(day, made)
    except UnreconciledError as error:
        log.warning("%s: not reconciled: %s", day, error)
        return {member: _tell(day, member, str(error)) for member in day.found}
    made_at = max([day.workspace.clock(), *(rows["made_at"].max() + MICROSECOND for rows in forecasts.values())])
    new = {
        member: Forecasts(rows.assign(made_at=made_at))
        for member, rows in made.forecasts.items()
        if rows["data_hash"].iloc[0] != day.found[member].manifest["data_hash"]
    }
    log.info("%s: %d forecasts published so that they add up", day, len(new))
    published = {member: _publish(day, before[member], made, member, rows) for member, rows in new.items()}
    unkept, unsunk = keep_published(day.workspace.lake, [*new.values()]), after_publication(day.workspace, *published)
    return {member: replace(one, unkept=unkept, unsunk=unsunk) for member, one in published.items()}


def _made_of(issue: Issue) -> Issue:
    """The forecast that a published one was made of when it was reconciled; itself where it was not.

    Raises:
        LakeError: it is no longer there.
    """
    said = in_sums(issue.manifest)
    if said is None or said.made_of is None:
        return issue
    for one in superseded_at(issue.folder):
        if one.manifest["forecast_id"] == said.made_of:
            return one
    raise LakeError(f"{issue.folder}: the forecast {said.made_of} that this one was made of is gone; forecast it again")


def _require_full(day: _Day) -> None:
    """All are of the models that serve, with all inputs: of others nobody knows how they err together.

    Raises:
        UnreconciledError: one is not.
    """
    for member, issue in day.found.items():
        if (rung := issue.manifest["rung"]) != FULL:
            raise UnreconciledError(f"the forecast of {member} is by {RUNG_WORDS[rung]}")


def _require_plausible(day: _Day, made: Reconciled) -> None:
    """None of the forecasts has become implausible.

    Raises:
        UnreconciledError: one has.
    """
    for member, rows in made.forecasts.items():
        wide = rows.pivot(index="valid_time", columns="quantile", values="value_mw").sort_index()
        levels = tuple(float(level) for level in wide.columns)
        values, times = wide.to_numpy(np.float32), micros(pd.DatetimeIndex(wide.index))
        if reason := day.feet[member].judge(values, levels, times):
            raise UnreconciledError(f"the forecast of {member} would become implausible: {reason}")


def errors_of(
    workspace: Workspace,
    parts: Parts,
    day: dt.date,
    forecasts: Mapping[Series, Forecasts],
    made_before: pd.Timestamp | None = None,
) -> Errors:
    """How what was published of the weeks before a delivery day has erred, as known at the issue time of its forecasts.

    Args:
        workspace: whose lake.
        parts: of the sums.
        day: the delivery day.
        forecasts: of it.
        made_before: what was made later does not count, where it is done again as it was done.

    Raises:
        LakeError: the lake cannot be read.
    """
    members, first = members_of(parts), forecasts[next(iter(parts))].iloc[0]
    timezone, mtu = workspace.settings.zone(first["zone"]).timezone, Mtu(first["mtu"])
    begin = delivery_range(day - dt.timedelta(days=WINDOW_DAYS), timezone).start
    span = TimeRange(begin, delivery_range(day, timezone).start)
    former = pd.concat([workspace.lake.read_forecasts(one, LIVE, span) for one in members], ignore_index=True)
    counts = (former["rung"] == FULL) & (former["mtu"] == mtu)
    if made_before is not None:
        counts &= former["made_at"] < made_before
    observations = at_mtu(workspace.lake.read_vintages(*members, time_range=span), mtu, timezone)
    outturns = vintages_of(observations, parts, span, mtu)
    return known_errors(former[counts], outturns, parts, pd.Timestamp(first["issue_time"]), timezone)


def _publish(day: _Day, before: Issue, made: Reconciled, member: Series, rows: Forecasts) -> Published:
    """Publish the reconciled forecast of one series in the place of what it was made of."""
    said = InSums(
        tuple(map(str, day.parts)),
        made_of=str(before.manifest["forecast_id"]),
        moved_mw=made.moved_mw[member],
        days=made.days,
    )
    about = {name: before.manifest[name] for name in CARRIED if name in before.manifest} | said.as_line()
    with alone_with(day.workspace, member):
        foot = day.feet[member]
        return hand_out(day.workspace, foot.slot, rows, about, paths_of(foot, rows))


def _tell(day: _Day, member: Series, why: str) -> Published:
    """Say in the manifest of a published forecast why it does not add up."""
    workspace, issue = day.workspace, day.found[member]
    said = replace(in_sums(issue.manifest) or InSums(()), totals=tuple(map(str, day.parts)), why=why)
    with alone_with(workspace, member):
        manifest = retell(issue.folder, said.as_line())
        renew_pointers(workspace.settings.published_place, member, workspace.clock() if is_live(workspace) else None)
    return Published(issue.folder, manifest, changed=manifest != issue.manifest)
