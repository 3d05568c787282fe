"""Every five minutes, and at once when a run has failed: publish what is due, and tell people what is not in order.

It is in no queue with them: a forecast that hangs or was killed keeps its place in its own, and this one publishes
meanwhile.
"""

from __future__ import annotations

from uuid import UUID

from prefect import State, flow, task

from gridahead.operate.due import due, missed, unpointed
from gridahead.operate.watch import watch
from gridahead_flows.again import begin_again
from gridahead_flows.engine import LIMITS, RETRIES, open_workspace
from gridahead_flows.outdated import warn_if_outdated
from gridahead_flows.report import write_report


@task(name="catch up", **RETRIES)
def publish_what_is_due(settings: str | None) -> str | None:
    """Publish what is due, make up for what is missed; gives it in words, None if there was nothing to do."""
    workspace = open_workspace(settings)
    at = workspace.clock()
    if not (due(workspace, at) or missed(workspace, at) or unpointed(workspace, at)):
        return None
    from gridahead.operate.catch_up import catch_up  # loads what forecasts are made with

    done = catch_up(workspace)
    done.require()
    return done.sentence


@task(name="watch")
def look(settings: str | None) -> None:
    """Every check; people are told what is new, and what is over."""
    watch(open_workspace(settings))


@flow(name="watch", timeout_seconds=LIMITS["watch"])
def watch_flow(flow_run: UUID | None = None, settings: str | None = None) -> str | None:
    """Publish what is due and not published, tell people what is not in order; gives what was published.

    Args:
        flow_run: id of a run that has failed or was killed: one that was killed is begun again.
        settings: settings file, on the machine of the worker.
    """
    if flow_run is not None:
        begin_again(flow_run)
    caught_up = publish_what_is_due(settings, return_state=True)
    if _has_published(caught_up):
        write_report(settings, return_state=True)
    look(settings)
    warn_if_outdated(settings)
    return caught_up.result()


def _has_published(caught_up: State[str | None]) -> bool:
    """Whether there is something new to show; where it fails of a series, of others."""
    found = caught_up.result(raise_on_failure=False)
    return found is not None and (not isinstance(found, Exception) or bool(getattr(found, "done", ())))


if __name__ == "__main__":
    watch_flow()
