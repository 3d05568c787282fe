"""Incidents as a message: what happened, since when, what is published meanwhile, what to do, and where to look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import pandas as pd

from gridahead.core.errors import some_of
from gridahead.core.time import lasting
from gridahead.monitoring.conditions import KINDS
from gridahead.monitoring.incidents import Incident
from gridahead.settings.alerts import SEVERITIES

TITLES = {
    "missing": ("no forecast of {}", "no forecasts of {}"),
    "late": ("the forecast of {} was not in time", "the forecasts of {} were not in time"),
    "degraded": ("the forecast of {} is degraded", "the forecasts of {} are degraded"),
    "silent": ("nothing new of {}", "nothing new of {}"),
    "failing": ("source {} fails", "sources {} fail"),
    "gate": ("the quality gate blocks {}", "the quality gate blocks {}"),
    "waiting": ("new values wait at the {}", "new values wait at the {}"),
    "coverage": ("the band of {} does not hold", "the bands of {} do not hold"),
    "crashed": ("run {} died or failed", "runs {} died or failed"),
    "disk": ("the disk of {} fills", "the disks of {} fill"),
    "database": ("forecasts do not come to {}", "forecasts do not come to {}"),
    "registry": ("the registry of models in {} is lost or damaged",) * 2,
    "lake": ("the lake is out of reach", "the lake is out of reach"),
    "check": ("the check of {} fails", "the checks of {} fail"),
}
"""What each kind is called, of one and of several."""
NAMED = 3
"""So many subjects are named in a title, and of the others how many they are."""
ONE_OFF = frozenset({"late"})
"""Kinds that are over by themselves: nobody waits for an all-clear of them."""


def title_of(incidents: Sequence[Incident]) -> str:
    """One kind of incident in a few words."""
    names = list(dict.fromkeys(incident.subject for incident in incidents))
    return TITLES[incidents[0].kind][len(names) > 1].format(some_of(names, NAMED))


def message_of(incidents: Iterable[Incident], public_url: str | None = None) -> tuple[str, str]:
    """Title and text of a message about everything that has to be told at once.

    Args:
        incidents: each as it is now; those that are over are an all-clear.
        public_url: where browsers find what is published; without it there are no links.
    """
    groups = [list(group) for _, group in groupby(sorted(incidents, key=_place), key=_group)]
    firsts = [("" if group[0].is_open else "all clear: ") + title_of(group) for group in groups]
    more = f" and {len(firsts) - 1} more" if len(firsts) > 1 else ""
    worst = max((SEVERITIES.index(one.severity) for group in groups for one in group if one.is_open), default=0)
    mark = "CRITICAL: " if SEVERITIES[worst] == "critical" else ""
    text = "\n\n".join("\n".join(_paragraph(group, public_url)) for group in groups)
    return f"gridahead: {mark}{firsts[0]}{more}", text


def _place(incident: Incident) -> tuple[object, ...]:
    """Open ones first, then the worst, then by kind and what they have in common."""
    return (
        not incident.is_open,
        -SEVERITIES.index(incident.severity),
        KINDS.index(incident.kind),
        incident.cause,
        incident.subject,
    )


def _group(incident: Incident) -> tuple[object, ...]:
    return _place(incident)[:4]


def _paragraph(group: Sequence[Incident], public_url: str | None) -> list[str]:
    if not group[0].is_open:
        return [f"ALL CLEAR: {title_of(group)}", *(f"  {_ended(incident)}" for incident in group)]
    first = group[0]
    grew = f" ({_before(first)})" if first.event == "escalated" else ""
    lines = [f"{first.severity.upper()}: {title_of(group)}{grew}"]
    lines += [f"  {incident.words['what']}" for incident in group]
    lines.append(f"  Since: {moment(min(incident.since for incident in group))}")
    for label, key in (("Meanwhile", "meanwhile"), ("Do", "advice")):
        lines += _lines(label, group, key)
    if public_url and (page := first.words.get("page")):
        lines.append(f"  See: {public_url.rstrip('/')}/published/{page}")
    return lines


def _before(incident: Incident) -> str:
    """What it has grown from."""
    return "it was a warning before" if incident.severity == "critical" else "it has fallen further down the ladder"


def _lines(label: str, group: Sequence[Incident], key: str) -> list[str]:
    """What a group says of one thing: once where all say the same, else by subject, of the first few."""
    said = {incident.subject: incident.words.get(key, "") for incident in group}
    if len(set(said.values())) == 1:
        return [f"  {label}: {next(iter(said.values()))}"] if any(said.values()) else []
    shown = [f"  {label}, {subject}: {text}" for subject, text in list(said.items())[:NAMED] if text]
    rest = len(said) - NAMED
    return [*shown, f"  {label}, {rest} more: the same for each"] if rest > 0 else shown


def _ended(incident: Incident) -> str:
    how = incident.words.get("ended") or "It is in order again."
    lasted = lasting(incident.event_at - incident.since)
    return (
        f"{incident.subject}: {how} It lasted {lasted}, from {moment(incident.since)} to {moment(incident.event_at)}."
    )


def moment(instant: pd.Timestamp) -> str:
    """An instant that readers of all zones understand."""
    return f"{instant.tz_convert('UTC'):%Y-%m-%d %H:%M} UTC"
