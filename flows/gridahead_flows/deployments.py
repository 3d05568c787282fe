"""The deployments of a settings file: what runs when. Every series is forecast at its own deadline.

One forecast deployment a deadline: at each run it takes the series whose deadline that is from the settings, so that a
series added there is forecast without deploying again where another has the same deadline.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron, Schedule
from prefect.types.entrypoint import EntrypointType
from prefect.workers.process import ProcessWorker

from gridahead.core.time import Deadline
from gridahead.settings.file import load_settings
from gridahead.settings.place import find_settings
from gridahead_flows.backtest import backtest_flow
from gridahead_flows.compact import compact_flow
from gridahead_flows.forecast import SCHEDULED, forecast_flow
from gridahead_flows.ingest import ingest_flow
from gridahead_flows.pipeline import pipeline_flow
from gridahead_flows.score import score_flow
from gridahead_flows.train import train_flow
from gridahead_flows.validate import validate_flow

POOL = "gridahead"
"""The work pool of all deployments; `prefect worker start --pool gridahead` runs them."""
TAG = "gridahead"
"""Of all deployments that are made here: one with it that the settings no longer ask for is deleted."""
_ALONE = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
"""A run that is late waits; two runs of one flow never overlap."""


def deployments(settings_file: str | Path | None = None) -> list[RunnerDeployment]:
    """What a settings file asks for.

    Args:
        settings_file: else $GRIDAHEAD_SETTINGS, settings.toml here, or flows/settings.toml. Every run reads it anew.

    Raises:
        SettingsError: there is none, or it says something that cannot be meant.
    """
    file = find_settings(settings_file)
    settings = load_settings(file)
    timezone = settings.schedule.timezone or next((entry.deadline.timezone for entry in settings.series), "UTC")
    parameters = {"settings": str(file)}
    regular: list[tuple[Flow[Any, Any], str]] = [
        (ingest_flow, settings.schedule.ingest),
        (validate_flow, settings.schedule.inspect),
        (compact_flow, settings.schedule.compact),
        (score_flow, settings.schedule.score),
        (train_flow, settings.schedule.train),
    ]
    scheduled = [_deployment(flow, "scheduled", Cron(cron, timezone=timezone), parameters) for flow, cron in regular]
    by_deadline = [
        _deployment(
            forecast_flow,
            name_of(deadline),
            Cron(cron_of(deadline), timezone=deadline.timezone),
            {**parameters, "issue_time": SCHEDULED, "deadline": str(deadline)},
        )
        for deadline in dict.fromkeys(entry.deadline for entry in settings.series)
    ]
    by_hand = [_deployment(flow, "by-hand", None, parameters) for flow in (pipeline_flow, backtest_flow)]
    return [*scheduled, *by_deadline, *by_hand]


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


def deploy(wanted: Sequence[RunnerDeployment]) -> list[str]:
    """Create or renew deployments on the server, and delete those of before that are not wanted; gives their names."""
    names = {f"{deployment.flow_name}/{deployment.name}" for deployment in wanted}
    with get_client(sync_client=True) as client:
        template = ProcessWorker.get_default_base_job_template()
        client.create_work_pool(WorkPoolCreate(name=POOL, type=ProcessWorker.type, base_job_template=template), True)
        for deployment in wanted:
            deployment.apply(work_pool_name=POOL)
        tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
        for existing in client.read_deployments(deployment_filter=tagged):
            if f"{client.read_flow(existing.flow_id).name}/{existing.name}" not in names:
                client.delete_deployment(existing.id)
    return sorted(names)


def _deployment(
    flow: Flow[Any, Any], name: str, schedule: Schedule | None, parameters: dict[str, str]
) -> RunnerDeployment:
    return RunnerDeployment.from_flow(
        flow,
        name,
        schedule=schedule,
        parameters=parameters,
        tags=[TAG],
        concurrency_limit=_ALONE,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
