"""When the scheduled work runs, and how long raw payloads are kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from gridahead.core.time import zone_info
from gridahead.settings.section import Section


def _checked_cron(text: str) -> str:
    if len(text.split()) != 5:
        raise ValueError(f"{text!r} is no cron schedule of five fields, such as '30 7 * * *' for every day at 7:30")
    return text


def _zone_of_a_schedule(name: str) -> str:
    zone_info(name)
    return name


CronText = Annotated[str, AfterValidator(_checked_cron)]


class ScheduleSettings(Section):
    """When the scheduled work runs, as cron schedules; every series is forecast at its own deadline."""

    timezone: Annotated[str, AfterValidator(_zone_of_a_schedule)] | None = None
    """Of these schedules, such as Europe/Berlin; that of the first series' deadline unless given."""
    ingest: CronText = "5 * * * *"
    """Take in what the sources offer, and inspect it."""
    inspect: CronText = "15 3 * * *"
    """The quality gate over the whole lake, with limits learnt anew."""
    compact: CronText = "45 3 * * *"
    """Merge the batches of the day into one file a series and year."""
    score: CronText = "30 7 * * *"
    """Score what was published, look for drift, ask about challengers, write the page."""
    train: CronText = "0 2 * * 6"
    """Fit the candidates of every series; the better one serves from then on."""


class ArchiveSettings(Section):
    """The archive of raw payloads."""

    keep_days: Annotated[int, Field(ge=1)] | None = None
    """How long payloads are kept as they were received; without it for ever. The newest of every file stays."""
