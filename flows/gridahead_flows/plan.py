"""What runs when by the settings: a plan that needs neither a server nor the flows themselves.

One forecast deployment a deadline: at each run it takes the series whose deadline that is from the settings, so that a
series added there is forecast without deploying again where another has the same deadline.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from gridahead.core.time import Deadline
from gridahead.settings.file import load_settings
from gridahead.settings.model import Settings
from gridahead.settings.place import find_settings
from gridahead.settings.services import LiveSource

SCHEDULED, BY_HAND, AFTER_A_FAILURE = "scheduled", "by-hand", "after-a-failure"
"""Names of deployments; those of forecasts at a deadline are called by the deadline."""

Overlap = Literal["wait", "skip"]
"""What a run does while another of its deployment is at work: `skip` where that one does all the same, so that after a
night without workers not every hour of it is made up for."""


@dataclass(frozen=True)
class Job:
    """A deployment: which flow, with which parameters, and when."""

    flow: str
    """A module of this package, which has `<flow>_flow`."""
    name: str
    cron: str | None = None
    """Without it, it runs when a person or an automation starts it."""
    timezone: str = "UTC"
    active: bool = False
    """Whether its schedule counts."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    overlap: Overlap = "wait"
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By parameter, what the form in Prefect offers."""

    @property
    def title(self) -> str:
        """Its name on the server."""
        return f"{self.flow.replace('_', '-')}/{self.name}"


def plan(settings_file: str | Path | None = None) -> list[Job]:
    """What a settings file asks for.

    Args:
        settings_file: else $GRIDAHEAD_SETTINGS, settings.toml here, or flows/settings.toml. Every run reads it anew.

    Raises:
        SettingsError: there is none, or it says something that cannot be meant.
    """
    file = find_settings(settings_file)
    settings = load_settings(file)
    return [*_regular(settings, str(file)), *_forecasts(settings, str(file)), *_by_hand(settings, str(file))]


def fingerprint(jobs: list[Job]) -> str:
    """What tells one plan from another: the version of its deployments on the server."""
    return hashlib.sha256(json.dumps([asdict(job) for job in jobs], sort_keys=True).encode()).hexdigest()[:16]


def cron_of(deadline: Deadline) -> str:
    """Every day at the wall-clock time of a deadline.

    >>> cron_of(Deadline.parse("D-1T1830[Europe/Berlin]"))
    '30 18 * * *'
    """
    return f"{deadline.at.minute} {deadline.at.hour} * * *"


def name_of(deadline: Deadline) -> str:
    """A name that Prefect accepts, without slashes.

    >>> name_of(Deadline.parse("D-1T1830[Europe/Berlin]"))
    'D-1T1830-Europe-Berlin'
    """
    return f"D-{deadline.days_before}T{deadline.at:%H%M}-{deadline.timezone.replace('/', '-')}"


def _regular(settings: Settings, file: str) -> Iterator[Job]:
    """The work that the cron schedules of the settings are of."""
    schedule, live = settings.schedule, settings.mode == "live"
    local = schedule.timezone or next((entry.deadline.timezone for entry in settings.series), "UTC")
    crons = {
        "ingest": schedule.ingest,
        "validate": schedule.inspect,
        "compact": schedule.compact,
        "score": schedule.score,
        "promote": schedule.promote,
        "train": schedule.train,
        "registry_sync": schedule.registry_sync,
        "watch": schedule.watch,
    }
    if any(entry.intraday for entry in settings.series):
        crons["intraday"] = schedule.intraday
    for flow, cron in crons.items():
        # What runs every hour is not asked about the local clock: Prefect leaves out one of the two hours in October.
        timezone = "UTC" if cron.split()[1] == "*" else local
        overlap: Overlap = "wait" if flow == "train" else "skip"
        choices = {"series": _names(settings)} if flow in ("train", "promote") else {}
        yield Job(flow, SCHEDULED, cron, timezone, live, {"settings": file}, overlap, choices)


def _forecasts(settings: Settings, file: str) -> Iterator[Job]:
    """A forecast at every deadline."""
    for deadline in dict.fromkeys(entry.deadline for entry in settings.series):
        yield Job(
            "forecast",
            name_of(deadline),
            cron_of(deadline),
            deadline.timezone,
            settings.mode == "live",
            {"settings": file, "deadline": str(deadline)},
            choices={"series": _names(settings)},
        )


def _by_hand(settings: Settings, file: str) -> Iterator[Job]:
    """What a person starts, with a form; and what an automation does when a run has failed."""
    services = [source for source in settings.sources if isinstance(source, LiveSource)]
    zones = tuple(dict.fromkeys(zone for source in services for zone in source.zones))
    kinds = tuple(dict.fromkeys(source.kind for source in services))
    yield Job("forecast", BY_HAND, parameters={"settings": file}, choices={"series": _names(settings)})
    yield Job("backfill", BY_HAND, parameters={"settings": file}, choices={"zones": zones, "source": kinds})
    yield Job("pipeline", BY_HAND, parameters={"settings": file})
    yield Job("backtest", BY_HAND, parameters={"settings": file})
    yield Job("watch", AFTER_A_FAILURE, parameters={"settings": file})


def _names(settings: Settings) -> tuple[str, ...]:
    return tuple(str(entry.series) for entry in settings.series)
