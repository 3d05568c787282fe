"""The plan of a settings file on Prefect's server: work pool, deployments, and what happens when a run is lost."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType
from prefect.workers.process import ProcessWorker

from gridahead_flows.automations import automations
from gridahead_flows.plan import AFTER_A_FAILURE, Job, Overlap, fingerprint

POOL = "gridahead"
"""The work pool of all deployments; `prefect worker start --pool gridahead` runs them."""
TAG = "gridahead"
"""Of all that is made here: a deployment or automation with it that the settings no longer ask for is deleted."""
_COLLISION: dict[Overlap, ConcurrencyLimitStrategy] = {
    "wait": ConcurrencyLimitStrategy.ENQUEUE,
    "skip": ConcurrencyLimitStrategy.CANCEL_NEW,
}


def deploy(jobs: Sequence[Job], lost_after_seconds: int = 90) -> list[str]:
    """Create or renew what is on the server, and delete what is there of before and not wanted; gives the names.

    Args:
        jobs: of `plan`.
        lost_after_seconds: how long a run may be silent before it is taken for killed.
    """
    version = fingerprint(list(jobs))
    with get_client(sync_client=True) as client:
        _pool(client)
        ids = {job.title: _applied(deployment_of(job, version)) for job in jobs}
        tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
        for existing in client.read_deployments(deployment_filter=tagged):
            if existing.id not in ids.values():
                client.delete_deployment(existing.id)
        _automate(client, ids[f"watch/{AFTER_A_FAILURE}"], lost_after_seconds)
    return sorted(ids)


def _pool(client: SyncPrefectClient) -> None:
    """Make the work pool, or renew it; one of another type is somebody's own, and kept as it is."""
    with suppress(ObjectNotFound):
        if client.read_work_pool(POOL).type != ProcessWorker.type:
            return
    template = ProcessWorker.get_default_base_job_template()
    client.create_work_pool(WorkPoolCreate(name=POOL, type=ProcessWorker.type, base_job_template=template), True)


def deployment_of(job: Job, version: str) -> RunnerDeployment:
    """What the server is told of a job: its form offers what there is to choose from."""
    made = RunnerDeployment.from_flow(
        flow_of(job),
        job.name,
        schedule=None if job.cron is None else Cron(job.cron, timezone=job.timezone, active=job.active),
        parameters=dict(job.parameters),
        tags=[TAG],
        version=version,
        concurrency_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=_COLLISION[job.overlap]),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    for parameter, names in job.choices.items():
        _offer(made._parameter_openapi_schema.properties[parameter], names)
    return made


def flow_of(job: Job) -> Flow[Any, Any]:
    """The flow of a job."""
    flow: Flow[Any, Any] = getattr(import_module(f"gridahead_flows.{job.flow}"), f"{job.flow}_flow")
    return flow


def _offer(schema: dict[str, Any], names: tuple[str, ...]) -> None:
    """Let a form offer these: several where the parameter is a list, else one or none."""
    if not names:
        return
    if schema.get("type") == "array":
        schema["items"] = {"type": "string", "enum": list(names)}
        schema["uniqueItems"] = True
    else:
        schema["anyOf"] = [{"type": "string", "enum": list(names)}, {"type": "null"}]


def _applied(deployment: RunnerDeployment) -> UUID:
    made = deployment.apply(work_pool_name=POOL)
    assert isinstance(made, UUID)
    return made


def _automate(client: SyncPrefectClient, after_a_failure: UUID, lost_after_seconds: int) -> None:
    """Put the automations in the place of those of before."""
    wanted = {one.name: one for one in automations(after_a_failure, lost_after_seconds, TAG)}
    for existing in client.read_automations():
        if TAG in existing.tags and existing.name not in wanted:
            client.delete_automation(existing.id)
        elif existing.name in wanted:
            client.update_automation(existing.id, wanted.pop(existing.name))
    for automation in wanted.values():
        client.create_automation(automation)
