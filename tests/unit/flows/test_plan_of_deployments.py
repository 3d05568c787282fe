"""What the settings ask Prefect for: which deployments, when, and with which choices in their forms."""

import asyncio
import datetime as dt
from pathlib import Path

import pytest
from prefect.server.schemas.schedules import CronSchedule

from gridahead.core.time import Deadline
from gridahead_flows.plan import Job, fingerprint, plan

SERIES = """
[[series]]
series = "{series}"
deadline = "{deadline}"
intraday = {intraday}
"""


def settings(folder: Path, *series: tuple[str, str], head: str = 'mode = "live"', intraday: bool = False) -> Path:
    parts = [SERIES.format(series=name, deadline=when, intraday=str(intraday).lower()) for name, when in series]
    file = folder / "settings.toml"
    file.write_text(f'data_folder = "data"\n{head}\n{"".join(parts)}')
    return file


MORNING, NIGHT = "D-1T1100[Europe/Berlin]", "D-1T0230[Europe/Berlin]"


def by_title(jobs: list[Job]) -> dict[str, Job]:
    return {job.title: job for job in jobs}


def fires(job: Job, day: str, hours: int = 24) -> list[str]:
    """When Prefect's own scheduler begins a job within some hours from the local midnight of a day on, UTC."""
    assert job.cron is not None
    start = dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC) - dt.timedelta(hours=2)
    schedule = CronSchedule(cron=job.cron, timezone=job.timezone)
    dates = asyncio.run(schedule.get_dates(n=50, start=start, end=start + dt.timedelta(hours=hours)))
    return [f"{date.astimezone(dt.UTC):%H:%M}" for date in dates]


def test_every_deadline_has_a_forecast_and_the_rest_runs_as_the_settings_say(tmp_path):
    file = settings(tmp_path, ("DE/load", MORNING), ("FR/load", MORNING), ("DE/solar", "D-1T1830[Europe/Berlin]"))
    jobs = by_title(plan(file))
    assert sorted(jobs) == [
        "backfill/by-hand",
        "backtest/by-hand",
        "compact/scheduled",
        "forecast/D-1T1100-Europe-Berlin",
        "forecast/D-1T1830-Europe-Berlin",
        "forecast/by-hand",
        "ingest/scheduled",
        "pipeline/by-hand",
        "promote/scheduled",
        "registry-sync/scheduled",
        "score/scheduled",
        "train/scheduled",
        "validate/scheduled",
        "watch/after-a-failure",
        "watch/scheduled",
    ]
    morning = jobs["forecast/D-1T1100-Europe-Berlin"]
    assert (morning.cron, morning.timezone, morning.active) == ("0 11 * * *", "Europe/Berlin", True)
    assert morning.parameters == {"settings": str(file), "deadline": MORNING}
    assert jobs["train/scheduled"].timezone == "Europe/Berlin"
    assert jobs["train/scheduled"].choices == {"series": ("DE/load", "FR/load", "DE/solar")}


def test_a_series_that_is_renewed_within_the_day_has_an_hourly_run(tmp_path):
    job = by_title(plan(settings(tmp_path, ("DE/load", MORNING), intraday=True)))["intraday/scheduled"]
    assert len(fires(job, "2026-06-10")) == 24


def test_in_mode_demo_no_schedule_counts(tmp_path):
    jobs = plan(settings(tmp_path, ("DE/load", MORNING), head='mode = "demo"'))
    assert jobs and not any(job.active for job in jobs)


@pytest.mark.parametrize(
    ("day", "deadline", "expected"),
    [
        ("2026-03-28", MORNING, ["10:00"]),
        ("2026-03-29", MORNING, ["09:00"]),
        ("2026-10-25", MORNING, ["10:00"]),
        ("2026-10-24", MORNING, ["09:00"]),
        ("2026-10-25", NIGHT, ["00:30"]),  # the clock shows 02:30 twice, and the deadline is the first
    ],
)
def test_a_forecast_is_begun_once_a_day_at_the_local_time_of_its_deadline(tmp_path, day, deadline, expected):
    jobs = by_title(plan(settings(tmp_path, ("DE/load", deadline))))
    job = next(job for title, job in jobs.items() if title.startswith("forecast/D-"))
    assert fires(job, day) == expected
    due = Deadline.parse(deadline).for_delivery(dt.date.fromisoformat(day) + dt.timedelta(days=1))
    assert f"{due:%H:%M}" == expected[0]


def test_a_deadline_that_the_clock_skips_is_left_to_the_watch(tmp_path):
    """Prefect begins at 01:30 what is due at 03:30, as there is no 02:30: nothing is due then, so nothing is done."""
    jobs = by_title(plan(settings(tmp_path, ("DE/load", NIGHT))))
    due = Deadline.parse(NIGHT).for_delivery(dt.date(2026, 3, 30))
    begun = fires(jobs["forecast/D-1T0230-Europe-Berlin"], "2026-03-29")
    assert (begun, f"{due:%H:%M}") == (["00:30"], "01:30")
    assert "01:32" in fires(jobs["watch/scheduled"], "2026-03-29", hours=4)


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
@pytest.mark.parametrize(("title", "times"), [("ingest/scheduled", 24), ("watch/scheduled", 24 * 12)])
def test_what_runs_by_the_hour_leaves_none_out_when_clocks_change(tmp_path, day, title, times):
    job = by_title(plan(settings(tmp_path, ("DE/load", MORNING))))[title]
    hours = min(24, 50 * 24 // times)  # Prefect gives so many dates at once
    assert len(fires(job, day, hours)) == times * hours // 24


def test_a_watch_never_begins_at_a_full_or_half_hour_at_which_deadlines_are(tmp_path):
    watch = by_title(plan(settings(tmp_path, ("DE/load", MORNING))))["watch/scheduled"]
    assert not {"00", "15", "30", "45"} & {time[-2:] for time in fires(watch, "2026-06-10", hours=4)}


def test_the_version_tells_a_changed_schedule_and_nothing_else(tmp_path):
    first = fingerprint(plan(settings(tmp_path, ("DE/load", MORNING))))
    assert fingerprint(plan(settings(tmp_path, ("DE/load", MORNING), head='mode = "live"\n'))) == first
    unscheduled = 'mode = "live"\n[training]\nepochs = 3'
    assert fingerprint(plan(settings(tmp_path, ("DE/load", MORNING), head=unscheduled))) == first
    assert fingerprint(plan(settings(tmp_path, ("DE/load", "D-1T1130[Europe/Berlin]")))) != first
    scheduled = 'mode = "live"\n[schedule]\ntrain = "0 4 * * 1"'
    assert fingerprint(plan(settings(tmp_path, ("DE/load", MORNING), head=scheduled))) != first
