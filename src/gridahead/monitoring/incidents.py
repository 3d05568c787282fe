"""Incidents: what is not in order is one incident for as long as it lasts, told once, with an all-clear.

What becomes of an incident is a row of the lake, and never taken back: opened, escalated, closed, and which channel was
told of which. So every machine that reads the lake knows it, after a restart as well. Of the same that two machines
wrote, the first row counts. The machine that wrote it tells of it; another one does if nobody has within `LEASE`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from gridahead.core.tables import INCIDENTS
from gridahead.monitoring.conditions import Condition, worse
from gridahead.settings.alerts import SEVERITIES, AlertSeverity

LEASE = pd.Timedelta(minutes=15)
"""So long another machine has time to tell of what it wrote first: it does so within seconds, or is dead. Its channel
may be down as well, and then both try."""
FORGOTTEN = pd.Timedelta(days=1)
"""An incident that has been over for so long is not told any more to a channel that could not be reached."""
SETTLES = frozenset({"disk", "waiting", "lake"})
"""Kinds that may come and go within minutes: they count once they have lasted."""
STEADY = {"degraded": pd.Timedelta(hours=3)}
"""How long a kind has to be gone before it is over, where that is longer: a forecast that is renewed every hour may be
whole now and then."""
OPENED, ESCALATED, CLOSED, SENT, FAILED = "opened", "escalated", "closed", "sent", "failed"

Event = Mapping[str, object]
"""A row of the table `incidents`."""


def events_in(rows: pd.DataFrame) -> list[Event]:
    """The rows of the table `incidents` one by one."""
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


@dataclass(frozen=True, slots=True)
class Incident:
    """What is not in order, or was, with who has been told."""

    name: str
    kind: str
    severity: AlertSeverity
    """The worst so far."""
    subject: str
    cause: str
    since: pd.Timestamp
    words: Mapping[str, str]
    """what, meanwhile, advice, page, and the greatest depth so far; of one that is over, `ended` as well."""
    opened_at: pd.Timestamp
    event: str
    """What became of it last: opened, escalated or closed."""
    event_at: pd.Timestamp
    host: str
    """Which wrote that first."""
    told: Mapping[str, pd.Timestamp] = field(default_factory=dict)
    """By channel, when it was told last."""
    failed: frozenset[str] = frozenset()
    """Channels that could not be told."""

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.event != CLOSED

    def is_outdone_by(self, severity: AlertSeverity, depth: int) -> bool:
        """Whether it would be worse than it has been so far; of older releases the depth is not known."""
        return worse(severity, self.severity) or depth > int(self.words.get("depth", depth))

    def wants(self, channel: str, least: AlertSeverity, at: pd.Timestamp) -> bool:
        """Whether a channel has to be told of what became of it last.

        Of the end of an incident, a channel is told that knew of it, or that could not be reached.
        """
        if worse(least, self.severity):
            return False
        told = self.told.get(channel)
        if told is not None and told >= self.event_at:
            return False
        if self.is_open:
            return True
        return (told is not None or channel in self.failed) and at - self.event_at <= FORGOTTEN

    def is_left_to(self, host: str, at: pd.Timestamp) -> bool:
        """Whether this machine tells of it: it wrote it first, or the one that did has not told of it."""
        return host == self.host or at - self.event_at > LEASE


def event_of(
    incident: Incident | Condition, event: str, at: pd.Timestamp, host: str, channel: str = "", ended: str = ""
) -> dict[str, object]:
    """A row of the table of incidents.

    Args:
        incident: or the condition that makes one.
        event: what became of it, or of a channel that was to be told.
        at: when.
        host: this machine.
        channel: which was told, or could not be.
        ended: how it ended, in words.
    """
    if isinstance(incident, Condition):
        name, words = (
            incident.incident,
            {key: str(getattr(incident, key)) for key in ("what", "meanwhile", "advice", "page", "depth")},
        )
        about = ""
    else:
        name, words = incident.name, dict(incident.words)
        about = incident.event if channel else ""
    if ended:
        words["ended"] = ended
    return {
        "incident": name,
        "event": event,
        "at": at,
        "kind": incident.kind,
        "severity": incident.severity,
        "subject": incident.subject,
        "cause": incident.cause,
        "since": incident.since,
        "words": "" if channel else json.dumps(words, ensure_ascii=False),
        "channel": channel,
        "about": about,
        "host": host,
    }


def identity(event: Event) -> tuple[str, ...]:
    """What tells an event from every other one."""
    return tuple(str(event[name]) for name in INCIDENTS.key)


def incidents_of(events: Iterable[Event]) -> list[Incident]:
    """Every incident that there was, in the order in which they were opened."""
    every: list[Incident] = []
    newest: dict[str, int] = {}
    for event in sorted(events, key=_order):
        name = str(event["incident"])
        place = newest.get(name)
        current = None if place is None else every[place]
        if event["event"] == OPENED and (current is None or not current.is_open):
            newest[name] = len(every)
            every.append(_opened(event))
        elif place is not None and current is not None:
            every[place] = _went_on(current, event)
    return every


def _order(event: Event) -> tuple[pd.Timestamp, int, str]:
    place = (OPENED, ESCALATED, CLOSED, SENT, FAILED).index(str(event["event"]))
    return pd.Timestamp(str(event["at"])), place, str(event["host"])


def _opened(event: Event) -> Incident:
    at, severity = pd.Timestamp(str(event["at"])), str(event["severity"])
    return Incident(
        name=str(event["incident"]),
        kind=str(event["kind"]),
        severity=SEVERITIES[SEVERITIES.index(severity)],
        subject=str(event["subject"]),
        cause=str(event["cause"]),
        since=pd.Timestamp(str(event["since"])),
        words=json.loads(str(event["words"])),
        opened_at=at,
        event=OPENED,
        event_at=at,
        host=str(event["host"]),
    )


def _went_on(current: Incident, event: Event) -> Incident:
    """The incident after one more event; what is known already changes nothing."""
    at, channel = pd.Timestamp(str(event["at"])), str(event["channel"])
    if event["event"] == SENT:
        return replace(current, told={**current.told, channel: max(at, current.told.get(channel, at))})
    if event["event"] == FAILED:
        return replace(current, failed=current.failed | {channel})
    severity = SEVERITIES[SEVERITIES.index(str(event["severity"]))]
    said = json.loads(str(event["words"]))
    grew = event["event"] == ESCALATED and current.is_outdone_by(severity, int(said.get("depth", 0)))
    if not current.is_open or not (grew or event["event"] == CLOSED):
        return current
    words, host = {**current.words, **said}, str(event["host"])
    severity = severity if worse(severity, current.severity) else current.severity
    return replace(current, severity=severity, words=words, event=str(event["event"]), event_at=at, host=host)


@dataclass
class Noticed:
    """What this machine has seen begin or end that does not count yet, by incident, since when."""

    begun: dict[str, pd.Timestamp] = field(default_factory=dict)
    gone: dict[str, pd.Timestamp] = field(default_factory=dict)

    def lasts(self, names: dict[str, pd.Timestamp], name: str, at: pd.Timestamp, needed: pd.Timedelta) -> bool:
        """Whether what was noticed first at some time, or now, has lasted so long."""
        return at - names.setdefault(name, at) >= needed


def changes(
    known: Iterable[Incident],
    conditions: Collection[Condition],
    unknown: Collection[str],
    noticed: Noticed,
    at: pd.Timestamp,
    settle: pd.Timedelta,
    host: str,
    ended: Callable[[Incident], str],
    is_watched: Callable[[Incident], bool] = lambda incident: True,
) -> Iterator[dict[str, object]]:
    """The rows of what has become of incidents: opened, escalated, closed.

    Args:
        known: incidents so far.
        conditions: what is not in order now.
        unknown: kinds whose check could not be made: of those nothing is over.
        noticed: what does not count yet; it is brought up to date.
        at: the present.
        settle: how long what may come and go has to last.
        host: this machine.
        ended: how one ended, in words.
        is_watched: whether the settings still name what one is of; of what they do not, everything is over at once.
    """
    standing = {incident.name: incident for incident in known if incident.is_open}
    now_true = {condition.incident: condition for condition in conditions}
    noticed.begun = {name: first for name, first in noticed.begun.items() if name in now_true}
    noticed.gone = {name: first for name, first in noticed.gone.items() if name in standing and name not in now_true}
    for name, condition in now_true.items():
        wait = settle if condition.kind in SETTLES else pd.Timedelta(0)
        current = standing.get(name)
        if current is None:
            if noticed.lasts(noticed.begun, name, at, wait):
                yield event_of(condition, OPENED, at, host)
        elif current.is_outdone_by(condition.severity, condition.depth):
            yield event_of(condition, ESCALATED, at, host)
    for name, current in standing.items():
        if not is_watched(current):
            yield event_of(current, CLOSED, at, host, ended=ended(current))
            continue
        if name in now_true or current.kind in unknown:
            continue
        wait = max(settle if current.kind in SETTLES else pd.Timedelta(0), STEADY.get(current.kind, pd.Timedelta(0)))
        if noticed.lasts(noticed.gone, name, at, wait):
            yield event_of(current, CLOSED, at, host, ended=ended(current))
