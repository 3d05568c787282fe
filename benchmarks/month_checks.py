"""What has to be true after a simulated operation: every check gives a line for each thing that is not."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from gridahead.core.errors import LakeError
from gridahead.core.grid import Series
from gridahead.core.runs import BACKFILLED, FULL, LIVE
from gridahead.core.tables import FORECASTS, OBSERVATIONS
from gridahead.core.time import TimeRange, delivery_range
from gridahead.core.vintages import as_of
from gridahead.monitoring.incidents import CLOSED, ESCALATED, FAILED, OPENED, SENT
from gridahead.operate.lake import verify_lake
from gridahead.operate.reproduce import reproduce
from gridahead.reports.alert_words import ONE_OFF
from gridahead.workspace import Workspace

MINUTE = pd.Timedelta(minutes=1)
LASTS = pd.Timedelta(hours=40)
"""After the end of a fault somebody is told of it, and it is over, when the day is over that it was of."""
LASTING = frozenset({"coverage"})
"""Kinds that go on for weeks: two small networks of three epochs have bands that do not hold."""
ROUNDED = 0.051
"""Publishers give one decimal [MW]."""


@dataclass(frozen=True)
class Planned:
    """A fault: when it begins and ends, what it does to forecasts, and who has to be told of what."""

    name: str
    begin: pd.Timestamp
    end: pd.Timestamp
    rungs: Mapping[str, Collection[str]] = field(default_factory=dict)
    """By series, the rungs that its forecasts may come from which are due meanwhile; whole ones unless named."""
    missing: str = ""
    """A pattern of what has to stand beside these."""
    incidents: Collection[str] = ()
    """Beginnings of the names of incidents that it has to open."""
    unreachable: bool = False
    """Whether nothing could be published meanwhile."""

    def covers(self, instant: pd.Timestamp) -> bool:
        """Whether it is so at an instant."""
        return self.begin <= instant < self.end


@dataclass(frozen=True)
class SlotDone:
    """What became of a delivery day of a series."""

    series: Series
    day: dt.date
    deadline: pd.Timestamp
    gate_closure: pd.Timestamp
    published_at: pd.Timestamp | None
    """When it first was; None if never."""
    rung: str = ""
    missing: str = ""
    forecast_id: str = ""
    faults: tuple[str, ...] = ()
    """What was wrong from its deadline until it was published."""
    reachable: bool = True
    """Whether any run could have published it in time: the machine ran for a while before the gate closed."""
    backfilled: bool = False

    @property
    def in_time(self) -> bool:
        """Whether it was out before its gate closed."""
        return self.published_at is not None and self.published_at < self.gate_closure

    @property
    def margin(self) -> float:
        """How long before [min]; NaN if it was never out."""
        return np.nan if self.published_at is None else (self.gate_closure - self.published_at) / MINUTE

    @property
    def name(self) -> str:
        """Series and day."""
        return f"{self.series} for {self.day}"


def slots_of(workspace: Workspace, days: Sequence[dt.date], plan: Sequence[Planned]) -> list[SlotDone]:
    """What became of every delivery day, read from the files that readers have."""
    settings, done = workspace.settings, []
    for entry in settings.series:
        timezone = settings.zone(entry.series.zone).timezone
        for day in days:
            deadline = entry.deadline.for_delivery(day)
            closure = settings.gate_closure_of(entry.series).for_delivery(day)
            manifests = _manifests(settings.published_folder / entry.series.slug / str(day))
            first = manifests[0] if manifests else None
            out = None if first is None else pd.Timestamp(first["published_at"])
            until = min(out or closure, closure)
            faults = tuple(one.name for one in plan if one.begin <= until and one.end > deadline)
            away = [one for one in plan if one.unreachable]
            reachable = any(
                not any(one.covers(moment) for one in away)
                for moment in pd.date_range(deadline, closure - 2 * MINUTE, freq="1min")
            )
            rows = workspace.lake.read_forecasts(entry.series, BACKFILLED, delivery_range(day, timezone))
            told = (
                {} if first is None else {name: str(first[name] or "") for name in ("rung", "missing", "forecast_id")}
            )
            done.append(
                SlotDone(
                    entry.series,
                    day,
                    deadline,
                    closure,
                    out,
                    faults=faults,
                    reachable=reachable,
                    backfilled=not rows.empty,
                    **told,
                )
            )
    return done


def _manifests(folder: Path) -> list[dict[str, str]]:
    """Of every issue of a delivery day, in the order in which they came out."""
    found = [json.loads(path.read_text()) for path in folder.glob("*/manifest.json")]
    return sorted(found, key=lambda one: str(one["published_at"]))


def published_in_time(slots: Sequence[SlotDone]) -> Iterator[str]:
    """What was not out before its gate closed though it could have been, and what was not made up for."""
    for slot in slots:
        if slot.reachable and not slot.in_time:
            yield f"{slot.name} was not published before its gate closed: {slot.published_at}"
        if not slot.reachable and not slot.in_time and not slot.backfilled:
            yield f"{slot.name} could not be published, and was not made up for"


def labelled(workspace: Workspace, slots: Sequence[SlotDone], plan: Sequence[Planned]) -> Iterator[str]:
    """Forecasts whose rung or whose words are not what was done to them, or differ from place to place."""
    for slot in slots:
        if slot.published_at is None:
            continue
        due = [one for one in plan if one.name in slot.faults and str(slot.series) in one.rungs]
        allowed = {rung for one in due for rung in one.rungs[str(slot.series)]} or {FULL}
        if slot.rung not in allowed:
            yield f"{slot.name}: rung {slot.rung}, expected {sorted(allowed)}; missing: {slot.missing!r}"
        if (slot.rung == FULL) != (not slot.missing):
            yield f"{slot.name}: rung {slot.rung} with missing {slot.missing!r}"
        for one in due:
            if one.missing and slot.rung != FULL and not re.search(one.missing, slot.missing):
                yield f"{slot.name}: {slot.missing!r} does not say {one.missing!r}"
        yield from _one_label(workspace, slot)


def _one_label(workspace: Workspace, slot: SlotDone) -> Iterator[str]:
    """Manifest, CSV, Parquet and lake have the same rung, words and numbers."""
    home = workspace.settings.published_folder / slot.series.slug / str(slot.day)
    for path in sorted(home.glob("*/manifest.json")):
        manifest = json.loads(path.read_text())
        rows = pd.read_parquet(io.BytesIO((path.parent / manifest["parquet"]).read_bytes()))
        table = pd.read_csv(path.parent / manifest["csv"], keep_default_na=False)
        timezone = workspace.settings.zone(slot.series.zone).timezone
        span = delivery_range(slot.day, timezone)
        hours = int((span.end - span.start) / pd.Timedelta(hours=1))
        levels = rows["quantile"].nunique()
        if len(rows) != hours * levels or len(table) != hours:
            yield f"{slot.name}: {len(rows)} rows and {len(table)} lines of a day of {hours} hours and {levels} levels"
        for told in (rows, table):
            if set(told["rung"]) != {manifest["rung"]} or set(told["missing"]) != {manifest["missing"] or ""}:
                yield f"{slot.name}: files and manifest do not say the same of rung and what was missing"
        kept = workspace.lake.read_forecasts(slot.series, LIVE, span)
        kept = kept[(kept["issue_time"] == rows["issue_time"].iloc[0]) & (kept["data_hash"] == manifest["data_hash"])]
        kept = kept[kept["rung"] == manifest["rung"]]
        columns = ["valid_time", "quantile", "value_mw", "missing"]
        both = [one[columns].sort_values(["valid_time", "quantile"], ignore_index=True) for one in (kept, rows)]
        if len(both[0]) != len(both[1]) or not (both[0] == both[1]).all(axis=None):
            which = manifest["forecast_id"]
            yield f"{slot.name}: the lake has {len(kept)} rows of forecast {which}, {len(rows)} are published"


def rows_whole(
    workspace: Workspace, truth: dict[Series, pd.Series], spoilt: Collection[pd.Timestamp], at: pd.Timestamp
) -> Iterator[str]:
    """Rows that were lost, doubled or are not what the publisher has; and what a verification of the lake finds.

    Args:
        workspace: whose lake.
        truth: of every series what its publisher has [MW], by hour.
        spoilt: hours that were delivered wrong for a while, and right since.
        at: the present.
    """
    for series, right in truth.items():
        rows = workspace.lake.read_observations(series, time_range=TimeRange(right.index[0], right.index[-1] + MINUTE))
        newest = as_of(rows, at).set_index("valid_time")["value"].sort_index()
        if lost := sorted(set(right.index) - set(newest.index)):
            yield f"{series}: {len(lost)} hours are not in the lake, the first {lost[0]}"
        if more := sorted(set(newest.index) - set(right.index)):
            yield f"{series}: {len(more)} hours that nobody published, the first {more[0]}"
        common = right.index[right.index.isin(newest.index)]
        off = common[np.abs(newest.reindex(common).to_numpy() - right.reindex(common).to_numpy()) > ROUNDED]
        if len(off):
            yield f"{series}: {len(off)} values are not the publisher's, the first at {off[0]}"
        accepted = as_of(workspace.lake.read_accepted(series), at)["valid_time"]
        if withheld := sorted(set(right.index) - set(accepted)):
            yield f"{series}: {len(withheld)} right values are withheld, the first {withheld[0]}"
        versions = rows.groupby("valid_time").size()
        if twice := sorted(set(versions.index[versions > 1]) - set(spoilt)):
            yield f"{series}: {len(twice)} hours have several vintages though nothing was revised, the first {twice[0]}"
    for store, table in ((workspace.lake.observations, OBSERVATIONS), (workspace.lake.forecasts, FORECASTS)):
        if doubled := int(store.read().duplicated(list(table.key)).sum()):
            yield f"{table.name}: {doubled} rows are doubled"
    for finding in verify_lake(workspace).findings:
        yield f"lake verify: {finding}"


def told_once(incidents: pd.DataFrame, messages: int, plan: Sequence[Planned], at: pd.Timestamp) -> Iterator[str]:
    """Incidents that were told of never, or more than once, or that did not come; and what is not over.

    Args:
        incidents: the table.
        messages: how many the web hook took.
        plan: what was done.
        at: the end.
    """
    rows = incidents.sort_values("at", kind="stable")
    sent = rows[rows["event"] == SENT]
    if messages != (instants := sent["at"].nunique()):
        yield f"the inbox has {messages} messages, and {instants} were sent by what the lake says"
    for name, of_one in rows.groupby("incident"):
        stages = of_one[of_one["event"].isin([OPENED, ESCALATED, CLOSED])]
        counts, told = Counter(stages["event"]), Counter(of_one.loc[of_one["event"] == SENT, "about"])
        kind = str(of_one["kind"].iloc[0])
        expected = Counter({stage: counts[stage] for stage in (OPENED, ESCALATED)})
        if kind not in ONE_OFF:
            expected[CLOSED] = counts[CLOSED]
        missing, twice = expected - told, told - expected
        if twice:
            yield f"{name}: told more often than it was so: {dict(twice)}"
        # What had grown worse or was over when a channel could be reached again is told as it is then; what is no more
        # than good to know stands on the page, and nobody is told.
        is_quiet = (of_one["severity"] == "info").all()
        if missing and not is_quiet and not (of_one["event"] == FAILED).any():
            yield f"{name}: not told of: {dict(missing)}"
        still = stages[stages["event"] == OPENED]["at"].max() if counts[OPENED] > counts[CLOSED] else None
        if still is not None and at - still > LASTS and kind not in LASTING:
            yield f"{name}: opened at {still:%Y-%m-%d %H:%M}, and not over by {at:%Y-%m-%d %H:%M}"
        if kind == "check":
            yield f"{name}: a check failed: {of_one['words'].iloc[0]}"
    by_name = list(rows.groupby("incident"))
    for one in plan:
        for wanted in one.incidents:
            if not any(str(name).startswith(wanted) and _was_open(rows, one) for name, rows in by_name):
                yield f"{one.name}: nobody was told of {wanted!r}"


def _was_open(of_one: pd.DataFrame, fault: Planned) -> bool:
    """Whether an incident was not over at some time from the beginning of a fault until the next day's gate closure."""
    opened, closed = (of_one.loc[of_one["event"] == event, "at"] for event in (OPENED, CLOSED))
    until = fault.end + LASTS
    return any(begin < until and not ((closed > begin) & (closed < fault.begin)).any() for begin in opened)


def pointed_right(pointed: Sequence[tuple[pd.Timestamp, str, str]]) -> Iterator[str]:
    """Moments at which latest.* was not the next delivery day."""
    for at, series, what in pointed:
        if what:
            yield f"{at:%Y-%m-%d %H:%M} {series}: {what}"


def pointer_fault(folder: Path, at: pd.Timestamp, timezone: str) -> str:
    """What is wrong with latest.* of a series; empty if it is the next delivery day that is out, in one piece."""
    published: dict[dt.date, list[dict[str, str]]] = {}
    for path in folder.glob("*/*/manifest.json"):
        manifest = json.loads(path.read_text())
        published.setdefault(dt.date.fromisoformat(path.parent.parent.name), []).append(manifest)
    if not published:
        return ""
    coming = [day for day in published if delivery_range(day, timezone).start > at]
    wanted = min(coming) if coming else max(published)
    try:
        latest = json.loads((folder / "latest.json").read_text())
        table = pd.read_csv(folder / "latest.csv", usecols=["forecast id"], dtype=str)
    except (OSError, ValueError) as error:
        return f"cannot be read: {error}"
    if latest["delivery_day"] != str(wanted):
        return f"is {latest['delivery_day']}, and {wanted} is out"
    newest = max(published[wanted], key=lambda one: str(one["issue_time"]))
    if latest["forecast_id"] != newest["forecast_id"]:
        return f"is forecast {latest['forecast_id']}, and {newest['forecast_id']} is newer"
    return "" if set(table["forecast id"]) == {latest["forecast_id"]} else "CSV and JSON are of two forecasts"


def today_fault(folder: Path, at: pd.Timestamp, timezone: str) -> str:
    """What is wrong with today.* of a series; empty if it is the day that is being delivered, where that is out."""
    day = at.tz_convert(timezone).date()
    if not list((folder / str(day)).glob("*/manifest.json")):
        return ""
    try:
        today = json.loads((folder / "today.json").read_text())
    except (OSError, ValueError) as error:
        return f"today.json cannot be read: {error}"
    return "" if today["delivery_day"] == str(day) else f"today.json is {today['delivery_day']} on {day}"


def says_the_same(workspace: Workspace, slots: Sequence[SlotDone]) -> Iterator[str]:
    """Forecasts that come out otherwise when they are made again with all that is known now: they would have peeked."""
    for slot in slots:
        if slot.rung not in (FULL, "degraded", "previous"):
            continue
        try:
            again = reproduce(workspace, slot.forecast_id)
        except LakeError as error:
            yield f"{slot.name}: {error}"
            continue
        if again.differences:
            yield f"{slot.name}: made again it differs: {'; '.join(str(one) for one in again.differences)}"
