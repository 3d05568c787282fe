"""Watch: every check, what has become of incidents, and who is told of it; once, whatever else is broken.

The lake keeps what became of incidents. A machine keeps a copy beside it, in a file that a full disk takes as well, so
that neither a full disk nor a lake out of reach silences an alert or sends it again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from gridahead.core.errors import GridaheadError, PublicationError
from gridahead.core.files import alone
from gridahead.core.grid import Series
from gridahead.core.tables import INCIDENTS
from gridahead.forecasting.slot import Slot
from gridahead.lake.run_log import this_host
from gridahead.monitoring.conditions import span_words
from gridahead.monitoring.incidents import FAILED, SENT, Event, Incident, changes, event_of, events_in, incidents_of
from gridahead.monitoring.watch_state import StateFile, WatchState
from gridahead.operate.checking import Checking, Usage
from gridahead.operate.notify import Send, send, show_alive
from gridahead.operate.outlook import Outlook
from gridahead.reports.alert_words import ONE_OFF, message_of
from gridahead.settings.alerts import ChannelSettings
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)

KEPT = pd.Timedelta(days=7)
"""How long a machine keeps a copy of what has ended."""
HEARTBEAT = "heartbeat"


@dataclass(frozen=True)
class Watched:
    """What a watch found, and who was told."""

    at: pd.Timestamp
    incidents: tuple[Incident, ...]
    """Everything that is not in order."""
    changed: tuple[Incident, ...]
    """What was opened, grew worse or ended at this watch, of it and of what is over."""
    told: Mapping[str, int]
    """By channel, of how many incidents it was told."""
    failures: Mapping[str, str]
    """By channel, why it could not be told; it is tried again by the next watch."""
    late: tuple[Slot, ...]
    """What is due and not published."""

    @property
    def healthy(self) -> bool:
        """Whether everything that is due is published."""
        return not self.late


@dataclass
class _Watch:
    """One watch at work."""

    workspace: Workspace
    state: WatchState
    at: pd.Timestamp
    host: str
    send: Send
    events: list[Event] = field(default_factory=list)

    def read(self) -> list[Incident]:
        """Every incident, as the lake and this machine know them."""
        try:
            self.state.know([*self.state.events, *events_in(self.workspace.lake.incidents.read())])
        except (GridaheadError, OSError) as error:
            log.warning("%s; incidents are those that this machine knows", error)
        return incidents_of(self.state.events)

    def write(self, events: Collection[Event]) -> None:
        """Write rows to the lake, with those that it has not taken before; the machine keeps what it does not take."""
        self.state.note(list(events))
        if not self.state.unwritten:
            return
        try:
            self.workspace.lake.incidents.append(pd.DataFrame(self.state.unwritten)[INCIDENTS.names])
            self.state.unwritten = []
        except (GridaheadError, OSError) as error:
            log.warning("%s; %d rows of incidents wait on this machine", error, len(self.state.unwritten))

    def tell(self, incidents: Iterable[Incident], channel: ChannelSettings) -> int:
        """Tell a channel of all that it has to know in one message; returns of how many incidents."""
        title = channel.title
        wanted = [one for one in incidents if one.wants(title, channel.least, self.at)]
        due = [one for one in wanted if one.is_left_to(self.host, self.at) and (one.is_open or one.kind not in ONE_OFF)]
        if not due:
            if not wanted:
                self.state.failures.pop(title, None)
            return 0
        try:
            self.send(channel, *message_of(due, self.workspace.settings.serve.public_url))
        except Exception as error:  # whatever a service of others does, the other channels are told
            reason = error.reason if isinstance(error, PublicationError) else f"{type(error).__name__}: {error}"
            log.warning("%s: %s", title, reason)
            self.state.failures[title] = reason
            self.write([event_of(one, FAILED, self.at, self.host, title) for one in due if title not in one.failed])
            return 0
        self.state.failures.pop(title, None)
        self.write([event_of(one, SENT, self.at, self.host, title) for one in due])
        return len(due)

    def forget_channels(self) -> None:
        """Forget what failed of channels that are not in the settings any more."""
        alerts = self.workspace.settings.alerts
        named = {channel.title for channel in alerts.channels} | ({HEARTBEAT} if alerts.heartbeat_url else set())
        self.state.failures = {name: why for name, why in self.state.failures.items() if name in named}

    def beat(self, ping: Callable[..., None], healthy: bool) -> None:
        """Show an outside watcher that this machine lives."""
        url = self.workspace.settings.alerts.heartbeat_url
        if url is None:
            return
        try:
            ping(url, healthy=healthy)
            self.state.failures.pop(HEARTBEAT, None)
        except PublicationError as error:
            log.warning("%s", error)
            self.state.failures[HEARTBEAT] = error.reason


def watch(
    workspace: Workspace,
    send: Send = send,
    ping: Callable[..., None] = show_alive,
    usage: Callable[[Path], Usage] | None = None,
) -> Watched:
    """Look at everything once, tell of what has changed, and show an outside watcher that this machine lives.

    Args:
        workspace: which.
        send: sends a message through a channel.
        ping: asks for the address of the outside watcher.
        usage: the bytes of a file system.
    """
    alerts, at, host = workspace.settings.alerts, workspace.clock(), this_host()
    file = state_file(workspace)
    with alone(file.path.with_suffix(".lock")):
        one = _Watch(workspace, file.read(), at, host, send)
        known = one.read()
        checking = Checking(workspace, one.state, at, **({} if usage is None else {"usage": usage}))
        conditions, unknown = checking.conditions()
        settle = pd.Timedelta(minutes=alerts.settle_minutes)
        ended, named = partial(ending, checking), partial(_is_watched, checking)
        new = list(changes(known, conditions, unknown, one.state.noticed, at, settle, host, ended, named))
        one.write(new)
        incidents = one.read() if new else known
        one.forget_channels()
        told = {channel.title: one.tell(incidents, channel) for channel in alerts.channels}
        late = late_slots(checking.outlook)
        one.beat(ping, not late)
        one.state.watched_at = at
        _forget(one.state, at)
        file.write(one.state)
    changed = {str(event["incident"]) for event in new}
    return Watched(
        at=at,
        incidents=tuple(incident for incident in incidents if incident.is_open),
        changed=tuple(incident for incident in incidents if incident.name in changed and incident.event_at == at),
        told=told,
        failures=dict(one.state.failures),
        late=late,
    )


def state_file(workspace: Workspace) -> StateFile:
    """The file in which a machine keeps what it knows of its watches."""
    return StateFile(workspace.settings.data_folder / "watch" / "state")


def late_slots(outlook: Outlook) -> tuple[Slot, ...]:
    """What is due for longer than a run takes and is not published; all of it where that cannot be told."""
    try:
        return outlook.overdue
    except (GridaheadError, OSError) as error:
        log.warning("%s; whether forecasts are out is not known", error)
        return tuple(outlook.last_due(series) for series in outlook.timezones)


def _is_watched(checking: Checking, incident: Incident) -> bool:
    return checking.is_watched(incident.kind, incident.subject)


def ending(checking: Checking, incident: Incident) -> str:
    """How an incident ended, in a sentence; empty where there is no more to say, or nothing can be read."""
    if not _is_watched(checking, incident):
        return "The settings do not name it any more, so nobody watches it."
    try:
        return _ending(checking.outlook, incident)
    except (GridaheadError, OSError) as error:
        log.warning("%s; how %s ended is not known", error, incident.name)
        return ""


def _ending(outlook: Outlook, incident: Incident) -> str:
    if incident.kind == "missing":
        day = pd.Timestamp(incident.name.rpartition(" ")[2]).date()
        out = outlook.first(outlook.slot(Series.parse(incident.subject), day))
        if out is None:
            return "No forecast was published before its gate closed; what was made afterwards is kept as back-filled."
        late, gate = "", ""
        if out.published_at is not None:
            late = f", {span_words(out.published_at - incident.since)} late"
            gate = " and after the gate had closed" if incident.severity == "critical" else ""
        return f"It is published{late}{gate}: readers have {out.words}."
    if incident.kind == "degraded" and (newest := outlook.newest.get(Series.parse(incident.subject))) is not None:
        return f"The newest forecast is whole again: readers have {newest.words}."
    return ""


def _forget(state: WatchState, at: pd.Timestamp) -> None:
    """Leave out what is over for long; the lake has it."""
    over = {one.name for one in incidents_of(state.events) if not one.is_open}
    still = {one.name for one in incidents_of(state.events) if one.is_open or at - one.event_at <= KEPT}
    state.events = [event for event in state.events if event["incident"] not in over - still]
