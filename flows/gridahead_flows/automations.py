"""What Prefect's server does by itself: it sees that a run is lost, and starts a watch when one has failed.

Nobody is told from here. The watch finds what is wrong, tells people once, and tells them when it is over; a
notification of Prefect's own would come beside it for every run, and not at all where no run was begun.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

START_SECONDS = 300
"""Between a worker's taking a run and its beginning: a start takes 3 to 30 s, on a busy machine more than a minute."""
_OVER = {f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "TimedOut", "Crashed", "Cancelled")}
_AGAIN = {f"prefect.flow-run.{state}" for state in ("Scheduled", "AwaitingRetry", "AwaitingConcurrencySlot", "Late")}
_TAKEN = {f"prefect.flow-run.{state}" for state in ("Pending", "Submitting", "InfrastructurePending")}
_BEGUN = "prefect.flow-run.Running"
_HEARTBEAT = "prefect.flow-run.heartbeat"


def automations(after_a_failure: UUID, lost_after_seconds: int, tag: str) -> list[AutomationCore]:
    """What is automated.

    Args:
        after_a_failure: the deployment that does again what was killed, publishes what is due, and tells people.
        lost_after_seconds: how long a run may be silent.
        tag: of our deployments and so of their runs.
    """
    ours = {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{tag}"}
    return [
        _lost(
            "gridahead: a run that is silent was killed",
            _silent({_BEGUN, _HEARTBEAT}, {_HEARTBEAT} | _OVER | _AGAIN, lost_after_seconds),
            f"no sign of life for {lost_after_seconds} s: the run or its machine was killed",
            tag,
        ),
        _lost(
            "gridahead: a run that does not begin was killed",
            _silent(
                _TAKEN,
                {_BEGUN, _HEARTBEAT} | _OVER | _AGAIN,
                START_SECONDS,
            ),
            f"a worker took the run and did not begin it for {START_SECONDS} s: the worker was killed",
            tag,
        ),
        AutomationCore(
            name="gridahead: a run has failed",
            description="Looks at once, not only at the next watch: does again what was killed, and tells people.",
            tags=[tag],
            trigger=EventTrigger(
                posture=Posture.Reactive,
                expect={f"prefect.flow-run.{state}" for state in ("Crashed", "Failed", "TimedOut")},
                match=ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"}),
                # A watch that fails is followed by the next; started again by itself it would do so for ever.
                match_related=[
                    ResourceSpecification(ours),
                    ResourceSpecification({"prefect.resource.role": "flow", "prefect.resource.name": "!watch"}),
                ],
                for_each={"prefect.resource.id"},
                threshold=1,
            ),
            actions=[
                RunDeployment(
                    source="selected",
                    deployment_id=after_a_failure,
                    parameters={"flow_run": {"__prefect_kind": "jinja", "template": "{{ flow_run.id }}"}},
                )
            ],
        ),
    ]


def _silent(after: set[str], expect: set[str], seconds: int) -> EventTrigger:
    """A run that something has happened to, and then nothing; of any flow, as one within another has no tag of ours."""
    return EventTrigger(
        posture=Posture.Proactive,
        after=after,
        expect=expect,
        match=ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"}),
        for_each={"prefect.resource.id"},
        within=dt.timedelta(seconds=seconds),
    )


def _lost(name: str, trigger: EventTrigger, message: str, tag: str) -> AutomationCore:
    crashed = ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message=message)
    return AutomationCore(
        name=name,
        description="Else it would be Running for ever, and hold its place in the queue.",
        tags=[tag],
        trigger=trigger,
        actions=[crashed],
    )
