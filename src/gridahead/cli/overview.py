"""`gridahead status` and `gridahead models list` on 80 columns: a block a series or version, with ages and marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from gridahead.cli.console import records, say, show, show_blocks
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION, FULL, TAUGHT_BY, maker
from gridahead.core.time import NO_TIME, lasting, now
from gridahead.core.units import per, significant
from gridahead.monitoring.checks_of_machines import GB, took
from gridahead.reports.wording import taught_words
from gridahead.settings.model import Settings
from gridahead.settings.services import LiveSource

if TYPE_CHECKING:
    from gridahead.forecasting.slot import Slot
    from gridahead.monitoring.checks import Coverage, Out
    from gridahead.monitoring.checks_of_machines import Disk
    from gridahead.monitoring.conditions import Condition
    from gridahead.monitoring.incidents import Incident
    from gridahead.operate.status import Day, SeriesStatus, Status
    from gridahead.registry.versions import Version

FINE, LOOK, ABSENT = "✓", "!", "✗"
HOUR = pd.Timedelta(hours=1)
Line = tuple[str, str]


def show_status(status: Status, *, wide: bool) -> None:
    """A block a series of the settings, what is not in order, and the machine; wide tables if wanted."""
    if wide:
        _show_all(status)
    settings = status.workspace.settings
    blocks = [
        (
            str(one.series),
            [
                *_due(one, status.at),
                _held(one, status),
                *_inputs(one, status),
                _serves(status.serving.get(str(one.series)), settings, str(one.series), status.at),
                _published(one.manifest, status),
                *_band(one.coverage),
            ],
        )
        for one in status.series
    ]
    show_blocks("", blocks if not wide else [])
    show_blocks("", [(name, lines) for name, lines in _around(status) if lines])
    if not status.series:
        say(f"The settings name no series; add [[series]], and run {_first_step(settings)}", False)
    elif not any(one.freshness for one in status.series):
        say(f"The lake is empty; run {_first_step(settings)}", False)
    elif not wide:
        say("Everything: `gridahead status --wide`", False)


def _around(status: Status) -> list[tuple[str, list[Line]]]:
    """What is not in order, and the machine: headings with their lines."""
    told = {incident.name: incident for incident in status.incidents}
    wrong = [(ABSENT if one.severity == "critical" else LOOK, _wrong(one, told)) for one in status.conditions]
    wrong += [(LOOK, f"{name} could not be told: {why}") for name, why in status.failures.items()]
    return [("Not in order", wrong), ("Machine", [*map(_disk, status.disks), *_runs(status), _watched(status)])]


def _wrong(condition: Condition, told: Mapping[str, Incident]) -> str:
    incident = told.get(condition.incident)
    names = "" if incident is None or not incident.told else f" (told {', '.join(sorted(incident.told))})"
    return f"{condition.what}{names}"


def _disk(disk: Disk) -> Line:
    until = "" if disk.days_left is None else f", full in {disk.days_left:.0f} days at its pace"
    return " ", f"disk of {disk.folder}: {disk.free / GB:.1f} GB free of {disk.total / GB:.0f} GB{until}"


def _runs(status: Status) -> list[Line]:
    lines = []
    for kind, runs in status.runs.items():
        if not runs:
            continue
        last = runs[0]
        how = "failed: " + last.error if last.error else "under way" if last.ended is None else f"took {took(last)}"
        failed = [name for name, error in last.parts.items() if error]
        parts = f", failed: {', '.join(failed)}" if failed and not last.error else ""
        name = f"{kind} of {last.subject}" if last.subject else kind
        when = f"{lasting(max(status.at - last.began, NO_TIME))} ago"
        lines.append((LOOK if last.error or failed else FINE, f"{name}: {when}, {how}{parts}"))
    return lines


def _watched(status: Status) -> Line:
    if status.watched_at is None:
        return LOOK if status.is_live else " ", "watch: never here; `gridahead watch --every 5m` tells people of faults"
    since = status.at - status.watched_at
    nobody = "" if status.workspace.settings.alerts.channels else "; nobody is told, add [[alerts.channels]]"
    mark = FINE if since < HOUR and not nobody else LOOK
    return mark, f"watch: {lasting(max(since, NO_TIME))} ago{nobody}"


def _show_all(status: Status) -> None:
    show(records(status.lake), False, "Lake", "empty; run `gridahead ingest`")
    columns = ("model", "version", "learnt_until", "validation_mae", "champion_since")
    serving = [{"series": name, **{key: about.get(key) for key in columns}} for name, about in status.serving.items()]
    show(serving, False, "Serving", "no champion yet; run `gridahead train`")
    shown = ("series", "forecast_id", "issue_time", "age", "model", "model_version", "rung")
    aged = [{**row, "age": lasting(status.at - pd.Timestamp(str(row["issue_time"])))} for row in status.forecasts]
    forecasts = [{key: row.get(key) for key in shown} for row in aged]
    show(forecasts, False, "Newest forecasts", "none published; run `gridahead forecast`")


def _due(one: SeriesStatus, at: pd.Timestamp) -> list[Line]:
    """Whether the day that is due is out and by which rung, and when the next one is due."""
    if one.next is None:
        return []
    lines = [] if one.due is None else [_is_out(one.due, at)]
    gate = lasting(one.next.gate_closure - at)
    lines.append((" ", f"{_day(one.next)} is due in {lasting(one.next.deadline - at)}, its gate closes in {gate}"))
    return lines


def _is_out(due: Day, at: pd.Timestamp) -> Line:
    slot, out = due.slot, due.out
    return _not_out(slot, at) if out is None else (FINE if out.rung == FULL else LOOK, _out(out, slot))


def _day(slot: Slot) -> str:
    return f"{slot.day:%a} {slot.day}"


def _out(out: Out, slot: Slot) -> str:
    since = "" if out.published_at is None else f" since {out.published_at:%Y-%m-%d %H:%M} UTC"
    late = out.published_at is not None and out.published_at > slot.deadline
    delay = f", {lasting(out.published_at - slot.deadline)} after its deadline" if late and out.published_at else ""
    return f"{_day(slot)} is out{since}{delay}, rung {out.rung}"


def _not_out(slot: Slot, at: pd.Timestamp) -> Line:
    late = lasting(at - slot.deadline)
    if at < slot.gate_closure:
        return ABSENT, f"{_day(slot)} is not out, due for {late}; the gate closes in {lasting(slot.gate_closure - at)}"
    return ABSENT, f"{_day(slot)} is not out, due for {late}; the gate is closed"


def _held(one: SeriesStatus, status: Status) -> Line:
    settings = status.workspace.settings
    if one.freshness is None:
        return ABSENT, f"lake: nothing yet; run {_first_step(settings, one.series)}"
    end = one.freshness.until
    is_fresh = status.at - end <= pd.Timedelta(hours=settings.quality.stale_after_hours)
    until = f"lake: until {end:%Y-%m-%d %H:%M} UTC{_age(end, status)}"
    return (
        FINE if is_fresh or not status.is_live else LOOK,
        f"{until}, {one.freshness.mtu}, {one.freshness.source}",
    )


def _age(instant: pd.Timestamp, status: Status) -> str:
    """How long ago, where that matters: a demonstration shows history, and today's clock says nothing of it."""
    return f" ({ago(instant, status.at)})" if status.is_live else ""


def _inputs(one: SeriesStatus, status: Status) -> list[Line]:
    """How fresh the other inputs are: those that are stale a line each, all others in one."""
    if one.next is None:  # in a demonstration all of it is history
        return []
    stale_after = pd.Timedelta(hours=status.workspace.settings.quality.stale_after_hours)
    stale = [held for held in one.inputs if status.at - held.at > stale_after]
    fresh = [f"{held.series.quantity} {ago(held.at, status.at)}" for held in one.inputs if held not in stale]
    lines = [(LOOK, f"{held.series}: nothing new since {held.at:%Y-%m-%d %H:%M} UTC ({held.source})") for held in stale]
    return [*lines, *([(FINE, f"inputs: {', '.join(fresh)}")] if fresh else [])]


def _first_step(settings: Settings, series: Series | None = None) -> str:
    """How the lake gets its first values: services are asked for their history."""
    of_zone = [one for one in settings.sources if series is None or series.zone in one.zone_codes]
    services = [one for one in of_zone if isinstance(one, LiveSource)]
    if not services:
        return "`gridahead ingest`"
    return "`gridahead backfill`" if any(one.since for one in services) else "`gridahead backfill --start 2024-01-01`"


def _serves(about: Mapping[str, str] | None, settings: Settings, name: str, at: pd.Timestamp) -> Line:
    if about is None:
        return ABSENT, f"no champion yet; run `gridahead train --series {name}`"
    unit = settings.unit_of(Series.parse(name))
    error = (
        f", MAE {significant(per(float(about['validation_mae']), unit))} {unit}" if "validation_mae" in about else ""
    )
    learnt = pd.Timestamp(about["learnt_until"], tz="UTC")
    until = f"learnt until {learnt:%Y-%m-%d} ({ago(learnt, at)})"
    new = f"; {taught_words(int(about[TAUGHT_BY]))}" if TAUGHT_BY in about else ""
    return FINE, f"serves: {about['model']} v{about['version']}, {until}{error}{new}"


def _published(manifest: Mapping[str, Any] | None, status: Status) -> Line:
    if manifest is None:
        return ABSENT, "no forecast yet; run `gridahead forecast`"
    issued, end = pd.Timestamp(str(manifest["issue_time"])), pd.Timestamp(str(manifest["delivery"][1]))
    rung = str(manifest["rung"])
    is_past = status.is_live and end <= status.at
    mark = LOOK if rung != FULL or is_past else FINE
    why = "" if rung == FULL else f", {rung}{': ' if manifest['missing'] else ''}{manifest['missing']}"
    past = ", its day is over" if is_past else ""
    by = maker(manifest["model"], manifest["model_version"])
    return mark, f"forecast: issued {issued:%Y-%m-%d %H:%M} UTC{_age(issued, status)} by {by}{past}{why}"


def _band(coverage: Coverage | None) -> list[Line]:
    if coverage is None or not coverage.days:
        return []
    return [(" ", f"band: its 80 % held {coverage.share:.0%} of the outturns of {coverage.days} days")]


def show_versions(versions: Sequence[Version], settings: Settings) -> None:
    """A block a version: what it is for, how good it was on its validation days, and what came of its trial."""
    if not versions:
        say("Models: none yet; run `gridahead train`", False)
        return
    show_blocks("", [(_heading(version), _about(version, settings)) for version in versions])
    say("All figures: `gridahead models list --wide`", False)


def _heading(version: Version) -> str:
    return f"{version.series} {version}" + (f", {' and '.join(version.aliases)}" if version.aliases else "")


def _about(version: Version, settings: Settings) -> list[Line]:
    unit = settings.unit_of(version.series)
    named = {
        name.removeprefix("validation_"): significant(per(value, unit)) for name, value in version.validation.items()
    }
    figures = ", ".join(f"{name} {value} {unit}" for name, value in named.items())
    mark = FINE if CHAMPION in version.aliases else " "
    group = f" (of {version.of_group})" if version.of_group else ""
    lines = [(mark, f"made {ago(version.created_at)}{group}, learnt until {version.tags['learnt_until']}")]
    if version.taught_by:
        lines.append(("", taught_words(version.taught_by)))
    if figures:
        lines.append(("", f"on its validation days: {figures}"))
    if "outcome" in version.tags:
        reasons = version.tags.get("outcome_reasons", "") if version.aliases else ""
        lines.append(("", ": ".join(filter(None, (version.tags["outcome"], reasons)))))
    return lines


def ago(instant: pd.Timestamp, at: pd.Timestamp | None = None) -> str:
    """How long before an instant, now unless given, or until then, in the unit that a person would use."""
    span = (now() if at is None else at) - instant
    distance = lasting(abs(span)) if abs(span) >= HOUR else "less than 1 h"
    return f"{distance} ago" if span >= pd.Timedelta(0) else f"in {distance}"
