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
    """When the scheduled work runs where `mode = "live"`: cron schedules; a series is forecast at its own deadline."""

    timezone: Annotated[str, AfterValidator(_zone_of_a_schedule)] | None = None
    """Of these schedules, such as Europe/Berlin; that of the first series' deadline unless given."""
    ingest: CronText = "5 * * * *"
    """Take in what the sources offer, and inspect it."""
    intraday: CronText = "20 * * * *"
    """Renew the forecasts of the series with `intraday = true`, after what `ingest` has brought."""
    watch: CronText = "2-59/5 * * * *"
    """Look whether everything is in order, tell who is to be told, and publish what is due and not published. Minutes
    that no deadline has, so that a forecast at its deadline is not made twice."""
    inspect: CronText = "15 3 * * *"
    """The quality gate over the whole lake, with limits learnt anew."""
    compact: CronText = "45 3 * * *"
    """Merge the batches of the day into one file a series and year, and delete what has been kept for long enough."""
    score: CronText = "30 7 * * *"
    """Score what was published, look for drift, write the page."""
    promote: CronText = "45 7 * * *"
    """Hold the trial of every challenger on the days that there are by now."""
    train: CronText = "0 2 * * 6"
    """Fit the candidates of every series; the better one serves from then on."""
    registry_sync: CronText = "50 * * * *"
    """Let what a person has changed on MLflow's pages count for what serves."""
    retrain_on_drift: bool = False
    """Whether a series that has drifted is trained at once, and not at the next regular training."""
    lost_after_seconds: int = Field(90, ge=60)
    """A run that has given no sign of life for so long is taken for killed, and done again; it gives one every 30 s."""
    secret_blocks: dict[str, str] = Field({})
    """Variables of the environment that are filled from Prefect's secret blocks where a run does not have them, such as
    ENTSOE_TOKEN = "entsoe-token": the name of the variable, and that of the block."""


class ArchiveSettings(Section):
    """The archive of raw payloads."""

    keep_days: Annotated[int, Field(ge=1)] | None = None
    """How long payloads are kept as they were received; without it for ever. The newest of every file stays."""
