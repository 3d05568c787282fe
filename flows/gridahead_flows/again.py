"""A killed run is begun again with its own parameters: once for every time that it is killed, and not for ever."""

from __future__ import annotations

import logging
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound

log = logging.getLogger("gridahead.flows")

TIMES = 2
"""A run that takes its machine down with it (memory, most of all) would take down one machine after the other."""
AGAIN = "begun-again-"
"""Tag of a run in the place of one that was killed, with the number of times."""
CAUGHT_UP = frozenset({"forecast", "intraday", "watch"})
"""Flows of which nothing is begun again: the watch publishes what they leave undone."""


def begin_again(flow_run: UUID) -> UUID | None:
    """Begin a killed run again; gives the new one, None if it was not killed or is not to be begun again.

    However often it is asked for, there is one run for each that was killed.
    """
    with get_client(sync_client=True) as client:
        try:
            killed = client.read_flow_run(flow_run)
        except ObjectNotFound:
            log.warning("run %s is not there any more", flow_run)
            return None
        return _again(client, killed)


def _again(client: SyncPrefectClient, killed: FlowRun) -> UUID | None:
    flow = client.read_flow(killed.flow_id).name
    if killed.state is None or not killed.state.is_crashed() or killed.deployment_id is None or flow in CAUGHT_UP:
        return None
    times = max((int(tag.removeprefix(AGAIN)) for tag in killed.tags if tag.startswith(AGAIN)), default=0)
    if times >= TIMES:
        log.error(
            "%s (%s) was killed %d times in a row and is not begun again; look at its log and at the memory of the "
            "machine, then start it on Prefect's page",
            flow,
            killed.name,
            times + 1,
        )
        return None
    tags = [tag for tag in killed.tags if not tag.startswith(AGAIN)]
    begun = client.create_flow_run_from_deployment(
        killed.deployment_id,
        parameters=killed.parameters,
        tags=[*tags, f"{AGAIN}{times + 1}"],
        idempotency_key=f"{AGAIN}{killed.id}",
    )
    log.warning("%s (%s) was killed; %s does it again", flow, killed.name, begun.name)
    return begun.id
